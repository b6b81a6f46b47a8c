/**
 * Brings segments back from the centre for those who may see them (`core/recall.ts`). A segment comes once however many ask, a few at
 * a time, and who waits is not held up by what is wanted ahead; what nobody wants any more is broken off.
 */
import { AppError, sentenceOf } from '../core/errors.ts';
import type { Log } from '../core/ports.ts';
import type { Recallable, RecallStanding, Recalls } from '../core/recall.ts';
import type { Clock } from '../core/time.ts';
import { pause } from './flight.ts';
import type { RecallCache } from './recall-cache.ts';
import { NotGiven, pullSegment, type RecallWay } from './recall-pull.ts';
import type { ForwardTiming } from './timing.ts';

const AT_ONCE = 4;
/** With so many on their way, only those that somebody waits for are begun. */
const AHEAD_AT_ONCE = 2;
const TEND_EVERY_MS = 10 * 60_000;
/** Wanted and not here yet; what is wanted ahead beyond it is not noted, who waits beyond it is told to ask again. */
const JOBS_MAX = 64;
/** Segments that were not given back and rest; the oldest is forgotten, and asked for once more. */
const RESTING_MAX = 1_000;

export interface CentreRecallsOptions {
  readonly way: RecallWay;
  readonly cache: RecallCache;
  readonly clock: Clock;
  readonly log: Log;
  readonly timing: Pick<ForwardTiming, 'recallWaitMs' | 'recallLingerMs' | 'recallRetryMs' | 'recallRestMs'>;
}

/** One segment on its way, or waiting for its turn. */
interface Job {
  readonly wanted: Recallable;
  /** Aborted when it is over. */
  readonly over: AbortController;
  /** The path of the copy, or why there is none; null when nobody wanted it any more. */
  outcome: string | AppError | null;
  isRunning: boolean;
  bytesHere: number;
  waiting: number;
  /** Monotonic milliseconds until which it is wanted though nobody waits. */
  wantedUntilMs: number;
}

export class CentreRecalls implements Recalls {
  readonly #options: CentreRecallsOptions;
  readonly #closing = new AbortController();
  readonly #jobs = new Map<string, Job>();
  readonly #resting = new Map<string, { readonly error: AppError; readonly untilMs: number }>();
  readonly #running = new Set<Promise<void>>();

  constructor(options: CentreRecallsOptions) {
    this.#options = options;
  }

  async bring(wanted: Recallable, gone: AbortSignal): Promise<string> {
    const { cache, timing } = this.#options;
    const path = await cache.find(wanted);
    if (path !== null) return path;
    const refused = this.#refusalOf(wanted.seg);
    if (refused !== null) throw refused;
    const job = this.#jobOf(wanted);
    if (job === null) throw this.#notYet(wanted, 0);
    job.waiting += 1;
    this.#pump();
    try {
      await pause(timing.recallWaitMs, AbortSignal.any([gone, job.over.signal]));
      if (typeof job.outcome === 'string') return job.outcome;
      throw job.outcome ?? this.#notYet(wanted, job.bytesHere);
    } finally {
      job.waiting -= 1;
      job.wantedUntilMs = this.#nowMs() + timing.recallLingerMs;
    }
  }

