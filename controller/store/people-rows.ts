/** People and their logins; and the few things the site remembers beside its journals. */
import type { LoginRow, PersonRow, RememberedSource } from '../core/site-index.ts';
import type { Sql } from './sql.ts';

export class PeopleRows {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  person(id: string): PersonRow | null {
    const row = this.#sql.get<{ id: string; name: string; role: string; rooms: string; pin_hash: string }>(
      'SELECT * FROM person WHERE id = ?',
      id,
    );
    if (row === null) return null;
    return {
      id: row.id,
      name: row.name,
      role: row.role,
      rooms: JSON.parse(row.rooms) as string[],
      pinHash: row.pin_hash,
    };
  }

  login(tokenHash: string): LoginRow | null {
    return this.#sql.get<LoginRow>(
      `SELECT person, created_ms AS createdMs, last_use_ms AS lastUseMs FROM login
       WHERE token_hash = ? AND revoked_ms IS NULL`,
      tokenHash,
    );
  }

  addLogin(tokenHash: string, login: LoginRow): void {
    this.#sql.run(
      'INSERT INTO login (token_hash, person, created_ms, last_use_ms) VALUES (?, ?, ?, ?)',
      tokenHash,
      login.person,
      Math.round(login.createdMs),
      Math.round(login.lastUseMs),
    );
  }

  useLogin(tokenHash: string, atMs: number): void {
    this.#sql.run('UPDATE login SET last_use_ms = ? WHERE token_hash = ?', Math.round(atMs), tokenHash);
  }

  endLogin(tokenHash: string, atMs: number): void {
    this.#sql.run(
      'UPDATE login SET revoked_ms = ? WHERE token_hash = ? AND revoked_ms IS NULL',
      Math.round(atMs),
      tokenHash,
    );
  }

  endLoginsOf(person: string, atMs: number): string[] {
    const rows = this.#sql.all<{ token_hash: string }>(
      'UPDATE login SET revoked_ms = ? WHERE person = ? AND revoked_ms IS NULL RETURNING token_hash',
      Math.round(atMs),
      person,
    );
    return rows.map((row) => row.token_hash);
  }

  rememberedSource(stream: string): RememberedSource | null {
    return this.#sql.get<RememberedSource>('SELECT url, transport, audio FROM source WHERE stream = ?', stream);
  }

  rememberSource(stream: string, source: RememberedSource): void {
    this.#sql.run(
      `INSERT INTO source (stream, url, transport, audio) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE
       SET url = excluded.url, transport = excluded.transport, audio = excluded.audio`,
      stream,
      source.url,
      source.transport,
      source.audio,
    );
  }

  leases(): Map<string, number> {
    const rows = this.#sql.all<{ room: string; until_ms: number }>('SELECT room, until_ms FROM lease');
    return new Map(rows.map((row) => [row.room, row.until_ms]));
  }

  keepLease(room: string, untilMs: number): void {
    this.#sql.run(
      'INSERT INTO lease (room, until_ms) VALUES (?, ?) ON CONFLICT DO UPDATE SET until_ms = excluded.until_ms',
      room,
      Math.round(untilMs),
    );
  }
}
