/**
 * Brings every sealed segment to the centre and its signed receipt back (invariants 3 and 5), and carries out what the centre orders.
 * It reads the outbox, never writes it except for checked receipts, and nothing that goes wrong here reaches a recording. This file
 * puts the parts together and keeps the two connections; what each part does is in its own file.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { sentenceOf } from '../core/errors.ts';
import { ALL_DOWN_FILTER, bulkClientOf, OFFLINE, type SiteTopics, strongest, topicsOf } from '../core/hrc.ts';
import type { CentreLink, HandedIn } from '../core/ports.ts';
import type { Recalls } from '../core/recall.ts';
import type { SegmentPull } from '../core/site-archive.ts';
import { Announcer } from './announcer.ts';
import { CentreVoice } from './centre-voice.ts';
import { ChunkBuffers } from './chunk-buffers.ts';
import { ChunkSize } from './chunk-size.ts';
import { CommandDesk } from './commands/desk.ts';
import { ownCommands } from './commands/own-commands.ts';
import { Conversation } from './conversation.ts';
import { Deliveries } from './deliveries.ts';
import { type Loss, TOO_LARGE } from './dial.ts';
import { EventFeed } from './event-feed.ts';
import { pause } from './flight.ts';
import type { ForwarderOptions } from './forwarder-options.ts';
import { Inbox } from './inbox.ts';
import { Line } from './line.ts';
import { LinkState } from './link-state.ts';
import { Pace } from './pace.ts';
import { Presence } from './presence.ts';
import { ContainedTransfers, MemoryTransfers } from './progress.ts';
import { RecallCache } from './recall-cache.ts';
import { CentreRecalls } from './recalls.ts';
import { RouteTable } from './route-table.ts';
import { Offers } from './routes/by-offer.ts';
import { ownRoutes } from './routes/own-routes.ts';
import { FORWARD_TIMING, type ForwardTiming } from './timing.ts';

const CLOSE_TIMEOUT_MS = 8_000;

export class Forwarder {
  readonly #options: ForwarderOptions;
  readonly #timing: ForwardTiming;
  readonly #topics: SiteTopics;
  readonly #control: Line;
  readonly #bulk: Line;
  readonly #conversation: Conversation;
  readonly #presence: Presence;
  readonly #state: LinkState;
  readonly #deliveries: Deliveries;
  readonly #announcer: Announcer;
  readonly #events: EventFeed | null;
  readonly #commands: CommandDesk | null;
  readonly #inbox: Inbox;
  readonly #offers: Offers;
  readonly #recalls: CentreRecalls | null;
  readonly #voice: CentreVoice;
  readonly #chunkSize = new ChunkSize();
  readonly #closing = new AbortController();
  readonly #listeners: ((link: CentreLink) => void)[] = [];
  #loops: Promise<void>[] = [];
  #closed: Promise<void> | null = null;

  constructor(options: ForwarderOptions) {
    this.#options = options;
    const timing = { ...FORWARD_TIMING, ...options.timing };
    this.#timing = timing;
    const topics = topicsOf(options.site);
    this.#topics = topics;
    const { outbox, clock, log, archive } = options;
    const protocol = { version: options.protocol ?? (5 as const) };
    const onMessage = (topic: string, payload: Buffer, isRetained: boolean) =>
      this.#inbox.take(topic, payload, isRetained);
    const both = { ...options, protocol, timing, onMessage };
    const bulkId = bulkClientOf(options.site);
    this.#control = new Line({
      ...both,
      clientId: options.site,
      will: { topic: topics.state, payload: JSON.stringify(OFFLINE) },
      subscriptions: [topics.downFilter, ALL_DOWN_FILTER],
      onUp: () => this.#controlUp(),
      onDown: (loss) => this.#down(loss),
    });
    this.#bulk = new Line({
      ...both,
      clientId: bulkId,
      subscriptions: [],
      onUp: () => this.#up(),
      onDown: (loss) => {
        this.#chunkSize.lost(loss.code === TOO_LARGE);
        this.#down(loss);
      },
    });
    const words = { ...options, line: this.#control, topics } as const;
    this.#conversation = new Conversation({ ...words, responseMs: timing.responseMs });
    this.#offers = new Offers(options.pullFrom ?? [], (seg) => outbox.item(seg), clock);
    const transfers = new ContainedTransfers(options.transfers ?? new MemoryTransfers(), log);
    const conversation = this.#conversation;
    const routes = ownRoutes({
      ...{ line: this.#bulk, clientId: bulkId, topics, transfers, clock, chunkSize: this.#chunkSize },
      buffers: new ChunkBuffers(),
      ...{ conversation, offers: this.#offers, timing, ca: options.tls?.ca },
    });
    const table = new RouteTable(routes, log);
    this.#state = new LinkState(
      (document) => table.trouble(document),
      (link) => this.#tellLink(link),
    );
    const rate = options.rate ?? (() => null);
    const pace = new Pace(clock, rate, this.#closing.signal);
    const linkState = this.#state;
    this.#recalls =
      options.recalled === undefined
        ? null
        : new CentreRecalls({
            way: {
              ...{ line: this.#bulk, conversation, topics, state: linkState, retryMs: timing.recallRetryMs },
              // What comes back has its own measure: it goes the other way.
              pace: new Pace(clock, rate, this.#closing.signal),
              chunkSizes: { sent: this.#chunkSize, brought: new ChunkSize() },
            },
            ...{ cache: new RecallCache(options.recalled, clock), clock, log, timing },
          });
    this.#deliveries = new Deliveries({
      ...{ outbox, transfers, routes: table, conversation, state: linkState, pace, timing, clock, log },
    });
    this.#offers.onServed((seg) => this.#deliveries.pulled(seg));
    this.#announcer = new Announcer({ outbox, conversation, state: linkState, log });
    const { events: source } = options;
    this.#events =
      source === undefined
        ? null
        : new EventFeed({ ...words, source, conversation, state: linkState, retryMs: timing.eventRetryMs });
    const voice = new CentreVoice(options.trust);
    this.#voice = voice;
    const deliveries = this.#deliveries;
    const announcer = this.#announcer;
    const { progressEveryMs } = timing;
    this.#commands =
      archive === undefined
        ? null
        : new CommandDesk({
            ...{ site: options.site, topics, voice, line: this.#control, book: archive, clock, log },
            allows: options.allows ?? (() => true),
            kinds: [
              ...ownCommands({ archive, outbox, deliveries, announcer, offers: this.#offers, clock, progressEveryMs }),
              ...(options.commands ?? []),
            ],
          });
    this.#inbox = new Inbox({
      ...{ site: options.site, topics, outbox, voice, conversation, deliveries, commands: this.#commands, log },
      policies: options.policies ?? null,
      minDurability: options.minDurability ?? (() => 'stored'),
      state: linkState,
      onDocument: () => this.#centreIsNew(),
      onCentreGone: () => this.#breakOff(),
    });
    this.#presence = new Presence({
      ...words,
      routes: routes.map(({ name }) => name).filter((name) => name !== 'D' || this.#offers.isPossible),
      publicKey: options.signer.publicKey,
      backlogEveryMs: timing.backlogEveryMs,
      health: options.health ?? (() => ({})),
    });
  }

  /** Begins to connect and to deliver. Does not wait for the broker, nor for anything else. */
  start(): void {
    if (this.#loops.length > 0) return;
    this.#options.outbox.onSealed(() => {
      this.#deliveries.look();
      this.#announcer.look();
      this.#commands?.look();
    });
    this.#control.start();
    this.#bulk.start();
    const { signal } = this.#closing;
    this.#commands?.start();
    this.#loops = [
      ...[this.#deliveries.run(signal), this.#announcer.run(signal), this.#presence.keepTelling(signal)],
      ...(this.#events === null ? [] : [this.#events.run(signal)]),
      ...(this.#recalls === null ? [] : [this.#recalls.tend(signal)]),
    ];
  }

  /** Stops delivering, says goodbye and ends both connections. Idempotent; at most {@link CLOSE_TIMEOUT_MS}. */
  close(): Promise<void> {
    this.#closed ??= Promise.race([this.#close(), sleep(CLOSE_TIMEOUT_MS, undefined, { ref: false })]);
    return this.#closed;
  }

  /** How it stands between this site and the centre. */
  link(): CentreLink {
    return this.#state.link;
  }

  /** Called at each change of {@link link}. */
  onLink(listener: (link: CentreLink) => void): void {
    this.#listeners.push(listener);
  }

  /** What decides here about deleting a segment: its receipt, checked as on the day it came, and whether it is still needed. */
  get handedIn(): Pick<HandedIn, 'checked' | 'needs'> {
    const { site, outbox, minDurability } = this.#options;
    return {
      checked: (jws) => {
        const wanted = [minDurability?.() ?? 'stored', this.#state.document?.receipt.minDurability ?? 'stored'];
        const checked = this.#voice.receipt(jws, site, outbox, strongest(wanted));
        return checked.ok ? checked.receipt : checked.message;
      },
      needs: (seg) =>
        this.#deliveries.needs(seg) ?? (this.#offers.isOffered(seg) ? 'the centre may be fetching it' : null),
    };
  }

  /** The files that the centre may fetch by HTTP (route D), for whoever serves them. */
  get pull(): SegmentPull {
    return this.#offers;
  }

  /** Brings segments back that lie at the centre; null when there is no place for them. */
  get recalls(): Recalls | null {
    return this.#recalls;
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    this.#breakOff();
    const recalled = this.#recalls?.close();
    this.#deliveries.look();
    await this.#commands?.close();
    const farewell = { topic: this.#topics.state, payload: JSON.stringify(OFFLINE) };
    await Promise.all([this.#control.close(farewell), this.#bulk.close()]);
    await Promise.all([...this.#loops, recalled]);
  }

  // Connections

  #controlUp(): void {
    void this.#presence.announce().then(() => this.#commands?.repeatOpen());
    this.#expectDocument();
    this.#up();
  }

  #up(): void {
    this.#state.up(this.#control.up && this.#bulk.up);
    this.#deliveries.look();
    this.#announcer.look();
    this.#events?.look();
  }

  #expectDocument(): void {
    void pause(this.#timing.documentMs, this.#closing.signal).then(() => {
      if (this.#closing.signal.aborted || !this.#control.up || this.#state.document !== null) return;
      this.#state.documentLate();
    });
  }

  #down({ why }: Loss): void {
    if (!this.#control.up) this.#inbox.forgetDocument();
    this.#state.down(why, !this.#control.up);
    this.#startAnew();
  }

  #centreIsNew(): void {
    this.#startAnew();
    this.#deliveries.centreIsNew();
    this.#announcer.anew();
    this.#events?.anew();
    this.#deliveries.look();
  }

  /** After a break on either side everything under way is begun anew, by asking first. */
  #startAnew(): void {
    this.#breakOff();
    this.#conversation.forget();
  }

  #breakOff(): void {
    this.#deliveries.breakOff();
    this.#conversation.giveUp();
  }

  #tellLink(link: CentreLink): void {
    for (const listener of this.#listeners) {
      try {
        listener(link);
      } catch (error) {
        this.#options.log.error({ error: sentenceOf(error) }, 'a listener of the link failed');
      }
    }
  }
}
