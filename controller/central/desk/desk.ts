/**
 * Behind the centre's page: what is known of sites and sessions, the commands of people, and the one gate of media. Everything shown
 * comes from the index; whatever is done is in the journal before it is answered.
 */
import type {
  CentreCaller,
  CentreDesk,
  CentreDoor,
  CentreMediaFile,
  CentreSessionSnapshot,
  CommandSnapshot,
  CommandWish,
  HeldSegment,
  RangeSnapshot,
  SiteSnapshot,
  Stretch,
} from '../../core/centre-desk.ts';

import { AppError } from '../../core/errors.ts';
import { FirstAccess } from '../../core/first-access.ts';
import { fieldsOf } from '../../core/hrc-reading.ts';
import type { Origin } from '../../core/origin.ts';
import type { Clock } from '../../core/time.ts';
import type { Sql } from '../../ledger/sql.ts';
import { highestSiteSeq, outboxGaps } from '../chain-rows.ts';
import type { CommandRow, CommandRows } from '../commands/command-rows.ts';
import type { Commands } from '../commands/commands.ts';
import type { DoorFact } from '../door/door-facts.ts';
import type { ObjectStore } from '../object-store.ts';
import type { DeskRows, SegmentRow, SessionRow } from './desk-rows.ts';
import { Recent } from './recent.ts';
import { headerLength, runOf } from './segment-header.ts';
import { streamsOf } from './stretches.ts';

/** Stretches of missing numbers that are shown. */
const MISSING_MAX = 20;
const NEWS_EVERY_MS = 1_000;
const FETCH_PRIORITY = 7;

export interface DeskOptions {
  readonly name: string;
  readonly archive: { readonly sql: Sql };
  readonly rows: DeskRows;
  readonly commands: Commands;
  readonly commandRows: CommandRows;
  readonly door: CentreDoor;
  readonly store: ObjectStore;
  /** Resolves when the fact is in the journal and in the rows. */
  readonly keep: (fact: DoorFact) => Promise<void>;
  readonly clock: Clock;
}

export class Desk implements CentreDesk {
  readonly door: CentreDoor;
  readonly name: string;
  readonly #options: DeskOptions;
  readonly #looks: FirstAccess;
  readonly #recent: Recent<readonly SegmentRow[]>;
  readonly #listeners = new Set<() => void>();
  #timer: ReturnType<typeof setInterval> | null = null;

  constructor(options: DeskOptions) {
    this.#options = options;
    this.door = options.door;
    this.name = options.name;
    this.#looks = new FirstAccess(options.clock);
    this.#recent = new Recent(options.clock);
  }

