/**
 * Route C: addresses in the object store, each for one PUT of one announced file. The centre hands them out and looks for the files;
 * it never sees their bytes.
 */
import { type Manifest, SHA256_PATTERN, uploadKeyOf } from '../../core/hrc.ts';
import { fieldsOf, readFileId } from '../../core/hrc-reading.ts';
import { ULID_PATTERN } from '../../core/ulid.ts';
import type { ObjectStore } from '../object-store.ts';
import { Refusal } from '../refusal.ts';
import type { Registrar } from '../registrar.ts';
import type { RequestKind } from '../request-kind.ts';
import type { Arrivals } from './arrivals.ts';

/** Items of one request: `put.maxUrls` in the centre's document. */
export const UPLOADS_MAX = 20;

export interface Upload {
  readonly seg: string;
  readonly size: number;
  readonly sha256: string;
  readonly fileId: string;
}

/** `upload-url`. What is held or lies in the store already gets its receipt instead of an address. */
export function uploadAddresses(registrar: Registrar, store: ObjectStore, arrivals: Arrivals): RequestKind {
  return {
    type: 'upload-url',
    goesOn: true,
    async answer(site, _id, body) {
      const uploads = readUploads(body['items'], UPLOADS_MAX);
      if (uploads === null) throw new Refusal('HRC-BAD', 'a request for addresses that cannot be read');
      const items: object[] = [];
      for (const upload of uploads) {
        const { seg, fileId, sha256 } = upload;
        if (!(await registrar.isWanted(site, seg, sha256))) continue;
        const manifest = announcedAs(registrar, site, upload);
        // A centre that was restarted does not know which addresses it gave out before.
        if (await arrivals.look(site, fileId)) continue;
        const address = await store.uploadAddress(uploadKeyOf(fileId, manifest), manifest);
        if (address === null) throw new Refusal('HRC-NOROUTE', 'the store has no addresses to give');
        arrivals.expect(site, fileId);
        items.push({ seg, ...address });
      }
      return { items };
    },
  };
}

/** The manifest under which a site announced a file. Throws Refusal `HRC-INCOMPLETE` when it did not, `HRC-META` when it said something else. */
export function announcedAs(registrar: Registrar, site: string, { seg, size, sha256, fileId }: Upload): Manifest {
  const manifest = registrar.awaited(site, seg)?.manifest;
  if (manifest === undefined) throw new Refusal('HRC-INCOMPLETE', 'its manifest was not announced');
  const id = readFileId(fileId);
  if (manifest.sha256 !== sha256 || manifest.size !== size)
    throw new Refusal('HRC-META', 'its manifest says something else');
  if (id === null || id.seg !== seg || !sha256.startsWith(id.sha16))
    throw new Refusal('HRC-META', 'the id does not belong to this file');
  return manifest;
}

/** Items of `upload-url` and `offer`, at most `max`; null when one cannot be read. */
export function readUploads(value: unknown, max: number): readonly Upload[] | null {
  if (!Array.isArray(value) || value.length === 0 || value.length > max) return null;
  const uploads: Upload[] = [];
  for (const item of value) {
    const { seg, size, sha256, fileId } = fieldsOf(item) ?? {};
    if (typeof seg !== 'string' || !ULID_PATTERN.test(seg) || !Number.isSafeInteger(size)) return null;
    if (typeof sha256 !== 'string' || !SHA256_PATTERN.test(sha256) || typeof fileId !== 'string') return null;
    if (readFileId(fileId) === null) return null;
    uploads.push({ seg, size: size as number, sha256, fileId });
  }
  return uploads;
}
