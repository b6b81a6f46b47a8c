/**
 * What sites say beside bytes: births, announcements, requests, answers to commands. Each message is handed to the part that it
 * concerns; a refusal is answered with its code, and nothing a site sends can make this throw.
 */
import { ANNOUNCE_BATCH, topicsOf } from '../core/hrc.ts';
import { fieldsOf, parseJson, readAnnouncement, readState, type UpTopic } from '../core/hrc-reading.ts';
import type { Log } from '../core/ports.ts';
import type { Archive } from './archive.ts';
import type { Presence } from './presence.ts';
import type { TransferTopic } from './receiver.ts';
import { Refusal } from './refusal.ts';
import type { Registrar } from './registrar.ts';
import type { Fields, RequestKind } from './request-kind.ts';
import { resultOf, verdictOf } from './results.ts';
import type { SiteKeys } from './site-keys.ts';

const JSON_BYTES_MAX = 256 * 1024;
/** A birth and a backlog are kept as they came. */
const STATE_BYTES_MAX = 32 * 1024;
/** Requests that are being answered at a time, over all sites; beyond it messages wait. */
const ANSWERS_AT_A_TIME = 256;

/** What a message is about that brings no bytes. */
export type ControlTopic = Exclude<UpTopic, TransferTopic>;

/** A part of the centre that wants to hear of sites whose key is known. What it throws is said to the site, and harms nobody else. */
export interface SiteListener {
  /** Its birth came, or came again because one of us was away. */
  readonly there?: (site: string) => void;
  /** Its last will came. */
  readonly away?: (site: string) => void;
  /** It announced segments, new ones or not. */
  readonly announced?: (site: string) => void;
  /** How a command stands, as it came. */
  readonly answered?: (site: string, id: string, payload: Uint8Array) => Promise<void>;
  /** What an engine for files told the site (route A), as it came: a hint and never a proof. */
  readonly engineEnded?: (site: string, payload: Uint8Array) => Promise<void>;
}

export interface ControlOptions {
  readonly archive: Archive;
  readonly presence: Presence;
  readonly listeners: readonly SiteListener[];
  readonly registrar: Registrar;
  readonly keys: SiteKeys;
  readonly requests: readonly RequestKind[];
  readonly log: Log;
  readonly send: (topic: string, payload: string) => void;
}

export class Control {
  readonly #options: ControlOptions;
  readonly #requests: ReadonlyMap<string, RequestKind>;
  readonly #answers = new Set<Promise<void>>();

  constructor(options: ControlOptions) {
    this.#options = options;
    this.#requests = new Map(options.requests.map((kind) => [kind.type, kind]));
  }

  /** Takes one message. Resolves when what it says is written; never rejects. */
  async take(about: ControlTopic, topic: string, payload: Uint8Array): Promise<void> {
    const { site } = about;
    const { archive, log, send } = this.#options;
    try {
      await archive.ready();
      await this.#hand(about, payload);
    } catch (error) {
      send(topicsOf(site).result, resultOf(topic, verdictOf(error, { site, topic }, log)));
    }
  }

  /** Resolves when every answer that was begun is given. */
  async close(): Promise<void> {
    await Promise.all(this.#answers);
  }

  #hand(about: ControlTopic, payload: Uint8Array): Promise<void> {
    const { site } = about;
    switch (about.kind) {
      case 'state':
        return this.#state(site, payload);
      case 'seg':
        return this.#announced(site, payload);
      case 'request':
        return this.#request(site, about.id, payload);
      case 'backlog':
        return this.#backlog(site, payload);
      case 'answer':
        return this.#tell((listener) => listener.answered?.(site, about.id, payload), site);
      case 'engine-end':
        return this.#tell((listener) => listener.engineEnded?.(site, payload), site);
    }
  }

  async #state(site: string, payload: Uint8Array): Promise<void> {
    const { keys, presence } = this.#options;
    const message = parseJson(payload, STATE_BYTES_MAX);
    const state = readState(message);
    if (state === null) throw new Refusal('HRC-BAD', 'a state message that cannot be read');
    if (state.online) await keys.meet(site, state.keys);
    if (!keys.knows(site)) return;
    if (state.online) presence.born(site, fieldsOf(message) ?? {});
    else presence.gone(site);
    await this.#tell((listener) => (state.online ? listener.there?.(site) : listener.away?.(site)), site);
  }

  #backlog(site: string, payload: Uint8Array): Promise<void> {
    const { keys, presence } = this.#options;
    keys.of(site);
    const backlog = fieldsOf(parseJson(payload, STATE_BYTES_MAX));
    if (backlog === null) throw new Refusal('HRC-BAD', 'a backlog message that cannot be read');
    presence.waits(site, backlog);
    return Promise.resolve();
  }

  /** Tells each listener; the first trouble among them is thrown when all were told. */
  async #tell(say: (listener: SiteListener) => Promise<void> | void, site: string): Promise<void> {
    this.#options.keys.of(site);
    const told = await Promise.allSettled(this.#options.listeners.map(async (listener) => say(listener)));
    for (const one of told) if (one.status === 'rejected') throw one.reason;
  }

  async #announced(site: string, payload: Uint8Array): Promise<void> {
    this.#options.keys.of(site);
    const list = parseJson(payload, JSON_BYTES_MAX);
    if (!Array.isArray(list) || list.length > ANNOUNCE_BATCH)
      throw new Refusal('HRC-BAD', 'not a list of announcements');
    const items = list.map((item) => {
      const announcement = readAnnouncement(item);
      if (announcement === null) throw new Refusal('HRC-BAD', 'an announcement that cannot be read');
      return announcement;
    });
    await this.#options.registrar.announce(site, items);
    this.#options.presence.heard(site);
    await this.#tell((listener) => listener.announced?.(site), site);
  }

  async #request(site: string, id: string, payload: Uint8Array): Promise<void> {
    this.#options.keys.of(site);
    const body = fieldsOf(parseJson(payload, JSON_BYTES_MAX));
    const kind = this.#requests.get(String(body?.['type']));
    if (body === null || kind === undefined) throw new Refusal('HRC-BAD', 'a request that is not understood');
    if (this.#answers.size >= ANSWERS_AT_A_TIME) await Promise.race(this.#answers);
    const answered = this.#answer(kind, site, id, body).finally(() => this.#answers.delete(answered));
    this.#answers.add(answered);
    if (kind.goesOn !== true) await answered;
  }

  /** Never rejects. */
  async #answer(kind: RequestKind, site: string, id: string, body: Fields): Promise<void> {
    const { log, send } = this.#options;
    const respond = (answer: object) => send(topicsOf(site).response(id), JSON.stringify({ v: 1, ...answer }));
    try {
      const answer = await kind.answer(site, id, body);
      if (answer !== null) respond({ type: kind.type, ...answer });
    } catch (error) {
      const { code, message, retryS } = verdictOf(error, { site, topic: `request ${kind.type}` }, log);
      respond({ type: kind.type, err: { code, msg: message, ...(retryS === null ? {} : { retryS }) } });
    }
  }
}
