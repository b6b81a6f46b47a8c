/**
 * The one that knows and signs: what sites announced, what is held of it, and the receipt for it. It never sees the bytes of a
 * segment: it relies on what the object store verified.
 */
import { compactTime, fileNameOf, type Manifest, type Receipt, topicsOf } from '../core/hrc.ts';
import { readManifest } from '../core/hrc-reading.ts';
import { jwsHash, type PublicKey, signJws, verifyJws } from '../core/jws.ts';
import type { Log } from '../core/ports.ts';
import type { Clock } from '../core/time.ts';
import type { SigningKey } from '../ledger/key-file.ts';
import type { Archive, Holding } from './archive.ts';
import type { Content, Stored } from './object-store.ts';
import { Refusal } from './refusal.ts';
import type { SiteKeys } from './site-keys.ts';

/** Announced and not yet stored, per site; the oldest is forgotten, and announced again when its file comes. */
const MANIFESTS_PER_SITE = 256;

export interface Announced {
  readonly manifest: Manifest;
  readonly jws: string;
}

/** A file that is complete by a site's word, to be settled. */
export interface Delivery extends Content {
  readonly seg: string;
  /** Hash of the manifest it belongs to. */
  readonly mh: string;
}

/**
 * What a receiver of bytes asks of the registrar. All answers may come from another process, except who is known, which is asked
 * for each chunk.
 */
export interface Registry {
  /** Throws Refusal `HRC-SIG` for a site that nobody knows. */
  demand(site: string): void;
  /** False when these bytes are held already; then the receipt was sent again. Rejects with Refusal `HRC-CONFLICT`. */
  isWanted(site: string, seg: string, sha256: string): Promise<boolean>;
  /**
   * Where the file of a delivery goes in the store. Rejects with Refusal `HRC-INCOMPLETE` (its manifest was not announced) or
   * `HRC-META` (its manifest says something else).
   */
  placeFor(site: string, delivery: Delivery): Promise<string>;
  /** See {@link Registrar.settle}. */
  settle(site: string, settlement: Settlement): Promise<void>;
}

/** Bytes that are durable and verified in the store, for a manifest that was announced. */
export interface Settlement {
  readonly mh: string;
  /** Of the transfer that brought it, when there was one. */
  readonly fileId: string | null;
  readonly object: Stored;
}

export interface RegistrarOptions {
  readonly archive: Archive;
  readonly keys: SiteKeys;
  readonly key: SigningKey;
  readonly clock: Clock;
  readonly log: Log;
  /** Sends a message soon; never waits. */
  readonly send: (topic: string, payload: string) => void;
}

export class Registrar implements Registry {
  readonly #options: RegistrarOptions;
  readonly #announced = new Map<string, Map<string, Announced>>();

  constructor(options: RegistrarOptions) {
    this.#options = options;
  }

  demand(site: string): void {
    this.#options.keys.of(site);
  }

  /** The key a site signs with. Throws {@link Refusal} `HRC-SIG` when the site is unknown. */
  keyOf(site: string): PublicKey {
    return this.#options.keys.of(site);
  }

  /** What a site announced under the hash of its manifest, or null. */
  announced(site: string, mh: string): Announced | null {
    return this.#announced.get(site)?.get(mh) ?? null;
  }

  /** What is held of a segment, or null. */
  holding(site: string, seg: string): Holding | null {
    return this.#options.archive.holding(site, seg);
  }

  /** Sends the receipt of a segment again; false when none is held. */
  async sendReceiptOf(site: string, seg: string): Promise<boolean> {
    const held = this.holding(site, seg);
    if (held !== null) this.#sendReceipt(site, held.receipt);
    return held !== null;
  }

  /** Takes in the signed manifests of one message. Rejects with {@link Refusal} `HRC-SIG` or `HRC-BAD` at the first that is wrong. */
  async announce(site: string, items: readonly { readonly siteSeq: number; readonly jws: string }[]): Promise<void> {
    const { keys, log } = this.#options;
    const key = keys.of(site);
    let again = 0;
    for (const { jws } of items) {
      const manifest = manifestIn(jws, site, key);
      const held = this.holding(site, manifest.seg);
      if (held?.sha256 === manifest.sha256) {
        this.#sendReceipt(site, held.receipt);
        again += 1;
        continue;
      }
      this.#remember(site, { manifest, jws });
    }
    if (again > 0) log.info({ site, count: again }, 'announced again, receipts sent again');
  }

