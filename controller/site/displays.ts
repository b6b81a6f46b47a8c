/**
 * The displays of the site: what each should show, what each has acknowledged, and the log of both. A display belongs to the browser
 * that announced itself as it first, until that one falls silent; everybody else may look and proves nothing.
 */
import { createHash } from 'node:crypto';
import {
  type Asked,
  type DisplayPlan,
  type DisplayState,
  isAsAsked,
  leftOpen,
  painted,
  passed,
  type Step,
  unseen,
} from '../core/display.ts';
import type { DisplayFact } from '../core/display-facts.ts';
import type { DisplayIndex } from '../core/display-index.ts';
import { AppError, sentenceOf } from '../core/errors.ts';
import { Lane } from '../core/lane.ts';
import type { Log, SiteJournal } from '../core/ports.ts';
import type { DisplayStatus, PaintedPress } from '../core/sign-desk.ts';
import type { SignFace, Wording } from '../core/sign-face.ts';
import { between, type Clock, type Instant } from '../core/time.ts';

/** A browser that was this display is let go of when it was silent for this long. */
const HOLD_MS = 5_000;
/** An acknowledgement is written down (in the index only) when it is this much newer than the one before. */
const BEAT_STEP_MS = 10_000;
/** More changes of one display within a minute are a broken page, or somebody who is playing; the log does not grow by them. */
const FACTS_A_MINUTE = 120;
const MINUTE_MS = 60_000;
const LANE_LIMIT = 1_000;
const KEY_LENGTH = 16;

export interface DisplaysOptions {
  readonly displays: readonly DisplayPlan[];
  readonly index: DisplayIndex;
  readonly journal: SiteJournal;
  readonly clock: Clock;
  readonly log: Log;
  /** What a room's sign should say now. */
  readonly faceOf: (room: string) => SignFace;
  /** What hangs in a hall. */
  readonly hall: Wording;
  /** A display showed the wording of a session's notice; told once per session and display. */
  readonly onNotice: (session: string, display: string, wording: Wording, at: Instant) => void;
  /** Something that a display or a clerk sees has changed. */
  readonly announce: (plan: DisplayPlan) => void;
}

interface Display {
  readonly plan: DisplayPlan;
  state: DisplayState;
  holder: { readonly id: string; at: Instant } | null;
  keptAt: Instant | null;
  /** When the facts of the last minute were written. */
  written: readonly Instant[];
}

export class Displays {
  readonly #options: DisplaysOptions;
  readonly #displays = new Map<string, Display>();
  readonly #lane = new Lane(LANE_LIMIT, () => new AppError('internal', 'the log of displays does not keep up'));
  readonly #noticed = new Set<string>();

  constructor(options: DisplaysOptions) {
    this.#options = options;
  }

  /** Ends in the log what was left open when the controller went away. Waits for the disk. */
  async start(): Promise<void> {
    const { displays, index, clock } = this.#options;
    const now = clock.now();
    for (const open of index.openStretches()) {
      const lastAt = index.displayBeat(open.display) ?? open.from;
      await this.#options.journal.append(leftOpen(open.display, open.room, lastAt));
    }
    for (const plan of displays) {
      this.#displays.set(plan.id, { plan, state: unseen(now), holder: null, keptAt: null, written: [] });
    }
  }

  async idle(): Promise<void> {
    await this.#lane.idle();
  }

  /** Keeps the last acknowledgements, so that the log ends where they ended. */
  async close(): Promise<void> {
    for (const { plan, state } of this.#displays.values()) {
      if (state.state === 'lit') this.#options.index.keepDisplayBeat(plan.id, state.lastAt);
    }
    await this.#lane.idle();
  }

  /** Throws `display-unknown`. */
  plan(id: string): DisplayPlan {
    return this.#display(id).plan;
  }

  plansOf(room: string): readonly DisplayPlan[] {
    return this.#options.displays.filter((plan) => plan.room === room);
  }

  /** What a display should show now. */
  shouldShow(plan: DisplayPlan): SignFace & { readonly key: string } {
    const { faceOf, hall } = this.#options;
    const face: SignFace =
      plan.shows === 'hall' || plan.room === null
        ? { face: 'hall', session: null, since: null, notice: hall, next: null }
        : faceOf(plan.room);
    return { ...face, key: keyOf(face) };
  }

  isLit(id: string): boolean {
    return this.#display(id).state.state === 'lit';
  }