  /** Begins to look for news. */
  start(): void {
    let seen = '';
    let isChanged = false;
    this.#options.commands.onChange(() => {
      isChanged = true;
    });
    this.#timer = setInterval(() => {
      if (this.#listeners.size === 0) return;
      const stamp = this.#stamp();
      if (stamp === seen && !isChanged) return;
      seen = stamp;
      isChanged = false;
      for (const listener of this.#listeners) listener();
    }, NEWS_EVERY_MS);
    this.#timer.unref();
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#listeners.clear();
  }

  now(): number {
    return Math.round(this.#options.clock.now().wallMs);
  }

  onNews(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  // Sites and sessions

  sites(_caller: CentreCaller): readonly SiteSnapshot[] {
    const weight = ({ overdue, alarms, conflicts, chainFaults, isOnline }: SiteSnapshot) =>
      overdue * 100 +
      (conflicts + chainFaults) * 10 +
      alarms.filter(({ level }) => level === 'alarm').length * 5 +
      (isOnline === true ? 0 : 1);
    return this.#options.rows
      .sites()
      .map((site) => this.#snapshot(site))
      .sort((a, b) => weight(b) - weight(a) || a.site.localeCompare(b.site));
  }

  site(_caller: CentreCaller, site: string): SiteSnapshot {
    this.#demand(site);
    return this.#snapshot(site);
  }

  sessions(_caller: CentreCaller, site: string, limit: number): readonly CentreSessionSnapshot[] {
    this.#demand(site);
    return this.#options.rows.sessions(site, this.now(), limit).map((row) => this.#session(site, row));
  }

  session(_caller: CentreCaller, site: string, id: string): CentreSessionSnapshot {
    return this.#session(site, this.#demandSession(site, id));
  }

  range(_caller: CentreCaller, stretch: Stretch): RangeSnapshot {
    const { rows } = this.#options;
    const { site } = stretch;
    this.#demand(site);
    const found = this.#within(stretch);
    const gaps =
      'session' in stretch
        ? rows.gapsOfSession(site, stretch.session)
        : rows.gapsOfRange(site, stretch.from, stretch.to);
    return {
      site,
      ...this.#bounds(stretch, found),
      streams: streamsOf(found, gaps),
      isCut: rows.isCut(found),
    };
  }

  // Commands

  commands(
    _caller: CentreCaller,
    site: string | null,
    before: string | null,
    limit: number,
  ): readonly CommandSnapshot[] {
    return this.#options.commandRows.list(site, before, limit).map(commandSnapshot);
  }

  command(_caller: CentreCaller, id: string): CommandSnapshot {
    const row = this.#options.commandRows.command(id);
    if (row === null) throw new AppError('command-unknown', `there is no command ${id}`);
    return commandSnapshot(row);
  }

  async give(caller: CentreCaller, wish: CommandWish, from: Origin): Promise<CommandSnapshot> {
    const { site, type, reason, press } = wish;
    this.#demand(site);
    if (type !== 'fetch') administratorOnly(caller);
    if (type === 'release') this.#demandHold(site, wish.target);
    const select = {
      ...(wish.session === null ? {} : { session: wish.session }),
      ...(wish.streams === null ? {} : { streams: wish.streams }),
      ...(wish.from === null ? {} : { from: wish.from }),
      ...(wish.to === null ? {} : { to: wish.to }),
    };
    const body =
      type === 'release'
        ? { target: wish.target }
        : { select, ...(type === 'fetch' ? { deliver: { priority: FETCH_PRIORITY } } : {}) };
    const by = { person: caller.person.id, address: from.address };
    const { commands } = this.#options;
    return commandSnapshot(
      await commands.give({ site, type, body, actor: caller.person.name, reason, press: pressOf(caller, press), by }),
    );
  }

  async cancel(caller: CentreCaller, id: string, press: string, from: Origin): Promise<CommandSnapshot> {
    if (this.command(caller, id).type !== 'fetch') administratorOnly(caller);
    const by = { person: caller.person.id, address: from.address };
    const wish = { actor: caller.person.name, reason: null, press: pressOf(caller, press), by };
    return commandSnapshot(await this.#options.commands.cancel(id, wish));
  }

  // Media

  async streamMedia(
    caller: CentreCaller,
    stretch: Stretch,
    stream: string,
    from: Origin,
  ): Promise<readonly HeldSegment[]> {
    const { site } = stretch;
    this.#demand(site);
    const found = this.#within(stretch).filter((segment) => segment.stream === stream);
    if (found.length === 0) throw new AppError('not-found', `there is nothing of stream ${stream}`);
    const what = 'session' in stretch ? stretch.session : `${iso(stretch.from)}/${iso(stretch.to)}`;
    await this.#audit(caller, 'review', `${what} ${stream}`, site, from);
    const held: HeldSegment[] = [];
    let run: string | null = null;
    for (const segment of found) {
      if (segment.path === null) continue;
      const here = runOf(segment.jws);
      const isNew = here === null || here !== run;
      const headerBytes = isNew ? await this.#headerBytes(segment) : null;
      held.push({ seg: segment.seg, from: segment.t0, to: segment.t1, headerBytes });
      run = here;
    }
    return held;
  }

  async media(caller: CentreCaller, site: string, seg: string, from: Origin): Promise<CentreMediaFile> {
    const { rows, store } = this.#options;
    const segment = rows.isKnown(site) ? rows.segment(site, seg) : null;
    if (segment === null || segment.path === null) throw new AppError('segment-unknown', `segment ${seg} is not here`);
    const { path, size: bytes, sha256 } = segment;
    await this.#audit(caller, 'play', seg, site, from);
    return {
      ...{ seg, bytes, sha256 },
      headerBytes: () => this.#headerBytes(segment),
      read: (first, end) => store.read(path, first, end),
    };
  }

  #audit(caller: CentreCaller, did: 'review' | 'play', object: string, site: string, from: Origin): Promise<void> {
    const fact: DoorFact = { type: 'audit', who: caller.person.id, did, object, site, source: from.address };
    return this.#looks.record(`${caller.login} ${did} ${site} ${object}`, () => this.#options.keep(fact));
  }

  async #headerBytes({ path, size, seg }: SegmentRow): Promise<number> {
    if (path === null) throw new AppError('segment-unknown', `segment ${seg} is not here`);
    return headerLength((from, to) => this.#options.store.read(path, from, to), size);
  }

  // How rows become what is shown

  #demand(site: string): void {
    if (!this.#options.rows.isKnown(site)) throw new AppError('site-unknown', `there is no site ${site}`);
  }

  #demandSession(site: string, id: string): SessionRow {
    this.#demand(site);
    const row = this.#options.rows.session(site, id);
    if (row === null) throw new AppError('session-unknown', `there is no session ${id}`);
    return row;
  }

  #demandHold(site: string, target: string | null): void {
    const hold = target === null ? null : this.#options.commandRows.command(target);
    if (hold === null || hold.type !== 'hold' || hold.site !== site)
      throw new AppError('command-unknown', 'there is no such hold at this site');
  }

  #within(stretch: Stretch): readonly SegmentRow[] {
    const { rows } = this.#options;
    const { site } = stretch;
    if ('session' in stretch) {
      const { session } = stretch;
      this.#demandSession(site, session);
      const { segments, held } = rows.counts(site, session);
      return this.#recent.get(`${site} ${session}`, `${segments} ${held}`, () => rows.segmentsOfSession(site, session));
    }
    const { from, to } = stretch;
    return this.#recent.get(`${site} ${from} ${to}`, rows.tallyStamp(site), () => rows.segmentsOfRange(site, from, to));
  }

  /** From when to when a stretch goes; a session that still runs goes as far as is known of it. */
  #bounds(stretch: Stretch, found: readonly SegmentRow[]): Pick<RangeSnapshot, 'from' | 'to' | 'isGrowing'> {
    const now = this.now();
    if (!('session' in stretch)) return { from: stretch.from, to: stretch.to, isGrowing: stretch.to > now };
    const row = this.#demandSession(stretch.site, stretch.session);
    const last = found.reduce((latest, { t1 }) => Math.max(latest, t1), 0);
    const from = row.from_ms ?? row.opened_ms ?? found[0]?.t0 ?? now;
    const to = row.to_ms ?? row.closed_ms ?? (last || now);
    return { from, to: Math.max(to, from + 1), isGrowing: isRunning(row.state) };
  }

  #session(site: string, row: SessionRow): CentreSessionSnapshot {
    const { rows } = this.#options;
    const { segments, bytes, held, heldBytes } = rows.counts(site, row.id);
    return {
      site,
      session: row.id,
      state: row.state,
      room: row.room,
      kind: row.kind,
      openedAt: row.opened_ms,
      closedAt: row.closed_ms,
      due: row.due_ms === null ? null : { at: row.due_ms, clause: row.due_clause },
      handedOverAt: row.handed_over_ms,
      isOverdue: row.handed_over_ms === null && row.due_ms !== null && row.due_ms < this.now(),
      held: { segments: held, bytes: heldBytes },
      expected: { segments, bytes },
      gaps: rows.gapCount(site, row.id),
    };
  }

  #snapshot(site: string): SiteSnapshot {
    const { rows, commandRows, archive } = this.#options;
    const presence = rows.presence(site);
    const birth = parsed(presence?.birth);
    const backlog = parsed(presence?.backlog);
    const { all, running, overdue } = rows.sessionCounts(site, this.now());
    const told = numberOf(fieldsOf(birth['siteSeq'])?.['last']) ?? 0;
    const last = Math.max(told, highestSiteSeq(archive.sql, site));
    const [segments, bytes] = [numberOf(backlog['segments']), numberOf(backlog['bytes'])];
    return {
      site,
      isOnline: presence === null || presence.online === null ? null : presence.online === 1,
      since: presence?.online === 1 ? presence.birth_ms : (presence?.last_ms ?? null),
      software: textOf(birth['software']),
      waiting:
        segments === null || bytes === null
          ? null
          : { segments, bytes, oldest: numberOf(backlog['oldestMs']), at: presence?.backlog_ms ?? 0 },
      held: rows.held(site),
      alarms: rows.alarms(site),
      clock: textOf(backlog['clock']) ?? textOf(fieldsOf(backlog['clock'])?.['source']),
      hoursLeft: leastHours(backlog['disks']),
      recorderAnswers: typeof backlog['recorder'] === 'boolean' ? backlog['recorder'] : null,
      missing: outboxGaps(archive.sql, site, last, MISSING_MAX).map(({ first, last: to }) => ({ from: first, to })),
      conflicts: rows.conflicts(site),
      chainFaults: rows.chainFaults(site),
      ...{ sessions: all, running, overdue },
      openCommands: commandRows.openCount(site),
    };
  }

  #stamp(): string {
    try {
      return this.#options.rows.stamp();
    } catch {
      // The index is being mended; there is news when it is there again.
      return '';
    }
  }
}

