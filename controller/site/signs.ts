/**
 * What stands in rooms and at doors, as one part of the site: displays, the spoken notice, lamps, and glances at streams; and the
 * counter where people ask for them, with their authority checked (invariant 10).
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Alarm, Caller, SignSnapshot } from '../core/desk.ts';
import type { DisplayPlan } from '../core/display.ts';
import { AppError, sentenceOf } from '../core/errors.ts';
import { type Glance, isDark } from '../core/glance.ts';
import type { GlanceDecoder, Indicator, Log, Recorder, SiteJournal, Speech, Voice } from '../core/ports.ts';
import type { RecorderStatus } from '../core/recording.ts';
import type { SessionInput } from '../core/session-machine.ts';
import type {
  DisplaySnapshot,
  DisplayStatus,
  DisplayStretch,
  GlanceSnapshot,
  PaintedPress,
  SignDesk,
  SignsSnapshot,
  SpokenOutcome,
} from '../core/sign-desk.ts';
import type { LiveIndex } from '../core/site-index.ts';
import type { IndicatorPlan, RoomPlan, SitePlan } from '../core/site-plan.ts';
import type { Clock } from '../core/time.ts';
import { ULID_RANDOM_BYTES, ulid } from '../core/ulid.ts';
import type { Authority } from './authority.ts';
import { Displays } from './displays.ts';
import { Glances } from './glances.ts';
import { Indicators } from './indicators.ts';
import type { MediaAudit } from './media-audit.ts';
import { Senses } from './senses.ts';
import type { SessionRunner } from './session-runner.ts';
import { SignFaces } from './sign-faces.ts';
import { Speeches } from './speech.ts';
import type { Watchers } from './watchers.ts';

/** Stretches of a log answered at once. */
const LOG_MAX = 2_000;
/** A panel that asks for a glance waits no longer for one stream. */
const LOOK_LIMIT_MS = 2_500;

export interface SignsOptions {
  readonly plan: SitePlan;
  readonly index: LiveIndex;
  readonly journal: SiteJournal;
  readonly clock: Clock;
  readonly log: Log;
  readonly recorder: Pick<Recorder, 'peek' | 'onPeek'>;
  readonly status: () => RecorderStatus | null;
  readonly authority: Authority;
  readonly audit: MediaAudit;
  readonly watchers: Watchers;
  readonly runner: SessionRunner;
  readonly voice: Voice;
  readonly decoder: GlanceDecoder;
  readonly indicators: (plan: IndicatorPlan) => Indicator;
}

export class Signs implements SignDesk {
  readonly #options: SignsOptions;
  readonly #faces: SignFaces;
  readonly #displays: Displays;
  readonly #speeches: Speeches;
  readonly #indicators: Indicators;
  readonly #glances: Glances;
  /** For checks and for forgotten stops. */
  readonly senses: Senses;

