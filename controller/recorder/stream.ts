/**
 * One stream and its own failure domain: connects as long as it is wanted, tries again for ever, holds the pre-roll in memory
 * and gives the keeper what is claimed. Nothing that happens here reaches another stream.
 */
import type { FragmentInfo, Header } from '../core/mp4.ts';
import type {
  Cause,
  DesiredStream,
  MediaInfo,
  PeekAnswer,
  Source,
  StreamPhase,
  StreamStatus,
} from '../core/recording.ts';
import { between, type Instant } from '../core/time.ts';
import { Capture, type CaptureEnd, type CaptureHints, STOPPED, soundComes } from './capture.ts';
import { Keeper, type KeeperWorld, type KeptBefore } from './keeper.ts';
import { RING_BYTES_MAX } from './memory.ts';
import { Newest } from './newest.ts';
import { Retry } from './retry.ts';
import { Ring } from './ring.ts';
import { type Dated, Run } from './run.ts';

/** A source whose sound brought nothing is listened to again and again, beside the recording; when sound comes it is connected anew. */
const SOUND_AGAIN_MS = 10_000;
/** Packets that were lost are spoken of for so long after the last one. */
const DAMAGE_TOLD_MS = 30_000;
/** A refused login locks accounts when it is tried again and again (quirk Q08). */
const REFUSED_RETRY_MS = 600_000;

const PACKETS_LOST: Cause = {
  code: 'packets-lost',
  detail: 'packets of the source did not come: what is recorded is damaged for a moment',
};

const SOUND_IS_BACK: Cause = {
  code: 'audio-unusable',
  detail: 'the source was connected anew because its sound came back',
};

export interface StreamWorld extends Omit<KeeperWorld, 'sourceCause'> {
  readonly ffmpeg: string;
  warn(stream: string, cause: Cause): void;
  /** Something that somebody waits for has changed: a phase, a cause, a claim. `changed` is what can wait for the next regular status. */
  news(): void;
}

export class Stream {
  readonly #id: string;
  readonly #world: StreamWorld;
  readonly #ring = new Ring(RING_BYTES_MAX);
  readonly #newest = new Newest();
  readonly #keeper: Keeper;
  #wish: DesiredStream | null = null;
  #capture: Capture | null = null;
  #loop: Promise<void> | null = null;
  #wakeUp: (() => void) | null = null;
  #closing = false;
  /** The attempt under way leaves the sound out because it brought nothing before. */
  #withoutSound = false;
  #listening = false;
  #listenedAt: Instant | null = null;
  #transport: 'tcp' | 'udp' = 'tcp';
  #run: Run | null = null;
  #phase: 'off' | 'connecting' | 'receiving' | 'lost' | 'refused' = 'off';
  /** The attempt under way has lost its source: what still comes was held back and brings nothing to life. */
  #isGivenUp = false;
  #told = '';
  #shown: StreamPhase = 'off';
  #since: Instant;
  #cause: Cause | null = null;
  #lostPackets = 0;
  #damagedAt: Instant | null = null;
  #warnings: readonly Cause[] = [];
  #media: MediaInfo | null = null;
  #lastBytesAt: Instant | null = null;