function administratorOnly({ person }: CentreCaller): void {
  if (person.role !== 'administrator') throw new AppError('not-your-role', `${person.name} is no administrator`);
}

/** A press is one's own: nobody gets another one's command by guessing its press. */
function pressOf({ person }: CentreCaller, press: string): string {
  return `${person.id} ${press}`;
}

function isRunning(state: string): boolean {
  return state === 'opening' || state === 'open' || state === 'closing';
}

function commandSnapshot(row: CommandRow): CommandSnapshot {
  const { id, site, type, target, actor, reason, status, answer, why } = row;
  const select = fieldsOf(row.body['select']) ?? {};
  const { streams } = select;
  const items: { [state: string]: number } = {};
  for (const { st } of answer?.items ?? []) items[st] = (items[st] ?? 0) + 1;
  const amount = (one: { readonly segs: number; readonly bytes: number } | undefined) =>
    one === undefined ? null : { segments: one.segs, bytes: one.bytes };
  return {
    ...{ id, site, type, target, actor, reason, status, items },
    session: textOf(select['session']),
    streams: Array.isArray(streams) ? streams.filter((one) => typeof one === 'string') : null,
    from: numberOf(select['from']),
    to: numberOf(select['to']),
    givenAt: row.givenMs,
    endsAt: row.endsMs,
    answeredAt: row.answeredMs,
    endedAt: row.endedMs,
    plan: amount(answer?.plan),
    done: amount(answer?.done),
    trouble:
      why !== null
        ? { code: why, message: null }
        : answer?.err === undefined
          ? null
          : { code: answer.err.code, message: answer.err.msg ?? null },
  };
}

function parsed(text: string | null | undefined): { readonly [name: string]: unknown } {
  return text == null ? {} : (fieldsOf(JSON.parse(text)) ?? {});
}

/** Of the disks a site told of, the one that is full first. */
function leastHours(disks: unknown): number | null {
  const hours = (Array.isArray(disks) ? disks : []).flatMap((disk) => numberOf(fieldsOf(disk)?.['hoursLeft']) ?? []);
  return hours.length === 0 ? null : Math.min(...hours);
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
