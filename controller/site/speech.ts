/**
 * The notice spoken aloud: once per session, by one display of the room that has a loudspeaker, and only while the recording is
 * proven, so that the telling is inside it. Whatever fails here is said, and blocks nothing: the clerk can always read aloud.
 */
import type { DisplayPlan } from '../core/display.ts';
import { AppError, sentenceOf } from '../core/errors.ts';
import type { Log, Speech, Voice } from '../core/ports.ts';
import type { SpeechState, SpokenOutcome } from '../core/sign-desk.ts';
import type { SignFace, Wording } from '../core/sign-face.ts';
import { between, type Clock, type Instant } from '../core/time.ts';

/** A display that comes up later than this after the first proof does not break into the hearing by itself. */
const SPEAK_WITHIN_MS = 60_000;
/** From being asked to the first sound. */
const BEGIN_LIMIT_MS = 15_000;
/** From the first sound to the last: no notice takes so long. */
const END_LIMIT_MS = 3 * 60_000;

export interface SpeechesOptions {
  readonly displays: readonly DisplayPlan[];
  readonly voice: Voice;
  readonly clock: Clock;
  readonly log: Log;
  readonly newId: () => string;
  readonly faceOf: (room: string) => SignFace;
  readonly isLit: (display: string) => boolean;
  /** True when it was spoken before, as the index has it. */
  readonly wasSpoken: (session: string) => boolean;
  /** It was spoken to its end. Resolves when that is a fact. */
  readonly onSpoken: (
    session: string,
    display: string,
    wording: Wording,
    how: Speech['how'],
    at: Instant,
  ) => Promise<void>;
  readonly announce: (room: string) => void;
}

interface Telling {
  readonly session: string;
  readonly wording: Wording;
  readonly id: string;
  state: SpeechState;
  /** Asked for by a person: then the time since the first proof does not matter. */
  readonly isAskedFor: boolean;
  speech: Speech | null;
  display: string | null;
  /** Offered to `display`, or begun there. */
  at: Instant | null;
}

export class Speeches {
  readonly #options: SpeechesOptions;
  readonly #tellings = new Map<string, Telling>();
  /** Wordings that were asked for, by the hash of their text: what may be fetched as a file. */
  readonly #wordings = new Map<string, Wording>();
  readonly #making = new Set<Promise<void>>();

  constructor(options: SpeechesOptions) {
    this.#options = options;
  }

  /** Makes the speech of a wording before anybody needs it. Never rejects. */
  prepare(wording: Wording): void {
    this.#wordings.set(wording.textSha256, wording);
    this.#hold(this.#speechOf(wording).then(() => undefined));
  }

