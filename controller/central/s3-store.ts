/**
 * The object store of a centre for many sites: a bucket of any store that speaks S3. What the store proves by a checksum of its own is
 * not read again; what it cannot prove is read back and hashed.
 */
import { rm } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  GetObjectLockConfigurationCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { AppError } from '../core/errors.ts';
import type { Durability } from '../core/hrc.ts';
import type { Log } from '../core/ports.ts';
import type { Clock } from '../core/time.ts';
import type { Content, ObjectStore, Stored } from './object-store.ts';
import { Refusal } from './refusal.ts';
import {
  askStore,
  inOurWords,
  isMissing,
  isOtherBytes,
  openingFault,
  S3_TIMING,
  type S3Access,
  type S3Timing,
  s3Client,
  storeFaultOf,
} from './s3-call.ts';
import { base64, hashOf, S3Upload } from './s3-upload.ts';

/** Larger files go in parts, so that a broken connection costs one part. */
const PARTS_ABOVE_BYTES = 64 * 1024 * 1024;
const PART_BYTES = 16 * 1024 * 1024;
/** How long an address is good for: longer than an upload waits and takes, and no longer. */
const ADDRESS_LIVES_S = 30 * 60;
/** Objects that begin with one name: there is one for each attempt to send a segment. */
const FOUND_MAX = 100;
/** No site can have a name with an underscore. */
const PROBE_KEY = '_centre/checksum-probe';
const WRONG_SHA256 = '00'.repeat(32);
const CHECKSUM_HEADER = 'x-amz-checksum-sha256';
const NOT_FOUND = 404;

export interface S3StoreOptions {
  readonly access: S3Access;
  /**
   * How well the bucket keeps what it has. `stored` and `replicated` are the operator's word; `locked` is proven for each object by
   * its lock in compliance mode, and an object without one is not accepted.
   */
  readonly durability: Exclude<Durability, 'engine'>;
  /** Where sites reach the store, when that is another address than the centre's. */
  readonly sitesEndpoint?: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly timing?: Partial<S3Timing>;
  readonly partsAboveBytes?: number;
  readonly partBytes?: number;
}

export class S3Store implements ObjectStore {
  readonly isShared = true;
  readonly #options: S3StoreOptions;
  readonly #timing: S3Timing;
  readonly #client: S3Client;
  readonly #signer: S3Client;
  readonly #upload: S3Upload;
  readonly #closing = new AbortController();
  #provesChecksums = false;
  #origins: readonly string[] = [];

