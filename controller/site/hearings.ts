/** The desk's part for hearings: resolves, checks authority, and hands over to those who do the work. */
import type { Caller, StreamMedia } from '../core/desk.ts';
import { AppError } from '../core/errors.ts';
import type {
  AmendPress,
  CheckSnapshot,
  DocketSnapshot,
  ExplainPress,
  HearingDesk,
  ImportOutcome,
  ImportPress,
  MarkPress,
  MarkSnapshot,
  NoticeMark,
  PlannedSnapshot,
  Pressed,
  SchedulePress,
  SessionSnapshot,
} from '../core/hearing-desk.ts';
import type { RoomAct } from '../core/roles.ts';
import type { RuleSet } from '../core/rules/rule-set.ts';
import { isOpened, type OpenedSession, type Session } from '../core/session.ts';
import type { Planned } from '../core/session-facts.ts';
import type { SiteIndex } from '../core/site-index.ts';
import type { SitePlan } from '../core/site-plan.ts';
import type { Authority } from './authority.ts';
import type { Checks } from './checks.ts';
import type { Docket } from './docket.ts';
import type { DocketImport } from './docket-import.ts';
import type { MediaAudit } from './media-audit.ts';
import type { Notes } from './notes.ts';
import type { SessionViews } from './session-views.ts';
import type { Sessions } from './sessions.ts';

export interface HearingsOptions {
  readonly plan: SitePlan;
  readonly index: SiteIndex;
  readonly authority: Authority;
  readonly sessions: Sessions;
  readonly docket: Docket;
  readonly imports: DocketImport;
  readonly checks: Checks;
  readonly notes: Notes;
  readonly views: SessionViews;
  readonly audit: MediaAudit;
  /** The room is in use: arm its cameras. */
  readonly wake: (room: string) => void;
}

export class Hearings implements HearingDesk {
  readonly #options: HearingsOptions;

  constructor(options: HearingsOptions) {
    this.#options = options;
  }

  get rules(): RuleSet {
    return this.#options.plan.rules.set;
  }

  docket(caller: Caller, room: string | null, fromMs: number | null, toMs: number | null) {
    const { authority, docket, index, views } = this.#options;
    const rooms =
      room === null
        ? authority.rooms(caller, 'look').map((one) => one.id)
        : [authority.resolve(caller, { room }, 'look').room.id];
    const today = docket.today();
    const [from, to] = [fromMs ?? today.fromMs, toMs ?? today.toMs];
    return { from, to, entries: index.docket(rooms, from, to).map((session) => views.entry(session)) };
  }

  entry(caller: Caller, session: string): DocketSnapshot {
    return this.#options.views.entry(this.#session(caller, session, 'look'));
  }

  async schedule(caller: Caller, press: SchedulePress): Promise<Pressed<DocketSnapshot>> {
    const { authority, docket, views } = this.#options;
    authority.resolve(caller, { room: press.room }, 'schedule');
    if (press.continues !== null) this.#session(caller, press.continues, 'look');
    const { planned, ...entry } = press;
    const by = { press: press.press, by: caller.person.id, source: 'panel', reference: null } as const;
    const { session, isNew } = await docket.schedule({ ...without(entry), planned: plannedOf(planned) }, by);
    return { made: views.entry(session), isNew };
  }

  async amend(caller: Caller, id: string, { press, planned, ...change }: AmendPress): Promise<DocketSnapshot> {
    const { authority, docket, views } = this.#options;
    const session = this.#session(caller, id, 'schedule');
    if (change.room !== undefined) authority.resolve(caller, { room: change.room }, 'schedule');
    const whole = planned === undefined ? change : { ...change, planned: plannedOf(planned) };
    return views.entry(await docket.amend(session, press, caller.person.id, whole));
  }

  async cancel(caller: Caller, id: string, press: string, reason: string): Promise<DocketSnapshot> {
    const { docket, views } = this.#options;
    const session = this.#session(caller, id, 'schedule');
    return views.entry(await docket.cancel(session, press, caller.person.id, reason));
  }

  importDocket(caller: Caller, press: ImportPress): Promise<ImportOutcome> {
    const { authority, imports } = this.#options;
    const mine = authority.rooms(caller, 'schedule').map((room) => room.id);
    if (press.room !== null) authority.resolve(caller, { room: press.room }, 'schedule');
    else if (mine.length === 0) throw new AppError('not-your-role', `${caller.person.id} plans in no room`);
    return imports.take(press, caller.person.id, mine);
  }

  async openPlanned(caller: Caller, id: string, press: string): Promise<Pressed<SessionSnapshot>> {
    const { sessions, views, wake } = this.#options;
    const found = this.#session(caller, id, 'record');
    const opening = sessions.openPlanned(found, press, caller.person.id);
    wake(found.room);
    const { session, isNew } = await opening;
    return { made: views.session(session), isNew };
  }

  async adjourn(
    caller: Caller,
    id: string,
    press: { readonly press: string; readonly planned: PlannedSnapshot; readonly reason: string },
  ): Promise<{ session: SessionSnapshot; next: DocketSnapshot }> {
    const { sessions, docket, views } = this.#options;
    const found = this.#opened(caller, id, 'record');
    const planned = plannedOf(press.planned);
    docket.checkTimes(planned);
    const { session, next } = await sessions.adjourn(found, press.press, caller.person.id, {
      planned,
      reason: press.reason,
    });
    return { session: views.session(session), next: views.entry(next) };
  }

