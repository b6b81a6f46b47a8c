/** Receives a file by PUT as an object store does: to a file of its own, hashed on the way, synced before it is answered. */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';

/** Answers the SHA-256 of what came, in hex and as the header `x-amz-checksum-sha256` has it. */
export async function receive(
  body: AsyncIterable<Uint8Array> | IncomingMessage,
  path: string,
): Promise<{ hex: string; base64: string }> {
  const file = await open(path, 'w');
  const hash = createHash('sha256');
  for await (const bytes of body) {
    hash.update(bytes as Uint8Array);
    await file.write(bytes as Uint8Array);
  }
  await file.sync();
  await file.close();
  const digest = hash.digest();
  return { hex: digest.toString('hex'), base64: digest.toString('base64') };
}
