/**
 * Browsers that were paired with a room. A code is made by somebody who may, holds for minutes and for one browser, and is known
 * to this process only; with it a browser gets a random token, of which only the SHA-256 is kept.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { sha256 } from '../core/chain.ts';
import { AppError } from '../core/errors.ts';
import type { PanelSnapshot } from '../core/people-desk.ts';
import type { PanelRow, PanelUse, PeopleIndex } from '../core/people-index.ts';
import type { SiteJournal } from '../core/ports.ts';
import { CODE_DIGITS, codeOf } from '../core/secret-text.ts';
import type { RoomPlan } from '../core/site-plan.ts';
import { between, type Clock, type Instant } from '../core/time.ts';
import { ULID_RANDOM_BYTES, ulid } from '../core/ulid.ts';

const TOKEN_BYTES = 32;
const CODE_MS = 10 * 60_000;
/** Codes that wait at once; the oldest gives way. */
const CODES_MAX = 20;
/** The last use is written down no more often than this. */
const USE_STEP_MS = 60_000;

interface Code {
  readonly room: string;
  readonly name: string;
  readonly by: string;
  readonly madeAt: Instant;
  readonly validMs: number;
}

export class Panels {
  readonly #index: PeopleIndex;
  readonly #journal: SiteJournal;
  readonly #clock: Clock;
  readonly #rooms: readonly RoomPlan[];
  /** By the SHA-256 of the code. */
  readonly #codes = new Map<string, Code>();

  constructor(options: {
    readonly index: PeopleIndex;
    readonly journal: SiteJournal;
    readonly clock: Clock;
    readonly rooms: readonly RoomPlan[];
  }) {
    this.#index = options.index;
    this.#journal = options.journal;
    this.#clock = options.clock;
    this.#rooms = options.rooms;
  }

  /** A new code, and for how long it holds unless it is used. */
  makeCode(by: string, room: string, name: string, validMs = CODE_MS): { code: string; validForMs: number } {
    const code = Array.from({ length: CODE_DIGITS }, () => randomInt(10)).join('');
    this.#codes.set(sha256(code), { room, name, by, madeAt: this.#clock.now(), validMs });
    if (this.#codes.size > CODES_MAX) this.#codes.delete(this.#codes.keys().next().value ?? '');
    return { code, validForMs: validMs };
  }

  /**
   * Uses a code up: whoever comes second with it is refused, even while the first is being written down. A panel that is paired
   * again stops being what it was. Rejects with `wrong-code`.
   */
  async pair(typed: string, before: PanelRow | null): Promise<{ token: string; panel: PanelSnapshot }> {
    const hash = sha256(codeOf(typed) ?? '');
    const code = this.#codes.get(hash);
    this.#codes.delete(hash);
    const now = this.#clock.now();
    const room = this.#rooms.find(({ id }) => id === code?.room);
    if (code === undefined || room === undefined || between(code.madeAt, now) > code.validMs) {
      throw new AppError('wrong-code', 'this code opens nothing');
    }
    if (before !== null) await this.revoke(before.id, code.by);
    const token = randomBytes(TOKEN_BYTES).toString('base64url');
    const panel = ulid(now.wallMs, randomBytes(ULID_RANDOM_BYTES));
    const { name, by } = code;
    const tokenHash = sha256(token);
    await this.#journal.append({ type: 'panel-paired', panel, name, room: room.id, tokenHash, by });
    return { token, panel: { id: panel, name, room } };
  }

  async revoke(panel: string, by: string): Promise<void> {
    await this.#journal.append({ type: 'panel-revoked', panel, by });
  }

  /** The panel that holds this token, or null when it was revoked or its room is gone. */
  byToken(token: string | null): PanelRow | null {
    return token === null ? null : this.#standing(this.#index.panelByToken(sha256(token)));
  }

  byId(id: string): PanelRow | null {
    return this.#standing(this.#index.panel(id));
  }

  all(): readonly PanelRow[] {
    return this.#index.panels().filter((row) => this.#standing(row) !== null);
  }

  lastUse(panel: string): PanelUse | null {
    return this.#index.panelUse(panel);
  }

  used(panel: string, address: string): void {
    const before = this.#index.panelUse(panel);
    const at = this.#clock.now();
    if (before !== null && before.address === address && Math.abs(between(before.at, at)) < USE_STEP_MS) return;
    this.#index.usePanel(panel, { at, address });
  }

  /** As the desk shows it. */
  snapshot({ id, name, room }: PanelRow): PanelSnapshot {
    const found = this.#rooms.find((one) => one.id === room);
    if (found === undefined) throw new AppError('room-unknown', `there is no room ${room}`);
    return { id, name, room: found };
  }

  #standing(row: PanelRow | null): PanelRow | null {
    return row !== null && this.#rooms.some(({ id }) => id === row.room) ? row : null;
  }
}
