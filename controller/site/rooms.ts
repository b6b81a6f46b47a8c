/** What a room looks like now: its streams, its session, what is wrong. Computed from the index and the recorder's newest word. */
import type { Alarm, RoomSnapshot, StreamSnapshot } from '../core/desk.ts';
import type { SiteHealth } from '../core/health.ts';
import type { CheckSnapshot } from '../core/hearing-desk.ts';
import type { OpenGap } from '../core/interruptions.ts';
import type { CentreLink } from '../core/ports.ts';
import { isConfirmed, isFresh } from '../core/proof.ts';
import type { RecorderStatus } from '../core/recording.ts';
import { holdsClaims, isRunning, type OpenedSession, type Session } from '../core/session.ts';
import type { LiveIndex } from '../core/site-index.ts';
import type { DevicePlan, RoomPlan, SitePlan } from '../core/site-plan.ts';
import { between, type Clock, type Instant, shift } from '../core/time.ts';
import type { CameraSources } from './cameras.ts';
import type { Docket } from './docket.ts';
import type { SessionViews } from './session-views.ts';
import { streamNow } from './stream-view.ts';

/** A closed session stays on the room's page this long. */
const LAST_SESSION_MS = 5 * 60_000;
/** The last check stays there this long. */
const LAST_CHECK_MS = 30 * 60_000;
/** Entries of the docket that are sent with each look at a room. */
const DOCKET_SHOWN_MAX = 30;
/** Room on the disk, in hours of recording at the present rate, below which people are told. */
const HOURS_LEFT_WARNING = 8;
const HOURS_LEFT_ALARM = 1;
const FREE_BYTES_ALARM = 1024 ** 3;
const DISK_ASK_MS = 5_000;
const SECONDS_PER_HOUR = 3_600;

export interface RoomsOptions {
  readonly plan: SitePlan;
  readonly index: LiveIndex;
  readonly clock: Clock;
  readonly sources: Pick<CameraSources, 'sourceOf' | 'troubleOf'>;
  readonly leased: () => ReadonlySet<string>;
  readonly status: () => RecorderStatus | null;
  readonly isRecorderHere: () => boolean;
  readonly link: () => CentreLink;
  readonly docket: Docket;
  readonly views: SessionViews;
  /** Sessions that are late at the centre. */
  readonly handOverAlarms: (room: string) => readonly Omit<Alarm, 'since'>[];
  /** What is wrong with displays, loudspeakers and lamps of a room. */
  readonly signAlarms: (room: string, isRecording: boolean) => readonly Omit<Alarm, 'since'>[];
}

/** A room at a moment. */
interface Look {
  readonly now: Instant;
  readonly session: OpenedSession | null;
  readonly isAwake: boolean;
  readonly streams: readonly StreamSnapshot[];
  readonly centre: CentreLink;
  readonly disk: RoomSnapshot['disk'];
}

export class Rooms {
  readonly #options: RoomsOptions;
  #revision = 0;
  /** Since when each stream is in its state, and each alarm stands, by key. */
  readonly #since = new Map<string, { readonly what: string; readonly at: number }>();
  #hours: { readonly at: Instant; readonly bytesPerSecond: number | null } | null = null;
  #backlog: { readonly key: string; readonly segments: number; readonly bytes: number } | null = null;

  constructor(options: RoomsOptions) {
    this.#options = options;
  }

  room(id: string): RoomPlan | null {
    return this.#options.plan.rooms.find((room) => room.id === id) ?? null;
  }

  snapshot(room: RoomPlan): RoomSnapshot {
    const { docket, status, isRecorderHere, views } = this.#options;
    const seen = this.#look(room);
    const { now, session, isAwake, streams, centre, disk } = seen;
    const waiting = this.#waiting();
    this.#revision += 1;
    return {
      room,
      at: now.wallMs,
      revision: this.#revision,
      readiness: readinessOf(isAwake, streams),
      streams,
      session: session === null ? null : views.session(session),
      docket: nearest(docket.ofDay(room.id, now.wallMs), now).map((one) => views.entry(one)),
      check: this.#checkOf(room.id, now),
      recorder: isRecorderHere() && isFresh(status(), now) ? 'connected' : 'away',
      centre: { state: centre.state, waitingSegments: waiting.segments, waitingBytes: waiting.bytes },
      disk,
      alarms: this.#alarms(room.id, seen),
    };
  }

