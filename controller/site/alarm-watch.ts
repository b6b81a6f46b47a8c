/**
 * Writes down what is wrong at the site, from when to when, so that it can be told to the centre and read years later. What comes and goes
 * within moments is left to the panel: an alarm is written when it stood for a while, and its end when it stayed away for longer.
 */
import { randomBytes } from 'node:crypto';
import type { Alarm } from '../core/desk.ts';
import type { ErrorCode } from '../core/errors.ts';
import { sentenceOf } from '../core/errors.ts';
import type { StandingAlarm } from '../core/health.ts';
import type { Log, SiteJournal } from '../core/ports.ts';
import type { RoomPlan } from '../core/site-plan.ts';
import { between, type Clock, type Instant } from '../core/time.ts';
import { ULID_RANDOM_BYTES, ulid } from '../core/ulid.ts';

/** An alarm that stands for so long is written down, and one that is gone for so long has ended. */
export const STANDS_MS = 10_000;
export const GONE_MS = 60_000;
const LOOK_EVERY_MS = 2_000;
/** These are about the site, in whichever room they are shown. */
const OF_THE_SITE: readonly ErrorCode[] = [
  'recorder-away',
  'disk-full',
  'main-disk-away',
  'second-disk-away',
  'centre-away',
];

export interface AlarmWatchOptions {
  readonly rooms: readonly RoomPlan[];
  /** What is wrong in a room now. */
  readonly alarms: (room: RoomPlan) => readonly Alarm[];
  /** Begun and not ended, as the journal says. */
  readonly standing: readonly StandingAlarm[];
  readonly journal: SiteJournal;
  readonly clock: Clock;
  readonly log: Log;
}

type Seen = Pick<StandingAlarm, 'code' | 'level' | 'room' | 'stream'>;

interface Watched {
  readonly seen: Seen;
  /** Null while it is not written down. */
  readonly begun: StandingAlarm | null;
  readonly firstAt: Instant;
  readonly lastAt: Instant;
}

export class AlarmWatch {
  readonly #options: AlarmWatchOptions;
  readonly #watched = new Map<string, Watched>();
  #nextLook: Instant | null = null;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: AlarmWatchOptions) {
    this.#options = options;
    const now = options.clock.now();
    // What stood before a restart goes on, or ends a while from now.
    for (const begun of options.standing)
      this.#watched.set(keyOf(begun), { seen: begun, begun, firstAt: begun.since, lastAt: now });
  }

  /** What was written down and has not ended. */
  standing(): readonly StandingAlarm[] {
    return [...this.#watched.values()].flatMap(({ begun }) => begun ?? []);
  }

  /** Looks, if it is time to, and writes down what that comes to. */
  look(): void {
    const now = this.#options.clock.now();
    if (this.#nextLook !== null && between(this.#nextLook, now) < LOOK_EVERY_MS) return;
    this.#nextLook = now;
    this.#writing = this.#writing
      .then(() => this.#settle(this.#present(), now))
      .catch((error: unknown) => {
        this.#options.log.error({ why: sentenceOf(error) }, 'an alarm was not written down; it is tried again');
      });
  }

  /** Resolves when everything seen so far is written. */
  idle(): Promise<void> {
    return this.#writing;
  }

  #present(): ReadonlyMap<string, Seen> {
    const { rooms, alarms } = this.#options;
    const present = new Map<string, Seen>();
    for (const room of rooms) {
      for (const { code, level, stream } of alarms(room)) {
        const seen = { code, level, room: OF_THE_SITE.includes(code) ? null : room.id, stream };
        present.set(keyOf(seen), seen);
      }
    }
    return present;
  }

  async #settle(present: ReadonlyMap<string, Seen>, now: Instant): Promise<void> {
    for (const [key, seen] of present) {
      const known = this.#watched.get(key) ?? { seen, begun: null, firstAt: now };
      this.#watched.set(key, { ...known, lastAt: now });
    }
    for (const [key, watched] of this.#watched) {
      const { begun, firstAt, lastAt } = watched;
      if (present.has(key)) {
        if (begun === null && between(firstAt, now) >= STANDS_MS)
          this.#watched.set(key, { ...watched, begun: await this.#begin(watched) });
      } else if (begun === null) this.#watched.delete(key);
      else if (between(lastAt, now) >= GONE_MS) {
        await this.#options.journal.append({ type: 'alarm-ended', alarm: begun.alarm }, lastAt);
        this.#watched.delete(key);
      }
    }
  }

  async #begin({ seen, firstAt }: Watched): Promise<StandingAlarm> {
    const { journal, clock } = this.#options;
    const { code, level, room, stream } = seen;
    const alarm = ulid(clock.now().wallMs, randomBytes(ULID_RANDOM_BYTES));
    await journal.append({ type: 'alarm-begun', alarm, code, level, room, stream }, firstAt);
    return { alarm, code, level, room, stream, since: firstAt };
  }
}

function keyOf({ code, level, room, stream }: Seen): string {
  return `${code}|${level}|${room}|${stream}`;
}
