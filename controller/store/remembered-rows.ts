/** The few things the site remembers beside its journals: where streams came from, and which rooms are awake. */
import type { RememberedSource } from '../core/site-index.ts';
import type { Sql } from '../ledger/sql.ts';

export class RememberedRows {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
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
