/**
 * Deletes here what the centre holds, by the rule of core/purge.ts: looks for what may go, a little at a time, writes each decision
 * into the site's journal, and asks the recorder, who owns the files, to carry it out. A decision that was not carried out is judged
 * again before it is asked for again: a hold that came meanwhile counts.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { sentenceOf } from '../core/errors.ts';
import type { PurgedFact, SiteFact } from '../core/facts.ts';
import { jwsHash } from '../core/jws.ts';
import type { HandedIn, Log, Recorder, SiteJournal } from '../core/ports.ts';
import { DAY_MS, type PurgeClaim, type PurgeTime, type PurgeVerdict, purgeBar, purgeVerdict } from '../core/purge.ts';
import type { DecidedRow, ReceiptedRow } from '../core/purge-index.ts';
import type { OpenedSession } from '../core/session.ts';
import type { LiveIndex } from '../core/site-index.ts';
import type { Clock } from '../core/time.ts';
import { ClockWatch } from './clock-watch.ts';
import { THE_SITE } from './people.ts';

const SWEEP_EVERY_MS = 5_000;
/** Decisions of one sweep: a hundred a minute, and few while a hearing needs the disk. */
const BATCH = 8;
const BATCH_IN_SESSION = 2;
/** Segments that one sweep looks at, so that it never stops the process for long. */
const LOOKS_MAX = 100;

export interface PurgerOptions {
  readonly index: LiveIndex;
  readonly journal: SiteJournal;
  readonly recorder: Pick<Recorder, 'remove'>;
  /** The recorder is there and carries out deletions. */
  readonly canRemove: () => boolean;
  /** What whoever hands segments to the centre knows; null without a centre, and then nothing is deleted. */
  readonly handedIn: () => HandedIn | null;
  /** People look at one of these objects (sessions, segments) just now. */
  readonly isWatched: (objects: readonly string[]) => boolean;
  /** An interruption of the session is still to be explained. */
  readonly owesExplanation: (session: OpenedSession) => boolean;
  readonly clock: Clock;
  readonly log: Log;
}

export class Purger {
  readonly #options: PurgerOptions;
  readonly #clockWatch: ClockWatch;
  readonly #end = new AbortController();
  /** How far the round got that looks for what may go, and the one through what was decided and not done. */
  #lookedAt: ReceiptedRow | null = null;
  #askedUpTo = 0;
  #bar = '';
  #sweeping: Promise<void> | null = null;
  #loop: Promise<void> | null = null;

  constructor(options: PurgerOptions) {
    this.#options = options;
    this.#clockWatch = new ClockWatch(options.clock, options.index.purges.lastSealedAt());
  }

  /** Begins to sweep, a while from now. */
  start(): void {
    this.#loop ??= this.#run();
  }

  async close(): Promise<void> {
    this.#end.abort();
    await this.#loop;
    await this.#sweeping;
  }

  /** One sweep: decides what may go, then asks for what was decided. Never rejects; one at a time. */
  sweep(): Promise<void> {
    this.#sweeping ??= this.#sweep()
      .catch((error) => this.#options.log.error({ why: sentenceOf(error) }, 'deletion failed, tried again later'))
      .finally(() => {
        this.#sweeping = null;
      });
    return this.#sweeping;
  }

  async #run(): Promise<void> {
    const { signal } = this.#end;
    while (!signal.aborted) {
      await delay(SWEEP_EVERY_MS, undefined, { signal, ref: false }).catch(() => undefined);
      if (!signal.aborted) await this.sweep();
    }
  }

