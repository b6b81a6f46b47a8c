/**
 * Where the bytes of segments lie: a port, so that a folder and an object store are the same to everybody above. Keys are relative,
 * with forward slashes; every part of one was checked when its manifest was read. Whoever signs a receipt relies on what is answered here.
 */
import type { Readable } from 'node:stream';
import type { Durability, Receipt } from '../core/hrc.ts';

/** Bytes as a manifest describes them. */
export interface Content {
  readonly size: number;
  readonly sha256: string;
}

/** An object that is durable and was verified there. */
export interface Stored {
  /** Name of the store, for the receipt. */
  readonly store: string;
  readonly key: string;
  /** The object's version, where the store has such; null otherwise. */
  readonly version: string | null;
  readonly durability: Durability;
  readonly verified: Exclude<Receipt['verified'], 'engine-fin'>;
}

export interface ObjectStore {
  /** Rejects with an AppError that says what to do. */
  open(): Promise<void>;
  /**
   * Takes over the complete local file; resolves when the bytes are durable in the store and were verified there. Then the local
   * file is gone; when it rejects, the file is still there. Rejects with a Refusal `HRC-FILEHASH` when the bytes differ, and with
   * anything else when the store is in trouble, which the site hears as `HRC-STORE`.
   */
  take(path: string, key: string, what: Content): Promise<Stored>;
  /** Verifies an object that somebody else put there (an engine, a presigned PUT). Null when it is not there; rejects like `take`. */
  check(key: string, what: Content): Promise<Stored | null>;
  /** Bytes from `from` (inclusive) to `to` (exclusive) of an object. Rejects when it is not there. */
  read(key: string, from: number, to: number): Promise<Readable>;
  /** An address for exactly one PUT of exactly this file; null when this store has none. */
  uploadAddress(
    key: string,
    what: Content,
  ): Promise<{ readonly url: string; readonly headers: { readonly [name: string]: string } } | null>;
  /**
   * Keys that begin with `prefix`, of objects that somebody else may have put there; none from a store that only the centre writes.
   */
  find(prefix: string): Promise<readonly string[]>;
  /** Others may write to it too: sites, or an engine. */
  readonly isShared: boolean;
  /** Origins that such addresses have, for the signed document (`put.origins`); none for a store without them. */
  readonly origins: readonly string[];
  close(): Promise<void>;
}
