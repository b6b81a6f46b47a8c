/**
 * Commands to sites: written down, then signed and sent, and sent again until the site has said the last word or their end has come.
 * A broker keeps no command, and an answer may be lost; so the centre asks from its own rows whenever a site is there (again), and a
 * site that did it already says so.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, sentenceOf } from '../../core/errors.ts';
import { SITE_PATTERN, topicsOf } from '../../core/hrc.ts';
import { readAnswer, type SiteAnswer } from '../../core/hrc-answer.ts';
import { isFinal } from '../../core/hrc-command.ts';
import { parseJson } from '../../core/hrc-reading.ts';
import { JWS_CHARS_MAX, signJws } from '../../core/jws.ts';
import type { Log } from '../../core/ports.ts';
import type { Clock } from '../../core/time.ts';
import { ULID_RANDOM_BYTES, ulid } from '../../core/ulid.ts';
import type { SigningKey } from '../../ledger/key-file.ts';
import type { SiteListener } from '../control.ts';
import type { CommandFact, CommandGiven } from './command-facts.ts';
import type { CommandRow, CommandRows } from './command-rows.ts';

type Fields = { readonly [name: string]: unknown };

const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** For how long the centre asks for a command when nobody says otherwise; docket orders are good for an hour. */
const GOOD_FOR_MS: { readonly [type: string]: number } = {
  fetch: 7 * DAY_MS,
  catalog: HOUR_MS,
  replay: DAY_MS,
  hold: 90 * DAY_MS,
  release: 90 * DAY_MS,
  cancel: 7 * DAY_MS,
  offer: HOUR_MS,
  reseal: 7 * DAY_MS,
};
const GOOD_FOR_ELSE_MS = HOUR_MS;
export const GOOD_FOR_MS_MAX = 366 * DAY_MS;
/** Fetches under way at one site; a site takes no more than 32 commands at once, and what is short must not wait behind what is long. */
const FETCHES_AT_ONCE = 16;
/** Open commands of one site; more are refused. */
const OPEN_MAX = 200;
const ANSWER_BYTES_MAX = 256 * 1024;
const OVERDUE_BATCH = 100;
/** Without a word of it for so long a site that is there is asked again. */
const ASK_AGAIN_MS = 10 * 60_000;
const LOOK_EVERY_MS = 10_000;
/** When a site that has too much to do does not say when to come again. */
const BUSY_RETRY_S = 60;

/** What somebody wants of a site. */
export interface Wish {
  readonly site: string;
  readonly type: string;
  /** The payload beside its envelope: `select`, `deliver`, `target`, `docket` … */
  readonly body: Fields;
  /** Who wants it, and why; journaled, and told to the site for its own audit trail. */
  readonly actor: string | null;
  readonly reason: string | null;
  /** The person of this centre behind it. */
  readonly by?: { readonly person: string; readonly address: string };
  /** The press behind it: the same press again is the same command. */
  readonly press?: string;
  /** Milliseconds for which it is asked for. */
  readonly goodForMs?: number;
}

export interface CommandsOptions {
  readonly rows: CommandRows;
  /** Resolves when the fact is in the journal and in the rows. */
  readonly keep: (fact: CommandFact) => Promise<void>;
  readonly key: SigningKey;
  /** Sends soon, or not at all while there is no broker. */
  readonly send: (topic: string, payload: string, expiryS: number) => void;
  readonly clock: Clock;
  readonly log: Log;
  readonly timing?: Partial<CommandTiming>;
}

/** Milliseconds. */
export interface CommandTiming {
  readonly askAgainMs: number;
  readonly lookEveryMs: number;
  /** By type, instead of what is usual. */
  readonly goodForMs: { readonly [type: string]: number };
}

export class Commands implements SiteListener {
  readonly #options: CommandsOptions;
  /** Sites that are there, with the moment (monotonic) at which each of their commands was last sent or heard of. */
  readonly #there = new Map<string, Map<string, number>>();
  readonly #presses = new Map<string, Promise<CommandRow>>();
  readonly #listeners: ((row: CommandRow) => void)[] = [];
  readonly #closing = new AbortController();
  readonly #askAgainMs: number;
  #loop: Promise<void> = Promise.resolve();

  constructor(options: CommandsOptions) {
    this.#options = options;
    this.#askAgainMs = options.timing?.askAgainMs ?? ASK_AGAIN_MS;
  }

