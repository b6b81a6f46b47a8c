/**
 * The docket: what is planned in each room, by people, by files, by the centre. A change goes through the room's queue like every
 * press; overlapping entries are taken and warned about, because only people know which of them gives way.
 */
import { randomBytes } from 'node:crypto';
import { dayAt, momentOn } from '../core/calendar/shanghai.ts';
import { AppError, type FieldFault } from '../core/errors.ts';
import { checkFieldValues } from '../core/rules/field-values.ts';
import { kindOf, type RuleSet } from '../core/rules/rule-set.ts';
import type { Session } from '../core/session.ts';
import type { Amendment } from '../core/session-docket.ts';
import type { DocketSource, FieldValues, Planned, SessionKind } from '../core/session-facts.ts';
import type { LiveIndex } from '../core/site-index.ts';
import type { RoomPlan } from '../core/site-plan.ts';
import type { Clock } from '../core/time.ts';
import { ULID_RANDOM_BYTES, ulid } from '../core/ulid.ts';
import type { SessionRunner } from './session-runner.ts';

/** Entries further away than this are a typing error (a year written wrongly). */
const YEARS_AHEAD_MS = 3 * 366 * 86_400_000;
const PAST_MS = 366 * 86_400_000;
/** Longer than any hearing; one that goes on the next day is another session. */
const LONGEST_MS = 24 * 3_600_000;
/** Days of rooms that are kept at hand. */
const DAYS_KEPT_MAX = 100;

export interface Entry {
  readonly room: string;
  readonly kind: SessionKind;
  readonly matter: string;
  readonly planned: Planned;
  readonly fields: FieldValues;
  readonly continues: string | null;
}

export interface DocketOptions {
  readonly rooms: readonly RoomPlan[];
  readonly rules: RuleSet;
  readonly index: LiveIndex;
  readonly clock: Clock;
  readonly runner: SessionRunner;
}

export class Docket {
  readonly #options: DocketOptions;
  readonly #days = new Map<string, { readonly key: number; readonly sessions: readonly Session[] }>();

  constructor(options: DocketOptions) {
    this.#options = options;
  }

  /** UTC ms at which the day in Shanghai begins and ends. */
  today(): { readonly fromMs: number; readonly toMs: number } {
    const day = dayAt(this.#options.clock.now().wallMs);
    return { fromMs: momentOn(day, '00:00'), toMs: momentOn(day, '24:00') };
  }

  /** What is planned or held in a room on the day in Shanghai that a moment (UTC ms) lies in. */
  ofDay(room: string, atMs: number): readonly Session[] {
    const { index } = this.#options;
    const day = dayAt(atMs);
    const key = index.progress('site').seq;
    const known = this.#days.get(`${room} ${day}`);
    if (known?.key === key) return known.sessions;
    const sessions = index.docket([room], momentOn(day, '00:00'), momentOn(day, '24:00'));
    if (this.#days.size > DAYS_KEPT_MAX) this.#days.clear();
    this.#days.set(`${room} ${day}`, { key, sessions });
    return sessions;
  }

  /**
   * Puts an entry into the docket. The same press, or the same reference of the same source, is the same entry. Rejects with
   * `bad-request` naming every fault, or `kind-unknown`.
   */
  schedule(
    entry: Entry,
    by: {
      readonly press: string;
      readonly by: string;
      readonly source: DocketSource;
      readonly reference: string | null;
    },
  ): Promise<{ session: Session; isNew: boolean }> {
    const { clock, index, runner } = this.#options;
    const fields = this.checked(entry);
    const at = clock.now();
    return runner.inRoom(entry.room, async () => {
      const before = index.notes.pressed(by.press);
      const known = before === null && by.reference !== null ? index.sessionByReference(by.source, by.reference) : null;
      if (before !== null) runner.isRepeated(by.press, 'session-scheduled', before.session);
      const session = known ?? (before?.session == null ? null : index.session(before.session));
      const next = await runner.step(
        session,
        {
          ...{ type: 'schedule', session: ulid(at.wallMs, randomBytes(ULID_RANDOM_BYTES)) },
          ...{ ...entry, fields, ...by },
        },
        at,
      );
      return { session: next, isNew: session === null };
    });
  }

  /** Changes an entry that was not opened. Rejects with `session-already-open`, `session-cancelled` or what {@link schedule} does. */
  amend(session: Session, press: string, by: string, change: Amendment): Promise<Session> {
    const { clock, runner } = this.#options;
    const planned = change.planned ?? session.planned;
    const fields = this.checked({
      room: change.room ?? session.room,
      kind: change.kind ?? session.kind,
      matter: change.matter ?? session.matter,
      planned: planned ?? { fromMs: clock.now().wallMs, toMs: null },
      fields: change.fields ?? {},
      continues: null,
    });
    const checked: Amendment = change.fields === undefined ? change : { ...change, fields };
    return runner.press(session.id, press, { type: 'amend', press, by, change: checked }, clock.now());
  }

  cancel(session: Session, press: string, by: string, reason: string): Promise<Session> {
    const { clock, runner } = this.#options;
    return runner.press(session.id, press, { type: 'cancel', press, by, reason }, clock.now());
  }

  /** The fields as they are kept. Throws `bad-request` naming every fault of the entry, or `kind-unknown`. */
  checked(entry: Entry): FieldValues {
    const { rules, rooms, index } = this.#options;
    const kind = kindOf(rules, entry.kind);
    const faults: FieldFault[] = [];
    if (!rooms.some((room) => room.id === entry.room)) {
      faults.push({ field: 'room', message: `is no room of this site (value: "${entry.room}")` });
    }
    if (entry.continues !== null && index.session(entry.continues) === null) {
      faults.push({ field: 'continues', message: 'is no session of this site' });
    }
    faults.push(...this.#faultsOfTimes(entry.planned));
    const fields = kind === null ? null : checkFieldValues(rules, kind, entry.fields);
    if (fields?.ok === false) faults.push(...fields.faults);
    if (faults.length > 0)
      throw new AppError('bad-request', 'the entry cannot stand in the docket', { fields: faults });
    if (fields === null || !fields.ok) throw unknownKind(rules, entry.kind);
    return fields.value;
  }

  /** Throws `bad-request` when nobody can mean these times. */
  checkTimes(planned: Planned): void {
    const faults = this.#faultsOfTimes(planned);
    if (faults.length > 0)
      throw new AppError('bad-request', 'the entry cannot stand in the docket', { fields: faults });
  }

  #faultsOfTimes({ fromMs, toMs }: Planned): FieldFault[] {
    const now = this.#options.clock.now().wallMs;
    const faults: FieldFault[] = [];
    if (fromMs < now - PAST_MS || fromMs > now + YEARS_AHEAD_MS) {
      faults.push({ field: 'planned.from', message: 'lies more than a year back or three years ahead' });
    }
    if (toMs !== null && toMs <= fromMs) faults.push({ field: 'planned.to', message: 'is not after planned.from' });
    if (toMs !== null && toMs - fromMs > LONGEST_MS) {
      faults.push({ field: 'planned.to', message: 'is more than a day after planned.from' });
    }
    return faults;
  }
}

export function unknownKind(rules: RuleSet, kind: string): AppError {
  const known = rules.kinds.map(({ id }) => id).join(', ');
  return new AppError('kind-unknown', `the rules ${rules.id} know no kind ${kind}; they know ${known}`, {
    fields: [{ field: 'kind', message: `must be one of ${known}` }],
  });
}
