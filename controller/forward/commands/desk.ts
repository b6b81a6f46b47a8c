/**
 * Takes the centre's signed commands: checks who speaks, admits each id once, starts who carries it out, and answers. A retained
 * command is none: it would be done again at each connection (invariant 8). What goes wrong in a command stays there.
 */
import { AppError, sentenceOf } from '../../core/errors.ts';
import type { SiteTopics } from '../../core/hrc.ts';
import { payloadBytesMax } from '../../core/hrc.ts';
import {
  admit,
  type CommandAnswer,
  contentHash,
  type Envelope,
  ITEMS_MAX,
  isFinal,
  readEnvelope,
  type Saying,
} from '../../core/hrc-command.ts';
import { payloadOf } from '../../core/jws.ts';
import type { Log } from '../../core/ports.ts';
import type { CommandBook } from '../../core/site-archive.ts';
import type { Clock } from '../../core/time.ts';
import type { CentreVoice } from '../centre-voice.ts';
import type { Line } from '../line.ts';
import type { CommandKind } from './command-kind.ts';

/** The centre asks again when it was away for longer. */
const ANSWER_EXPIRY_S = 24 * 3_600;
const ANSWER_BYTES_MAX = 64 * 1024;
/** Commands under way; more are asked to come again. */
const JOBS_MAX = 32;
const BUSY_RETRY_S = 60;

export interface CommandDeskOptions {
  readonly site: string;
  readonly topics: SiteTopics;
  readonly voice: CentreVoice;
  readonly line: Pick<Line, 'publish' | 'up' | 'maximumPacketBytes'>;
  readonly book: CommandBook;
  readonly kinds: readonly CommandKind[];
  /** Whether this site lets its centre give commands of a type. */
  readonly allows: (type: string) => boolean;
  readonly clock: Clock;
  readonly log: Log;
}

interface Job {
  readonly stop: AbortController;
  isCancelled: boolean;
  n: number;
  done: Promise<void>;
}

export class CommandDesk {
  readonly #options: CommandDeskOptions;
  readonly #jobs = new Map<string, Job>();
  readonly #sealed = new Set<() => void>();
  #isClosed = false;

  constructor(options: CommandDeskOptions) {
    this.#options = options;
  }

  /** Takes up again what had not ended when the program did. */
  start(): void {
    for (const { id, jws, answer } of this.#options.book.open()) {
      const envelope = readEnvelope(payloadOf(jws));
      if (envelope !== null && envelope.id === id) this.#begin(envelope, numberOf(answer));
    }
  }

  /** A segment was sealed: what follows a recording goes on. */
  look(): void {
    for (const listener of this.#sealed) listener();
  }

  /** Says again how everything under way stands: the centre may have missed it. */
  repeatOpen(): void {
    for (const id of this.#jobs.keys()) this.#repeat(id);
  }

  /** Stops everything under way without a word about it: it is taken up again at the next start. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { stop } of this.#jobs.values()) stop.abort();
    await Promise.all([...this.#jobs.values()].map(({ done }) => done));
  }

  /** `id` is the one of the topic. Returns at once; answers leave by themselves. */
  take(id: string, jws: string, isRetained: boolean): void {
    const { voice, site, book, clock, log } = this.#options;
    if (isRetained) {
      if (jws !== '') log.warn({ command: id }, 'a command was left retained at the broker and is not carried out');
      return;
    }
    const payload = voice.order(jws);
    // Who is not known gets no answer: it would tell him that somebody listens.
    if (payload === null) {
      log.error(
        { alarm: 'receipt-refused', command: id },
        'a command is not signed by the centre: not carried out (HRC-SIG)',
      );
      return;
    }
    const envelope = readEnvelope(payload);
    if (envelope === null || envelope.id !== id) {
      this.#refuse(id, 'HRC-BAD', 'the command cannot be read, or its id is not the one of its topic');
      return;
    }
    if (!this.#options.allows(envelope.type)) {
      this.#refuse(
        id,
        'HRC-AUTH',
        `this site does not let its centre give commands of type ${envelope.type.slice(0, 32)}`,
      );
      return;
    }
    const hash = contentHash(envelope);
    const { wallMs } = clock.now();
    const before = book.known(id);
    // A failure was ours: the same command may be sent again, and is tried again.
    const isDone = before !== null && !(before.hash === hash && hasFailed(before.answer));
    const admission = admit(envelope, hash, site, isDone ? before.hash : null, wallMs);
    if (admission.do === 'refuse') this.#refuse(id, admission.code, admission.message, admission.status);
    else if (admission.do === 'repeat') this.#repeat(id);
    else if (this.#jobs.size >= JOBS_MAX) this.#refuse(id, 'HRC-BUSY', 'too many commands are under way');
    else {
      book.begin(id, hash, jws, wallMs);
      this.#begin(envelope, 0);
    }
  }

  #begin(envelope: Envelope, n: number): void {
    const { id } = envelope;
    const job: Job = { stop: new AbortController(), isCancelled: false, n, done: Promise.resolve() };
    this.#jobs.set(id, job);
    job.done = this.#run(envelope, job).finally(() => this.#jobs.delete(id));
  }

  async #run(envelope: Envelope, job: Job): Promise<void> {
    const { kinds, log } = this.#options;
    const { id, type } = envelope;
    const kind = kinds.find((one) => one.type === type || (one.type.endsWith('.') && type.startsWith(one.type)));
    let last: Saying;
    try {
      const saying = await kind?.run({
        envelope,
        tell: (said) => this.#answer(id, job, said),
        stop: job.stop.signal,
        cancel: (other) => this.#cancel(other),
        onSealed: (listener) => {
          this.#sealed.add(listener);
          return () => this.#sealed.delete(listener);
        },
      });
      last = saying ?? unreadable(type, kind === undefined);
    } catch (error) {
      log.error({ command: id, type, why: sentenceOf(error) }, 'a command could not be carried out');
      const code = error instanceof AppError ? error.code : 'internal';
      last = { status: 'failed', err: { code, msg: sentenceOf(error) } };
    }
    if (job.isCancelled && last.status !== 'successful') last = { ...last, status: 'cancelled' };
    // Stopped with the program: it is not over.
    if (this.#isClosed && !job.isCancelled && last.status === 'cancelled') return;
    this.#answer(id, job, last);
    log.info({ command: id, type, status: last.status, actor: envelope.actor }, 'a command of the centre ended');
  }

  #cancel(id: string): boolean {
    const job = this.#jobs.get(id);
    if (job === undefined) return false;
    job.isCancelled = true;
    job.stop.abort();
    return true;
  }

