/** What a centre writes down: the facts of its journal. Everything else at a centre can be told from these and from the object store. */
import type { Durability } from '../core/hrc.ts';
import type { EventJournal } from '../core/hrc-events.ts';
import type { PublicKey } from '../core/jws.ts';
import type { CommandFact } from './commands/command-facts.ts';
import type { DoorFact } from './door/door-facts.ts';
import type { Stored } from './object-store.ts';

/** The key a site is known by from now on. */
export interface PinnedFact {
  readonly type: 'site-pinned';
  readonly site: string;
  readonly key: PublicKey;
}

/** A site told of a segment: its signed manifest, checked, and the segment's number in the site's outbox. */
export interface AnnouncedFact {
  readonly type: 'announced';
  readonly site: string;
  readonly siteSeq: number;
  readonly jws: string;
}

/** A segment that is held: `path` is its key in the object store. Whatever is written here was durable and verified before. */
export interface StoredFact {
  readonly type: 'stored';
  readonly site: string;
  readonly seg: string;
  readonly sha256: string;
  readonly size: number;
  readonly store: string;
  readonly path: string;
  readonly version: string | null;
  readonly durability: Durability;
  readonly verified: Stored['verified'];
  /** Hash of the manifest it was stored for. */
  readonly mh: string;
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
  readonly mh: string;
}

/** Numbers that never came, although the site was asked for them, or has nothing more to tell. The stream is null for its outbox. */
export interface MissingFact {
  readonly type: 'manifests-missing';
  readonly site: string;
  readonly stream: string | null;
  readonly first: number;
  readonly last: number;
}

/** A list of events as a site signed it, checked: everything of that journal up to `upTo` is known here. */
export interface ToldFact {
  readonly type: 'site-told';
  readonly site: string;
  readonly journal: EventJournal;
  readonly upTo: number;
  readonly jws: string;
}

export type CentreFact =
  | ToldFact
  | PinnedFact
  | AnnouncedFact
  | StoredFact
  | ConflictFact
  | MissingFact
  | CommandFact
  | DoorFact;
