/**
 * Glances at streams, as many as are looked at and no more: a stream is peeked at and decoded when somebody asks for it and the last
 * glance is older than {@link FRESH_MS}. Pictures and sound live in this process's memory only and are forgotten when nobody asks.
 */
import { sentenceOf } from '../core/errors.ts';
import { type Glance, levelsOf } from '../core/glance.ts';
import type { GlanceDecoder, Log, Recorder } from '../core/ports.ts';
import type { PeekAnswer, RecorderStatus } from '../core/recording.ts';
import { between, type Clock, type Instant } from '../core/time.ts';

/** Younger than this a glance is not taken again. */
const FRESH_MS = 3_000;
/** How long one waits for the recorder's answer and the decoder before the glance is given up. */
const ANSWER_LIMIT_MS = 4_000;
/** What nobody asked for again is forgotten. */
const FORGET_MS = 15_000;

export interface GlancesOptions {
  readonly recorder: Pick<Recorder, 'peek' | 'onPeek'>;
  readonly decoder: GlanceDecoder;
  readonly status: () => RecorderStatus | null;
  readonly clock: Clock;
  readonly log: Log;
}

interface Looked {
  glance: Glance | null;
  /** When it was last peeked at. */
  peekedAt: Instant;
  /** Resolves with the next glance, or null when none came in time. */
  coming: Promise<Glance | null> | null;
  arrived: ((peek: PeekAnswer | null) => void) | null;
  usedAt: Instant;
}

export class Glances {
  readonly #options: GlancesOptions;
  readonly #looked = new Map<string, Looked>();

  constructor(options: GlancesOptions) {
    this.#options = options;
  }

  start(): void {
    this.#options.recorder.onPeek((stream, peek) => this.#looked.get(stream)?.arrived?.(peek));
  }

  close(): void {
    for (const looked of this.#looked.values()) looked.arrived?.(null);
    this.#looked.clear();
  }

  /** What is known of a stream just now, without looking. */
  known(stream: string): Glance | null {
    return this.#looked.get(stream)?.glance ?? null;
  }

  /** A glance not older than a few seconds, or null when there is nothing to see or hear. Never rejects. */
  async look(stream: string): Promise<Glance | null> {
    const now = this.#options.clock.now();
    this.#forget(now);
    const before = this.#looked.get(stream);
    if (before !== undefined) before.usedAt = now;
    if (before?.coming != null) return before.coming;
    if (before !== undefined && age(before.peekedAt, now) < FRESH_MS) return before.glance;
    const looked: Looked = { glance: before?.glance ?? null, peekedAt: now, coming: null, arrived: null, usedAt: now };
    this.#looked.set(stream, looked);
    looked.coming = this.#take(stream, looked).finally(() => {
      looked.coming = null;
    });
    return looked.coming;
  }

  async #take(stream: string, looked: Looked): Promise<Glance | null> {
    const peek = await this.#peek(stream, looked);
    if (peek === null) {
      looked.glance = null;
      return null;
    }
    // The same moment again: the stream stands still, and so does what is known of it.
    const { glance: before } = looked;
    if (before !== null && before.run === peek.run && before.index === peek.index) return before;
    const media = this.#options.status()?.streams[stream]?.media ?? null;
    const has = { picture: media === null || media.video !== null, sound: media === null || media.audio !== null };
    try {
      const { jpeg, thumb, pcm } = await this.#options.decoder.decode(Buffer.from(peek.media, 'base64'), has);
      const sound = pcm === null ? null : levelsOf(pcm, peek.at.wallMs);
      looked.glance = { stream, at: peek.at, run: peek.run, index: peek.index, jpeg, thumb, sound };
    } catch (error) {
      this.#options.log.warn({ stream, why: sentenceOf(error) }, 'a glance at a stream could not be decoded');
      looked.glance = null;
    }
    return looked.glance;
  }

  #peek(stream: string, looked: Looked): Promise<PeekAnswer | null> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => looked.arrived?.(null), ANSWER_LIMIT_MS);
      looked.arrived = (peek) => {
        clearTimeout(timer);
        looked.arrived = null;
        resolve(peek);
      };
      this.#options.recorder.peek(stream);
    });
  }

  #forget(now: Instant): void {
    for (const [stream, { usedAt, coming }] of this.#looked) {
      if (coming === null && age(usedAt, now) > FORGET_MS) this.#looked.delete(stream);
    }
  }
}

/** Moments of another boot are older than everything. */
function age(moment: Instant, now: Instant): number {
  return moment.boot === now.boot ? between(moment, now) : Number.POSITIVE_INFINITY;
}
