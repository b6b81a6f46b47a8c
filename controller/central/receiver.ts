/**
 * The byte path of route B: openings, chunks and ends of files, one message after the other, written as they come and handed to the
 * object store when whole. It knows nobody and signs nothing; for that it asks the registrar, which may be another process.
 */
import { INIT_BYTES_MAX, topicsOf } from '../core/hrc.ts';
import { parseJson, readFileId, readInit, type UpTopic } from '../core/hrc-reading.ts';
import type { Log } from '../core/ports.ts';
import type { Clock } from '../core/time.ts';
import type { ObjectStore } from './object-store.ts';
import type { Parts } from './parts.ts';
import { Refusal } from './refusal.ts';
import type { Registry } from './registrar.ts';
import { resultOf, verdictOf } from './results.ts';

/** Files that are synced and read back at a time, of all sites together. */
const SETTLING_MAX = 4;
const ULID_LENGTH = 26;

/** What a message below `ft/` is about. */
export type TransferTopic = Extract<UpTopic, { readonly fileId: string }>;

export function isTransfer(about: UpTopic): about is TransferTopic {
  return 'fileId' in about;
}

export interface ReceiverOptions {
  readonly registry: Registry;
  readonly parts: Parts;
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Sends a message soon; never waits. */
  readonly send: (topic: string, payload: string) => void;
}

export class Receiver {
  readonly #options: ReceiverOptions;
  /** Files that were declared whole, by segment: syncing and reading one back takes as long as receiving the next one. */
  readonly #settling = new Map<string, Promise<void>>();

  constructor(options: ReceiverOptions) {
    this.#options = options;
  }

  /**
   * Takes one message. Resolves when it is written; never rejects: what is refused is answered. The end of a file is settled while
   * other files come in; what else is said about the same segment waits for it.
   */
  async take(about: TransferTopic, topic: string, payload: Uint8Array): Promise<void> {
    const segment = `${about.site}/${about.fileId.slice(0, ULID_LENGTH)}`;
    await this.#settling.get(segment);
    if (about.kind !== 'fin') return this.#step(about, topic, payload);
    while (this.#settling.size >= SETTLING_MAX) await Promise.race(this.#settling.values());
    const settled = this.#step(about, topic, payload).finally(() => this.#settling.delete(segment));
    this.#settling.set(segment, settled);
  }

  /** Resolves when nothing is being settled any more. */
  async idle(): Promise<void> {
    await Promise.all(this.#settling.values());
  }

  async #step(about: TransferTopic, topic: string, payload: Uint8Array): Promise<void> {
    const { registry, parts, clock, log } = this.#options;
    const { site, fileId } = about;
    try {
      registry.demand(site);
      switch (about.kind) {
        case 'init':
          await this.#begin(site, fileId, payload);
          return;
        case 'chunk':
          await parts.chunk(site, fileId, about.offset, about.sha256, payload, clock.now().monoMs);
          return;
        case 'abort':
          await parts.drop(site, fileId);
          return;
        case 'fin':
          await this.#finish(site, fileId, about.size, about.sha256);
          this.#say(site, resultOf(topic, null));
      }
    } catch (error) {
      this.#say(site, resultOf(topic, verdictOf(error, { site, topic }, log)));
    }
  }

  async #begin(site: string, fileId: string, payload: Uint8Array): Promise<void> {
    const { registry, parts, clock } = this.#options;
    const init = readInit(parseJson(payload, INIT_BYTES_MAX));
    const id = readFileId(fileId);
    if (init === null || id === null) throw new Refusal('HRC-META', 'an opening that cannot be read');
    const { seg } = init.user_data;
    if (init.user_data.site !== site || id.seg !== seg || !init.checksum.startsWith(id.sha16))
      throw new Refusal('HRC-META', 'the id does not belong to this opening');
    if (!(await registry.isWanted(site, seg, init.checksum))) return;
    await parts.begin(site, fileId, init, Buffer.from(payload).toString('utf8'), clock.now().monoMs);
  }

  async #finish(site: string, fileId: string, size: number, sha256: string): Promise<void> {
    const { registry, parts, store } = this.#options;
    const seg = readFileId(fileId)?.seg ?? '';
    // Held already, perhaps by another route: then these parts are of no use any more.
    if (!(await registry.isWanted(site, seg, sha256))) return parts.drop(site, fileId);
    const { path, init } = parts.complete(site, fileId, size, sha256);
    const { mh } = init.user_data;
    const key = await registry.placeFor(site, { seg, mh, sha256, size });
    try {
      const object = await store.take(path, key, { size, sha256 });
      await parts.drop(site, fileId);
      await registry.settle(site, { mh, fileId, object });
    } catch (error) {
      // Wrong bytes are thrown away. What the store could not take stays here, and is tried again when the site says the end again.
      if (error instanceof Refusal) await parts.drop(site, fileId);
      throw error;
    }
  }

  #say(site: string, result: string): void {
    this.#options.send(topicsOf(site).result, result);
  }
}