  constructor(options: SignsOptions) {
    const { plan, index, journal, clock, log, recorder, status, watchers, voice, decoder } = options;
    this.#options = options;
    const displays = plan.displays ?? [];
    this.#faces = new SignFaces({ index, rules: plan.rules.set, status, clock });
    const faceOf = (room: string) => this.#faces.faceOf(room);
    const announce = (room: string): void => watchers.changed(room);
    this.#displays = new Displays({
      ...{ displays, index: index.displays, journal, clock, log, faceOf },
      hall: this.#faces.hallWording(),
      onNotice: (session, display, wording, shownAt) => {
        const { notice, version, textSha256 } = wording;
        const isKnown = index.notes
          .noticesOf(session)
          .some((one) => one.how === 'shown' && one.who === display && one.textSha256 === textSha256);
        if (isKnown) return;
        const text = { notice, version, textSha256 };
        void this.#note(session, { type: 'notice-shown', display, ackedAt: shownAt, text });
      },
      announce: (one) => announce(watchKeyOf(one)),
    });
    this.#speeches = new Speeches({
      ...{ displays, voice, clock, log, faceOf, announce },
      newId: () => ulid(clock.now().wallMs, randomBytes(ULID_RANDOM_BYTES)),
      isLit: (display) => this.#displays.isLit(display),
      wasSpoken: (session) => index.notes.noticesOf(session).some((one) => one.how === 'spoken'),
      onSpoken: (session, display, { notice, version, textSha256 }, how, ackedAt) =>
        this.#note(session, { type: 'notice-spoken', display, ackedAt, how, text: { notice, version, textSha256 } }),
    });
    this.#indicators = new Indicators({
      plans: plan.indicators ?? [],
      indicators: options.indicators,
      isProven: (room) => ['recording', 'notice'].includes(faceOf(room).face),
      announce,
      log,
    });
    this.#glances = new Glances({ recorder, decoder, status, clock, log });
    this.senses = new Senses({ devices: plan.devices, glances: this.#glances, status, clock });
  }

  /** Waits for the disk, and for no display, no lamp and no voice. */
  async start(): Promise<void> {
    await this.#displays.start();
    this.#glances.start();
    this.#indicators.start();
    // The first telling should not wait for a program to speak its wording into a file.
    if ((this.#options.plan.displays ?? []).some((plan) => plan.loudspeaker)) {
      const { kinds } = this.#options.plan.rules.set;
      const wordings = new Map(kinds.map((kind) => this.#faces.wordingOf(kind.id)).map((one) => [one.textSha256, one]));
      for (const wording of wordings.values()) this.#speeches.prepare(wording);
    }
  }

  /** Time passed, or something changed. */
  look(): void {
    this.#displays.look();
    this.senses.keepOnly(new Set(this.#options.index.sessionsHoldingClaims().map(({ id }) => id)));
    for (const room of new Set((this.#options.plan.displays ?? []).map((plan) => plan.room))) {
      if (room !== null) this.#speeches.look(room);
    }
  }

  async idle(): Promise<void> {
    await this.#speeches.idle();
    await this.#displays.idle();
  }

  async close(): Promise<void> {
    this.#glances.close();
    await this.#indicators.close();
    await this.#speeches.idle();
    await this.#displays.close();
  }

  /** What hangs on the wall of a room. */
  sign(room: RoomPlan): SignSnapshot {
    const { face, since, notice, next } = this.#faces.faceOf(room.id);
    const state = face === 'hall' || face === 'unknown' ? 'idle' : face;
    return { room, at: this.#options.clock.now().wallMs, state, since, notice, next };
  }

  /** What is wrong with the displays, the loudspeakers and the lamps of a room; those of a hall without a room concern every room. */
  alarmsOf(room: string, isRecording: boolean): readonly Omit<Alarm, 'since'>[] {
    const found: Omit<Alarm, 'since'>[] = [];
    const dark = (this.#options.plan.displays ?? [])
      .filter((plan) => plan.mandatory && (plan.room === room || plan.room === null))
      .map((plan) => this.#displays.status(plan))
      .filter(({ state, why }) => state === 'dark' && why !== null);
    if (dark.length > 0) {
      const message = dark.map(({ id, name, why }) => `display ${id} (${name}) is dark: ${why}`).join('; ');
      const level = isRecording && dark.some((one) => one.room === room) ? 'alarm' : 'warning';
      found.push({ code: 'sign-dark', message, level, stream: null });
    }
    const speech = this.#speeches.stateOf(room);
    if (isRecording && (speech === 'blocked' || speech === 'failed')) {
      const message =
        speech === 'blocked'
          ? 'the browser of the display does not play sound by itself'
          : 'no display spoke the notice';
      found.push({ code: 'notice-unspoken', message, level: 'warning', stream: null });
    }
    if (isRecording && speech === 'no-voice') {
      const message = 'there is no recording of the notice and no program that speaks';
      found.push({ code: 'speech-missing', message, level: 'warning', stream: null });
    }
    const lamps = this.#indicators.troublesOf(room);
    if (lamps.length > 0) {
      found.push({ code: 'indicator-unreachable', message: lamps.join('; '), level: 'warning', stream: null });
    }
    return found;
  }

  // ── The counter ────────────────────────────────────────────────────────────────────────────────────────────────────────────

  display(id: string): DisplaySnapshot {
    const plan = this.#displays.plan(id);
    const { key, face, since, notice, next } = this.#displays.shouldShow(plan);
    const { name, shows, loudspeaker } = plan;
    return {
      display: { id, name, shows, loudspeaker },
      room: this.#options.plan.rooms.find((room) => room.id === plan.room) ?? null,
      at: this.#options.clock.now().wallMs,
      ...{ face, since, notice, next, key },
      speak: this.#speeches.speakOf(plan),
    };
  }

  async painted(id: string, press: PaintedPress): Promise<DisplaySnapshot> {
    this.#displays.painted(id, press);
    return this.display(id);
  }

  async spoken(id: string, holder: string, speak: string, outcome: SpokenOutcome): Promise<DisplaySnapshot> {
    this.#displays.hold(id, holder);
    await this.#speeches.heard(this.#displays.plan(id), speak, outcome);
    return this.display(id);
  }

  speech(textSha256: string): Promise<Speech> {
    return this.#speeches.file(textSha256);
  }

  watchDisplay(id: string, listener: (snapshot: DisplaySnapshot) => void): () => void {
    const plan = this.#displays.plan(id);
    return this.#options.watchers.watch(watchKeyOf(plan), () => listener(this.display(plan.id)));
  }

  displays(caller: Caller): readonly DisplayStatus[] {
    const rooms = new Set(this.#options.authority.rooms(caller, 'look').map((room) => room.id));
    return (this.#options.plan.displays ?? [])
      .filter((plan) => plan.room === null || rooms.has(plan.room))
      .map((plan) => this.#displays.status(plan));
  }

  displayLog(caller: Caller, id: string, fromMs: number, toMs: number): readonly DisplayStretch[] {
    const plan = this.#displays.plan(id);
    if (plan.room !== null) this.#options.authority.resolve(caller, { room: plan.room }, 'look');
    return this.#options.index.displays.stretches(id, fromMs, toMs, LOG_MAX).map((row) => {
      const { face, session, lines, textSha256, heldMs, dark, from, to } = row;
      const end = to === null ? null : Math.round(to.wallMs);
      return { from: Math.round(from.wallMs), to: end, dark, face, session, lines, textSha256, heldMs };
    });
  }

  signs(caller: Caller, room: string): SignsSnapshot {
    return this.#signs(this.#options.authority.resolve(caller, { room }, 'look').room.id);
  }

  async speak(caller: Caller, room: string): Promise<SignsSnapshot> {
    const { id } = this.#options.authority.resolve(caller, { room }, 'record').room;
    await this.#speeches.again(id);
    return this.#signs(id);
  }

  async glance(caller: Caller, room: string): Promise<GlanceSnapshot> {
    const { id } = await this.#mayGlance(caller, room);
    const devices = this.#options.plan.devices.filter((device) => device.room === id);
    const glances = await Promise.all(devices.map((device) => this.#lookSoon(device.id)));
    return {
      at: this.#options.clock.now().wallMs,
      streams: devices.map((device, i) => {
        const glance = glances[i] ?? null;
        return {
          id: device.id,
          seenAt: glance === null ? null : Math.round(glance.at.wallMs),
          still: glance?.jpeg == null ? null : `${glance.run}-${glance.index}`,
          isDark: glance?.thumb != null && isDark(glance.thumb),
          sound: glance?.sound ?? null,
        };
      }),
    };
  }

  /** One slow stream does not hold up the others: what is known of it is better than nothing. */
  async #lookSoon(stream: string): Promise<Glance | null> {
    const late = new AbortController();
    try {
      const known = delay(LOOK_LIMIT_MS, null, { signal: late.signal }).then(() => this.#glances.known(stream));
      return await Promise.race([this.#glances.look(stream), known.catch(() => null)]);
    } finally {
      late.abort();
    }
  }

  async still(caller: Caller, room: string, stream: string): Promise<Uint8Array> {
    const { id } = await this.#mayGlance(caller, room);
    if (!this.#options.plan.devices.some((device) => device.id === stream && device.room === id)) {
      throw new AppError('not-found', `room ${id} has no stream ${stream}`);
    }
    const glance = this.#glances.known(stream) ?? (await this.#glances.look(stream));
    if (glance?.jpeg == null) throw new AppError('still-unavailable', `there is no picture of ${stream} just now`);
    return glance.jpeg;
  }

  /** Before a hearing whoever may check the devices sees them; a hearing is seen by those who hold it. Either is audited. */
  async #mayGlance(caller: Caller, id: string): Promise<RoomPlan> {
    const { authority, audit, index } = this.#options;
    const isHeld = index.sessionsHoldingClaims().some((session) => session.room === id);
    const { room } = authority.resolve(caller, { room: id }, isHeld ? 'record' : 'check');
    await audit.record(caller, 'glance', room.id, room.id);
    return room;
  }

  /** Into the queue of the session's room, with whatever else happens to it. What came too late for the session is only logged. */
  async #note(id: string, input: SessionInput, at = this.#options.clock.now()): Promise<void> {
    const { index, runner, log } = this.#options;
    const room = index.session(id)?.room ?? '';
    try {
      await runner.inRoom(room, () => runner.step(index.session(id), input, at));
    } catch (error) {
      log.warn({ session: id, did: input.type, why: sentenceOf(error) }, 'a notice was not noted');
    }
  }

  #signs(room: string): SignsSnapshot {
    return {
      displays: this.#displays.plansOf(room).map((plan) => this.#displays.status(plan)),
      speech: this.#speeches.stateOf(room),
      lamps: this.#indicators.lampsOf(room),
    };
  }
}

/** Displays of a room are shown when the room changes; others have a name of their own, which no room can have. */
function watchKeyOf({ id, room }: DisplayPlan): string {
  return room ?? `display ${id}`;
}