  start(): void {
    this.#loop = this.#run();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#loop;
  }

  /** Called with each command that was given, answered or ended. */
  onChange(listener: (row: CommandRow) => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Resolves when the command is in the journal; it is on its way then if the site is there. Rejects with `bad-request` when it
   * does not fit a message, and with `site-busy` when too much is open at this site.
   */
  give(wish: Wish): Promise<CommandRow> {
    const { press } = wish;
    if (press === undefined) return this.#give(wish);
    const known = this.#options.rows.byPress(press);
    if (known !== null) return Promise.resolve(known);
    const giving = this.#presses.get(press) ?? this.#give(wish).finally(() => this.#presses.delete(press));
    this.#presses.set(press, giving);
    return giving;
  }

  /** Gives the command that ends another one. Rejects with `command-unknown`, or `command-over`. */
  async cancel(id: string, wish: Pick<Wish, 'actor' | 'reason' | 'press' | 'by'>): Promise<CommandRow> {
    const row = this.#options.rows.command(id);
    if (row === null) throw new AppError('command-unknown', `there is no command ${id}`);
    if (row.endedMs !== null) throw new AppError('command-over', `command ${id} is over: ${row.status}`);
    const { wallMs } = this.#options.clock.now();
    const goodForMs = Math.max(HOUR_MS, row.endsMs - wallMs);
    return this.give({ ...wish, site: row.site, type: 'cancel', body: { target: id }, goodForMs });
  }

  /** Takes an answer as it came. Resolves when it is laid down; rejects only when nothing can be kept any more. */
  async answered(site: string, id: string, payload: Uint8Array): Promise<void> {
    const { rows, keep, clock, log } = this.#options;
    const answer = readAnswer(parseJson(payload, ANSWER_BYTES_MAX));
    const row = rows.command(id);
    // Nobody here gave it, or another site speaks.
    if (answer === null || answer.id !== id || row === null || row.site !== site) {
      log.info({ site, command: id.slice(0, 26) }, 'an answer to no command of ours was ignored');
      return;
    }
    const said = this.#there.get(site);
    const { monoMs } = clock.now();
    said?.set(id, monoMs);
    if (!isNews(row, answer)) return;
    if (answer.status === 'rejected' && answer.err?.code === 'HRC-BUSY') {
      const { retryS = BUSY_RETRY_S } = answer.err;
      said?.set(id, monoMs - this.#askAgainMs + retryS * SECOND_MS);
      return;
    }
    if (row.answer === null || isFinal(answer.status))
      await keep({ type: 'command-answered', command: id, site, answer });
    else rows.lay(id, answer, clock.now().wallMs);
    if (row.type === 'cancel' && isFinal(answer.status)) await this.#cancelled(row, answer);
    this.#tell(id);
    this.#pump(site);
  }

  /** The site is there (again): everything that is open is said to it. */
  there(site: string): void {
    this.#there.set(site, new Map());
    this.#pump(site);
  }

  away(site: string): void {
    this.#there.delete(site);
  }

  async #give(wish: Wish): Promise<CommandRow> {
    const { rows, keep, clock, timing } = this.#options;
    const { site, type, body, actor, reason, press = null, by = null } = wish;
    if (!SITE_PATTERN.test(site)) throw new AppError('bad-request', 'this is no name of a site');
    if (rows.openCount(site) >= OPEN_MAX)
      throw new AppError('site-busy', `${OPEN_MAX} commands are open at site ${site}`);
    const { wallMs } = clock.now();
    const usual = timing?.goodForMs?.[type] ?? GOOD_FOR_MS[type] ?? GOOD_FOR_ELSE_MS;
    const goodForMs = Math.min(wish.goodForMs ?? usual, GOOD_FOR_MS_MAX);
    const fact: CommandGiven = {
      ...{ type: 'command-given', command: ulid(wallMs, randomBytes(ULID_RANDOM_BYTES)), site, kind: type },
      ...{ body: withEnd(body, wallMs), actor, by, reason, press, endsMs: Math.round(wallMs + goodForMs) },
    };
    if (this.#signed(fact, wallMs).length > JWS_CHARS_MAX)
      throw new AppError('bad-request', 'it selects more than one command can name');
    await keep(fact);
    const row = rows.command(fact.command);
    if (row === null) throw new AppError('internal', 'a command that was kept is not there');
    this.#tell(row.id);
    this.#pump(site);
    return row;
  }

  /**
   * A site that is asked to cancel what it never heard of does not know it, and must not hear of it any more. What it knows it
   * answers by itself.
   */
  async #cancelled(row: CommandRow, answer: SiteAnswer): Promise<void> {
    const target = row.target === null ? null : this.#options.rows.command(row.target);
    if (target === null || target.endedMs !== null) return;
    if (answer.err?.code !== 'HRC-NOSEG' || target.answer !== null) return;
    const { id, site } = target;
    await this.#options.keep({ type: 'command-ended', command: id, site, status: 'cancelled', why: 'never-begun' });
    this.#tell(id);
  }

  /** Says to a site what is open and was not said since it is there. */
  #pump(site: string): void {
    const said = this.#there.get(site);
    if (said === undefined) return;
    const open = this.#options.rows.open(site, OPEN_MAX);
    const ending = new Set(open.flatMap(({ type, target }) => (type === 'cancel' && target !== null ? [target] : [])));
    const fetches = open.filter(({ type, id }) => type === 'fetch' && said.has(id)).length;
    let room = FETCHES_AT_ONCE - fetches;
    for (const row of open) {
      if (said.has(row.id) || ending.has(row.id)) continue;
      if (row.type === 'fetch' && --room < 0) continue;
      this.#send(row, said);
    }
  }

