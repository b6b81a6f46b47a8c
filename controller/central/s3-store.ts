/**
 * The object store of a centre for many sites: a bucket of any store that speaks S3. What the store proves by a checksum of its own is
 * not read again; what it cannot prove is read back and hashed. The SDK lives here and in `s3-call.ts` only.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  GetObjectLockConfigurationCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { AppError } from '../core/errors.ts';
import type { Durability } from '../core/hrc.ts';
import type { Log } from '../core/ports.ts';
import type { Clock } from '../core/time.ts';
import type { ObjectStore, Stored, What } from './object-store.ts';
import { Refusal } from './parts.ts';
import {
  askStore,
  isMissing,
  isOtherBytes,
  isUnknownThere,
  LocalFile,
  openingFault,
  refusalOf,
  S3_TIMING,
  type S3Access,
  type S3Timing,
  s3Client,
  storeFaultOf,
} from './s3-call.ts';

/** Larger files go in parts, so that a broken connection costs one part. */
const PARTS_ABOVE_BYTES = 64 * 1024 * 1024;
const PART_BYTES = 16 * 1024 * 1024;
const READ_BYTES = 256 * 1024;
/** How long an address is good for: longer than the slowest upload waits for its turn, shorter than anybody could sell it. */
const ADDRESS_LIVES_S = 30 * 60;
/** Objects that begin with one name; there is one for each attempt to send a segment. */
const FOUND_MAX = 100;
/** No site can have a name with an underscore. */
const PROBE_KEY = '_centre/checksum-probe';
const CHECKSUM_HEADER = 'x-amz-checksum-sha256';
const PAYLOAD_HEADER = 'x-amz-content-sha256';
const TAKEN = 412;

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
  readonly #options: S3StoreOptions;
  readonly #timing: S3Timing;
  readonly #client: S3Client;
  readonly #signer: S3Client;
  readonly #closing = new AbortController();
  #provesChecksums = false;
  #takesConditions = true;
  #isAway = false;
  #origins: readonly string[] = [];

  constructor(options: S3StoreOptions) {
    const { access, sitesEndpoint } = options;
    this.#options = options;
    this.#timing = { ...S3_TIMING, ...options.timing };
    this.#client = s3Client(access, this.#timing);
    this.#signer =
      sitesEndpoint === undefined ? this.#client : s3Client({ ...access, endpoint: sitesEndpoint }, this.#timing);
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
      const { url } = await this.#address('_', { size: 1, sha256: '00'.repeat(32) });
      this.#origins = [new URL(url).origin];
      return;
    }
    log.warn(
      {},
      'the store checks no SHA-256: files are read back from it, and sites cannot put files there themselves',
    );
  }

  get origins(): readonly string[] {
    return this.#origins;
  }

  async take(path: string, key: string, what: What): Promise<Stored> {
    const { partsAboveBytes = PARTS_ABOVE_BYTES } = this.#options;
    return this.#watched(async () => {
      try {
        if (what.size > partsAboveBytes) await this.#putInParts(path, key, what);
        else await this.#put(path, key, what);
      } catch (error) {
        // An answer may have been lost on its way: what counts is what is there.
        const there = await this.#verify(key, what).catch(() => null);
        if (there === null) throw error;
        return there;
      }
      const there = await this.#verify(key, what);
      if (there === null) throw new Refusal('HRC-STORE', 'the store took a file and does not have it');
      return there;
    });
  }

  check(key: string, what: What): Promise<Stored | null> {
    return this.#watched(() => this.#verify(key, what));
  }

  read(key: string, from: number, to: number): Promise<Readable> {
    return this.#watched(async () => {
      const range = `bytes=${from}-${to - 1}`;
      const answer = await this.#ask(() =>
        this.#client.send(new GetObjectCommand({ ...this.#at(key), Range: range }), {
          abortSignal: this.#closing.signal,
        }),
      );
      const body = answer.Body as Readable | undefined;
      if (body === undefined || answer.ContentRange?.startsWith(`bytes ${from}-${to - 1}/`) !== true) {
        body?.destroy();
        throw new Refusal('HRC-STORE', 'the store does not answer the range that was asked for');
      }
      return body;
    });
  }

  /** Null from a store that checks no checksum: who has the address could put other bytes there, also after the receipt. */
  async uploadAddress(key: string, what: What): Promise<{ url: string; headers: Record<string, string> } | null> {
    return this.#provesChecksums ? this.#address(key, what) : null;
  }

  /** Keys that begin with `prefix`, at most {@link FOUND_MAX}. */
  find(prefix: string): Promise<readonly string[]> {
    return this.#watched(async () => {
      const { bucket } = this.#options.access;
      const answer = await this.#ask(() =>
        this.#client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, MaxKeys: FOUND_MAX }), {
          abortSignal: this.#closing.signal,
        }),
      );
      return (answer.Contents ?? []).map(({ Key }) => Key).filter((key) => key !== undefined);
    });
  }

  close(): Promise<void> {
    this.#closing.abort();
    this.#client.destroy();
    this.#signer.destroy();
    return Promise.resolve();
  }

  // Bytes into the store

  /** One PUT. What is there already stays, unless it is not what its name says. */
  async #put(path: string, key: string, what: What): Promise<void> {
    if ((await this.#putOnce(path, key, what, this.#takesConditions)) === 'taken') {
      const there = await this.#verify(key, what).catch((error: unknown) => {
        if (error instanceof Refusal && error.code === 'HRC-FILEHASH') return null;
        throw error;
      });
      if (there === null) await this.#putOnce(path, key, what, false);
    }
  }

  async #putOnce(path: string, key: string, what: What, isConditional: boolean): Promise<'put' | 'taken'> {
    const { size, sha256 } = what;
    const put = (only: object) =>
      this.#ask(() =>
        this.#sendFile(
          path,
          0,
          size,
          sha256,
          (body) => new PutObjectCommand({ ...this.#at(key), ...only, ...body, ChecksumSHA256: base64(sha256) }),
        ),
      );
    if (!isConditional) {
      await put({});
      return 'put';
    }
    try {
      await put({ IfNoneMatch: '*' });
      return 'put';
    } catch (error) {
      const fault = storeFaultOf(error);
      if (fault.status === TAKEN) return 'taken';
      if (!isUnknownThere(fault)) throw error;
      this.#takesConditions = false;
      await put({});
      return 'put';
    }
  }

  async #putInParts(path: string, key: string, { size }: What): Promise<void> {
    const { partBytes = PART_BYTES } = this.#options;
    const at = this.#at(key);
    const { signal: abortSignal } = this.#closing;
    const { UploadId } = await this.#ask(() =>
      this.#client.send(new CreateMultipartUploadCommand({ ...at, ChecksumAlgorithm: 'SHA256' }), { abortSignal }),
    );
    try {
      const Parts: { PartNumber: number; ETag?: string | undefined; ChecksumSHA256: string }[] = [];
      for (let from = 0; from < size; from += partBytes) {
        const PartNumber = Parts.length + 1;
        const to = Math.min(size, from + partBytes);
        const sha256 = await hashOf(readLocal(path, from, to));
        const ChecksumSHA256 = base64(sha256);
        const { ETag } = await this.#ask(() =>
          this.#sendFile(
            path,
            from,
            to,
            sha256,
            (body) => new UploadPartCommand({ ...at, ...body, UploadId, PartNumber, ChecksumSHA256 }),
          ),
        );
        Parts.push({ PartNumber, ETag, ChecksumSHA256 });
      }
      const whole = { ...at, UploadId, MultipartUpload: { Parts } };
      await this.#ask(() => this.#client.send(new CompleteMultipartUploadCommand(whole), { abortSignal }));
    } catch (error) {
      // What stays behind of it costs room until the bucket's own rule for broken uploads clears it away.
      await this.#client.send(new AbortMultipartUploadCommand({ ...at, UploadId })).catch(() => undefined);
      throw error;
    }
  }

  /** Sends bytes of a local file, with their hash inside the signature: what differs on the way is refused by any store. */
  async #sendFile<C extends PutObjectCommand | UploadPartCommand>(
    path: string,
    from: number,
    to: number,
    sha256: string,
    commandWith: (body: { Body: Readable; ContentLength: number }) => C,
  ): Promise<{ ETag?: string | undefined }> {
    const body = readLocal(path, from, to);
    const broken = new AbortController();
    let fault: LocalFile | null = null;
    body.once('error', (error) => {
      fault = new LocalFile(error.message, { cause: error });
      broken.abort();
    });
    try {
      const command = commandWith({ Body: body, ContentLength: to - from });
      signPayload(command, sha256);
      const abortSignal = AbortSignal.any([this.#closing.signal, broken.signal]);
      return await this.#client.send(command as PutObjectCommand, { abortSignal });
    } catch (error) {
      throw fault ?? error;
    } finally {
      body.destroy();
    }
  }

  // What is in the store

  async #verify(key: string, { size, sha256 }: What): Promise<Stored | null> {
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
    const command = () => new HeadObjectCommand({ ...this.#at(key), ChecksumMode: 'ENABLED' });
    try {
      return await this.#ask(() => this.#client.send(command(), { abortSignal: this.#closing.signal }));
    } catch (error) {
      if (isMissing(storeFaultOf(error))) return null;
      throw error;
    }
  }

  /** Reads back exactly the version that the receipt will name. */
  #hashAt(key: string, version: string | undefined): Promise<string> {
    return this.#ask(async () => {
      const at = { ...this.#at(key), ...(version === undefined ? {} : { VersionId: version }) };
      const { Body } = await this.#client.send(new GetObjectCommand(at), { abortSignal: this.#closing.signal });
      return hashOf(Body as Readable);
    });
  }

  #durabilityOf({ ObjectLockMode, ObjectLockRetainUntilDate }: HeadObjectCommandOutput): Durability {
    const { durability, clock } = this.#options;
    if (durability !== 'locked') return durability;
    if (ObjectLockMode !== 'COMPLIANCE' || (ObjectLockRetainUntilDate?.getTime() ?? 0) <= clock.now().wallMs)
      throw new Refusal('HRC-STORE', 'the bucket does not lock what it takes');
    return 'locked';
  }

  // Addresses

  async #address(key: string, { size, sha256 }: What): Promise<{ url: string; headers: Record<string, string> }> {
    const checksum = base64(sha256);
    const command = new PutObjectCommand({ ...this.#at(key), ContentLength: size, ChecksumSHA256: checksum });
    const url = await getSignedUrl(this.#signer, command, {
      expiresIn: ADDRESS_LIVES_S,
      // Otherwise the presigner moves the header into the address, where stores do not look for a checksum.
      unhoistableHeaders: new Set([CHECKSUM_HEADER]),
    });
    return { url, headers: { [CHECKSUM_HEADER]: checksum } };
  }

  // What the store can do

  async #probe(): Promise<boolean> {
    const at = this.#at(PROBE_KEY);
    const { signal: abortSignal } = this.#closing;
    const wrong = base64('00'.repeat(32));
    try {
      await this.#client.send(new PutObjectCommand({ ...at, Body: 'probe', ChecksumSHA256: wrong }), { abortSignal });
    } catch (error) {
      if (isOtherBytes(storeFaultOf(error))) return true;
      throw error;
    }
    await this.#client.send(new DeleteObjectCommand(at), { abortSignal }).catch(() => undefined);
    return false;
  }

  async #expectLock(): Promise<void> {
    const { bucket } = this.#options.access;
    const fault = `bucket ${bucket} has no default retention in compliance mode, and the configuration says that it locks`;
    const { ObjectLockConfiguration: lock } = await this.#client
      .send(new GetObjectLockConfigurationCommand({ Bucket: bucket }), { abortSignal: this.#closing.signal })
      .catch((error: unknown) => {
        if (storeFaultOf(error).status !== 404) throw error;
        return { ObjectLockConfiguration: undefined };
      });
    if (lock?.Rule?.DefaultRetention?.Mode !== 'COMPLIANCE') throw new AppError('store-refused', fault);
  }

  #at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#options.access.bucket, Key: key };
  }

  #ask<T>(ask: () => Promise<T>): Promise<T> {
    return askStore(ask, this.#timing.againFirstMs, this.#closing.signal);
  }

  /** Errors in the protocol's words; that the store went away is told once, and once that it is back. */
  async #watched<T>(work: () => Promise<T>): Promise<T> {
    const { log } = this.#options;
    try {
      const result = await work();
      if (this.#isAway) log.info({}, 'the store is back');
      this.#isAway = false;
      return result;
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal instanceof Refusal && refusal.code === 'HRC-STORE' && !this.#closing.signal.aborted) {
        if (!this.#isAway) log.error({ alarm: 'store-away' }, refusal.message);
        this.#isAway = true;
      }
      throw refusal;
    }
  }
}

/** The signature covers the hash of the payload instead of leaving it open, as it does for streams otherwise. */
function signPayload(command: PutObjectCommand | UploadPartCommand, sha256: string): void {
  (command as PutObjectCommand).middlewareStack.add(
    (next) => (args) => {
      (args.request as { headers: Record<string, string> }).headers[PAYLOAD_HEADER] = sha256;
      return next(args);
    },
    { step: 'build', name: 'signPayload' },
  );
}

/** SHA-256 of the whole object as the store knows it, or null; that of an object in parts is one over its parts' sums. */
function wholeChecksum({ ChecksumSHA256, ChecksumType }: HeadObjectCommandOutput): string | null {
  if (ChecksumSHA256 === undefined || ChecksumType === 'COMPOSITE' || ChecksumSHA256.includes('-')) return null;
  return ChecksumSHA256;
}

function readLocal(path: string, from: number, to: number): Readable {
  return createReadStream(path, { start: from, end: to - 1, highWaterMark: READ_BYTES });
}

async function hashOf(bytes: Readable): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of bytes) hash.update(piece as Buffer);
  return hash.digest('hex');
}

function base64(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64');
}