  async extend(caller: Caller, id: string, press: string, untilMs: number): Promise<SessionSnapshot> {
    const session = this.#opened(caller, id, 'record');
    return this.#view(await this.#options.notes.extend(session, press, caller.person.id, untilMs));
  }

  async beginCheck(caller: Caller, id: string, press: string, session: string | null): Promise<Pressed<CheckSnapshot>> {
    const { authority, checks, views, wake } = this.#options;
    const { room } = authority.resolve(caller, { room: id }, 'check');
    const entry = session === null ? null : this.#session(caller, session, 'check');
    if (entry !== null && entry.room !== room.id) {
      throw new AppError('bad-request', `session ${entry.id} is planned in room ${entry.room}`);
    }
    wake(room.id);
    const { check, isNew } = await checks.begin(room.id, entry, press, caller.person.id);
    return { made: views.check(check), isNew };
  }

  check(caller: Caller, id: string): CheckSnapshot {
    const { authority, views } = this.#options;
    const { check } = authority.resolve(caller, { check: id }, 'look');
    if (check === null) throw new AppError('check-unknown', `there is no check ${id}`);
    return views.check(check);
  }

  async checkMedia(caller: Caller, id: string, stream: string): Promise<StreamMedia> {
    const { authority, index, audit } = this.#options;
    const { check, room } = authority.resolve(caller, { check: id }, 'check');
    if (check === null || !check.streams.some((one) => one.stream === stream)) {
      throw new AppError('not-found', `check ${id} has no stream ${stream}`);
    }
    await audit.record(caller, 'review', id, room.id);
    return { isWhole: check.done !== null, segments: index.segmentsOf(id, stream).map((row) => row.fact) };
  }

  async hear(
    caller: Caller,
    id: string,
    press: string,
    heard: readonly { readonly stream: string; readonly isGood: boolean }[],
    note: string,
  ): Promise<CheckSnapshot> {
    const { authority, checks, views } = this.#options;
    authority.resolve(caller, { check: id }, 'check');
    return views.check(await checks.hear(id, press, caller.person.id, heard, note));
  }

  async fill(
    caller: Caller,
    id: string,
    { press, ...change }: Parameters<HearingDesk['fill']>[2],
  ): Promise<SessionSnapshot> {
    const session = this.#opened(caller, id, 'annotate');
    return this.#view(await this.#options.notes.fill(session, press, caller.person.id, change));
  }

  async mark(caller: Caller, id: string, press: MarkPress): Promise<Pressed<MarkSnapshot>> {
    const { notes, views } = this.#options;
    const { mark, isNew } = await notes.mark(this.#opened(caller, id, 'annotate'), caller.person.id, press);
    return { made: views.mark(mark), isNew };
  }

  async noteMark(
    caller: Caller,
    id: string,
    mark: string,
    press: { readonly press: string; readonly note: string; readonly page: string },
  ): Promise<MarkSnapshot> {
    const { notes, views } = this.#options;
    return views.mark(await notes.noteMark(this.#opened(caller, id, 'annotate'), mark, caller.person.id, press));
  }

  marks(
    caller: Caller,
    id: string,
  ): { readonly marks: readonly MarkSnapshot[]; readonly notices: readonly NoticeMark[] } {
    const { index, views } = this.#options;
    const session = this.#opened(caller, id, 'look');
    return {
      marks: index.notes.marksOf(session.id).map((row) => views.mark(row)),
      notices: index.notes.noticesOf(session.id).map((row) => views.noticeMark(row)),
    };
  }

  async tell(caller: Caller, id: string, press: Parameters<HearingDesk['tell']>[2]): Promise<SessionSnapshot> {
    const session = this.#opened(caller, id, 'annotate');
    return this.#view(await this.#options.notes.tell(session, caller.person.id, press));
  }

  async explain(caller: Caller, id: string, press: ExplainPress): Promise<SessionSnapshot> {
    const session = this.#opened(caller, id, 'annotate');
    return this.#view(await this.#options.notes.explain(session, caller.person.id, press));
  }

  #view(session: Session): SessionSnapshot {
    if (!isOpened(session)) throw new Error(`session ${session.id} is ${session.state} after it was opened`);
    return this.#options.views.session(session);
  }

  #session(caller: Caller, id: string, act: RoomAct): Session {
    const { session } = this.#options.authority.resolve(caller, { session: id }, act);
    if (session === null) throw new AppError('session-unknown', `there is no session ${id}`);
    return session;
  }

  #opened(caller: Caller, id: string, act: RoomAct): OpenedSession {
    return openedOnly(this.#session(caller, id, act));
  }
}

/** The session if it was opened. Throws `session-not-open`. */
export function openedOnly(session: Session): OpenedSession {
  if (isOpened(session)) return session;
  throw new AppError('session-not-open', `session ${session.id} is ${session.state}, not opened`);
}

function plannedOf({ from, to }: PlannedSnapshot): Planned {
  return { fromMs: from, toMs: to };
}

function without<T extends { readonly press: string }>({ press: _, ...rest }: T): Omit<T, 'press'> {
  return rest;
}