  async idle(): Promise<void> {
    while (this.#making.size > 0) await Promise.all([...this.#making]);
  }

  stateOf(room: string): SpeechState {
    if (this.#tellings.get(room) !== undefined) return this.#tellings.get(room)?.state ?? 'none';
    return 'none';
  }

  /** What a display should speak now. */
  speakOf(plan: DisplayPlan): { readonly id: string; readonly text: string } | null {
    const telling = plan.room === null ? undefined : this.#tellings.get(plan.room);
    if (telling === undefined || telling.display !== plan.id || telling.speech === null) return null;
    if (telling.state !== 'waiting' && telling.state !== 'speaking') return null;
    return { id: telling.id, text: telling.wording.textSha256 };
  }

  /** Time passed, or something changed: offers what is to be spoken, and gives up what is not. */
  look(room: string): void {
    const face = this.#options.faceOf(room);
    if (face.session === null || face.notice === null) {
      this.#tellings.delete(room);
      return;
    }
    const telling = this.#tellingOf(room, face.session, face.notice);
    if (telling.state === 'waiting') this.#offer(room, telling, face);
    this.#giveUp(room, telling, face);
  }

  /** Speaks it (again) now. Rejects with `notice-unspoken` when there is nothing to be told or nobody to tell it. */
  async again(room: string): Promise<void> {
    const face = this.#options.faceOf(room);
    if (face.session === null || face.notice === null) {
      throw new AppError('notice-unspoken', `nothing is being recorded in room ${room}: there is nothing to tell`);
    }
    if (face.since === null) throw new AppError('notice-unspoken', `room ${room} is not proven to be recorded yet`);
    const before = this.#tellings.get(room);
    if (before?.state === 'speaking') return;
    this.#tellings.set(room, this.#newTelling(face.session, face.notice, true));
    this.look(room);
    await this.idle();
    this.look(room);
  }

  /** A display says what became of it. What is said of an older speech changes nothing. */
  async heard(plan: DisplayPlan, speak: string, outcome: SpokenOutcome): Promise<void> {
    const { clock, onSpoken, announce } = this.#options;
    const telling = plan.room === null ? undefined : this.#tellings.get(plan.room);
    if (plan.room === null || telling?.id !== speak || telling.display !== plan.id) return;
    if (telling.state !== 'waiting' && telling.state !== 'speaking') return;
    const now = clock.now();
    if (outcome === 'begun') {
      telling.state = 'speaking';
      telling.at = now;
    } else if (outcome === 'ended' && telling.state === 'speaking' && telling.speech !== null) {
      telling.state = 'ended';
      await onSpoken(telling.session, plan.id, telling.wording, telling.speech.how, now);
    } else if (outcome === 'blocked' || outcome === 'failed') {
      telling.state = outcome;
    }
    announce(plan.room);
  }

  /** The file of a wording. Rejects with `not-found` for a text that nobody asked to be spoken, or `speech-missing`. */
  file(textSha256: string): Promise<Speech> {
    const wording = this.#wordings.get(textSha256);
    if (wording === undefined) return Promise.reject(new AppError('not-found', 'there is no such speech'));
    return this.#voice(wording);
  }

  #tellingOf(room: string, session: string, wording: Wording): Telling {
    const known = this.#tellings.get(room);
    if (known?.session === session) return known;
    const telling = this.#newTelling(session, wording, false);
    if (this.#options.wasSpoken(session)) telling.state = 'ended';
    this.#tellings.set(room, telling);
    this.#wordings.set(wording.textSha256, wording);
    return telling;
  }

  #newTelling(session: string, wording: Wording, isAskedFor: boolean): Telling {
    const id = this.#options.newId();
    return { session, wording, id, state: 'waiting', isAskedFor, speech: null, display: null, at: null };
  }

  /** Proven, not told yet, and not too late: gives it to the first display that is lit and has a loudspeaker. */
  #offer(room: string, telling: Telling, face: SignFace): void {
    const { displays, clock, isLit, announce } = this.#options;
    const loud = displays.filter((plan) => plan.room === room && plan.loudspeaker);
    if (loud.length === 0) {
      telling.state = 'no-loudspeaker';
      return;
    }
    const isProven = face.face === 'notice' || (telling.isAskedFor && face.face === 'recording');
    if (!isProven || telling.display !== null) return;
    const now = clock.now();
    const isLate = face.since !== null && now.wallMs - face.since > SPEAK_WITHIN_MS;
    if (isLate && !telling.isAskedFor) {
      telling.state = 'failed';
      return;
    }
    const chosen = loud.find((plan) => isLit(plan.id));
    if (chosen === undefined) return;
    telling.display = chosen.id;
    telling.at = now;
    this.#hold(
      this.#speechOf(telling.wording).then((speech) => {
        if (telling.state !== 'waiting') return;
        telling.speech = speech;
        telling.at = clock.now();
        if (speech === null) telling.state = 'no-voice';
        announce(room);
      }),
    );
  }

  #giveUp(room: string, telling: Telling, face: SignFace): void {
    if (telling.at === null || (telling.state !== 'waiting' && telling.state !== 'speaking')) return;
    // Told meanwhile by a person: nobody needs to hear it twice, but what has begun is spoken to its end.
    const isTold = face.face === 'recording' && telling.state === 'waiting' && !telling.isAskedFor;
    const limitMs = telling.state === 'waiting' ? BEGIN_LIMIT_MS : END_LIMIT_MS;
    if (!isTold && between(telling.at, this.#options.clock.now()) < limitMs) return;
    telling.state = isTold ? 'none' : 'failed';
    this.#options.announce(room);
  }

  async #speechOf(wording: Wording): Promise<Speech | null> {
    try {
      return await this.#voice(wording);
    } catch (error) {
      this.#options.log.warn(
        { notice: wording.notice, why: sentenceOf(error) },
        'the notice cannot be spoken by this machine',
      );
      return null;
    }
  }

  #voice({ notice, version, zh }: Wording): Promise<Speech> {
    return this.#options.voice.speechOf({ notice, version, text: zh });
  }

  #hold(work: Promise<void>): void {
    const held = work.finally(() => this.#making.delete(held));
    this.#making.add(held);
  }
}
