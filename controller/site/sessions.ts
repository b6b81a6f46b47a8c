/** Opening, proving and ending sessions: presses come from people, everything else from looking at what the recorder says. */
import { randomBytes } from 'node:crypto';
import { AppError } from '../core/errors.ts';
import { owedBy } from '../core/fields.ts';
import { isConfirmed } from '../core/proof.ts';
import type { Cause, RecorderStatus } from '../core/recording.ts';
import { checkFieldValues } from '../core/rules/field-values.ts';
import { kindOf, type RuleSet } from '../core/rules/rule-set.ts';
import { isOpened, type OpenedSession, type Session } from '../core/session.ts';
import type { AbsentStretch, FieldValues, Planned, SessionKind, SessionStream } from '../core/session-facts.ts';
import type { SiteIndex } from '../core/site-index.ts';
import type { SitePlan } from '../core/site-plan.ts';
import { between, type Clock, type Instant } from '../core/time.ts';
import { ULID_RANDOM_BYTES, ulid } from '../core/ulid.ts';
import type { SessionRunner } from './session-runner.ts';

const MS = 1_000;

export interface SessionsOptions {
  readonly plan: SitePlan;
  readonly rules: RuleSet;
  readonly index: SiteIndex;
  readonly clock: Clock;
  readonly runner: SessionRunner;
  /** The recorder's newest word. */
  readonly status: () => RecorderStatus | null;
  /** Why nobody knows where a stream comes from; null when its source is known. */
  readonly absence: (stream: string) => Cause | null;
}

