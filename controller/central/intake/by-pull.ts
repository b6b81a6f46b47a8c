/**
 * Route D: the centre fetches what a site offers, by HTTP, only where the operator wrote down at which addresses that site is. A site's
 * own word for where to go is never enough: it could send the centre anywhere inside its network.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fieldsOf, readFileId } from '../../core/hrc-reading.ts';
import { jwsHash } from '../../core/jws.ts';
import type { Log } from '../../core/ports.ts';
import type { Clock } from '../../core/time.ts';
import { ULID_PATTERN } from '../../core/ulid.ts';
import type { ObjectStore } from '../object-store.ts';
import { Refusal } from '../refusal.ts';
import { type Announced, placeOf, type Registrar } from '../registrar.ts';
import type { Fields, RequestKind } from '../request-kind.ts';
import { sayRefused } from './arrivals.ts';
import { announcedAs, readUploads } from './by-put.ts';
import { fetchFile } from './fetch-file.ts';

/** Files fetched at a time: over all sites, and waiting of one. */
const PULLS_AT_A_TIME = 8;
const WAITING_PER_SITE = 64;
const IDLE_MS = 30_000;
const OFFER_ITEMS_MAX = 500;
const BASES_MAX = 8;
const TOKEN_PATTERN = /^[A-Za-z0-9_-]{20,100}$/;
const SECOND_MS = 1_000;

/** Origins (`https://10.4.17.2:8480`) at which each site may be fetched from. */
export type PullOrigins = { readonly [site: string]: readonly string[] };

export interface PullsOptions {
  readonly registrar: Registrar;
  readonly store: ObjectStore;
  readonly origins: PullOrigins;
  readonly ca?: readonly string[];
  /** This object's alone; what lies there is thrown away at a start. */
  readonly folder: string;
  readonly send: (topic: string, payload: string) => void;
  readonly clock: Clock;
  readonly log: Log;
  readonly idleMs?: number;
}

/** Where a site offers files, and until when. */
interface Offer {
  readonly base: URL;
  readonly token: string;
  readonly untilMs: number;
}

interface Pull {
  readonly site: string;
  readonly announced: Announced;
  /** Of the attempt by which the site offers it; null when the centre asked for it. */
  readonly fileId: string | null;
  readonly offer: Offer;
}

export class Pulls {
  readonly #options: PullsOptions;
  readonly #closing = new AbortController();
  readonly #waiting: Pull[] = [];
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(options: PullsOptions) {
    this.#options = options;
  }

