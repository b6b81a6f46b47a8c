/**
 * Lamps: on only while the recording of their room is proven (invariant 1), off in every other case. One loop per lamp says again what
 * it should show, so that a lamp that lost its power, or was switched by hand, is right again soon; and a lamp that counts down by
 * itself goes out when this machine does not speak any more.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { sentenceOf } from '../core/errors.ts';
import type { Indicator, Log } from '../core/ports.ts';
import type { LampSnapshot } from '../core/sign-desk.ts';
import type { IndicatorPlan } from '../core/site-plan.ts';

/** Said again when nothing changed. */
const AGAIN_MS = 5_000;
const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 5_000;
const LOOK_MS = 100;
/** From how many failures in a row on it is an alarm: one lost answer is none. */
const FAILURES_TOLD = 2;

export interface IndicatorsOptions {
  readonly plans: readonly IndicatorPlan[];
  readonly indicators: (plan: IndicatorPlan) => Indicator;
  /** The room is proven to be recorded at this moment. */
  readonly isProven: (room: string) => boolean;
  readonly announce: (room: string) => void;
  readonly log: Log;
}

interface Lamp {
  readonly plan: IndicatorPlan;
  readonly indicator: Indicator;
  asked: boolean;
  /** What it acknowledged last; null when that is not known any more. */
  shown: boolean | null;
  failures: number;
  trouble: string | null;
}

export class Indicators {
  readonly #options: IndicatorsOptions;
  readonly #lamps: readonly Lamp[];
  readonly #end = new AbortController();
  #loops: readonly Promise<void>[] = [];

  constructor(options: IndicatorsOptions) {
    this.#options = options;
    this.#lamps = options.plans.map((plan) => ({
      plan,
      indicator: options.indicators(plan),
      asked: false,
      shown: null,
      failures: 0,
      trouble: null,
    }));
  }

  /** Begins to say; waits for no lamp. */
  start(): void {
    this.#loops = this.#lamps.map((lamp) => this.#run(lamp));
  }

  /** Leaves every lamp off that can be reached within the time that its driver takes. */
  async close(): Promise<void> {
    this.#end.abort();
    await Promise.all(this.#loops);
    for (const result of await Promise.allSettled(this.#lamps.map(({ indicator }) => indicator.close()))) {
      if (result.status === 'rejected') {
        this.#options.log.warn({ why: sentenceOf(result.reason) }, 'a lamp could not be let go of');
      }
    }
  }

  lampsOf(room: string): readonly LampSnapshot[] {
    return this.#lamps
      .filter(({ plan }) => plan.room === room)
      .map(({ plan, asked, shown }) => ({ id: plan.id, name: plan.name, asked, shown }));
  }

  /** What is wrong with the lamps of a room, a sentence each. */
  troublesOf(room: string): readonly string[] {
    return this.#lamps.flatMap(({ plan, trouble, failures }) =>
      plan.room === room && trouble !== null && failures >= FAILURES_TOLD ? [`lamp ${plan.id}: ${trouble}`] : [],
    );
  }

  async #run(lamp: Lamp): Promise<void> {
    const { signal } = this.#end;
    let sinceMs = Number.POSITIVE_INFINITY;
    let retryMs = RETRY_FIRST_MS;
    while (!signal.aborted) {
      const wanted = this.#options.isProven(lamp.plan.room);
      const isChanged = wanted !== lamp.asked;
      const isDue = sinceMs >= (lamp.failures > 0 ? retryMs : AGAIN_MS);
      if (isChanged || isDue) {
        lamp.asked = wanted;
        const isWell = await this.#say(lamp, wanted);
        retryMs = isWell ? RETRY_FIRST_MS : lamp.failures === 1 ? RETRY_FIRST_MS : Math.min(retryMs * 2, RETRY_MAX_MS);
        sinceMs = 0;
      }
      await delay(LOOK_MS, undefined, { signal, ref: false }).catch(() => undefined);
      sinceMs += LOOK_MS;
    }
  }

  async #say(lamp: Lamp, isOn: boolean): Promise<boolean> {
    const before = lamp.shown;
    const { room, id } = lamp.plan;
    try {
      await lamp.indicator.show(isOn);
      lamp.shown = isOn;
      lamp.failures = 0;
      lamp.trouble = null;
    } catch (error) {
      // It may or may not have heard us.
      lamp.shown = null;
      lamp.failures += 1;
      lamp.trouble = sentenceOf(error);
      if (lamp.failures === FAILURES_TOLD)
        this.#options.log.warn({ lamp: id, why: lamp.trouble }, 'a lamp does not answer');
    }
    if (lamp.shown !== before) this.#options.announce(room);
    return lamp.shown !== null;
  }
}
