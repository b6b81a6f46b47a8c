/**
 * A signing key that is made at its first use and then never changes: Ed25519, PKCS#8 PEM, readable by its owner only. What it
 * signed stands or falls with it, so nothing here can overwrite one.
 */
import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { AppError, errnoOf, sentenceOf } from '../core/errors.ts';
import { type PublicKey, publicKeyOf } from '../core/jws.ts';

const OWNER_ONLY = 0o600;
const OTHERS = 0o077;

/** A key pair: the private half for signing, the public half as it travels. */
export interface SigningKey {
  readonly privateKey: KeyObject;
  readonly publicKey: PublicKey;
}

/**
 * Reads the key file, or makes it when there is none. Synchronous: it happens once, at start. A file that others could read is
 * closed to them. Throws `data-not-writable` when it can neither be read nor made, and when it holds something else than an
 * Ed25519 key; such a file is left as it is.
 */
export function openKeyFile(path: string): SigningKey {
  try {
    if (!existsSync(path)) makeKeyFile(path);
    if ((statSync(path).mode & OTHERS) !== 0) chmodSync(path, OWNER_ONLY);
    const privateKey = createPrivateKey(readFileSync(path));
    return { privateKey, publicKey: publicKeyOf(privateKey) };
  } catch (error) {
    const message = `the signing key ${path} cannot be used: ${sentenceOf(error)}`;
    throw new AppError('data-not-writable', message, { cause: error });
  }
}

/**
 * Puts a copy of a key file at `to`, where none is yet; answers false when another key lies there, which is left as it is. Throws
 * when the disk refuses.
 */
export function copyKeyFile(from: string, to: string): boolean {
  const pem = readFileSync(from);
  if (!existsSync(to)) placeKeyFile(to, pem);
  return readFileSync(to).equals(pem);
}

function makeKeyFile(path: string): void {
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
  placeKeyFile(path, Buffer.from(pem.toString()));
}

/** Written aside whole and synced, then linked to its name: the link fails where a key already is, and no half key is ever seen. */
function placeKeyFile(path: string, pem: Buffer): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const aside = `${path}.${randomBytes(6).toString('hex')}.part`;
  const file = openSync(aside, 'wx', OWNER_ONLY);
  try {
    writeSync(file, pem);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  try {
    linkSync(aside, path);
  } catch (error) {
    // Somebody else made it at the same moment: theirs is the key.
    if (errnoOf(error) !== 'EEXIST') throw error;
  } finally {
    unlinkSync(aside);
  }
  const directory = openSync(dirname(path), 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
