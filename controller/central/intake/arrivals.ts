/**
 * Files that sites, or an engine for them, put into the object store themselves (routes A and C): looked for soon after they are
 * expected and ever more seldom, verified by the store, settled. What somebody says about them is a hint; what the store has is proof.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { sentenceOf } from '../../core/errors.ts';
import { topicsOf, uploadKeyOf } from '../../core/hrc.ts';
import { readFileId } from '../../core/hrc-reading.ts';
import { jwsHash } from '../../core/jws.ts';
import type { Log } from '../../core/ports.ts';
import type { ObjectStore } from '../object-store.ts';
import { Refusal } from '../refusal.ts';
import type { Registrar } from '../registrar.ts';
import { resultOf, verdictOf } from '../results.ts';

const LOOK_FIRST_MS = 250;
const LOOK_MAX_MS = 60_000;
/** After this a file is found when its site asks for the receipt: longer than any address for it is good. */
const EXPECTED_FOR_MS = 40 * 60_000;
/** Files expected at a time, over all sites. */
const EXPECTED_MAX = 20_000;

export interface ArrivalsOptions {
  readonly registrar: Registrar;
  readonly store: ObjectStore;
  readonly send: (topic: string, payload: string) => void;
  readonly log: Log;
}

export class Arrivals {
  readonly #options: ArrivalsOptions;
  readonly #expected = new Map<string, Promise<void>>();
  readonly #looking = new Map<string, Promise<boolean>>();
  readonly #closing = new AbortController();
  #isAway = false;

  constructor(options: ArrivalsOptions) {
    this.#options = options;
  }

  /** A file will be there soon. Beyond {@link EXPECTED_MAX} it is not looked for: its site asks for the receipt later. */
  expect(site: string, fileId: string): void {
    const name = `${site}/${fileId}`;
    if (this.#expected.has(name) || this.#expected.size >= EXPECTED_MAX || this.#closing.signal.aborted) return;
    this.#expected.set(
      name,
      this.#watch(site, fileId).finally(() => this.#expected.delete(name)),
    );
  }

  /**
   * Looks for the file of one attempt. True when its segment is held now, and the receipt was sent. Rejects with a Refusal for other
   * bytes, or with the store's trouble.
   */
  look(site: string, fileId: string): Promise<boolean> {
    const name = `${site}/${fileId}`;
    const looking = this.#looking.get(name) ?? this.#look(site, fileId).finally(() => this.#looking.delete(name));
    this.#looking.set(name, looking);
    return looking;
  }

  /**
   * Looks for a segment whichever attempt brought it. True when it is held now, and the receipt was sent. Never rejects: a site whose
   * file cannot be looked for goes on as if it were not there.
   */
  async search(site: string, seg: string): Promise<boolean> {
    try {
      return await this.#search(site, seg);
    } catch (error) {
      this.#hear(error);
      return false;
    }
  }

  async #search(site: string, seg: string): Promise<boolean> {
    const { registrar, store } = this.#options;
    const awaited = registrar.awaited(site, seg);
    if (awaited === null) return false;
    const { manifest } = awaited;
    const anyAttempt = uploadKeyOf(`${seg}-${manifest.sha256.slice(0, 16)}-`, manifest)
      .split('/')
      .slice(0, 2)
      .join('/');
    for (const key of await store.find(anyAttempt)) {
      const fileId = key.split('/')[1] ?? '';
      if (key === uploadKeyOf(fileId, manifest) && (await this.look(site, fileId))) return true;
    }
    return false;
  }

  /** Looks no more. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#expected.values());
  }

  async #look(site: string, fileId: string): Promise<boolean> {
    const { registrar, store, log } = this.#options;
    const id = readFileId(fileId);
    if (id === null) return false;
    if (registrar.holding(site, id.seg)?.sha256.startsWith(id.sha16) === true)
      return registrar.sendReceiptOf(site, id.seg);
    const awaited = registrar.awaited(site, id.seg);
    if (awaited === null || !awaited.manifest.sha256.startsWith(id.sha16)) return false;
    const { manifest, jws } = awaited;
    const object = await store.check(uploadKeyOf(fileId, manifest), manifest);
    if (this.#isAway) log.info({}, 'the object store is back');
    this.#isAway = false;
    if (object !== null) await registrar.settle(site, { mh: jwsHash(jws), fileId, object });
    return object !== null;
  }

  async #watch(site: string, fileId: string): Promise<void> {
    const { signal } = this.#closing;
    let passedMs = 0;
    for (let waitMs = LOOK_FIRST_MS; passedMs < EXPECTED_FOR_MS; waitMs = Math.min(2 * waitMs, LOOK_MAX_MS)) {
      await sleep(waitMs, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted || (await this.#isOver(site, fileId))) return;
      passedMs += waitMs;
    }
  }

  /** One look of several. A refusal ends them and is said to the site; trouble of the store is told once, and passes. */
  async #isOver(site: string, fileId: string): Promise<boolean> {
    const { send, log } = this.#options;
    try {
      return await this.look(site, fileId);
    } catch (error) {
      if (error instanceof Refusal) {
        sayRefused(send, log, { site, fileId, error });
        return true;
      }
      this.#hear(error);
      return false;
    }
  }

  /** Trouble of the store is told once, until it answers again. */
  #hear(error: unknown): void {
    if (error instanceof Refusal || this.#isAway) return;
    this.#isAway = true;
    this.#options.log.error({ alarm: 'store-away' }, `arrivals cannot be looked for: ${sentenceOf(error)}`);
  }
}

/** Says on `dn/ftr` what became of a file that came by another route than B, in the words of one that came by B. */
export function sayRefused(
  send: (topic: string, payload: string) => void,
  log: Log,
  about: { readonly site: string; readonly fileId: string; readonly error: unknown },
): void {
  const { site, fileId, error } = about;
  const { result, fin } = topicsOf(site);
  const topic = fin(fileId, 0, readFileId(fileId)?.sha16 ?? '');
  send(result, resultOf(topic, verdictOf(error, { site, topic }, log)));
}