  /** A page painted. Rejects with `display-unknown`, or `display-taken`. */
  painted(id: string, press: PaintedPress): void {
    const { clock, index, announce } = this.#options;
    const display = this.#display(id);
    const now = clock.now();
    this.hold(id, press.holder);
    const should = this.shouldShow(display.plan);
    const asked = askedOf(should);
    const { holder: _, ...shown } = press;
    this.#take(display, painted(display.plan, display.state, shown, asked, now), now);
    if (display.keptAt === null || Math.abs(between(display.keptAt, now)) >= BEAT_STEP_MS) {
      display.keptAt = now;
      index.keepDisplayBeat(id, now);
    }
    const { session, notice, face } = should;
    const isTelling = face === 'notice' || face === 'recording';
    if (isTelling && session !== null && notice !== null && isAsAsked(shown, asked)) {
      this.#notice(display, session, notice, now);
    }
    announce(display.plan);
  }

  /** The browser that is this display, from now on, or again. Throws `display-unknown` or `display-taken`. */
  hold(id: string, holder: string): void {
    const display = this.#display(id);
    const now = this.#options.clock.now();
    const before = display.holder;
    if (before !== null && before.id !== holder && between(before.at, now) < HOLD_MS && before.at.boot === now.boot) {
      throw new AppError(
        'display-taken',
        `display ${id} is another browser's; it answered less than ${HOLD_MS} ms ago`,
      );
    }
    display.holder = { id: holder, at: now };
  }

  /** Time passed. */
  look(): void {
    const now = this.#options.clock.now();
    for (const display of this.#displays.values()) {
      const asked = askedOf(this.shouldShow(display.plan));
      const step = passed(display.plan, display.state, asked, now);
      if (step.next === display.state) continue;
      this.#take(display, step, now);
      this.#options.announce(display.plan);
    }
  }

  status({ id }: DisplayPlan): DisplayStatus {
    const { plan, state } = this.#display(id);
    const { name, shows, room, loudspeaker } = plan;
    const isLit = state.state === 'lit';
    return {
      ...{ id, name, shows, room, loudspeaker },
      state: state.state,
      since: Math.round(state.since.wallMs),
      why: isLit ? null : state.why,
      lastAt: state.lastAt === null ? null : Math.round(state.lastAt.wallMs),
      face: isLit ? state.shown.face : null,
      address: isLit ? state.shown.address : null,
      isKept: isLit ? state.shown.isKept : null,
    };
  }

  #display(id: string): Display {
    const display = this.#displays.get(id);
    if (display === undefined) throw new AppError('display-unknown', `there is no display ${id}`);
    return display;
  }

  #take(display: Display, { next, fact }: Step, at: Instant): void {
    if (fact === null) {
      display.state = next;
      return;
    }
    const recent = display.written.filter((one) => Math.abs(between(one, at)) < MINUTE_MS);
    // What is not written is not taken for true either: the next acknowledgement tries again.
    if (recent.length >= FACTS_A_MINUTE) {
      this.#options.log.warn({ display: display.plan.id }, 'a display changes too often; its log waits');
      display.written = recent;
      return;
    }
    display.written = [...recent, at];
    display.state = next;
    this.#write(fact, at);
  }

  #notice({ plan }: Display, session: string, wording: Wording, at: Instant): void {
    const key = `${session} ${plan.id} ${wording.textSha256}`;
    if (this.#noticed.has(key)) return;
    this.#noticed.add(key);
    this.#options.onNotice(session, plan.id, wording, at);
  }

  #write(fact: DisplayFact, at: Instant): void {
    this.#lane
      .run(() => this.#options.journal.append(fact, at))
      .catch((error: unknown) => {
        this.#options.log.error(
          { fact: fact.type, why: sentenceOf(error) },
          'the log of displays could not be written',
        );
      });
  }
}

/** What has to stand there: the binding wording, whole. */
function askedOf({ key, face, session, notice }: SignFace & { readonly key: string }): Asked {
  return { key, face, session, mustHold: notice === null ? [] : [notice.zh] };
}

/** Names what is to be shown, without saying anything about it. */
function keyOf({ face, session, notice, next }: SignFace): string {
  const what = JSON.stringify([face, session, notice?.textSha256 ?? null, next]);
  return createHash('sha256').update(what).digest('hex').slice(0, KEY_LENGTH);
}
