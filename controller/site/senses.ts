/**
 * What glances tell about streams over time: whether a picture moves, whether a line is alive, and since when no microphone of a
 * running session heard anything. Few samples are enough for both; nothing here ever ends or holds up a recording.
 */
import type { Sense } from '../core/check-findings.ts';
import { type Glance, isDark, isMoving } from '../core/glance.ts';
import type { RecorderStatus } from '../core/recording.ts';
import type { OpenedSession } from '../core/session.ts';
import type { DevicePlan } from '../core/site-plan.ts';
import { between, type Clock, type Instant } from '../core/time.ts';
import type { Glances } from './glances.ts';

/** A tenth of a second that is louder is somebody who speaks, or a chair: in either case there are people. dBFS. */
const HEARD_DB = -50;
/** How often a running session is listened to. */
const LISTEN_EVERY_MS = 15_000;
/** What was sensed longer ago says nothing about now. */
const SENSE_AGE_MS = 10_000;

export interface SensesOptions {
  readonly devices: readonly DevicePlan[];
  readonly glances: Pick<Glances, 'look' | 'known'>;
  readonly status: () => RecorderStatus | null;
  readonly clock: Clock;
}

interface Listening {
  /** When it was listened to for the first time, and last. */
  readonly since: Instant;
  lookedAt: Instant;
  heardAt: Instant | null;
  /** At least once there was something to listen to. */
  isKnown: boolean;
}

export class Senses {
  readonly #options: SensesOptions;
  readonly #last = new Map<string, { readonly glance: Glance; readonly isMoving: boolean | null }>();
  readonly #listening = new Map<string, Listening>();

  constructor(options: SensesOptions) {
    this.#options = options;
  }

  /** What is known of a stream just now; looking goes on in the background, so it is asked again and again. Null when nothing is. */
  sense(stream: string): Sense | null {
    const { glances, clock } = this.#options;
    void glances.look(stream).then((glance) => {
      if (glance !== null) this.#compare(glance);
    });
    const glance = glances.known(stream);
    if (glance === null || between(glance.at, clock.now()) > SENSE_AGE_MS) return null;
    return {
      isMoving: this.#last.get(stream)?.isMoving ?? null,
      hasSound: glance.sound === null ? null : !glance.sound.isDigitalZero,
      isDark: glance.thumb === null ? null : isDark(glance.thumb),
    };
  }

  /** Since when nothing was heard in a running session; null while something is, or nobody knows. */
  silentSince(session: OpenedSession): Instant | null {
    const now = this.#options.clock.now();
    const listening = this.#listeningTo(session.id, now);
    if (listening.since === now || between(listening.lookedAt, now) >= LISTEN_EVERY_MS) {
      listening.lookedAt = now;
      for (const stream of this.#ears(session)) void this.#listen(stream, listening);
    }
    if (!listening.isKnown) return null;
    const since = listening.heardAt ?? listening.since;
    return between(since, now) < 2 * LISTEN_EVERY_MS ? null : since;
  }

  /** Forgets sessions that do not run any more. */
  keepOnly(running: ReadonlySet<string>): void {
    for (const id of this.#listening.keys()) if (!running.has(id)) this.#listening.delete(id);
  }

  #listeningTo(session: string, now: Instant): Listening {
    const known = this.#listening.get(session);
    if (known !== undefined && known.since.boot === now.boot) return known;
    const fresh: Listening = { since: now, lookedAt: now, heardAt: null, isKnown: false };
    this.#listening.set(session, fresh);
    return fresh;
  }

  /** Microphones of their own where there are any: they cost least to listen to. Else every stream that has sound. */
  #ears({ streams }: OpenedSession): readonly string[] {
    const { devices, status } = this.#options;
    const ids = streams.map(({ stream }) => stream);
    const microphones = ids.filter((id) => devices.find((one) => one.id === id)?.kind === 'microphone');
    if (microphones.length > 0) return microphones;
    return ids.filter((id) => status()?.streams[id]?.media?.audio != null);
  }

  async #listen(stream: string, listening: Listening): Promise<void> {
    const glance = await this.#options.glances.look(stream);
    if (glance?.sound == null) return;
    listening.isKnown = true;
    if (glance.sound.levels.some((level) => level >= HEARD_DB)) listening.heardAt = glance.at;
  }

  #compare(glance: Glance): void {
    const before = this.#last.get(glance.stream);
    if (before !== undefined && before.glance.run === glance.run && before.glance.index === glance.index) return;
    const moves = before === undefined ? null : isMoving(before.glance, glance);
    this.#last.set(glance.stream, { glance, isMoving: moves });
  }
}
