/** The rows of people, logins, wrong tries and the trail (desk.sql). */
import type { CentrePerson, CentreRole } from '../../core/centre-desk.ts';
import type { Instant } from '../../core/time.ts';
import type { Tries } from '../../core/tries.ts';
import type { TryStore } from '../../core/try-book.ts';
import type { Sql } from '../../ledger/sql.ts';
import type { DoorFact } from './door-facts.ts';

export interface KnownPerson extends CentrePerson {
  readonly secretHash: string;
}

export interface LoginRow {
  readonly login: string;
  readonly person: string;
  readonly address: string;
  readonly agent: string;
  readonly created: Instant;
  readonly lastUse: Instant;
}

export interface TrailRow {
  readonly seq: number;
  readonly at: number;
  readonly who: string;
  readonly did: string;
  readonly object: string;
  readonly site: string | null;
  readonly source: string | null;
}

interface RawPerson {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  readonly secret_hash: string;
}

interface RawLogin {
  readonly login: string;
  readonly person: string;
  readonly address: string;
  readonly agent: string;
  readonly created: string;
  readonly last_use: string;
}

/** Lays one fact into the rows. */
export function projectDoor(sql: Sql, fact: DoorFact, atMs: number): void {
  const trail = (who: string, did: string, object: string, site: string | null, source: string | null) =>
    addToTrail(sql, { at: atMs, who, did, object, site, source });
  switch (fact.type) {
    case 'person-added': {
      const { person, name, role, secretHash, by } = fact;
      sql.run('INSERT OR IGNORE INTO person VALUES (?, ?, ?, ?, ?, NULL)', person, name, role, secretHash, atMs);
      trail(by ?? person, 'person-added', person, null, null);
      return;
    }
    case 'secret-given':
      sql.run('UPDATE person SET secret_hash = ? WHERE id = ?', fact.secretHash, fact.person);
      trail(fact.by, 'secret-given', fact.person, null, null);
      return;
    case 'person-removed':
      sql.run('UPDATE person SET removed_ms = ? WHERE id = ?', atMs, fact.person);
      trail(fact.by, 'person-removed', fact.person, null, null);
      return;
    case 'audit':
      trail(fact.who, fact.did, fact.object, fact.site, fact.source);
  }
}

export function addToTrail(sql: Sql, { at, who, did, object, site, source }: Omit<TrailRow, 'seq'>): void {
  sql.run(
    'INSERT INTO trail (at_ms, who, did, object, site, source) VALUES (?, ?, ?, ?, ?, ?)',
    ...[at, who, did, object, site, source],
  );
}

export class DoorRows implements TryStore {
  readonly #archive: { readonly sql: Sql };

  constructor(archive: { readonly sql: Sql }) {
    this.#archive = archive;
  }

  /** Those that were not removed, in the order they were added. */
  people(): readonly KnownPerson[] {
    return this.#archive.sql
      .all<RawPerson>('SELECT id, name, role, secret_hash FROM person WHERE removed_ms IS NULL ORDER BY added_ms, id')
      .map(({ secret_hash, role, ...more }) => ({ ...more, role: role as CentreRole, secretHash: secret_hash }));
  }

  person(id: string): KnownPerson | null {
    return this.people().find((one) => one.id === id) ?? null;
  }

  /** Also of somebody who was removed; null when nobody ever had this id. */
  nameOf(id: string): string | null {
    return this.#archive.sql.get<{ name: string }>('SELECT name FROM person WHERE id = ?', id)?.name ?? null;
  }

  /** Oldest first. */
  logins(): readonly LoginRow[] {
    return this.#archive.sql.all<RawLogin>('SELECT * FROM login ORDER BY rowid').map(loginOf);
  }

  login(login: string): LoginRow | null {
    const raw = this.#archive.sql.get<RawLogin>('SELECT * FROM login WHERE login = ?', login);
    return raw === null ? null : loginOf(raw);
  }

  addLogin({ login, person, address, agent, created, lastUse }: LoginRow): void {
    const [from, last] = [JSON.stringify(created), JSON.stringify(lastUse)];
    this.#archive.sql.run('INSERT INTO login VALUES (?, ?, ?, ?, ?, ?)', login, person, address, agent, from, last);
  }

  useLogin(login: string, at: Instant): void {
    this.#archive.sql.run('UPDATE login SET last_use = ? WHERE login = ?', JSON.stringify(at), login);
  }

  endLogin(login: string): void {
    this.#archive.sql.runSynced('DELETE FROM login WHERE login = ?', login);
  }

  *allTries(): Iterable<readonly [string, Tries]> {
    for (const { key, tries } of this.#archive.sql.all<{ key: string; tries: string }>('SELECT key, tries FROM tries'))
      yield [key, JSON.parse(tries) as Tries];
  }

  keepTries(key: string, tries: Tries): void {
    this.#archive.sql.runSynced('INSERT OR REPLACE INTO tries VALUES (?, ?)', key, JSON.stringify(tries));
  }

  forgetTries(key: string): void {
    this.#archive.sql.run('DELETE FROM tries WHERE key = ?', key);
  }

  /** Newest first; behind (older than) `beforeSeq`, when it is given. */
  trail(limit: number, beforeSeq: number | null): readonly TrailRow[] {
    return this.#archive.sql.all<TrailRow>(
      `SELECT seq, at_ms AS at, who, did, object, site, source FROM trail
       WHERE seq < coalesce(?, 9e15) ORDER BY seq DESC LIMIT ?`,
      ...[beforeSeq, limit],
    );
  }
}

function loginOf({ login, person, address, agent, created, last_use }: RawLogin): LoginRow {
  const instant = (text: string) => JSON.parse(text) as Instant;
  return { login, person, address, agent, created: instant(created), lastUse: instant(last_use) };
}
