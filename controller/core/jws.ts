/**
 * Signatures of `hrc/1`: JWS compact (RFC 7515) with Ed25519 (`alg: EdDSA`, RFC 8037) over the exact bytes, so that nothing
 * has to be brought into a canonical form. Pure functions of keys and bytes.
 */
import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { sha256 } from './chain.ts';

/** What a signed object is. The type is inside the signature, so that no object can be passed off as another kind. */
export type JwsType = 'hrc-seg' | 'hrc-receipt' | 'hrc-cmd' | 'hrc-centre' | 'hrc-event' | 'hrc-policy';

/** A public key as it travels: `x` is the raw 32 bytes in base64url (as in a JWK), `kid` is {@link kidOf} these bytes. */
export interface PublicKey {
  readonly kid: string;
  readonly x: string;
}

/** Longer texts are refused before anything is decoded. A centre document with many keys is the longest honest one. */
export const JWS_CHARS_MAX = 16_384;
const RAW_KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
const KID_CHARS = 16;

/** First 16 hex digits of the SHA-256 of the raw public key. */
export function kidOf(raw: Uint8Array): string {
  return sha256(raw).slice(0, KID_CHARS);
}

/** The public half of a key (private or public) as it travels. Throws when the key is not Ed25519. */
export function publicKeyOf(key: KeyObject): PublicKey {
  const half = key.type === 'private' ? createPublicKey(key) : key;
  const { crv, x } = half.export({ format: 'jwk' });
  if (crv !== 'Ed25519' || typeof x !== 'string') throw new Error('not an Ed25519 key');
  return { kid: kidOf(Buffer.from(x, 'base64url')), x };
}

/** A key from outside, or null when it is not 32 bytes of base64url or its `kid` is not its own. */
export function readPublicKey(value: unknown): PublicKey | null {
  if (typeof value !== 'object' || value === null) return null;
  const { kid, x } = value as { kid?: unknown; x?: unknown };
  if (typeof kid !== 'string' || typeof x !== 'string') return null;
  const raw = decode(x);
  return raw !== null && raw.length === RAW_KEY_BYTES && kidOf(raw) === kid ? { kid, x } : null;
}

/** Signs `payload` as JSON. `kid` names the key to the reader. */
export function signJws(typ: string, kid: string, payload: object, privateKey: KeyObject): string {
  const head = Buffer.from(JSON.stringify({ alg: 'EdDSA', typ, kid })).toString('base64url');
  const body = Buffer.from(JSON.stringify(payload)).toString('base64url');
  const signature = sign(null, Buffer.from(`${head}.${body}`), privateKey);
  return `${head}.${body}.${signature.toString('base64url')}`;
}

/** SHA-256 in hex of a JWS: what the next manifest names as `prev` and a receipt as `mh`. */
export function jwsHash(jws: string): string {
  return sha256(jws);
}

/** What checking a JWS came to. `malformed`: not a JWS of that type. `signature`: unknown key, or the bytes were not signed by it. */
export type JwsCheck =
  | { readonly ok: true; readonly kid: string; readonly payload: unknown }
  | { readonly ok: false; readonly fault: 'malformed' | 'signature'; readonly message: string };

/**
 * Checks a JWS against the keys that are trusted for its type. `alg` is never taken from the text: only EdDSA is known here,
 * and header fields that would have to be understood (`crit`) are refused.
 */
export function verifyJws(jws: string, typ: JwsType, keys: readonly PublicKey[]): JwsCheck {
  const parts = readParts(jws);
  if (parts === null) return malformed('it is not a compact JWS');
  const { header, payload } = parts;
  if (header['alg'] !== 'EdDSA') return malformed('its algorithm is not EdDSA');
  if (header['typ'] !== typ) return malformed(`it is not of type ${typ}`);
  if (header['crit'] !== undefined) return malformed('its header asks for an extension');
  const kid = header['kid'];
  const key = keys.find((trusted) => trusted.kid === kid);
  if (key === undefined) {
    const named = typeof kid === 'string' && /^[\w-]{1,64}$/.test(kid) ? kid : '(unreadable)';
    return { ok: false, fault: 'signature', message: `key ${named} is not trusted` };
  }
  const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: key.x }, format: 'jwk' });
  if (!verify(null, Buffer.from(parts.signed), publicKey, parts.signature)) {
    return { ok: false, fault: 'signature', message: `it was not signed by key ${key.kid}` };
  }
  return { ok: true, kid: key.kid, payload };
}

/** The payload of a JWS without any check: only for what we signed ourselves. Null when it cannot be read. */
export function payloadOf(jws: string): unknown {
  return readParts(jws)?.payload ?? null;
}

function readParts(jws: string): {
  header: { readonly [name: string]: unknown };
  payload: unknown;
  signed: string;
  signature: Buffer;
} | null {
  if (jws.length > JWS_CHARS_MAX) return null;
  const [head, body, tail, ...more] = jws.split('.');
  if (head === undefined || body === undefined || tail === undefined || more.length > 0) return null;
  const headBytes = decode(head);
  const bodyBytes = decode(body);
  const signature = decode(tail);
  if (headBytes === null || bodyBytes === null || signature === null || signature.length !== SIGNATURE_BYTES)
    return null;
  try {
    const header: unknown = JSON.parse(headBytes.toString());
    if (typeof header !== 'object' || header === null) return null;
    const fields = header as { readonly [name: string]: unknown };
    return { header: fields, payload: JSON.parse(bodyBytes.toString()), signed: `${head}.${body}`, signature };
  } catch {
    return null;
  }
}

/** Strict base64url: Node's decoder skips what it does not know, which would give one signature many spellings. */
function decode(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : null;
}

function malformed(message: string): JwsCheck {
  return { ok: false, fault: 'malformed', message };
}