  /** What is wrong in a room now. */
  alarms(room: RoomPlan): readonly Alarm[] {
    return this.#alarms(room.id, this.#look(room));
  }

  #look(room: RoomPlan): Look {
    const { clock, leased, status, link } = this.#options;
    const now = clock.now();
    const session = this.#sessionOf(room.id, now);
    const isAwake = leased().has(room.id) || (session !== null && isRunning(session));
    const streams = this.#devicesOf(room.id).map((device) => this.#stream(device, isAwake, session, now));
    return { now, session, isAwake, streams, centre: link(), disk: this.#disk(status(), now) };
  }

  /** Changes when what a watcher of the room should see at once changes by the mere passing of time. */
  pulse(room: string): string {
    const now = this.#options.clock.now();
    const status = this.#options.status();
    const session = this.#options.index.runningSession(room);
    const isConfirmedNow = session !== null && isConfirmed(session, status, now);
    return `${session?.id}|${isConfirmedNow}|${isFresh(status, now)}|${this.#options.leased().has(room)}`;
  }

  /** The session that runs in the room, or the one that is closing, or the one that ended last, for a while. */
  #sessionOf(room: string, now: Instant): OpenedSession | null {
    const { index } = this.#options;
    const running = index.runningSession(room);
    if (running !== null) return running;
    const last = index.sessions([room], 1)[0];
    if (last === undefined) return null;
    if (holdsClaims(last)) return last;
    if (last.state !== 'closed' && last.state !== 'handed-over') return null;
    return between(last.endedAt, now) <= LAST_SESSION_MS ? last : null;
  }

  #devicesOf(room: string): readonly DevicePlan[] {
    return this.#options.plan.devices.filter((device) => device.room === room);
  }

  #stream(device: DevicePlan, isAwake: boolean, session: OpenedSession | null, now: Instant): StreamSnapshot {
    const { sources } = this.#options;
    const status = this.#options.status();
    const claims = session !== null && holdsClaims(session) && session.streams.some((one) => one.stream === device.id);
    const { state, trouble } = streamNow({
      stream: device.id,
      isAwake,
      claim: claims ? session.id : null,
      isSourceKnown: sources.sourceOf(device.id) !== null,
      sourceTrouble: sources.troubleOf(device.id),
      status,
      now,
    });
    const media = status?.streams[device.id]?.media ?? null;
    return {
      id: device.id,
      name: device.name,
      kind: device.kind,
      mandatory: device.mandatory,
      state,
      since: this.#sinceOf(`stream ${device.id}`, state, now),
      trouble,
      hasVideo: media === null ? device.kind === 'camera' : media.video !== null,
      hasAudio: media === null ? device.kind === 'microphone' : media.audio !== null,
    };
  }

  /** Holes of a session's streams that are not in the ledger yet because they go on. */
  openGaps(session: OpenedSession, now: Instant): readonly OpenGap[] {
    return session.streams.flatMap(({ stream }) => {
      const device = this.#options.plan.devices.find((one) => one.id === stream);
      if (device === undefined) return [];
      const { state, since, trouble } = this.#stream(device, true, session, now);
      if (state !== 'lost' && state !== 'refused') return [];
      const from = shift(now, Math.max(since, session.from.wallMs) - now.wallMs);
      return [{ stream, from, cause: trouble?.code ?? 'internal' }];
    });
  }

  /** The check that runs, or the last one for a while. */
  #checkOf(room: string, now: Instant): CheckSnapshot | null {
    const { index, views } = this.#options;
    const check = index.notes.newestCheck(room);
    if (check === null || (check.done !== null && between(check.done.at, now) > LAST_CHECK_MS)) return null;
    return views.check(check);
  }

  #waiting(): { readonly segments: number; readonly bytes: number } {
    const key = this.#indexKey();
    if (this.#backlog?.key !== key) this.#backlog = { key, ...this.#options.index.backlog() };
    return this.#backlog;
  }

  #indexKey(): string {
    const { index } = this.#options;
    return `${index.progress('recorder').seq}/${index.progress('site').seq}`;
  }

  /** Hours of recording that fit on the disk at the present rate; null when nobody knows. */
  hoursLeft(): number | null {
    return this.#disk(this.#options.status(), this.#options.clock.now()).hoursLeft;
  }

  /** Each disk with the room on it, in hours of recording at the present rate. */
  disks(): SiteHealth['disks'] {
    const status = this.#options.status();
    if (status === null) return [];
    const whole = this.#disk(status, this.#options.clock.now());
    const disks = status.disks ?? [{ disk: 'main' as const, state: 'well' as const, freeBytes: whole.freeBytes }];
    return disks.map(({ disk, state, freeBytes }) => {
      const hours = whole.hoursLeft === null || whole.freeBytes === 0 ? null : whole.hoursLeft / whole.freeBytes;
      return { disk, state, freeBytes, hoursLeft: hours === null ? null : Math.round(freeBytes * hours * 10) / 10 };
    });
  }

  #disk(status: RecorderStatus | null, now: Instant): RoomSnapshot['disk'] {
    const { index, plan } = this.#options;
    if (status === null) return { freeBytes: 0, hoursLeft: null };
    if (this.#hours === null || between(this.#hours.at, now) > DISK_ASK_MS) {
      const kept = plan.devices.filter((device) => status.streams[device.id]?.phase === 'keeping');
      // While nothing is kept: what it would be if every stream were.
      const rates = (kept.length > 0 ? kept : plan.devices).map((device) => index.bytesPerSecond(device.id));
      const known = rates.filter((rate) => rate !== null);
      const bytesPerSecond = known.length === 0 ? null : known.reduce((sum, rate) => sum + rate, 0);
      this.#hours = { at: now, bytesPerSecond };
    }
    const { freeBytes } = status.disk;
    const rate = this.#hours.bytesPerSecond;
    return { freeBytes, hoursLeft: rate === null || rate <= 0 ? null : freeBytes / rate / SECONDS_PER_HOUR };
  }

  #alarms(room: string, seen: Look): Alarm[] {
    const { session, disk, centre, now } = seen;
    const records = session !== null && isRunning(session);
    const found: Omit<Alarm, 'since'>[] = [];
    if (!isFresh(this.#options.status(), now)) {
      const level = records || seen.isAwake ? 'alarm' : 'warning';
      found.push({ code: 'recorder-away', message: 'the recorder does not answer', level, stream: null });
    }
    for (const stream of seen.streams) {
      if (stream.trouble === null || stream.trouble.code === 'recorder-away') continue;
      const isDown = stream.state === 'lost' || stream.state === 'refused';
      found.push({ ...stream.trouble, level: isDown && stream.mandatory ? 'alarm' : 'warning', stream: stream.id });
    }
    if (this.#options.status() !== null) {
      const hours = disk.hoursLeft ?? Number.POSITIVE_INFINITY;
      const message = roomLeft(disk, centre.state === 'not-configured' ? null : this.#waiting());
      if (disk.freeBytes < FREE_BYTES_ALARM || hours < HOURS_LEFT_ALARM) {
        found.push({ code: 'disk-full', message, level: 'alarm', stream: null });
      } else if (hours < HOURS_LEFT_WARNING) {
        found.push({ code: 'disk-full', message, level: 'warning', stream: null });
      }
    }
    found.push(...diskAlarms(this.#options.status()));
    if (centre.state === 'away') {
      const message = centre.trouble ?? 'the centre does not answer';
      found.push({ code: 'centre-away', message, level: 'warning', stream: null });
    }
    found.push(...this.#options.handOverAlarms(room));
    found.push(...this.#options.signAlarms(room, records));
    const alarms = found.map((alarm) => ({
      ...alarm,
      since: this.#sinceOf(`alarm ${room} ${alarm.code} ${alarm.stream}`, alarm.level, now),
    }));
    this.#forgetAlarms(room, alarms);
    return alarms.sort((a, b) => (a.level === b.level ? a.since - b.since : a.level === 'alarm' ? -1 : 1));
  }

  #sinceOf(key: string, what: string, now: Instant): number {
    const known = this.#since.get(key);
    if (known?.what === what) return known.at;
    this.#since.set(key, { what, at: now.wallMs });
    return now.wallMs;
  }

  #forgetAlarms(room: string, standing: readonly Alarm[]): void {
    const keys = new Set(standing.map((alarm) => `alarm ${room} ${alarm.code} ${alarm.stream}`));
    for (const key of this.#since.keys()) {
      if (key.startsWith(`alarm ${room} `) && !keys.has(key)) this.#since.delete(key);
    }
  }
}

/** How long the disk will do, and what of it would come free if the centre took it: what has no receipt is never deleted. */
function roomLeft(
  { freeBytes, hoursLeft }: RoomSnapshot['disk'],
  waiting: { readonly segments: number; readonly bytes: number } | null,
): string {
  const mebibytes = (bytes: number): number => Math.floor(bytes / 1024 ** 2);
  const hours = hoursLeft === null ? '' : `, ${hoursLeft.toFixed(1)} hours of recording`;
  const waits =
    waiting === null || waiting.segments === 0
      ? ''
      : `; ${waiting.segments} segments (${mebibytes(waiting.bytes)} MiB) wait for the centre and stay until it has them`;
  return `${mebibytes(freeBytes)} MiB are left on the disk${hours}${waits}`;
}

/** With two disks the loss of one costs nothing yet: it is told so that it is mended before the other one goes too. */
function diskAlarms(status: RecorderStatus | null): Omit<Alarm, 'since'>[] {
  const away = (status?.disks ?? []).filter(({ state }) => state === 'away');
  return away.map(({ disk, cause }): Omit<Alarm, 'since'> => {
    const why = cause === null ? 'nobody knows why' : `${cause.code}, ${cause.detail}`;
    const told = { level: 'alarm', stream: null } as const;
    return disk === 'main'
      ? {
          ...told,
          code: 'main-disk-away',
          message: `the main disk is away (${why}); recording goes on on the second one`,
        }
      : { ...told, code: 'second-disk-away', message: `the second disk is away (${why}); there is one copy only` };
  });
}

function readinessOf(isAwake: boolean, streams: readonly StreamSnapshot[]): RoomSnapshot['readiness'] {
  if (!isAwake) return 'asleep';
  const isHere = (one: StreamSnapshot): boolean => one.state === 'armed' || one.state === 'recording';
  if (streams.every(isHere)) return 'ready';
  const isDown = (one: StreamSnapshot): boolean => one.state === 'lost' || one.state === 'refused';
  return streams.some(isHere) && streams.every((one) => isHere(one) || isDown(one)) ? 'partly-ready' : 'arming';
}

/** A docket of hundreds is asked for by itself; here are those nearest to now, in their order. */
function nearest(sessions: readonly Session[], now: Instant): readonly Session[] {
  if (sessions.length <= DOCKET_SHOWN_MAX) return sessions;
  const away = (session: Session): number => {
    if (isRunning(session)) return 0;
    return Math.abs((session.planned?.fromMs ?? session.createdAt.wallMs) - now.wallMs);
  };
  const shown = new Set([...sessions].sort((a, b) => away(a) - away(b)).slice(0, DOCKET_SHOWN_MAX));
  return sessions.filter((session) => shown.has(session));
}