  /** Rejects with `data-not-writable` or an error of the disk. */
  async open(): Promise<void> {
    const { folder } = this.#options;
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true, mode: 0o750 });
  }

  /** `offer` of a site: its files are fetched in turn. The answer is the receipt, or a word on `dn/ftr`. */
  get request(): RequestKind {
    return {
      type: 'offer',
      answer: async (site, _id, body) => {
        const uploads = readUploads(body['items'], OFFER_ITEMS_MAX);
        if (uploads === null) throw new Refusal('HRC-BAD', 'an offer that cannot be read');
        const { registrar, send, log } = this.#options;
        for (const upload of uploads) {
          const { seg, sha256, fileId } = upload;
          try {
            if (!(await registrar.isWanted(site, seg, sha256))) continue;
            announcedAs(registrar, site, upload);
            this.#add(site, seg, fileId, this.#readOffer(site, body));
          } catch (error) {
            sayRefused(send, log, { site, fileId, error });
          }
        }
        return null;
      },
    };
  }

  /** The answer of a site to the command `offer`. Throws a Refusal when it cannot be followed. */
  answered(site: string, offer: unknown, items: unknown): void {
    if (!Array.isArray(items) || items.length > OFFER_ITEMS_MAX)
      throw new Refusal('HRC-BAD', 'an offer that cannot be read');
    const there = this.#readOffer(site, fieldsOf(offer) ?? {});
    for (const item of items) {
      const { seg, st } = fieldsOf(item) ?? {};
      if (st === 'local' && typeof seg === 'string' && ULID_PATTERN.test(seg)) this.#add(site, seg, null, there);
    }
  }

  /** Ends what is under way; what was not fetched stays with its site. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#waiting.length = 0;
    await Promise.all(this.#underWay.values());
  }

  #readOffer(site: string, { base, token, exp }: Fields): Offer {
    const { origins } = this.#options;
    const pinned = Object.hasOwn(origins, site) ? (origins[site] ?? []) : [];
    if (typeof token !== 'string' || !TOKEN_PATTERN.test(token) || !Number.isSafeInteger(exp) || !Array.isArray(base))
      throw new Refusal('HRC-BAD', 'an offer that cannot be read');
    const bases = base.slice(0, BASES_MAX).filter((one) => typeof one === 'string' && URL.canParse(one));
    const known = bases.map((one) => new URL(one)).find((url) => pinned.includes(url.origin));
    if (known === undefined)
      throw new Refusal('HRC-NOROUTE', 'the site offers files where the configuration does not know it');
    // Only the origin is taken from it: where files lie below is the protocol's.
    return { base: new URL(known.origin), token, untilMs: (exp as number) * SECOND_MS };
  }

  #add(site: string, seg: string, fileId: string | null, offer: Offer): void {
    const { registrar } = this.#options;
    const announced = registrar.awaited(site, seg);
    if (announced === null || registrar.holding(site, seg)?.sha256 === announced.manifest.sha256) return;
    const name = nameOf(site, seg);
    if (this.#underWay.has(name) || this.#waiting.some((one) => nameOf(one.site, one.announced.manifest.seg) === name))
      return;
    if (this.#waiting.filter((one) => one.site === site).length >= WAITING_PER_SITE)
      throw new Refusal('HRC-BUSY', 'enough files of this site wait to be fetched');
    this.#waiting.push({ site, announced, fileId, offer });
    this.#pump();
  }

  /** Begins what may begin, one file of a site at a time, so that none takes every place. */
  #pump(): void {
    while (this.#underWay.size < PULLS_AT_A_TIME && !this.#closing.signal.aborted) {
      const busy = new Set([...this.#underWay.keys()].map((name) => name.split('/')[0]));
      const at = this.#waiting.findIndex(({ site }) => !busy.has(site));
      const pull = at < 0 ? undefined : this.#waiting.splice(at, 1)[0];
      if (pull === undefined) return;
      const name = nameOf(pull.site, pull.announced.manifest.seg);
      const done = this.#pull(pull).finally(() => {
        this.#underWay.delete(name);
        this.#pump();
      });
      this.#underWay.set(name, done);
    }
  }

  async #pull({ site, announced, fileId, offer }: Pull): Promise<void> {
    const { registrar, store, folder, ca, idleMs = IDLE_MS, clock, send, log } = this.#options;
    const { manifest, jws } = announced;
    const { seg, size, sha256 } = manifest;
    const path = join(folder, `${site}_${seg}`);
    try {
      if (offer.untilMs <= clock.now().wallMs) throw new Refusal('HRC-EXP', 'the offer is over');
      const url = new URL(`/v1/seg/${seg}`, offer.base);
      const source = { url, token: offer.token, size, sha256, idleMs, ...(ca === undefined ? {} : { ca }) };
      await fetchFile(source, path, this.#closing.signal);
      const object = await store.take(path, placeOf(manifest), { size, sha256 });
      await registrar.settle(site, { mh: jwsHash(jws), fileId, object });
    } catch (error) {
      await rm(path, { force: true });
      if (this.#closing.signal.aborted) return;
      if (fileId !== null && readFileId(fileId) !== null) sayRefused(send, log, { site, fileId, error });
      else log.warn({ site, seg }, `not fetched: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

function nameOf(site: string, seg: string): string {
  return `${site}/${seg}`;
}