  #send(row: CommandRow, said: Map<string, number>): void {
    const { clock, send } = this.#options;
    const { wallMs, monoMs } = clock.now();
    if (row.endsMs <= wallMs) return;
    const { id, site, type, body, actor, reason, endsMs } = row;
    said.set(id, monoMs);
    const jws = this.#signed({ command: id, site, kind: type, body, actor, reason, endsMs }, wallMs);
    send(topicsOf(site).order(id), jws, Math.ceil((endsMs - wallMs) / SECOND_MS));
  }

  #signed(given: Omit<CommandGiven, 'type' | 'press' | 'by'>, nowMs: number): string {
    const { key } = this.#options;
    const { command: id, site, kind: type, body, actor, reason, endsMs } = given;
    const payload = {
      ...{ v: 1, id, site, type, iat: Math.floor(nowMs / SECOND_MS), exp: Math.ceil(endsMs / SECOND_MS) },
      ...body,
      ...(actor === null ? {} : { actor }),
      ...(reason === null ? {} : { reason }),
    };
    return signJws('hrc-cmd', key.publicKey.kid, payload, key.privateKey);
  }

  #tell(id: string): void {
    const row = this.#options.rows.command(id);
    if (row !== null) for (const listener of this.#listeners) listener(row);
  }

  async #run(): Promise<void> {
    const { log, timing = {} } = this.#options;
    const { lookEveryMs = LOOK_EVERY_MS } = timing;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.#look().catch((error: unknown) => log.error({}, `commands: ${sentenceOf(error)}`));
      await sleep(lookEveryMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #look(): Promise<void> {
    const { rows, keep, clock, log } = this.#options;
    const { wallMs, monoMs } = clock.now();
    for (const { id, site, type, answer } of rows.overdue(wallMs, OVERDUE_BATCH)) {
      const why = answer === null ? 'not-answered' : 'not-finished';
      log.warn({ site, command: id, type }, `a command is given up: ${why} by its end`);
      await keep({ type: 'command-ended', command: id, site, status: 'given-up', why });
      this.#tell(id);
    }
    for (const [site, said] of this.#there) {
      for (const [id, saidMs] of said) if (monoMs - saidMs > this.#askAgainMs) said.delete(id);
      this.#pump(site);
    }
  }
}

/** A range without an end would end at another moment each time it is signed. */
function withEnd(body: Fields, nowMs: number): Fields {
  const { select } = body;
  if (typeof select !== 'object' || select === null) return body;
  const isOpenRange = 'from' in select && !('to' in select) && !('session' in select);
  return isOpenRange ? { ...body, select: { ...select, to: Math.floor(nowMs) } } : body;
}

/** The newest counts. A site that lost its memory counts from the beginning, and its clock tells the two apart. */
function isNews({ answer: before, endedMs, why }: CommandRow, answer: SiteAnswer): boolean {
  if (before === null) return true;
  // What the site said last stays.
  if (endedMs !== null && why === null) return false;
  return answer.n > before.n || answer.at > before.at;
}
