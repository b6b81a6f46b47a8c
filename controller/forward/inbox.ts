/** Hears what comes for this site: reads, checks, and hands each message to whoever it is for. */
import { AppError, sentenceOf } from '../core/errors.ts';
import {
  CENTRE_STATE_TOPIC,
  CENTRE_TOPIC,
  type Durability,
  RECEIPT_BATCH,
  type SiteTopics,
  strongest,
} from '../core/hrc.ts';
import { fieldsOf, parseJson, readPieceTopic, readState, readTransferResult } from '../core/hrc-reading.ts';
import { isNews } from '../core/policy.ts';
import type { Log, Outbox } from '../core/ports.ts';
import type { PolicyBook } from '../core/site-archive.ts';
import type { CentreVoice } from './centre-voice.ts';
import type { CommandDesk } from './commands/desk.ts';
import type { Conversation } from './conversation.ts';
import type { Deliveries } from './deliveries.ts';
import type { LinkState } from './link-state.ts';

/** Longer messages are not read. */
const MESSAGE_BYTES_MAX = 1024 * 1024;

export interface InboxOptions {
  readonly site: string;
  readonly topics: SiteTopics;
  readonly outbox: Outbox;
  readonly voice: CentreVoice;
  readonly conversation: Conversation;
  readonly deliveries: Deliveries;
  readonly commands: CommandDesk | null;
  readonly policies: PolicyBook | null;
  /** What receipts have to say at least, whatever the centre's document says. */
  readonly minDurability: () => Durability;
  readonly state: LinkState;
  readonly log: Log;
  /** The centre came (back), or says something new. */
  readonly onDocument: () => void;
  /** The centre went. */
  readonly onCentreGone: () => void;
}

export class Inbox {
  readonly #options: InboxOptions;
  #documentJws = '';

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  /** The connection is gone: the same document on the next one is news again. */
  forgetDocument(): void {
    this.#documentJws = '';
  }

  /** Takes one message. Never rejects. */
  async take(topic: string, payload: Buffer, isRetained: boolean): Promise<void> {
    const { topics, commands, log } = this.#options;
    try {
      if (payload.length > MESSAGE_BYTES_MAX) throw new Error(`a message of ${payload.length} bytes was refused`);
      if (topic === CENTRE_TOPIC) this.#hearDocument(payload.toString('utf8'));
      else if (topic === CENTRE_STATE_TOPIC) this.#hearState(payload);
      else if (topic === topics.policy) await this.#hearPolicy(payload.toString('utf8'));
      else if (topic === topics.receipt) await this.#hearReceipts(payload);
      else if (topic === topics.result || topic === topics.engineEnd || topic.startsWith('$file-response/'))
        this.#hearResult(payload);
      else if (topic.startsWith(topics.responses)) this.#hearResponse(topic.slice(topics.responses.length), payload);
      else if (topic.startsWith(topics.pieces)) this.#hearPiece(topic.slice(topics.pieces.length), payload);
      else if (topic.startsWith(topics.orders))
        commands?.take(topic.slice(topics.orders.length), payload.toString('utf8'), isRetained);
    } catch (error) {
      log.warn({ topic }, `a message from the centre could not be used: ${sentenceOf(error)}`);
    }
  }

  #hearDocument(jws: string): void {
    if (jws === this.#documentJws) return;
    const { voice, state, log, onDocument } = this.#options;
    const document = jws === '' ? "the centre's document was taken back" : voice.document(jws);
    if (typeof document === 'string') {
      log.error({ alarm: 'centre-away' }, document);
      state.noDocument(document);
      return;
    }
    this.#documentJws = jws;
    state.heard(document);
    onDocument();
  }

  /** Retained, so that it comes again at each connection; whoever takes it back leaves what was asked for last. */
  async #hearPolicy(jws: string): Promise<void> {
    const { site, voice, policies, log } = this.#options;
    if (policies === null || jws === '') return;
    const policy = voice.policy(jws, site);
    if (typeof policy === 'string') log.error({ alarm: 'receipt-refused' }, policy);
    else if (isNews(policy, policies.policy())) {
      await policies.keepPolicy(jws);
      log.info({ policy }, 'the centre asks something else of this site from now on');
    }
  }

  #hearState(payload: Buffer): void {
    const { state, onCentreGone, deliveries } = this.#options;
    const said = readState(parseJson(payload, MESSAGE_BYTES_MAX));
    if (said === null) return;
    if (!said.online) onCentreGone();
    state.offline(!said.online);
    deliveries.look();
  }

  async #hearReceipts(payload: Buffer): Promise<void> {
    const list = parseJson(payload, MESSAGE_BYTES_MAX);
    if (!Array.isArray(list) || list.length > RECEIPT_BATCH) {
      this.#refuse(null, 'it is not a list of receipts');
      return;
    }
    for (const jws of list) {
      if (typeof jws === 'string') await this.#hearReceipt(jws);
      else this.#refuse(null, 'it is not a text');
    }
  }

  async #hearReceipt(jws: string): Promise<void> {
    const { site, outbox, log, voice, state, deliveries, minDurability } = this.#options;
    const wanted = [minDurability(), state.document?.receipt.minDurability ?? 'stored'];
    const checked = voice.receipt(jws, site, outbox, strongest(wanted));
    if (!checked.ok) {
      this.#refuse(checked.seg, checked.message);
      return;
    }
    const { seg } = checked.receipt;
    try {
      if (!outbox.isReceipted(seg)) await outbox.receipt(seg, jws);
    } catch (error) {
      // Not kept is not received: it is asked for again.
      log.error(
        { seg, alarm: error instanceof AppError ? error.code : 'internal' },
        `a receipt could not be kept: ${sentenceOf(error)}`,
      );
      deliveries.unreceipted(seg);
      return;
    }
    deliveries.receipted(seg);
  }

  #refuse(seg: string | null, message: string): void {
    this.#options.log.error({ alarm: 'receipt-refused', seg }, `a receipt was refused: ${message}`);
  }

  #hearResult(payload: Buffer): void {
    const { topics, deliveries } = this.#options;
    const result = readTransferResult(parseJson(payload, MESSAGE_BYTES_MAX));
    if (result === null) return;
    // An announcement is refused as a whole when the centre does not accept our key: that is true for every segment.
    deliveries.heard(result, result.topic === topics.seg && result.code === 'HRC-SIG');
  }

  /** A piece is the answer to the request that asked for it. Whether it is what its hash says, whoever asked for it looks at. */
  #hearPiece(rest: string, bytes: Buffer): void {
    const about = readPieceTopic(rest);
    if (about !== null) this.#options.conversation.answered(about.id, { sha256: about.sha256, bytes });
  }

  #hearResponse(id: string, payload: Buffer): void {
    const answer = fieldsOf(parseJson(payload, MESSAGE_BYTES_MAX));
    if (answer === null) return;
    this.#options.state.silent(false);
    this.#options.conversation.answered(id, answer);
  }
}
