/**
 * What the centre holds and what it promised: an append-only, hash-chained journal (invariant 4) that is read into memory at
 * start. Whatever is here was on the disk, file and directory, before it was written down.
 */
import { mkdir } from 'node:fs/promises';
import type { PublicKey } from '../core/jws.ts';
import type { Clock } from '../core/time.ts';
import { Journal, type JournalOpening } from '../ledger/journal.ts';
import { followJournal } from '../ledger/journal-files.ts';
import { journalFolderOf } from './folders.ts';

/** A segment of a site as it lies in the folder. `path` is below the folder, with forward slashes. */
export interface StoredFact {
  readonly type: 'stored';
  readonly site: string;
  readonly seg: string;
  readonly sha256: string;
  readonly size: number;
  readonly path: string;
  /** The site's signed manifest. */
  readonly jws: string;
  readonly receipt: string;
}

/** Other bytes under a segment id that is taken. Kept beside the first, without a receipt. */
export interface ConflictFact {
  readonly type: 'conflict';
  readonly site: string;
  readonly seg: string;
  readonly sha256: string;
  readonly size: number;
  readonly path: string;
  readonly jws: string;
}

export type CentreFact =
  | StoredFact
  | ConflictFact
  /** The key a site is known by from now on. */
  | { readonly type: 'site-pinned'; readonly site: string; readonly key: PublicKey };

/** What is remembered of a stored segment. */
export type Holding = Pick<StoredFact, 'sha256' | 'size' | 'path' | 'receipt'>;

export class Archive {
  readonly folder: string;
  readonly #journal: Journal<CentreFact>;
  readonly #holdings = new Map<string, Holding>();
  readonly #conflicts = new Set<string>();
  readonly #keys = new Map<string, PublicKey>();

  constructor(folder: string, clock: Clock) {
    this.folder = folder;
    this.#journal = new Journal<CentreFact>(journalFolderOf(folder), clock);
  }

  /** Reads the journal. Answers what was found damaged. Rejects with `data-not-writable`. */
  async open(): Promise<JournalOpening> {
    await mkdir(this.folder, { recursive: true, mode: 0o750 });
    const opening = await this.#journal.open();
    for await (const { entry } of followJournal<CentreFact>(this.#journal.directory)) {
      if (entry !== null) this.#take(entry.fact);
    }
    return opening;
  }

  close(): Promise<void> {
    return this.#journal.close();
  }

  holding(site: string, seg: string): Holding | null {
    return this.#holdings.get(`${site}/${seg}`) ?? null;
  }

  hasConflict(site: string, seg: string, sha256: string): boolean {
    return this.#conflicts.has(`${site}/${seg}/${sha256}`);
  }

  /** Sites known by a key of their own. */
  get siteCount(): number {
    return this.#keys.size;
  }

  key(site: string): PublicKey | null {
    return this.#keys.get(site) ?? null;
  }

  /** Resolves when it is on the disk; only then is it remembered. */
  async keep(fact: CentreFact): Promise<void> {
    await this.#journal.append(fact);
    this.#take(fact);
  }

  #take(fact: CentreFact): void {
    switch (fact.type) {
      case 'stored': {
        const { sha256, size, path, receipt } = fact;
        this.#holdings.set(`${fact.site}/${fact.seg}`, { sha256, size, path, receipt });
        return;
      }
      case 'conflict':
        this.#conflicts.add(`${fact.site}/${fact.seg}/${fact.sha256}`);
        return;
      case 'site-pinned':
        this.#keys.set(fact.site, fact.key);
    }
  }
}