  async isWanted(site: string, seg: string, sha256: string): Promise<boolean> {
    if (this.#options.archive.hasConflict(site, seg, sha256))
      throw new Refusal('HRC-CONFLICT', 'other bytes are held under this segment id');
    const held = this.holding(site, seg);
    if (held?.sha256 !== sha256) return true;
    this.#sendReceipt(site, held.receipt);
    return false;
  }

  async placeFor(site: string, { seg, mh, sha256, size }: Delivery): Promise<string> {
    const announced = this.announced(site, mh);
    if (announced === null) throw new Refusal('HRC-INCOMPLETE', 'its manifest was not announced');
    const { manifest } = announced;
    if (manifest.seg !== seg || manifest.sha256 !== sha256 || manifest.size !== size)
      throw new Refusal('HRC-META', 'its manifest says something else');
    return placeOf(manifest);
  }

  /**
   * The store holds the bytes of an announced segment: writes it down, then sends the receipt. Twice is the same as once, also by
   * different routes. Rejects with {@link Refusal} `HRC-CONFLICT` when other bytes are held under the segment's id (both are
   * kept), `HRC-INCOMPLETE` when its manifest was not announced.
   */
  async settle(site: string, { mh, fileId, object }: Settlement): Promise<void> {
    const { archive, log } = this.#options;
    const announced = this.announced(site, mh);
    if (announced === null) throw new Refusal('HRC-INCOMPLETE', 'its manifest was not announced');
    const { manifest, jws } = announced;
    const { seg, sha256, size } = manifest;
    const held = this.holding(site, seg);
    if (held?.sha256 === sha256) {
      this.#sendReceipt(site, held.receipt);
      return;
    }
    const path = object.key;
    this.#announced.get(site)?.delete(mh);
    if (held !== null) {
      await archive.keep({ type: 'conflict', site, seg, sha256, size, path, jws });
      log.error(
        { alarm: 'verify-failed', site, seg, path, other: held.path },
        'a segment came again with other bytes; both are kept',
      );
      throw new Refusal('HRC-CONFLICT', 'other bytes are held under this segment id');
    }
    const receipt = this.#receipt(manifest, mh, fileId, object);
    await archive.keep({ type: 'stored', site, seg, sha256, size, path, jws, receipt });
    this.#sendReceipt(site, receipt);
    log.info({ site, seg, size }, 'stored');
  }

  #remember(site: string, announced: Announced): void {
    const mine = this.#announced.get(site) ?? new Map<string, Announced>();
    this.#announced.set(site, mine);
    mine.set(jwsHash(announced.jws), announced);
    const [oldest] = mine.keys();
    if (mine.size > MANIFESTS_PER_SITE && oldest !== undefined) mine.delete(oldest);
  }

  #receipt({ site, seg, sha256, size }: Manifest, mh: string, fileId: string | null, object: Stored): string {
    const { key, clock } = this.#options;
    const { store, key: place, version, durability, verified } = object;
    const receipt: Receipt = {
      v: 1,
      site,
      seg,
      ...(fileId === null ? {} : { fileId }),
      sha256,
      size,
      mh,
      object: { store, key: place, ...(version === null ? {} : { version }) },
      durability,
      verified,
      iat: Math.floor(clock.now().wallMs / 1_000),
      permit: { delete: true },
    };
    return signJws('hrc-receipt', key.publicKey.kid, receipt, key.privateKey);
  }

  /** One message each, so that they pass the smallest packet limit a receipt can pass. */
  #sendReceipt(site: string, receipt: string): void {
    this.#options.send(topicsOf(site).receipt, JSON.stringify([receipt]));
  }
}

/** The manifest in a JWS that this site signed. Throws {@link Refusal} otherwise. */
function manifestIn(jws: string, site: string, key: PublicKey): Manifest {
  const check = verifyJws(jws, 'hrc-seg', [key]);
  if (!check.ok) throw new Refusal(check.fault === 'signature' ? 'HRC-SIG' : 'HRC-BAD', `a manifest: ${check.message}`);
  const manifest = readManifest(check.payload);
  if (manifest === null || manifest.site !== site) throw new Refusal('HRC-BAD', 'a manifest that cannot be read');
  return manifest;
}

/** Where a segment lies in the store. Every part was checked when the manifest was read; the name holds segment and content. */
export function placeOf(manifest: Manifest): string {
  const { site, stream, run, t0, seg, sha256 } = manifest;
  const folder = run ?? compactTime(t0).slice(0, 8);
  const name = fileNameOf(manifest).replace(/\.mp4$/, '');
  return `${site}/${stream}/${folder}/${name}_${seg}-${sha256.slice(0, 16)}.mp4`;
}