  ahead(wanted: readonly Recallable[]): void {
    for (const one of wanted) {
      if (this.#options.cache.has(one.seg) || this.#refusalOf(one.seg) !== null) continue;
      const job = this.#jobOf(one);
      if (job !== null) job.wantedUntilMs = this.#nowMs() + this.#options.timing.recallLingerMs;
    }
    this.#pump();
  }

  standing({ seg, bytes }: Recallable): RecallStanding {
    if (this.#options.cache.has(seg)) return { state: 'here', bytesHere: bytes, trouble: null };
    const refused = this.#refusalOf(seg);
    if (refused !== null)
      return { state: 'refused', bytesHere: 0, trouble: { code: refused.code, message: refused.message } };
    const job = this.#jobs.get(seg);
    const message = this.#options.way.state.link.trouble;
    const trouble = message === null ? null : { code: 'centre-away' as const, message };
    return { state: job === undefined ? 'away' : 'coming', bytesHere: job?.bytesHere ?? 0, trouble };
  }

  /** Lets go of old copies now and then until `signal`. Never rejects. */
  async tend(signal: AbortSignal): Promise<void> {
    const { cache, log } = this.#options;
    while (!signal.aborted) {
      await cache.expire().catch((error) => log.warn({}, `old copies were not deleted: ${sentenceOf(error)}`));
      await pause(TEND_EVERY_MS, signal);
    }
  }

  /** Breaks off what is on its way. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort();
    for (const job of [...this.#jobs.values()]) this.#end(job, null);
    await Promise.all(this.#running);
  }

  #jobOf(wanted: Recallable): Job | null {
    const known = this.#jobs.get(wanted.seg);
    if (known !== undefined) return known;
    for (const job of [...this.#jobs.values()]) if (!job.isRunning && !this.#isWanted(job)) this.#end(job, null);
    if (this.#jobs.size >= JOBS_MAX || this.#closing.signal.aborted) return null;
    const over = new AbortController();
    const job: Job = { wanted, over, outcome: null, isRunning: false, bytesHere: 0, waiting: 0, wantedUntilMs: 0 };
    this.#jobs.set(wanted.seg, job);
    return job;
  }

  #pump(): void {
    while (this.#running.size < AT_ONCE) {
      const waiting = [...this.#jobs.values()].filter((job) => !job.isRunning && this.#isWanted(job));
      const ahead = this.#running.size < AHEAD_AT_ONCE ? waiting[0] : undefined;
      const next = waiting.find((job) => job.waiting > 0) ?? ahead;
      if (next === undefined) return;
      next.isRunning = true;
      const run = this.#run(next).finally(() => {
        this.#running.delete(run);
        this.#pump();
      });
      this.#running.add(run);
    }
  }

  async #run(job: Job): Promise<void> {
    try {
      this.#end(job, await this.#bring(job));
    } catch (error) {
      this.#end(job, this.#failed(job.wanted.seg, error));
    }
  }

  async #bring(job: Job): Promise<string | null> {
    const { cache, way } = this.#options;
    const { wanted } = job;
    // It may have come while this one waited for its turn.
    const here = await cache.find(wanted);
    if (here !== null) return here;
    const into = await cache.begin(wanted);
    let isWhole: boolean;
    try {
      isWhole = await pullSegment(way, {
        ...{ wanted, into, stop: this.#closing.signal },
        isWanted: () => this.#isWanted(job),
        onBytes: (bytes) => {
          job.bytesHere += bytes;
        },
      });
    } catch (error) {
      await into.drop();
      throw error;
    }
    if (!isWhole) {
      await into.drop();
      return null;
    }
    const path = await into.settle();
    if (path === null) throw new NotGiven('HRC-FILEHASH', 'the whole is not what was recorded here');
    this.#options.log.info({ seg: wanted.seg, bytes: wanted.bytes }, 'a segment came back from the centre');
    return path;
  }

  #failed(seg: string, error: unknown): AppError {
    const { log, timing } = this.#options;
    if (!(error instanceof NotGiven)) {
      log.error({ seg }, `a segment could not be brought back from the centre: ${sentenceOf(error)}`);
      return error instanceof AppError ? error : new AppError('disk-failed', sentenceOf(error), { cause: error });
    }
    const message = `the centre signed for segment ${seg} and does not give it back: ${error.message}`;
    log.error({ alarm: 'recall-failed', seg, code: error.code }, message);
    const refusal = new AppError('recall-failed', message);
    this.#resting.set(seg, { error: refusal, untilMs: this.#nowMs() + timing.recallRestMs });
    const [oldest] = this.#resting.keys();
    if (this.#resting.size > RESTING_MAX && oldest !== undefined) this.#resting.delete(oldest);
    return refusal;
  }

  #refusalOf(seg: string): AppError | null {
    const resting = this.#resting.get(seg);
    if (resting === undefined || resting.untilMs > this.#nowMs()) return resting?.error ?? null;
    this.#resting.delete(seg);
    return null;
  }

  #end(job: Job, outcome: Job['outcome']): void {
    job.outcome = outcome;
    job.over.abort();
    this.#jobs.delete(job.wanted.seg);
  }

  #isWanted({ waiting, wantedUntilMs }: Job): boolean {
    return !this.#closing.signal.aborted && (waiting > 0 || this.#nowMs() < wantedUntilMs);
  }

  #notYet({ seg, bytes }: Recallable, bytesHere: number): AppError {
    const { way, timing } = this.#options;
    const retry = { retryAfterMs: timing.recallRetryMs };
    const { trouble } = way.state.link;
    if (trouble !== null)
      return new AppError(
        'centre-away',
        `segment ${seg} lies at the centre, and the centre is away: ${trouble}`,
        retry,
      );
    return new AppError(
      'segment-away',
      `segment ${seg} is coming from the centre: ${bytesHere} of ${bytes} bytes`,
      retry,
    );
  }

  #nowMs(): number {
    return this.#options.clock.now().monoMs;
  }
}