  constructor(options: S3StoreOptions) {
    const { access, sitesEndpoint, partsAboveBytes = PARTS_ABOVE_BYTES, partBytes = PART_BYTES } = options;
    this.#options = options;
    this.#timing = { ...S3_TIMING, ...options.timing };
    this.#client = s3Client(access, this.#timing);
    this.#signer =
      sitesEndpoint === undefined ? this.#client : s3Client({ ...access, endpoint: sitesEndpoint }, this.#timing);
    this.#upload = new S3Upload({
      ...{ client: this.#client, bucket: access.bucket, partsAboveBytes, partBytes },
      ask: (question) => this.#ask(question),
      closing: this.#closing.signal,
    });
  }

  /**
   * Finds out whether the bucket can be written and whether the store checks checksums: a tiny object with a wrong one has to be
   * refused. Rejects with `store-away` or `store-refused`.
   */
  async open(): Promise<void> {
    const { access, durability, log } = this.#options;
    try {
      this.#provesChecksums = await this.#ask(() => this.#probe());
      if (durability === 'locked') await this.#ask(() => this.#expectLock());
    } catch (error) {
      throw error instanceof AppError ? error : openingFault(error, access);
    }
    if (this.#provesChecksums) {
      const { url } = await this.#address('_', { size: 1, sha256: WRONG_SHA256 });
      this.#origins = [new URL(url).origin];
    } else log.warn({}, 'the store checks no SHA-256: files are read back, and sites get no addresses to put files to');
  }

  get origins(): readonly string[] {
    return this.#origins;
  }

  async take(path: string, key: string, what: Content): Promise<Stored> {
    const stored = await inOurWords(() => this.#take(path, key, what));
    await rm(path, { force: true });
    return stored;
  }

  check(key: string, what: Content): Promise<Stored | null> {
    return inOurWords(() => this.#verify(key, what));
  }

  read(key: string, from: number, to: number): Promise<Readable> {
    return inOurWords(async () => {
      const Range = `bytes=${from}-${to - 1}`;
      const { Body, ContentRange } = await this.#ask(() => this.#get({ ...this.#at(key), Range }));
      const body = Body as Readable;
      if (ContentRange?.startsWith(`bytes ${from}-${to - 1}/`)) return body;
      body.destroy();
      throw new AppError('store-away', 'the store does not answer the range that was asked for');
    });
  }

  /** Null from a store that checks no checksum: who has the address could put other bytes there, also after the receipt. */
  async uploadAddress(key: string, what: Content): ReturnType<ObjectStore['uploadAddress']> {
    return this.#provesChecksums ? this.#address(key, what) : null;
  }

  find(prefix: string): Promise<readonly string[]> {
    return inOurWords(async () => {
      const list = { Bucket: this.#options.access.bucket, Prefix: prefix, MaxKeys: FOUND_MAX };
      const { signal: abortSignal } = this.#closing;
      const { Contents = [] } = await this.#ask(() =>
        this.#client.send(new ListObjectsV2Command(list), { abortSignal }),
      );
      return Contents.map(({ Key }) => Key).filter((key) => key !== undefined);
    });
  }

  close(): Promise<void> {
    this.#closing.abort();
    this.#client.destroy();
    this.#signer.destroy();
    return Promise.resolve();
  }

  async #take(path: string, key: string, what: Content): Promise<Stored> {
    try {
      const isNew = await this.#upload.putNew(path, key, what);
      // What is there already stays, unless it is not what its name says.
      if (!isNew && (await this.#verify(key, what).catch(nullForOtherBytes)) === null)
        await this.#upload.replace(path, key, what);
    } catch (error) {
      // An answer may have been lost on its way: what counts is what is there.
      const there = await this.#verify(key, what).catch(() => null);
      if (there === null) throw error;
      return there;
    }
    const there = await this.#verify(key, what);
    if (there === null) throw new AppError('store-away', 'the store took a file and does not have it');
    return there;
  }

  async #verify(key: string, { size, sha256 }: Content): Promise<Stored | null> {
    const head = await this.#head(key);
    if (head === null) return null;
    if (head.ContentLength !== size)
      throw new Refusal('HRC-FILEHASH', `the store has ${head.ContentLength} bytes of it, sealed were ${size}`);
    const proof = this.#provesChecksums ? wholeChecksum(head) : null;
    const isSame = proof === null ? (await this.#hashAt(key, head.VersionId)) === sha256 : proof === base64(sha256);
    if (!isSame) throw new Refusal('HRC-FILEHASH', 'what the store has is not what was sealed');
    return {
      store: this.#options.access.bucket,
      key,
      version: head.VersionId ?? null,
      durability: this.#durabilityOf(head),
      verified: proof === null ? 'read-back' : 's3-checksum',
    };
  }

  async #head(key: string): Promise<HeadObjectCommandOutput | null> {
    const { signal: abortSignal } = this.#closing;
    const command = () => new HeadObjectCommand({ ...this.#at(key), ChecksumMode: 'ENABLED' });
    try {
      return await this.#ask(() => this.#client.send(command(), { abortSignal }));
    } catch (error) {
      if (isMissing(storeFaultOf(error))) return null;
      throw error;
    }
  }

  /** Reads back exactly the version that the receipt will name. */
  #hashAt(key: string, version: string | undefined): Promise<string> {
    const at = { ...this.#at(key), ...(version === undefined ? {} : { VersionId: version }) };
    return this.#ask(async () => hashOf((await this.#get(at)).Body as Readable));
  }

  #get(at: { Bucket: string; Key: string; VersionId?: string; Range?: string }) {
    return this.#client.send(new GetObjectCommand(at), { abortSignal: this.#closing.signal });
  }

  #durabilityOf({ ObjectLockMode, ObjectLockRetainUntilDate }: HeadObjectCommandOutput): Durability {
    const { durability, clock } = this.#options;
    if (durability !== 'locked') return durability;
    if (ObjectLockMode !== 'COMPLIANCE' || (ObjectLockRetainUntilDate?.getTime() ?? 0) <= clock.now().wallMs)
      throw new AppError('store-refused', 'the bucket does not lock what it takes, and the configuration says it does');
    return 'locked';
  }

  async #address(key: string, { size, sha256 }: Content): Promise<{ url: string; headers: Record<string, string> }> {
    const checksum = base64(sha256);
    const command = new PutObjectCommand({ ...this.#at(key), ContentLength: size, ChecksumSHA256: checksum });
    const url = await getSignedUrl(this.#signer, command, {
      expiresIn: ADDRESS_LIVES_S,
      // Otherwise the presigner moves the header into the address, where stores do not look for a checksum.
      unhoistableHeaders: new Set([CHECKSUM_HEADER]),
    });
    return { url, headers: { [CHECKSUM_HEADER]: checksum } };
  }

  async #probe(): Promise<boolean> {
    const at = this.#at(PROBE_KEY);
    const { signal: abortSignal } = this.#closing;
    const wrong = { ...at, Body: 'probe', ChecksumSHA256: base64(WRONG_SHA256) };
    try {
      await this.#client.send(new PutObjectCommand(wrong), { abortSignal });
    } catch (error) {
      if (isOtherBytes(storeFaultOf(error))) return true;
      throw error;
    }
    await this.#client.send(new DeleteObjectCommand(at), { abortSignal }).catch(() => undefined);
    return false;
  }

  async #expectLock(): Promise<void> {
    const { bucket } = this.#options.access;
    const ask = new GetObjectLockConfigurationCommand({ Bucket: bucket });
    const answer = await this.#client.send(ask, { abortSignal: this.#closing.signal }).catch((error: unknown) => {
      if (storeFaultOf(error).status !== NOT_FOUND) throw error;
      return null;
    });
    if (answer?.ObjectLockConfiguration?.Rule?.DefaultRetention?.Mode !== 'COMPLIANCE')
      throw new AppError(
        'store-refused',
        `bucket ${bucket} has no default retention in compliance mode, and the configuration says that it locks`,
      );
  }

  #at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#options.access.bucket, Key: key };
  }

  #ask<T>(question: () => Promise<T>): Promise<T> {
    return askStore(question, this.#timing.againFirstMs, this.#closing.signal);
  }
}

/** SHA-256 of the whole object as the store knows it, or null; that of an object in parts is one over the sums of its parts. */
function wholeChecksum({ ChecksumSHA256, ChecksumType }: HeadObjectCommandOutput): string | null {
  if (ChecksumSHA256 === undefined || ChecksumType === 'COMPOSITE' || ChecksumSHA256.includes('-')) return null;
  return ChecksumSHA256;
}

function nullForOtherBytes(error: unknown): null {
  if (error instanceof Refusal && error.code === 'HRC-FILEHASH') return null;
  throw error;
}
