/**
 * Whether a display shows what it was asked to show, as a pure machine over its acknowledgements.
 *
 *            painted                 nothing for darkAfter, or the wrong words for darkAfter
 *   dark ───────────────▶ lit ──────────────────────────────────────────────────────────────▶ dark
 *                         └─ painted: other words are a new stretch of the log, the same ones only a heartbeat
 *
 * An acknowledgement is sent by the page after a frame was really on the screen, and holds the words as they stand in the page.
 * Nothing is taken for shown because it was sent: only because it was acknowledged (invariant 1 on the wall).
 */
import { createHash } from 'node:crypto';
import type { DarkWhy, DisplayFace, DisplayFact } from './display-facts.ts';
import { between, type Instant } from './time.ts';

export interface DisplayPlan {
  readonly id: string;
  readonly name: string;
  /** room: what happens in `room`. hall: that one has entered an area under surveillance. */
  readonly shows: 'room' | 'hall';
  /** A hall's display may belong to no room. */
  readonly room: string | null;
  /** It has a loudspeaker and speaks the notice aloud. */
  readonly loudspeaker: boolean;
  /** Silent for longer, it counts as dark. Seconds. */
  readonly darkAfterS: number;
  /** It is an alarm when it is dark. */
  readonly mandatory: boolean;
}

/** What a display is asked to show. `key` changes whenever anything of it does. */
export interface Asked {
  readonly key: string;
  readonly face: DisplayFace;
  readonly session: string | null;
  /** Words that have to stand there, besides those of the page itself. */
  readonly mustHold: readonly string[];
}

/** What a page says it has painted. */
export interface Painted {
  /** Key of what it was asked and shows; null when it shows something of its own (it hears nothing). */
  readonly key: string | null;
  readonly face: DisplayFace;
  readonly lines: readonly string[];
  /** For how long these words have been standing there without a break. */
  readonly heldMs: number;
  /** Every line lies within the screen. */
  readonly isWhole: boolean;
  readonly address: string;
  readonly width: number;
  readonly height: number;
  /** It would come up again without the controller and without a network; null when it does not say. */
  readonly isKept: boolean | null;
}

export type DisplayState =
  | { readonly state: 'dark'; readonly since: Instant; readonly lastAt: Instant | null; readonly why: DarkWhy | null }
  | {
      readonly state: 'lit';
      readonly since: Instant;
      readonly lastAt: Instant;
      /** The last acknowledgement that showed what was asked for at that time. */
      readonly rightAt: Instant;
      readonly shown: Painted;
      readonly textSha256: string;
    };

export interface Step {
  readonly next: DisplayState;
  /** For the journal, or null when nothing changed. */
  readonly fact: DisplayFact | null;
}

/** Before anything was heard since `at`. `why` null: it is not called dark before it had the time to say anything. */
export function unseen(at: Instant): DisplayState {
  return { state: 'dark', since: at, lastAt: null, why: null };
}

/** SHA-256 (hex) of words, line by line. */
export function textSha256(lines: readonly string[]): string {
  return createHash('sha256').update(lines.join('\n'), 'utf8').digest('hex');
}

/** True when it shows what it is asked for: the same key, and every word that has to stand there. */
export function isAsAsked(painted: Pick<Painted, 'key' | 'lines' | 'isWhole'>, asked: Asked): boolean {
  const text = squeezed(painted.lines.join(''));
  return (
    painted.key === asked.key && painted.isWhole && asked.mustHold.every((words) => text.includes(squeezed(words)))
  );
}

/** An acknowledgement came in. */
export function painted(plan: DisplayPlan, before: DisplayState, shown: Painted, asked: Asked, at: Instant): Step {
  const hash = textSha256(shown.lines);
  const isRight = isAsAsked(shown, asked);
  if (before.state === 'dark' && before.why !== null && !isRight) {
    // It speaks, but what it shows is not what it should: it stays dark for the log, with the newest reason.
    const why = whyWrong(shown);
    const next: DisplayState = { ...before, why, lastAt: at };
    return { next, fact: null };
  }
  const isSame =
    before.state === 'lit' &&
    before.textSha256 === hash &&
    before.shown.face === shown.face &&
    !hasPaused(before, shown, at);
  const next: DisplayState = {
    state: 'lit',
    since: isSame ? before.since : at,
    lastAt: at,
    rightAt: isRight || before.state === 'dark' ? at : before.rightAt,
    shown,
    textSha256: hash,
  };
  if (isSame) return { next, fact: null };
  const { face, lines, heldMs, address, width, height } = shown;
  const session = shown.key === asked.key ? asked.session : null;
  const fact: DisplayFact = {
    ...{ type: 'display-shown', display: plan.id, room: plan.room, face, session },
    ...{ lines, textSha256: hash, heldMs, address, width, height },
  };
  return { next, fact };
}

/** Time passed. */
export function passed(plan: DisplayPlan, before: DisplayState, asked: Asked, at: Instant): Step {
  const limitMs = plan.darkAfterS * 1_000;
  if (before.state === 'dark') {
    if (before.why !== null || elapsed(before.since, at) < limitMs) return { next: before, fact: null };
    return darkened(plan, before.lastAt, 'silent', at);
  }
  if (elapsed(before.lastAt, at) >= limitMs) return darkened(plan, before.lastAt, 'silent', at);
  if (isAsAsked(before.shown, asked)) return { next: before, fact: null };
  return elapsed(before.rightAt, at) >= limitMs
    ? darkened(plan, before.lastAt, whyWrong(before.shown), at)
    : { next: before, fact: null };
}

/** The log after a controller was away: the stretch that stood open ends with the last acknowledgement that it kept. */
export function leftOpen(display: string, room: string | null, lastAt: Instant | null): DisplayFact {
  return { type: 'display-dark', display, room, lastAt, why: 'controller-away' };
}

function darkened(plan: DisplayPlan, lastAt: Instant | null, why: DarkWhy, at: Instant): Step {
  return {
    next: { state: 'dark', since: at, lastAt, why },
    fact: { type: 'display-dark', display: plan.id, room: plan.room, lastAt, why },
  };
}

function whyWrong(shown: Painted): DarkWhy {
  return shown.isWhole ? 'not-as-asked' : 'cut-off';
}

/** The words are the same, but the page says that they have not been standing there since we last heard of it. */
function hasPaused(before: Extract<DisplayState, { state: 'lit' }>, shown: Painted, at: Instant): boolean {
  return shown.heldMs < between(before.lastAt, at) - PAUSE_MS;
}
/** Acknowledgements travel; what is shorter than this is no pause. */
const PAUSE_MS = 1_500;

/** A page breaks its lines where it likes. */
function squeezed(text: string): string {
  return text.replace(/\s+/g, '');
}

/** Moments of different boots cannot be compared: then nothing is known, and much time may have passed. */
function elapsed(from: Instant, to: Instant): number {
  return from.boot === to.boot ? between(from, to) : Number.POSITIVE_INFINITY;
}
