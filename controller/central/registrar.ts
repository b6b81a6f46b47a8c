/**
 * The one that knows and signs: what sites announced, what is held of it, and the receipt for it. It never sees the bytes of a
 * segment: it relies on what the object store verified.
 */
import { compactTime, fileNameOf, type Manifest, type Receipt, topicsOf } from '../core/hrc.ts';
import { readManifest } from '../core/hrc-reading.ts';
import { jwsHash, type PublicKey, payloadOf, signJws, verifyJws } from '../core/jws.ts';
import type { Log } from '../core/ports.ts';
import type { Clock } from '../core/time.ts';
import type { SigningKey } from '../ledger/key-file.ts';
import type { Archive } from './archive.ts';
import { chainFaultCount, chainFaults } from './chain-rows.ts';
import type { AnnouncedFact } from './facts.ts';
import type { Content, Stored } from './object-store.ts';
import { Refusal } from './refusal.ts';
import type { Holding, RegistryRows } from './registry-rows.ts';
import type { SiteKeys } from './site-keys.ts';

/** Announced and not held, per site: years of recording, and yet a bound to what one site can have written down. */
const WAITING_PER_SITE = 1_000_000;
/** Seconds; by then some of it should be held. */
const WAITING_RETRY_S = 3_600;

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
  readonly rows: RegistryRows;
  readonly keys: SiteKeys;
  readonly key: SigningKey;
  readonly clock: Clock;
  readonly log: Log;
  /** Sends a message soon; never waits. */
  readonly send: (topic: string, payload: string) => void;
}

export class Registrar implements Registry {
  readonly #options: RegistrarOptions;
  /** Segments that are being settled, one delivery after the other. */
  readonly #settling = new Map<string, Promise<void>>();

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
    const jws = this.#options.rows.manifest(site, mh);
    const manifest = jws === null ? null : readManifest(payloadOf(jws));
    return jws === null || manifest === null ? null : { manifest, jws };
  }

  /** What a site announced of a segment, by the manifest that counts, or null. */
  awaited(site: string, seg: string): Announced | null {
    const mh = this.#options.rows.newestOf(site, seg);
    return mh === null ? null : this.announced(site, mh);
  }

  /** What is held of a segment, or null. */
  holding(site: string, seg: string): Holding | null {
    return this.#options.rows.holding(site, seg);
  }

  /** Sends the receipt of a segment again; false when none is held. */
  async sendReceiptOf(site: string, seg: string): Promise<boolean> {
    const held = this.holding(site, seg);
    if (held !== null) this.#sendReceipt(site, held.receipt);
    return held !== null;
  }

  /** Takes in the signed manifests of one message. Rejects with {@link Refusal} `HRC-SIG` or `HRC-BAD` at the first that is wrong. */
  async announce(site: string, items: readonly { readonly siteSeq: number; readonly jws: string }[]): Promise<void> {
    const { keys, rows, log } = this.#options;
    const key = keys.of(site);
    const news: AnnouncedFact[] = [];
    const again: string[] = [];
    const resealed: { readonly manifest: Manifest; readonly mh: string; readonly held: Holding }[] = [];
    for (const { siteSeq, jws } of items) {
      const manifest = manifestIn(jws, site, key);
      const mh = jwsHash(jws);
      if (rows.manifest(site, mh) === null) news.push({ type: 'announced', site, siteSeq, jws });
      const held = this.holding(site, manifest.seg);
      if (held?.sha256 !== manifest.sha256) continue;
      if (manifest.was === undefined || held.mh === mh) again.push(held.receipt);
      else resealed.push({ manifest, mh, held });
    }
    const { announced, held } = rows.tally(site);
    if (announced - held + news.length > WAITING_PER_SITE)
      throw new Refusal('HRC-QUOTA', 'too much is announced and not delivered', WAITING_RETRY_S);
    if (news.length > 0) await this.#keepAnnounced(site, news);
    if (again.length > 0) log.info({ site, count: again.length }, 'announced again, receipts sent again');
    for (const receipt of again) this.#sendReceipt(site, receipt);
    // A site takes a receipt only for the manifest that counts.
    for (const {
      manifest,
      mh,
      held: { path, ...rest },
    } of resealed)
      await this.#keepStored(manifest, mh, null, { ...rest, key: path });
  }

  async #keepAnnounced(site: string, news: readonly AnnouncedFact[]): Promise<void> {
    const { archive, log } = this.#options;
    const before = chainFaultCount(archive.sql, site);
    await archive.keep(...news);
    const more = chainFaultCount(archive.sql, site) - before;
    for (const { stream, seq, what, mh, other } of more > 0 ? chainFaults(archive.sql, site, more) : [])
      log.error(
        { alarm: 'verify-failed', site, stream, seq, mh, other },
        what === 'twice'
          ? `two manifests of site ${site} stand under number ${seq} of stream ${stream}`
          : `manifest ${seq} of stream ${stream} of site ${site} does not name the one before it`,
      );
  }

  async isWanted(site: string, seg: string, sha256: string): Promise<boolean> {
    await this.#options.archive.ready();
    if (this.#options.rows.hasConflict(site, seg, sha256))
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
  async settle(site: string, settlement: Settlement): Promise<void> {
    const announced = this.announced(site, settlement.mh);
    if (announced === null) throw new Refusal('HRC-INCOMPLETE', 'its manifest was not announced');
    const { manifest } = announced;
    const id = `${site}/${manifest.seg}`;
    const before = this.#settling.get(id) ?? Promise.resolve();
    const settled = before.catch(() => undefined).then(() => this.#settle(manifest, settlement));
    this.#settling.set(id, settled);
    try {
      await settled;
    } finally {
      if (this.#settling.get(id) === settled) this.#settling.delete(id);
    }
  }

  async #settle(manifest: Manifest, { mh, fileId, object }: Settlement): Promise<void> {
    const { archive, log } = this.#options;
    const { site, seg, sha256, size } = manifest;
    const held = this.holding(site, seg);
    if (held?.sha256 === sha256) {
      this.#sendReceipt(site, held.receipt);
      return;
    }
    const path = object.key;
    if (held !== null) {
      await archive.keep({ type: 'conflict', site, seg, sha256, size, path, mh });
      log.error(
        { alarm: 'verify-failed', site, seg, path, other: held.path },
        'a segment came again with other bytes; both are kept',
      );
      throw new Refusal('HRC-CONFLICT', 'other bytes are held under this segment id');
    }
    await this.#keepStored(manifest, mh, fileId, object);
    log.info({ site, seg, size }, 'stored');
  }

  /** Written down, then said. */
  async #keepStored(manifest: Manifest, mh: string, fileId: string | null, object: Stored): Promise<void> {
    const { site, seg, sha256, size } = manifest;
    const { key, ...rest } = object;
    const receipt = this.#receipt(manifest, mh, fileId, object);
    await this.#options.archive.keep({ type: 'stored', site, seg, sha256, size, path: key, ...rest, mh, receipt });
    this.#sendReceipt(site, receipt);
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