export class Sessions {
  readonly #options: SessionsOptions;
  /** Rooms with a look waiting in their queue. */
  readonly #looking = new Set<string>();
  /** Open sessions that were proven at the last look: only edges are inputs of the machine. */
  readonly #proven = new Set<string>();

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  /** Takes up every session where it stands. */
  start(): void {
    this.look();
    for (const id of this.#options.index.sessionsDueForHandOver()) this.handOver(id);
  }

  /**
   * Opens a walk-in from the moment of the call; answers as soon as it is journaled and asked for (invariant 9). Fields that do not
   * fit the rules are left out and owed: a form never delays a start. The same press again is the same session. Rejects with
   * `session-already-open` or `no-mandatory-stream`.
   */
  open(
    room: string,
    press: string,
    what: {
      readonly kind: SessionKind;
      readonly matter: string;
      readonly fields: FieldValues;
      readonly by: string;
    },
  ): Promise<{ session: OpenedSession; isNew: boolean }> {
    const { clock, rules } = this.#options;
    const at = clock.now();
    const session = ulid(at.wallMs, randomBytes(ULID_RANDOM_BYTES));
    const kind = kindOf(rules, what.kind);
    const fields = kind === null ? null : checkFieldValues(rules, kind, what.fields);
    return this.#press(room, null, press, what.by, at, {
      ...{ session, room, kind: what.kind, matter: what.matter },
      fields: fields?.ok === true ? fields.value : {},
    });
  }

  /** Opens an entry of the docket, whatever its check said. */
  openPlanned(session: Session, press: string, by: string): Promise<{ session: OpenedSession; isNew: boolean }> {
    return this.#press(session.room, session.id, press, by, this.#options.clock.now(), null);
  }

  /** Ends the claim at the moment of the call plus the post-roll. Closing what is closing or closed changes nothing. */
  closeSession(session: Session, by: string): Promise<OpenedSession> {
    return this.#close(session, null, by, null);
  }

  /** Closes it and puts its continuation into the docket. The same press again answers the same continuation. */
  async adjourn(
    session: Session,
    press: string,
    by: string,
    { planned, reason }: { readonly planned: Planned; readonly reason: string },
  ): Promise<{ session: OpenedSession; next: Session }> {
    const { index, clock } = this.#options;
    const id = ulid(clock.now().wallMs, randomBytes(ULID_RANDOM_BYTES));
    const closed = await this.#close(session, press, by, { session: id, planned, reason });
    const next = 'continuedBy' in closed && closed.continuedBy !== null ? index.session(closed.continuedBy) : null;
    if (next === null) throw new AppError('session-over', `session ${session.id} was closed and not adjourned`);
    return { session: closed, next };
  }

  /** Something may have changed: see what it means for every session that still holds claims. Never throws. */
  look(): void {
    const { index, runner } = this.#options;
    for (const room of new Set(index.sessionsHoldingClaims().map((session) => session.room))) {
      if (this.#looking.has(room)) continue;
      this.#looking.add(room);
      runner.inBackground(room, async () => {
        this.#looking.delete(room);
        for (const session of index.sessionsHoldingClaims()) {
          if (session.room === room) await this.#lookAt(session);
        }
      });
    }
  }

  /** The centre signed for something of this session. */
  handOver(id: string): void {
    const { index, clock, runner } = this.#options;
    const found = index.session(id);
    if (found?.state !== 'closed') return;
    runner.inBackground(found.room, async () => {
      const { done, total } = index.handOverOf(id);
      if (total > 0 && done === total) await runner.step(index.session(id), { type: 'all-receipted' }, clock.now());
    });
  }

  #press(
    room: string,
    id: string | null,
    press: string,
    by: string,
    at: Instant,
    walkIn: Extract<Parameters<SessionRunner['step']>[1], { type: 'press-open' }>['walkIn'],
  ): Promise<{ session: OpenedSession; isNew: boolean }> {
    const { index, plan, rules, runner } = this.#options;
    return runner.inRoom(room, async () => {
      const before = index.notes.pressed(press);
      const known = id ?? before?.session ?? null;
      runner.isRepeated(press, 'session-opened', known);
      const session = known === null ? null : index.session(known);
      if (session !== null && session.room !== room) {
        throw new AppError('bad-request', `session ${session.id} is of room ${session.room}, not of ${room}`);
      }
      const running = index.runningSession(room);
      const next = await runner.step(
        session,
        {
          ...{ type: 'press-open', press, by, walkIn },
          running: running === null || running.id === session?.id ? null : running.id,
          preRollMs: plan.recording.preRollS * MS,
          streams: streamsOf(plan, room),
          rules: { id: rules.id, version: rules.version },
        },
        at,
      );
      return { session: opened(next), isNew: before === null };
    });
  }

  #close(
    session: Session,
    press: string | null,
    by: string,
    adjourned: { readonly session: string; readonly planned: Planned; readonly reason: string } | null,
  ): Promise<OpenedSession> {
    const { clock, index, plan, rules, runner } = this.#options;
    const at = clock.now();
    const postRollMs = plan.recording.postRollS * MS;
    return runner.inRoom(session.room, async () => {
      const now = index.session(session.id) ?? session;
      if (press !== null && runner.isRepeated(press, 'session-closing', session.id)) return opened(now);
      const debts = owedBy(rules, now);
      return opened(await runner.step(now, { type: 'press-close', press, by, postRollMs, debts, adjourned }, at));
    });
  }

  async #lookAt(session: OpenedSession): Promise<void> {
    const { clock, runner, status } = this.#options;
    const now = clock.now();
    if (session.state === 'closing') {
      const absent = this.#allEnded(session, now);
      if (absent === null) return;
      await runner.step(session, { type: 'claims-ended', absent }, now);
      this.#proven.delete(session.id);
      // Everything may have been signed for while the last claim was ending.
      this.handOver(session.id);
      return;
    }
    const isProvenNow = isConfirmed(session, status(), now);
    if (isProvenNow === this.#proven.has(session.id)) return;
    await runner.step(session, { type: isProvenNow ? 'proof' : 'proof-lost' }, now);
    if (isProvenNow) this.#proven.add(session.id);
    else this.#proven.delete(session.id);
  }

  /** Null while the recorder still holds a claim of it; else the streams it never heard of, because their source was never known. */
  #allEnded(session: Extract<OpenedSession, { state: 'closing' }>, now: Instant): readonly AbsentStretch[] | null {
    const claims = this.#options.index.claimsOf(session.id);
    const absent: AbsentStretch[] = [];
    for (const { stream } of session.streams) {
      const claim = claims.find((one) => one.stream === stream);
      if (claim !== undefined) {
        if (claim.ended === null) return null;
        continue;
      }
      const cause = this.#options.absence(stream);
      // What was closed before the power went is over, whatever the clock says that the box came back with.
      const isOver = session.to.boot !== now.boot || between(session.to, now) >= 0;
      if (cause === null || !isOver) return null;
      absent.push({ stream, from: session.from, to: session.to, cause });
    }
    return absent;
  }
}

/** The streams of a room as they are now; a session keeps those it was opened with. */
export function streamsOf(plan: Pick<SitePlan, 'devices'>, room: string): readonly SessionStream[] {
  return plan.devices
    .filter((device) => device.room === room)
    .map((device) => ({ stream: device.id, mandatory: device.mandatory }));
}

function opened(session: Session): OpenedSession {
  if (!isOpened(session)) throw new Error(`session ${session.id} is ${session.state} after it was opened`);
  return session;
}
