/**
 * The centre's side of route B: takes announcements, chunks and questions of all sites, one message at a time, and answers with
 * signed receipts. Everything that comes in is judged by its signature and hash; a refusal has a code, and nothing a site sends
 * can make this throw.
 */

import { errnoOf, sentenceOf } from '../core/errors.ts';
import {
  ANNOUNCE_BATCH,
  compactTime,
  fileNameOf,
  type HrcCode,
  INIT_BYTES_MAX,
  type Manifest,
  QUERY_BATCH,
  type Receipt,
  topicsOf,
} from '../core/hrc.ts';
import {
  fieldsOf,
  parseJson,
  readAnnouncement,
  readFileId,
  readInit,
  readManifest,
  readSegs,
  readState,
  readUpTopic,
  type UpTopic,
} from '../core/hrc-reading.ts';
import { jwsHash, type PublicKey, signJws, verifyJws } from '../core/jws.ts';
import type { Log } from '../core/ports.ts';
import type { Clock } from '../core/time.ts';
import type { SigningKey } from '../ledger/key-file.ts';
import type { Archive } from './archive.ts';
import { type Parts, Refusal } from './parts.ts';

const JSON_BYTES_MAX = 256 * 1024;
/** Announced and not yet stored, per site; the oldest is forgotten, and announced again when its file comes. */
const MANIFESTS_PER_SITE = 256;
const SITES_MAX = 1_000;
const REFUSED = 0x80;
const QUOTA_RETRY_S = 30;

/** Which key a site signs with: the first one it shows, kept for good, or those that were listed. */
export type SiteTrust =
  | { readonly mode: 'first-sight' }
  | { readonly mode: 'listed'; readonly sites: { readonly [site: string]: PublicKey } };

export interface IngestOptions {
  readonly archive: Archive;
  readonly parts: Parts;
  readonly key: SigningKey;
  readonly trust: SiteTrust;
  readonly clock: Clock;
  readonly log: Log;
  readonly reply: (topic: string, payload: string) => void;
}

interface Announced {
  readonly manifest: Manifest;
  readonly jws: string;
}

export class Ingest {
  readonly #options: IngestOptions;
  readonly #announced = new Map<string, Map<string, Announced>>();

  constructor(options: IngestOptions) {
    this.#options = options;
  }

  /** Takes one message. Resolves when it is written; never rejects. */
  async take(topic: string, payload: Uint8Array): Promise<void> {
    const about = readUpTopic(topic);
    if (about === null) {
      this.#options.log.warn({ topic: topic.slice(0, 128) }, 'a message on an unknown topic was ignored');
      return;
    }
    try {
      await this.#takeAbout(about, topic, payload);
    } catch (error) {
      this.#refuse(about.site, topic, error);
    }
  }

  async #takeAbout(about: UpTopic, topic: string, payload: Uint8Array): Promise<void> {
    const { parts } = this.#options;
    const { site } = about;
    switch (about.kind) {
      case 'state':
        return this.#meet(site, payload);
      case 'backlog':
      // The answer to an order is for whoever gave it.
      case 'answer':
        return;
      case 'seg':
        return this.#announce(site, payload);
      case 'request':
        return this.#answer(site, about.id, payload);
      case 'init':
        this.#keyOf(site);
        return this.#begin(site, about.fileId, payload);
      case 'chunk':
        this.#keyOf(site);
        return parts.chunk(site, about.fileId, about.offset, about.sha256, payload, this.#nowMs());
      case 'abort':
        return parts.drop(site, about.fileId);
      case 'fin':
        this.#keyOf(site);
        await this.#finish(site, about.fileId, about.size, about.sha256);
        this.#result(site, topic, null, 'success');
    }
  }

  // Keys

