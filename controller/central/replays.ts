/**
 * Looks for what a site numbered and never told: gaps in the numbers of its outbox are asked for by the command `replay`, one stretch
 * at a time, not before the site has finished speaking by itself, and not for ever. A stretch that does not come is given up with an
 * alarm. Once every number was heard, a manifest that is missing in the chain of a stream is missing for good, and is written down.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { sentenceOf } from '../core/errors.ts';
import type { Log } from '../core/ports.ts';
import type { Clock } from '../core/time.ts';
import type { Archive } from './archive.ts';
import { hasFault, highestSiteSeq, outboxGaps, type Stretch, streamGaps } from './chain-rows.ts';
import type { SiteListener } from './control.ts';
import type { Presence } from './presence.ts';

/** Numbers asked for at once. */
const REPLAY_MAX = 1_000;
/** Gaps looked at; there are rarely two. */
const GAPS_MAX = 20;
const TRIES_MAX = 3;

/** Milliseconds, on the monotonic clock. */
export interface ReplayTiming {
  readonly lookEveryMs: number;
  /** For so long a site has said nothing new before it is asked. */
  readonly quietMs: number;
  /** Between two tries for the same stretch, twice as long after each. */
  readonly retryMs: number;
  /** After so long a stretch that was given up is tried again. */
  readonly restMs: number;
}

export const REPLAY_TIMING: ReplayTiming = {
  lookEveryMs: 10_000,
  quietMs: 30_000,
  retryMs: 10 * 60_000,
  restMs: 24 * 3_600_000,
};

/** Gives commands; what was given and is not over is known there, also after a restart. */
export interface ReplayDesk {
  isAsked(site: string): boolean;
  ask(site: string, stretch: Stretch): Promise<void>;
}

export interface ReplaysOptions {
  readonly archive: Archive;
  readonly presence: Presence;
  readonly desk: ReplayDesk;
  readonly clock: Clock;
  readonly log: Log;
  readonly timing: ReplayTiming;
}

/** How it stands with one site. */
interface Asking {
  quietSinceMs: number;
  /** The beginning of the stretch that is being asked for. */
  first: number;
  tries: number;
  nextMs: number;
  givenUp: (Stretch & { readonly untilMs: number })[];
}

export class Replays implements SiteListener {
  readonly #options: ReplaysOptions;
  readonly #askings = new Map<string, Asking>();
  readonly #closing = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(options: ReplaysOptions) {
    this.#options = options;
  }

  /** Waits for nothing. */
  start(): void {
    this.#loop = this.#run();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#loop;
  }

  there(site: string): void {
    this.announced(site);
  }

  announced(site: string): void {
    this.#asking(site).quietSinceMs = this.#nowMs();
  }

  async #run(): Promise<void> {
    const { presence, log, timing } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await sleep(timing.lookEveryMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        for (const { site, online } of presence.sites()) if (online === true) await this.#look(site);
      } catch (error) {
        log.warn({}, `gaps were not looked for: ${sentenceOf(error)}`);
      }
    }
  }

  async #look(site: string): Promise<void> {
    const { archive, presence, desk, timing } = this.#options;
    const asking = this.#asking(site);
    const nowMs = this.#nowMs();
    if (nowMs - asking.quietSinceMs < timing.quietMs || desk.isAsked(site)) return;
    const last = Math.max(presence.lastSiteSeq(site), highestSiteSeq(archive.sql, site));
    const gaps = outboxGaps(archive.sql, site, last, GAPS_MAX);
    if (gaps.length === 0) return this.#lookAtStreams(site);
    asking.givenUp = asking.givenUp.filter(({ untilMs }) => untilMs > nowMs);
    const gap = gaps.find((one) => !asking.givenUp.some(({ first, last }) => first <= one.first && one.last <= last));
    if (gap === undefined) return;
    if (gap.first !== asking.first) Object.assign(asking, { first: gap.first, tries: 0, nextMs: 0 });
    if (nowMs < asking.nextMs) return;
    const stretch = { first: gap.first, last: Math.min(gap.last, gap.first + REPLAY_MAX - 1) };
    if (asking.tries >= TRIES_MAX) return this.#giveUp(site, asking, gap);
    asking.tries += 1;
    asking.nextMs = nowMs + timing.retryMs * 2 ** (asking.tries - 1);
    await desk.ask(site, stretch);
  }

  async #giveUp(site: string, asking: Asking, { first, last }: Stretch): Promise<void> {
    const { archive, log, timing } = this.#options;
    asking.givenUp.push({ first, last, untilMs: this.#nowMs() + timing.restMs });
    if (hasFault(archive.sql, site, '', first)) return;
    await archive.keep({ type: 'manifests-missing', site, stream: null, first, last });
    log.error(
      { alarm: 'manifests-missing', site, first, last },
      `site ${site} numbered segments ${first} to ${last} and does not announce them, although asked ${TRIES_MAX} times`,
    );
  }

  async #lookAtStreams(site: string): Promise<void> {
    const { archive, log } = this.#options;
    for (const { stream, first, last } of streamGaps(archive.sql, site, GAPS_MAX)) {
      if (hasFault(archive.sql, site, stream, first)) continue;
      await archive.keep({ type: 'manifests-missing', site, stream, first, last });
      log.error(
        { alarm: 'manifests-missing', site, stream, first, last },
        `the chain of stream ${stream} of site ${site} misses manifests ${first} to ${last}: the site announced everything it has`,
      );
    }
  }

  #asking(site: string): Asking {
    const known = this.#askings.get(site);
    if (known !== undefined) return known;
    const asking = { quietSinceMs: this.#nowMs(), first: -1, tries: 0, nextMs: 0, givenUp: [] };
    this.#askings.set(site, asking);
    return asking;
  }

  #nowMs(): number {
    return this.#options.clock.now().monoMs;
  }
}
