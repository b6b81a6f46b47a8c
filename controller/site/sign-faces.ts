/** What the sign of each room should say now: from the index, from the recorder's newest word, and from the rules of the site. */
import { isConfirmed } from '../core/proof.ts';
import type { RecorderStatus } from '../core/recording.ts';
import { noticeOfHall, noticeOfKind } from '../core/rules/notices.ts';
import { kindOf, type RuleSet } from '../core/rules/rule-set.ts';
import { confirmedAtOf, isAwaited, isRunning, type OpenedSession } from '../core/session.ts';
import {
  type FacedSession,
  NEXT_OVERDUE_MS,
  NEXT_SHOWN_MS,
  type NextMatter,
  type SignFace,
  signFaceOf,
  type Wording,
} from '../core/sign-face.ts';
import type { LiveIndex } from '../core/site-index.ts';
import type { Clock } from '../core/time.ts';

/** A docket is looked at again after this long even when nothing was written: time alone brings the next matter near. */
const DOCKET_EVERY_MS = 5_000;

export interface SignFacesOptions {
  readonly index: Pick<LiveIndex, 'runningSession' | 'sessionsHoldingClaims' | 'docket' | 'notes' | 'progress'>;
  readonly rules: RuleSet;
  readonly status: () => RecorderStatus | null;
  readonly clock: Clock;
}

/** What the hall says where the rule set knows no hall. The clause asks for a notice, not for these words. */
const HALL = { zh: '您已进入监控区域', en: 'You have entered a monitored area' } as const;

export class SignFaces {
  readonly #options: SignFacesOptions;
  readonly #told = new Map<string, { readonly seq: number; readonly isTold: boolean }>();
  readonly #next = new Map<string, { readonly seq: number; readonly atMs: number; readonly next: NextMatter | null }>();

  constructor(options: SignFacesOptions) {
    this.#options = options;
  }

  faceOf(room: string): SignFace {
    const { index, status, clock } = this.#options;
    const now = clock.now();
    const session = this.#sessionOf(room);
    if (session === null) return signFaceOf(null, this.#nextOf(room, now.wallMs), now.wallMs);
    const faced: FacedSession = {
      id: session.id,
      isRunning: isRunning(session),
      isConfirmedNow: isConfirmed(session, status(), now),
      confirmedAt: confirmedAtOf(session)?.wallMs ?? null,
      isTold: this.#isTold(session.id, index.progress('site').seq),
      wording: this.wordingOf(session.kind),
    };
    return signFaceOf(faced, faced.isRunning ? null : this.#nextOf(room, now.wallMs), now.wallMs);
  }

  /** What the parties of a kind of session are told. */
  wordingOf(kind: string): Wording {
    const { id, version, sha256, zh, en } = noticeOfKind(this.#options.rules, kind);
    return { notice: id, version, textSha256: sha256, zh, en };
  }

  /** What hangs in a hall. */
  hallWording(): Wording {
    const notice = noticeOfHall(this.#options.rules);
    if (notice === null) return { notice: 'hall', version: 0, textSha256: '', ...HALL };
    const { id, version, sha256, zh, en } = notice;
    return { notice: id, version, textSha256: sha256, zh, en };
  }

  /** The session that runs in the room, or else the newest one that is still being kept. */
  #sessionOf(room: string): OpenedSession | null {
    const { index } = this.#options;
    const running = index.runningSession(room);
    return running ?? index.sessionsHoldingClaims().findLast((one) => one.room === room) ?? null;
  }

  #isTold(session: string, seq: number): boolean {
    const known = this.#told.get(session);
    // Once told, always told.
    if (known !== undefined && (known.isTold || known.seq === seq)) return known.isTold;
    const isTold = this.#options.index.notes.noticesOf(session).some((one) => one.how === 'told');
    this.#told.delete(session);
    this.#told.set(session, { seq, isTold });
    if (this.#told.size > 100) this.#told.delete(this.#told.keys().next().value ?? session);
    return isTold;
  }

  #nextOf(room: string, nowMs: number): NextMatter | null {
    const { index, rules } = this.#options;
    const { seq } = index.progress('site');
    const known = this.#next.get(room);
    if (known?.seq === seq && Math.abs(nowMs - known.atMs) < DOCKET_EVERY_MS) return known.next;
    const near = index.docket([room], nowMs - NEXT_OVERDUE_MS, nowMs + NEXT_SHOWN_MS).find(isAwaited);
    const kind = near === undefined ? null : kindOf(rules, near.kind);
    const next =
      near?.planned == null
        ? null
        : { at: near.planned.fromMs, kind: { zh: kind?.zh ?? near.kind, en: kind?.en ?? near.kind } };
    this.#next.set(room, { seq, atMs: nowMs, next });
    return next;
  }
}