  constructor(id: string, world: StreamWorld) {
    this.#id = id;
    this.#world = world;
    this.#since = world.clock.now();
    this.#keeper = new Keeper(id, this.#ring, {
      ...world,
      sourceCause: () => this.#cause,
      changed: () => this.#changed(),
    });
  }

  /** Takes up what an earlier process left; before the first `desire`. */
  restore(before: KeptBefore | undefined, ended: readonly string[]): void {
    this.#keeper.restore(before ?? { coveredTo: null, begun: [], cause: STOPPED }, ended);
  }

  /** What it may hold in memory, in bytes. */
  limitMemory(bytes: number): void {
    this.#ring.limit(bytes);
  }

  isEnded(claim: string): boolean {
    return this.#keeper.isEnded(claim);
  }

  /** Pursues a wish, merged by `mergeDesired`. A changed source is connected anew; a changed mode never touches the connection. */
  desire(wish: DesiredStream): void {
    const sourceChanged = this.#wish !== null && !sameSource(this.#wish.source, wish.source);
    const wasKeeping = this.#keeper.keeping;
    this.#wish = wish;
    this.#keeper.desire(wish);
    // Whoever wants to keep something does not wait for a pause that was made while nobody did.
    if (!wasKeeping && this.#keeper.keeping && this.#phase === 'lost') this.#wakeUp?.();
    if (sourceChanged || !this.#wanted) this.#capture?.stop();
    if (sourceChanged) this.#wakeUp?.();
    if (this.#wanted) this.#loop ??= this.#supervise().finally(() => this.#loopEnded());
    else this.#wakeUp?.();
    this.#changed();
  }

  /** Nobody names this stream any more: disconnect. What it knows of its claims stays. */
  rest(): void {
    if (this.#wish !== null && this.#wish.mode !== 'off') this.desire({ source: this.#wish.source, mode: 'off' });
  }

  /** Time passed: looks at the source, lets go of what no claim can want any more, and lets the keeper see the clock. */
  tick(): void {
    this.#capture?.look();
    this.#forget();
    if (this.#keeper.keeping) this.#keeper.wake();
    if (this.#withoutSound && this.#phase === 'receiving') this.#listenForSound();
  }

  status(): StreamStatus {
    this.#show();
    return {
      phase: this.#shown,
      since: this.#since,
      cause: this.#cause,
      warnings: this.#warningsNow(),
      media: this.#media,
      run: this.#run?.id ?? null,
      lastBytesAt: this.#lastBytesAt,
      syncedAt: this.#keeper.syncedAt,
      claims: this.#keeper.claims,
      writing: this.#keeper.writing,
      ringMs: Math.round(this.#ring.spanMs),
      ringBytes: this.#ring.bytes,
    };
  }

  /** The newest moments out of memory; null when there are none. */
  peek(): PeekAnswer | null {
    return this.#newest.answer(this.#id);
  }

  /** Disconnects, writes what is claimed and in memory, closes the open segment. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#capture?.stop();
    this.#wakeUp?.();
    await this.#loop;
    await this.#keeper.close();
  }

  get #wanted(): boolean {
    return !this.#closing && this.#wish !== null && this.#wish.mode !== 'off';
  }

  #phaseShown(): StreamPhase {
    if (this.#phase !== 'receiving') return this.#phase;
    return this.#keeper.keeping ? 'keeping' : 'armed';
  }

  async #supervise(): Promise<void> {
    const retry = new Retry();
    let hints: CaptureHints = {
      transport: this.#wish?.source.transport === 'udp' ? 'udp' : 'tcp',
      withoutAudio: false,
    };
    let triedAtOnce = false;
    this.#enter('connecting', null);
    while (this.#wanted && this.#wish !== null) {
      const source = this.#wish.source;
      const begunAt = this.#world.clock.now();
      this.#isGivenUp = false;
      this.#withoutSound = hints.withoutAudio;
      this.#transport = hints.transport;
      this.#capture = new Capture(this.#world.ffmpeg, source, this.#world.clock);
      const end = await this.#capture.run(hints, {
        header: (bytes, header, media) => this.#begin(bytes, header, media),
        fragment: (bytes, info, arrivedMonoMs) => this.#take(bytes, info, arrivedMonoMs),
        warn: (warnings) => {
          this.#warnings = warnings;
        },
        lost: (cause) => this.#lose(cause),
        damaged: (packets) => this.#damaged(packets),
      });
      this.#capture = null;
      this.#endRun(end);
      if (!this.#wanted) break;
      if (!sameSource(source, this.#wish.source)) {
        hints = { transport: this.#wish.source.transport === 'udp' ? 'udp' : 'tcp', withoutAudio: false };
        this.#enter('connecting', null);
        continue;
      }
      this.#lose(end.cause);
      const learnt = learn(hints, end, source);
      const attempt = { mediaMs: end.mediaMs, tookMs: between(begunAt, this.#world.clock.now()) };
      // What was just learnt is tried at once, but not one lesson after the other: two that contradict must not race in a circle.
      const atOnce: boolean = end.cause === SOUND_IS_BACK || (learnt !== hints && !triedAtOnce);
      triedAtOnce = atOnce;
      if (!atOnce) {
        const pauseMs = retry.pauseAfter(attempt, this.#keeper.keeping);
        await this.#pause(isRefusal(end.cause) ? REFUSED_RETRY_MS : pauseMs);
      }
      hints = end.mediaMs !== null ? { ...learnt, withoutAudio: false } : learnt;
    }
  }

  /** Reconnecting costs a second of picture, so it is done only when the sound is known to be there. */
  #listenForSound(): void {
    const now = this.#world.clock.now();
    const capture = this.#capture;
    if (this.#listening || this.#wish === null || capture === null) return;
    if (this.#listenedAt !== null && between(this.#listenedAt, now) < SOUND_AGAIN_MS) return;
    this.#listenedAt = now;
    this.#listening = true;
    soundComes(this.#world.ffmpeg, this.#wish.source, this.#transport)
      .then((comes) => {
        if (comes && this.#capture === capture) capture.stop(SOUND_IS_BACK);
      })
      .finally(() => {
        this.#listening = false;
        this.#listenedAt = this.#world.clock.now();
      });
  }

  #loopEnded(): void {
    this.#loop = null;
    this.#enter('off', null);
    this.#warnings = [];
    if (!this.#keeper.keeping) this.#ring.clear();
    // Wanted again while the last attempt was ending.
    if (this.#wanted && this.#wish !== null) this.desire(this.#wish);
  }

  #begin(bytes: Buffer, header: Header, media: MediaInfo): void {
    this.#run = new Run(this.#world.newId(), bytes, header, media);
    this.#media = media;
  }

  #take(bytes: Buffer, info: FragmentInfo, arrivedMonoMs: number): boolean {
    const run = this.#run;
    if (run === null) return false;
    this.#lastBytesAt = this.#world.clock.now();
    const dated = run.date({ bytes, info, arrivedMonoMs });
    if (this.#phase !== 'receiving' && !this.#isGivenUp) this.#enter('receiving', null);
    const fits = dated.every((one) => this.#place(one));
    // Only now: of several, the first may be sound, whose time the picture behind it tells.
    this.#forget();
    if (this.#keeper.keeping) this.#keeper.wake();
    return fits;
  }

  /** Lays a fragment on the clock and into memory. Answers false when the timeline makes no sense any more. */
  #place({ bytes, info, arrivedMonoMs, holeMs }: Dated): boolean {
    let run = this.#run;
    if (run === null) return false;
    // Sound without a picture has no time of its own.
    const takenMs = info.endMs + run.heldBackMs(info);
    const verdict = info.leadSamples > 0 ? run.clock.observe(takenMs, arrivedMonoMs, holeMs) : 'fits';
    if (verdict === 'lags') return false;
    if (verdict === 'jumped-ahead') {
      // The same connection goes on under another timeline: a new run, so that no hole of hours appears in the old one.
      const cause: Cause = { code: 'stream-changed', detail: 'the timestamps of the source jumped' };
      run.ended = { cause, exit: null };
      const next = run.continued(this.#world.newId());
      this.#keeper.lost(cause, run);
      next.clock.observe(takenMs, arrivedMonoMs);
      this.#run = next;
      run = next;
    }
    const fragment = { run, index: run.nextIndex++, bytes, info, lostPackets: this.#lostPackets };
    this.#newest.take(fragment, this.#world.clock.now());
    const dropped = this.#ring.push(fragment);
    this.#lostPackets = 0;
    if (dropped > 0 && this.#keeper.keeping) {
      this.#keeper.lost(
        this.#keeper.diskCause ?? {
          code: 'memory-full',
          detail: `the disk did not keep up for ${Math.round(this.#ring.spanMs / 1000)} s`,
        },
        null,
      );
    }
    return true;
  }

  /** ffmpeg says so before it gives the fragment that is damaged; until then it is not known in which one it will be. */
  #damaged(packets: number): void {
    this.#lostPackets += packets;
    this.#damagedAt = this.#world.clock.now();
  }

  #endRun(end: CaptureEnd): void {
    for (const one of this.#run?.settle() ?? []) this.#place(one);
    const run = this.#run;
    this.#run = null;
    this.#media = null;
    this.#newest.clear();
    if (run !== null) run.ended = { cause: end.cause, exit: end.exit };
    this.#keeper.lost(end.cause, run);
  }

  /** While nothing is claimed, only the pre-roll stays in memory (invariant 6). */
  #forget(): void {
    if (this.#keeper.keeping || this.#wish === null || this.#wish.mode === 'off') return;
    this.#ring.forgetBefore(this.#world.clock.now().monoMs - this.#wish.preRollMs);
  }

  /** Once for each attempt, as soon as it is known. */
  #lose(cause: Cause): void {
    if (this.#isGivenUp) return;
    this.#isGivenUp = true;
    this.#enter(isRefusal(cause) ? 'refused' : 'lost', cause);
    this.#world.warn(this.#id, cause);
  }

  #enter(phase: 'off' | 'connecting' | 'receiving' | 'lost' | 'refused', cause: Cause | null): void {
    this.#phase = phase;
    this.#cause = cause;
    this.#changed();
  }

  /** News is told at once; that one sync followed another is not news. */
  #changed(): void {
    this.#show();
    const { claims, syncedAt } = this.#keeper;
    const news = JSON.stringify([this.#shown, this.#cause, this.#warningsNow(), claims, syncedAt === null]);
    if (news === this.#told) this.#world.changed();
    else this.#world.news();
    this.#told = news;
  }

  #warningsNow(): Cause[] {
    const disk = this.#keeper.diskCause;
    const isDamaged = this.#damagedAt !== null && between(this.#damagedAt, this.#world.clock.now()) < DAMAGE_TOLD_MS;
    return [...(disk === null ? [] : [disk]), ...(isDamaged ? [PACKETS_LOST] : []), ...this.#warnings];
  }

  #show(): void {
    const phase = this.#phaseShown();
    if (phase === this.#shown) return;
    this.#shown = phase;
    this.#since = this.#world.clock.now();
  }

  /** Waits, or less when something changes. */
  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#wakeUp = null;
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#wakeUp = done;
    });
  }
}

function isRefusal(cause: Cause): boolean {
  return (
    cause.code === 'camera-refused-login' || cause.code === 'camera-locked-out' || cause.code === 'auth-unsupported'
  );
}

/** What an attempt that failed teaches the next one; the same object when it teaches nothing. */
function learn(hints: CaptureHints, end: CaptureEnd, source: Source): CaptureHints {
  if (end.cause.code === 'transport-refused' && source.transport === 'auto') {
    return { ...hints, transport: hints.transport === 'tcp' ? 'udp' : 'tcp' };
  }
  const silent = end.cause.code === 'camera-stalled' || end.cause.code === 'ffmpeg-failed';
  if (silent && end.mediaMs === null && end.hadAudioPlan) return { ...hints, withoutAudio: true };
  // Silent without its sound too: it was the camera, not the sound.
  if (silent && end.mediaMs === null && hints.withoutAudio) return { ...hints, withoutAudio: false };
  return hints;
}

function sameSource(a: Source, b: Source): boolean {
  return (
    a.url === b.url &&
    a.user === b.user &&
    a.password === b.password &&
    a.transport === b.transport &&
    a.audio === b.audio
  );
}