  async #sweep(): Promise<void> {
    const { clock, canRemove, handedIn, index } = this.#options;
    const time: PurgeTime = { now: clock.now(), clock: clock.state(), steadySince: this.#clockWatch.look() };
    const centre = handedIn();
    const keepDays = centre?.keepDays() ?? null;
    const bar = purgeBar(keepDays, time);
    this.#sayBar(bar);
    if (keepDays === null || bar !== null || centre === null || !canRemove()) return;
    const isBusy = index.sessionsHoldingClaims().length > 0;
    const judge = new Judge(this.#options, keepDays, centre, time);
    await this.#decide(judge, keepDays, isBusy ? BATCH_IN_SESSION : BATCH);
    this.#ask(judge);
  }

  /** Writes down what may go, at most `most`. */
  async #decide(judge: Judge, keepDays: number, most: number): Promise<void> {
    const { index, journal, log } = this.#options;
    const untilMs = judge.time.now.wallMs - keepDays * DAY_MS;
    const rows = index.purges.receipted(this.#lookedAt, untilMs, LOOKS_MAX);
    const facts: PurgedFact[] = [];
    let last: ReceiptedRow | null = null;
    for (const row of rows) {
      if (facts.length === most) break;
      last = row;
      const verdict = judge.verdict(row);
      if (!verdict.may) continue;
      const { seg, stream, run, sequence, sha256 } = row.segment;
      const { sinceMs } = verdict;
      facts.push({
        ...{ type: 'purged', seg, stream, run, sequence, sha256 },
        ...{ receipt: jwsHash(row.receipt), keepDays, sinceMs },
      });
    }
    // At the end of the round it begins anew: what stood against a segment may be over.
    this.#lookedAt = last !== null && (last !== rows.at(-1) || rows.length === LOOKS_MAX) ? last : null;
    if (facts.length === 0) return;
    // All in one go: a hold that comes now stands behind these lines in the journal.
    await Promise.all([...facts, ...this.#audits(facts)].map((fact) => journal.append(fact)));
    log.info({ segments: facts.length, first: facts[0]?.seg, keepDays }, 'to be deleted here: the centre holds them');
  }

  /** Asks the recorder for what was decided and is not done. Nothing lies between this judgement and its asking. */
  #ask(judge: Judge): void {
    const { index, recorder } = this.#options;
    const rows = index.purges.decided(this.#askedUpTo, LOOKS_MAX);
    const asked: DecidedRow[] = [];
    let last: DecidedRow | null = null;
    for (const row of rows) {
      if (asked.length === BATCH) break;
      last = row;
      if (judge.verdict(row).may) asked.push(row);
    }
    this.#askedUpTo = last !== null && (last !== rows.at(-1) || rows.length === LOOKS_MAX) ? last.decision.seq : 0;
    if (asked.length === 0) return;
    recorder.remove(asked.map(({ decision, segmentSeq }) => ({ decision, segmentSeq })));
  }

  /** The first decision about a session, or a check, is audited; each segment's own decision is in the journal anyway. */
  #audits(facts: readonly PurgedFact[]): SiteFact[] {
    const { index } = this.#options;
    const claims = new Set(facts.flatMap(({ seg }) => index.claimsOfSegment(seg)));
    return [...claims]
      .filter((claim) => !index.purges.isBegun(claim))
      .map((object) => {
        const room = (index.session(object) ?? index.notes.check(object))?.room ?? null;
        return { type: 'audit', who: THE_SITE, did: 'purge', object, room };
      });
  }

  #sayBar(bar: PurgeVerdict | null): void {
    const said = bar === null || bar.may ? '' : bar.detail;
    if (said !== this.#bar && said !== '') this.#options.log.info({ why: said }, 'nothing is deleted');
    this.#bar = said;
  }
}

/** Judges segments at one moment; what is asked of a session is asked once. */
class Judge {
  readonly time: PurgeTime;
  readonly #options: PurgerOptions;
  readonly #keepDays: number;
  readonly #centre: HandedIn;
  readonly #claims = new Map<string, PurgeClaim>();

  constructor(options: PurgerOptions, keepDays: number, centre: HandedIn, time: PurgeTime) {
    this.#options = options;
    this.#keepDays = keepDays;
    this.#centre = centre;
    this.time = time;
  }

  verdict({ segment, receipt, receiptedAt }: ReceiptedRow): PurgeVerdict {
    const { index, isWatched } = this.#options;
    const { seg } = segment;
    const claims = index.claimsOfSegment(seg);
    return purgeVerdict(
      this.#keepDays,
      {
        ...{ segment, receiptedAt },
        receipt: this.#centre.checked(receipt),
        claims: claims.map((claim) => this.#claim(claim)),
        isHeld: this.#centre.isHeld(seg),
        forwarding: this.#centre.needs(seg),
        isWatched: isWatched([seg, ...claims]),
      },
      this.time,
    );
  }

  #claim(id: string): PurgeClaim {
    let claim = this.#claims.get(id);
    if (claim === undefined) {
      claim = this.#look(id);
      this.#claims.set(id, claim);
    }
    return claim;
  }

  #look(id: string): PurgeClaim {
    const { index, owesExplanation } = this.#options;
    const session = index.session(id);
    if (session !== null) {
      if (session.state !== 'handed-over') return { kind: 'session', id, handedOverAt: null, owesExplanation: false };
      return { kind: 'session', id, handedOverAt: session.handedOverAt, owesExplanation: owesExplanation(session) };
    }
    const check = index.notes.check(id);
    return check === null ? { kind: 'unknown', id } : { kind: 'check', id, doneAt: check.done?.at ?? null };
  }
}
