/** A local file into a bucket: whole or in parts, streamed, with its hash in the signature and its checksum for the store to check. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { Content } from './object-store.ts';
import { isUnknownThere, LocalFile, storeFaultOf } from './s3-call.ts';

const READ_BYTES = 256 * 1024;
const PAYLOAD_HEADER = 'x-amz-content-sha256';
const ALREADY_THERE = 412;

export interface S3UploadOptions {
  readonly client: S3Client;
  readonly bucket: string;
  /** Larger files go in parts of so many bytes. */
  readonly partsAboveBytes: number;
  readonly partBytes: number;
  /** Repeats what may be repeated; see `askStore`. */
  readonly ask: <T>(question: () => Promise<T>) => Promise<T>;
  readonly closing: AbortSignal;
}

interface Piece {
  readonly path: string;
  readonly from: number;
  readonly to: number;
  readonly sha256: string;
}

export class S3Upload {
  readonly #options: S3UploadOptions;
  #takesConditions = true;

  constructor(options: S3UploadOptions) {
    this.#options = options;
  }

  /** False when an object of this name was there already, and stays. Rejects with the store's error, or {@link LocalFile}. */
  async putNew(path: string, key: string, what: Content): Promise<boolean> {
    if (what.size > this.#options.partsAboveBytes) await this.#putInParts(path, key, what);
    else if (!this.#takesConditions) await this.replace(path, key, what);
    else return this.#putIfNone(path, key, what);
    return true;
  }

  /** One PUT, whatever is there. */
  async replace(path: string, key: string, what: Content): Promise<void> {
    await this.#put(path, key, what, {});
  }

  async #putIfNone(path: string, key: string, what: Content): Promise<boolean> {
    try {
      await this.#put(path, key, what, { IfNoneMatch: '*' });
      return true;
    } catch (error) {
      const fault = storeFaultOf(error);
      if (fault.status === ALREADY_THERE) return false;
      if (!isUnknownThere(fault)) throw error;
      this.#takesConditions = false;
      await this.replace(path, key, what);
      return true;
    }
  }

  async #put(path: string, Key: string, { size, sha256 }: Content, condition: { IfNoneMatch?: string }): Promise<void> {
    const { ask, bucket: Bucket } = this.#options;
    const ChecksumSHA256 = base64(sha256);
    await ask(() =>
      this.#send(
        { path, from: 0, to: size, sha256 },
        (body) => new PutObjectCommand({ Bucket, Key, ...condition, ...body, ChecksumSHA256 }),
      ),
    );
  }

  async #putInParts(path: string, Key: string, { size }: Content): Promise<void> {
    const { client, bucket: Bucket, partBytes, ask, closing: abortSignal } = this.#options;
    const at = { Bucket, Key };
    const begin = { ...at, ChecksumAlgorithm: 'SHA256' as const };
    const { UploadId } = await ask(() => client.send(new CreateMultipartUploadCommand(begin), { abortSignal }));
    try {
      const Parts: { PartNumber: number; ETag?: string | undefined; ChecksumSHA256: string }[] = [];
      for (let from = 0; from < size; from += partBytes) {
        const PartNumber = Parts.length + 1;
        const to = Math.min(size, from + partBytes);
        const sha256 = await hashOf(readLocal(path, from, to));
        const ChecksumSHA256 = base64(sha256);
        const { ETag } = await ask(() =>
          this.#send(
            { path, from, to, sha256 },
            (body) => new UploadPartCommand({ ...at, ...body, UploadId, PartNumber, ChecksumSHA256 }),
          ),
        );
        Parts.push({ PartNumber, ETag, ChecksumSHA256 });
      }
      const whole = { ...at, UploadId, MultipartUpload: { Parts } };
      await ask(() => client.send(new CompleteMultipartUploadCommand(whole), { abortSignal }));
    } catch (error) {
      // What stays behind of it costs room until the bucket's own rule for broken uploads clears it away.
      await client.send(new AbortMultipartUploadCommand({ ...at, UploadId })).catch(() => undefined);
      throw error;
    }
  }

  async #send(
    { path, from, to, sha256 }: Piece,
    commandWith: (body: { Body: Readable; ContentLength: number }) => PutObjectCommand | UploadPartCommand,
  ): Promise<{ ETag?: string | undefined }> {
    const { client, closing } = this.#options;
    const body = readLocal(path, from, to);
    const broken = new AbortController();
    let fault: LocalFile | null = null;
    body.once('error', (error) => {
      fault = new LocalFile(error.message, { cause: error });
      broken.abort();
    });
    try {
      // Both commands are sent the same way; the compiler wants one of them.
      const command = commandWith({ Body: body, ContentLength: to - from }) as PutObjectCommand;
      signPayload(command, sha256);
      return await client.send(command, { abortSignal: AbortSignal.any([closing, broken.signal]) });
    } catch (error) {
      throw fault ?? error;
    } finally {
      body.destroy();
    }
  }
}

/** Puts the payload's hash under the signature, which leaves it open for streams otherwise: then any store refuses other bytes. */
function signPayload(command: PutObjectCommand, sha256: string): void {
  command.middlewareStack.add(
    (next) => (args) => {
      (args.request as { headers: Record<string, string> }).headers[PAYLOAD_HEADER] = sha256;
      return next(args);
    },
    { step: 'build', name: 'signPayload' },
  );
}

function readLocal(path: string, from: number, to: number): Readable {
  return createReadStream(path, { start: from, end: to - 1, highWaterMark: READ_BYTES });
}

/** SHA-256 in hex of everything that comes. */
export async function hashOf(bytes: Readable): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of bytes) hash.update(piece as Buffer);
  return hash.digest('hex');
}

/** How S3 writes a hash. */
export function base64(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64');
}
