/** People, panels and logins in SQLite. */
import {
  type LoginRow,
  type PanelRow,
  type PanelUse,
  type PeopleIndex,
  type PersonRow,
  TRAIL_ACTS,
  type TrailRow,
} from '../core/people-index.ts';
import type { Instant } from '../core/time.ts';
import type { Tries } from '../core/tries.ts';
import type { Sql } from '../ledger/sql.ts';

interface RawPerson {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  readonly rooms: string;
  readonly pin_hash: string;
  readonly secret_hash: string | null;
}
interface RawPanel {
  readonly id: string;
  readonly name: string;
  readonly room: string;
  readonly paired_by: string;
  readonly paired_at: string;
}
interface RawLogin {
  readonly token_hash: string;
  readonly person: string;
  readonly how: 'pin' | 'secret';
  readonly panel: string | null;
  readonly address: string;
  readonly agent: string;
  readonly created: string;
  readonly last_use: string;
}

export class PeopleRows implements PeopleIndex {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  person(id: string): PersonRow | null {
    return personOf(this.#sql.get<RawPerson>('SELECT * FROM person WHERE id = ?', id));
  }

  personBySecret(secretHash: string): PersonRow | null {
    return personOf(this.#sql.get<RawPerson>('SELECT * FROM person WHERE secret_hash = ?', secretHash));
  }

  panels(): PanelRow[] {
    return this.#sql
      .all<RawPanel>('SELECT * FROM panel WHERE revoked_at IS NULL ORDER BY paired_seq')
      .map((row) => panelOf(row));
  }

  everyPanel(): PanelRow[] {
    return this.#sql.all<RawPanel>('SELECT * FROM panel ORDER BY paired_seq').map((row) => panelOf(row));
  }

  panel(id: string): PanelRow | null {
    const row = this.#sql.get<RawPanel>('SELECT * FROM panel WHERE id = ? AND revoked_at IS NULL', id);
    return row === null ? null : panelOf(row);
  }

  panelByToken(tokenHash: string): PanelRow | null {
    const row = this.#sql.get<RawPanel>('SELECT * FROM panel WHERE token_hash = ? AND revoked_at IS NULL', tokenHash);
    return row === null ? null : panelOf(row);
  }

  panelUse(panel: string): PanelUse | null {
    const row = this.#sql.get<{ used_at: string; address: string }>('SELECT * FROM panel_use WHERE panel = ?', panel);
    return row === null ? null : { at: instantOf(row.used_at), address: row.address };
  }

  usePanel(panel: string, { at, address }: PanelUse): void {
    this.#sql.run(
      `INSERT INTO panel_use (panel, used_at, address) VALUES (?, ?, ?) ON CONFLICT DO UPDATE
       SET used_at = excluded.used_at, address = excluded.address`,
      panel,
      JSON.stringify(at),
      address,
    );
  }

  logins(): (LoginRow & { login: string })[] {
    return this.#sql
      .all<RawLogin>('SELECT * FROM login ORDER BY rowid')
      .map((row) => ({ login: row.token_hash, ...loginOf(row) }));
  }

  login(login: string): LoginRow | null {
    const row = this.#sql.get<RawLogin>('SELECT * FROM login WHERE token_hash = ?', login);
    return row === null ? null : loginOf(row);
  }

  addLogin(login: string, row: LoginRow): void {
    this.#sql.run(
      `INSERT INTO login (token_hash, person, how, panel, address, agent, created, last_use)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      login,
      row.person,
      row.how,
      row.panel,
      row.address,
      row.agent,
      JSON.stringify(row.created),
      JSON.stringify(row.lastUse),
    );
  }

  useLogin(login: string, at: Instant): void {
    this.#sql.run('UPDATE login SET last_use = ? WHERE token_hash = ?', JSON.stringify(at), login);
  }

  endLogin(login: string): void {
    this.#sql.run('DELETE FROM login WHERE token_hash = ?', login);
  }

  trail(limit: number, beforeSeq: number | null): TrailRow[] {
    const acts = TRAIL_ACTS.map(() => '?').join(', ');
    return this.#sql
      .all<Omit<TrailRow, 'at'> & { at: string }>(
        `SELECT seq, at, who, did, object, room, source FROM audit WHERE did IN (${acts}) AND seq < ?
         ORDER BY seq DESC LIMIT ?`,
        ...TRAIL_ACTS,
        beforeSeq ?? Number.MAX_SAFE_INTEGER,
        limit,
      )
      .map((row) => ({ ...row, at: instantOf(row.at) }));
  }

  allTries(): Map<string, Tries> {
    const rows = this.#sql.all<{ key: string; tries: string }>('SELECT key, tries FROM tries');
    return new Map(rows.map((row) => [row.key, JSON.parse(row.tries) as Tries]));
  }

  keepTries(key: string, tries: Tries): void {
    this.#sql.run(
      'INSERT INTO tries (key, tries) VALUES (?, ?) ON CONFLICT DO UPDATE SET tries = excluded.tries',
      key,
      JSON.stringify(tries),
    );
  }

  forgetTries(key: string): void {
    this.#sql.run('DELETE FROM tries WHERE key = ?', key);
  }
}

function personOf(row: RawPerson | null): PersonRow | null {
  if (row === null) return null;
  const { id, name, role, rooms, pin_hash: pinHash, secret_hash: secretHash } = row;
  return { id, name, role, rooms: JSON.parse(rooms) as string[], pinHash, secretHash };
}

function panelOf({ id, name, room, paired_by: pairedBy, paired_at }: RawPanel): PanelRow {
  return { id, name, room, pairedBy, pairedAt: instantOf(paired_at) };
}

function loginOf({ person, how, panel, address, agent, created, last_use }: RawLogin): LoginRow {
  return { person, how, panel, address, agent, created: instantOf(created), lastUse: instantOf(last_use) };
}

function instantOf(json: string): Instant {
  return JSON.parse(json) as Instant;
}
