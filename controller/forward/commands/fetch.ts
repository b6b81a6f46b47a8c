/**
 * `fetch`: brings what the centre selected before everything else, from the site's own index, and follows a range that is still being
 * recorded until its end. What has its receipt is not sent again unless asked for.
 */
import {
  type AnswerItem,
  type Deliver,
  isProgressDue,
  readDeliver,
  readSelect,
  type Saying,
  type Select,
} from '../../core/hrc-command.ts';
import type { ArchivedSegment, SiteArchive } from '../../core/site-archive.ts';
import type { Clock } from '../../core/time.ts';
import { Bell } from '../bell.ts';
import type { Deliveries } from '../deliveries.ts';
import { Pace } from '../pace.ts';
import type { CommandCall, CommandKind } from './command-kind.ts';

const PAGE = 200;
/** Segments of one command that are ordered at a time; the others wait in the index. */
const ORDERED_MAX = 64;
/** When a segment that is being written may be asked for again: most are closed by then. */
const OPEN_RETRY_S = 10;
/** How often a range that is being recorded is looked at when nothing rings. */
const LOOK_EVERY_MS = 2_000;

export interface FetchParts {
  readonly archive: SiteArchive;
  readonly deliveries: Deliveries;
  readonly clock: Clock;
  readonly progressEveryMs: number;
}

export function fetchCommand(parts: FetchParts): CommandKind {
  return {
    type: 'fetch',
    run: async (call) => {
      const select = readSelect(call.envelope.body);
      const deliver = readDeliver(call.envelope.body);
      return select === null || deliver === null ? null : new Fetch(parts, call, select, deliver).run();
    },
  };
}

type State = {
  readonly st: 'due' | 'sent' | 'have-receipt' | 'purged' | 'lost' | 'error';
  readonly bytes: number;
  readonly err?: string;
};

class Fetch {
  readonly #parts: FetchParts;
  readonly #call: CommandCall;
  readonly #select: Select;
  readonly #deliver: Deliver;
  readonly #pace: Pace | null;
  readonly #bell = new Bell();
  readonly #states = new Map<string, State>();
  #place = 0;
  #due = 0;
  #told = { atMs: 0, segs: 0 };

  constructor(parts: FetchParts, call: CommandCall, select: Select, deliver: Deliver) {
    this.#parts = parts;
    this.#call = call;
    // Without an end the range ends where the recording was when the command was made.
    const toMs = select.toMs ?? (select.session === null && select.segs === null ? call.envelope.issuedMs : null);
    this.#select = { ...select, toMs };
    this.#deliver = deliver;
    const { rateBps } = deliver;
    this.#pace = rateBps === null ? null : new Pace(parts.clock, () => rateBps, call.stop);
  }