  #answer(id: string, job: Job, saying: Saying): void {
    const { book, clock } = this.#options;
    const { more = {}, ...said } = saying;
    job.n += 1;
    const answer = this.#fitting({ v: 1, id, n: job.n, at: clock.now().wallMs, ...said, ...more });
    book.answered(id, answer, isFinal(saying.status));
    this.#say(id, answer);
  }

  /** An answer to what is no command of ours: nothing is kept of it. */
  #refuse(id: string, code: string, msg: string, status: 'rejected' | 'expired' = 'rejected'): void {
    const { clock, log } = this.#options;
    log.warn({ command: id.slice(0, 64), code }, `a command is refused: ${msg}`);
    const err = { code, msg, ...(code === 'HRC-BUSY' ? { retryS: BUSY_RETRY_S } : {}) };
    this.#say(id, JSON.stringify({ v: 1, id, n: 1, status, at: clock.now().wallMs, err }));
  }

  #repeat(id: string): void {
    const answer = this.#options.book.known(id)?.answer ?? null;
    if (answer !== null) this.#say(id, answer);
  }

  /** As JSON that fits a message: items at the end are left out, and `itemsLeftOut` says how many. */
  #fitting(answer: CommandAnswer): string {
    const { line, topics } = this.#options;
    const bytesMax = payloadBytesMax(ANSWER_BYTES_MAX, null, line.maximumPacketBytes, topics.answer(answer.id).length);
    const items = answer.items ?? [];
    for (let count = Math.min(items.length, ITEMS_MAX); ; count = Math.floor(count / 2)) {
      const leftOut = items.length - count;
      const more = leftOut === 0 ? {} : { items: items.slice(0, count), itemsLeftOut: leftOut };
      const text = JSON.stringify({ ...answer, ...more });
      if (Buffer.byteLength(text) <= bytesMax || count === 0) return text;
    }
  }

  /** Never waited for: an answer that does not leave is said again when the command comes again. */
  #say(id: string, answer: string): void {
    const { line, topics, log } = this.#options;
    if (!line.up || !/^[0-9A-Z]{26}$/.test(id)) return;
    line.publish(topics.answer(id), answer, { expiryS: ANSWER_EXPIRY_S }).catch((error: unknown) => {
      log.warn({ command: id, why: sentenceOf(error) }, 'the answer to a command did not leave');
    });
  }
}

function unreadable(type: string, isUnknown: boolean): Saying {
  const msg = isUnknown ? `commands of type ${type.slice(0, 32)} are not known here` : 'the command cannot be read';
  return { status: 'rejected', err: { code: 'HRC-BAD', msg } };
}

/** Answers are numbered on behind those before a restart. */
function numberOf(answer: string | null): number {
  const { n } = parsed(answer);
  return typeof n === 'number' ? n : 0;
}

function hasFailed(answer: string | null): boolean {
  return parsed(answer).status === 'failed';
}

function parsed(answer: string | null): { readonly n?: unknown; readonly status?: unknown } {
  try {
    return (answer === null ? null : (JSON.parse(answer) as object | null)) ?? {};
  } catch {
    return {};
  }
}