  async #meet(site: string, payload: Uint8Array): Promise<void> {
    const { archive, trust, log } = this.#options;
    const state = readState(parseJson(payload, JSON_BYTES_MAX));
    if (state === null) throw new Refusal('HRC-BAD', 'a state message that cannot be read');
    const [key, ...more] = state.keys;
    if (!state.online || key === undefined) return;
    const known = this.#knownKey(site);
    if (known !== null) {
      if (state.keys.some(({ x }) => x === known.x)) return;
      log.error(
        { alarm: 'verify-failed', site, kid: key.kid },
        `site ${site} shows another key than the one it is known by`,
      );
      throw new Refusal('HRC-SIG', 'the site is known by another key');
    }
    if (trust.mode === 'listed') throw new Refusal('HRC-SIG', 'the site is not listed');
    if (more.length > 0) throw new Refusal('HRC-SIG', 'one key is needed at first sight');
    if (archive.siteCount >= SITES_MAX) throw new Refusal('HRC-SIG', 'no more sites are taken at first sight');
    await archive.keep({ type: 'site-pinned', site, key });
    log.info({ site, kid: key.kid }, `site ${site} is known by this key from now on`);
  }

  #knownKey(site: string): PublicKey | null {
    const { archive, trust } = this.#options;
    if (trust.mode === 'first-sight') return archive.key(site);
    return Object.hasOwn(trust.sites, site) ? (trust.sites[site] ?? null) : null;
  }

  #keyOf(site: string): PublicKey {
    const key = this.#knownKey(site);
    if (key === null) throw new Refusal('HRC-SIG', 'the site is unknown');
    return key;
  }

  // Announcements and questions

  #announce(site: string, payload: Uint8Array): void {
    const { archive, log } = this.#options;
    const key = this.#keyOf(site);
    const list = parseJson(payload, JSON_BYTES_MAX);
    if (!Array.isArray(list) || list.length > ANNOUNCE_BATCH)
      throw new Refusal('HRC-BAD', 'not a list of announcements');
    const receipts: string[] = [];
    for (const item of list) {
      const jws = readAnnouncement(item)?.jws;
      if (jws === undefined) throw new Refusal('HRC-BAD', 'an announcement that cannot be read');
      const check = verifyJws(jws, 'hrc-seg', [key]);
      if (!check.ok)
        throw new Refusal(check.fault === 'signature' ? 'HRC-SIG' : 'HRC-BAD', `a manifest: ${check.message}`);
      const manifest = readManifest(check.payload);
      if (manifest === null || manifest.site !== site) throw new Refusal('HRC-BAD', 'a manifest that cannot be read');
      const held = archive.holding(site, manifest.seg);
      if (held?.sha256 === manifest.sha256) {
        receipts.push(held.receipt);
        continue;
      }
      this.#remember(site, { manifest, jws });
    }
    if (receipts.length > 0) log.info({ site, count: receipts.length }, 'announced again, receipts sent again');
    this.#sendReceipts(site, receipts);
  }

  #remember(site: string, announced: Announced): void {
    const mine = this.#announced.get(site) ?? new Map<string, Announced>();
    this.#announced.set(site, mine);
    mine.set(jwsHash(announced.jws), announced);
    const [oldest] = mine.keys();
    if (mine.size > MANIFESTS_PER_SITE && oldest !== undefined) mine.delete(oldest);
  }

  #answer(site: string, id: string, payload: Uint8Array): void {
    this.#keyOf(site);
    const request = fieldsOf(parseJson(payload, JSON_BYTES_MAX));
    const segs = readSegs(request?.['segs'], QUERY_BATCH);
    if (request?.['type'] !== 'receipts.query' || segs === null)
      throw new Refusal('HRC-BAD', 'a request that is not understood');
    const receipts: string[] = [];
    const unknown: string[] = [];
    for (const seg of segs) {
      const held = this.#options.archive.holding(site, seg);
      if (held === null) unknown.push(seg);
      else receipts.push(held.receipt);
    }
    // Receipts first: when the answer is there, so are they.
    this.#sendReceipts(site, receipts);
    this.#options.reply(topicsOf(site).response(id), JSON.stringify({ v: 1, type: 'receipts', unknown }));
  }

  /** One message each, so that they pass the smallest packet limit a receipt can pass. */
  #sendReceipts(site: string, receipts: readonly string[]): void {
    for (const receipt of receipts) this.#options.reply(topicsOf(site).receipt, JSON.stringify([receipt]));
  }

  // Files

  async #begin(site: string, fileId: string, payload: Uint8Array): Promise<void> {
    const { archive, parts } = this.#options;
    const init = readInit(parseJson(payload, INIT_BYTES_MAX));
    const id = readFileId(fileId);
    if (init === null || id === null) throw new Refusal('HRC-META', 'an opening that cannot be read');
    const { seg } = init.user_data;
    if (init.user_data.site !== site || id.seg !== seg || !init.checksum.startsWith(id.sha16))
      throw new Refusal('HRC-META', 'the id does not belong to this opening');
    if (archive.hasConflict(site, seg, init.checksum))
      throw new Refusal('HRC-CONFLICT', 'other bytes are held under this segment id');
    const held = archive.holding(site, seg);
    if (held?.sha256 === init.checksum) this.#sendReceipts(site, [held.receipt]);
    else await parts.begin(site, fileId, init, Buffer.from(payload).toString('utf8'), this.#nowMs());
  }

  async #finish(site: string, fileId: string, size: number, sha256: string): Promise<void> {
    const { archive, parts, log } = this.#options;
    const seg = readFileId(fileId)?.seg ?? '';
    const held = archive.holding(site, seg);
    if (held !== null && held.sha256 === sha256 && held.size === size) {
      this.#sendReceipts(site, [held.receipt]);
      return;
    }
    const init = parts.complete(site, fileId, size, sha256);
    const { mh } = init.user_data;
    const announced = this.#announced.get(site)?.get(mh);
    if (announced === undefined) throw new Refusal('HRC-INCOMPLETE', 'its manifest was not announced');
    const { manifest, jws } = announced;
    if (manifest.seg !== seg || manifest.sha256 !== sha256 || manifest.size !== size)
      throw new Refusal('HRC-META', 'its manifest says something else');
    const path = placeOf(manifest);
    await parts.settle(site, fileId, path);
    this.#announced.get(site)?.delete(mh);
    if (held !== null) {
      await archive.keep({ type: 'conflict', site, seg, sha256, size, path, jws });
      log.error(
        { alarm: 'verify-failed', site, seg, path, other: held.path },
        'a segment came again with other bytes; both are kept',
      );
      throw new Refusal('HRC-CONFLICT', 'other bytes are held under this segment id');
    }
    const receipt = this.#receipt(manifest, fileId, mh, path);
    await archive.keep({ type: 'stored', site, seg, sha256, size, path, jws, receipt });
    this.#sendReceipts(site, [receipt]);
    log.info({ site, seg, size }, 'stored');
  }

  #receipt({ site, seg, sha256, size }: Manifest, fileId: string, mh: string, path: string): string {
    const { key, clock } = this.#options;
    const receipt: Receipt = {
      v: 1,
      site,
      seg,
      fileId,
      sha256,
      size,
      mh,
      object: { store: 'folder', key: path },
      durability: 'stored',
      verified: 'read-back',
      iat: Math.floor(clock.now().wallMs / 1_000),
      permit: { delete: true },
    };
    return signJws('hrc-receipt', key.publicKey.kid, receipt, key.privateKey);
  }

  // Answers

  #refuse(site: string, topic: string, error: unknown): void {
    const { log } = this.#options;
    if (error instanceof Refusal) {
      log.warn({ site, topic, code: error.code }, `refused: ${error.message}`);
      this.#result(site, topic, error.code, error.code);
      return;
    }
    const errno = errnoOf(error);
    const alarm = errno === 'ENOSPC' || errno === 'EDQUOT' ? 'disk-full' : 'disk-failed';
    log.error({ alarm, site, topic }, `not stored: ${sentenceOf(error)}`);
    this.#result(site, topic, 'HRC-STORE', 'HRC-STORE');
  }

  #result(site: string, topic: string, code: HrcCode | null, description: string): void {
    const retry = code === 'HRC-QUOTA' || code === 'HRC-BUSY' ? { retryS: QUOTA_RETRY_S } : {};
    const result = {
      vsn: '0.1',
      topic,
      reason_code: code === null ? 0 : REFUSED,
      reason_description: description,
      ...(code === null ? {} : { code }),
      ...retry,
    };
    this.#options.reply(topicsOf(site).result, JSON.stringify(result));
  }

  #nowMs(): number {
    return this.#options.clock.now().monoMs;
  }
}

/** Where a segment lies below the folder. Every part was checked when the manifest was read; the name holds segment and content. */
export function placeOf(manifest: Manifest): string {
  const { site, stream, run, t0, seg, sha256 } = manifest;
  const folder = run ?? compactTime(t0).slice(0, 8);
  const name = fileNameOf(manifest).replace(/\.mp4$/, '');
  return `${site}/${stream}/${folder}/${name}_${seg}-${sha256.slice(0, 16)}.mp4`;
}