  async run(): Promise<Saying> {
    const { archive, deliveries, clock } = this.#parts;
    const { stop, tell, onSealed } = this.#call;
    const { maxBytes } = this.#deliver;
    const plan = archive.extent(this.#select);
    if (maxBytes !== null && plan.bytes > maxBytes) {
      const msg = `that is ${plan.bytes} bytes, allowed were ${maxBytes}`;
      return { status: 'rejected', plan, err: { code: 'HRC-QUOTA', msg } };
    }
    tell({ status: 'accepted', plan });
    this.#told = { atMs: clock.now().monoMs, segs: 0 };
    const quiet = onSealed(() => this.#bell.ring());
    const deaf = deliveries.onFate((seg, fate) => {
      if (this.#states.get(seg)?.st !== 'due') return;
      if (fate.kind === 'receipted') this.#settle(seg, 'sent', undefined);
      else {
        this.#settle(seg, fate.code === 'HRC-LOST' ? 'lost' : 'error', fate.code);
        deliveries.unorder(seg);
      }
      this.#bell.ring();
    });
    const wake = () => this.#bell.ring();
    stop.addEventListener('abort', wake);
    try {
      while (!stop.aborted) {
        const isGrowing = archive.isGrowing(this.#select, clock.now().wallMs);
        const isAllOrdered = this.#order();
        if (this.#due === 0 && isAllOrdered && !isGrowing) return this.#end();
        this.#tellProgress();
        await this.#bell.wait(LOOK_EVERY_MS);
      }
      for (const [seg, { st }] of this.#states) if (st === 'due') deliveries.unorder(seg);
      return { status: 'cancelled', done: this.#done(), items: this.#items() };
    } finally {
      deaf();
      quiet();
      stop.removeEventListener('abort', wake);
    }
  }

  /** Orders what comes next, as much as may be ordered at a time. True when nothing behind it is known yet. */
  #order(): boolean {
    const { archive } = this.#parts;
    for (;;) {
      const page = archive.segments(this.#select, this.#place, PAGE);
      for (const segment of page) {
        // Sealed in the order of recording: what is behind an unsealed one comes when that one is sealed.
        if (segment.siteSeq === null || this.#due >= ORDERED_MAX) return false;
        this.#place = segment.place;
        this.#orderOne(segment);
      }
      if (page.length < PAGE) return true;
    }
  }

  #orderOne({ seg, bytes, isReceipted, isPurged }: ArchivedSegment): void {
    const { priority, again, route, urls } = this.#deliver;
    if (this.#states.has(seg)) return;
    if (isReceipted && !again) {
      this.#states.set(seg, { st: 'have-receipt', bytes });
      return;
    }
    if (isPurged) {
      this.#states.set(seg, { st: 'purged', bytes, err: 'HRC-PURGED' });
      return;
    }
    this.#states.set(seg, { st: 'due', bytes });
    this.#due += 1;
    const address = urls.find((one) => one.seg === seg) ?? null;
    this.#parts.deliveries.order(seg, { priority, again: again && isReceipted, route, address, pace: this.#pace });
  }

  #settle(seg: string, st: 'sent' | 'lost' | 'error', err: string | undefined): void {
    const bytes = this.#states.get(seg)?.bytes ?? 0;
    this.#states.set(seg, { st, bytes, ...(err === undefined ? {} : { err }) });
    this.#due -= 1;
  }

  #tellProgress(): void {
    const { archive, clock, progressEveryMs } = this.#parts;
    const done = this.#done();
    const now = { atMs: clock.now().monoMs, segs: done.segs };
    if (!isProgressDue(this.#told, now, this.#states.size, progressEveryMs)) return;
    this.#told = now;
    this.#call.tell({ status: 'executing', plan: archive.extent(this.#select), done });
  }

  #done(): { segs: number; bytes: number } {
    const ready = [...this.#states.values()].filter(({ st }) => st === 'sent' || st === 'have-receipt');
    return { segs: ready.length, bytes: ready.reduce((sum, { bytes }) => sum + bytes, 0) };
  }

  /** What went wrong first: an answer may be cut at its end. */
  #items(): AnswerItem[] {
    const known = [...this.#states].map(([seg, { st, err }]): AnswerItem => {
      return { seg, st: st === 'due' ? 'local' : st, ...(err === undefined ? {} : { err }) };
    });
    const writing = new Set(this.#parts.archive.writing(this.#select).map(({ seg }) => seg));
    const missing = (this.#select.segs ?? [])
      .filter((seg) => !this.#states.has(seg))
      .map((seg): AnswerItem => {
        return writing.has(seg) ? { seg, st: 'recording', err: 'HRC-OPEN' } : { seg, st: 'missing', err: 'HRC-NOSEG' };
      });
    return [
      ...missing,
      ...known.filter(({ err }) => err !== undefined),
      ...known.filter(({ err }) => err === undefined),
    ];
  }

  #end(): Saying {
    const items = this.#items();
    const done = this.#done();
    const plan = this.#parts.archive.extent(this.#select);
    if (done.segs === items.length && items.length > 0) return { status: 'successful', plan, done, items };
    if (done.segs === 0) {
      const code = String(items.find(({ err }) => typeof err === 'string')?.['err'] ?? 'HRC-NOSEG');
      const err = { code, ...(code === 'HRC-OPEN' ? { retryS: OPEN_RETRY_S } : {}) };
      return { status: 'failed', plan, done, items, err };
    }
    return { status: 'partial', plan, done, items };
  }
}
