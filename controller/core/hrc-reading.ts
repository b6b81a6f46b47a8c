/**
 * Reads what came over the wire: topics and JSON of `hrc/1`, by hand-written guards. Nothing here believes the sender; what
 * does not fit is null, and the caller refuses it with `HRC-BAD`.
 */
import {
  type Announcement,
  type Birth,
  type CentreDocument,
  DURABILITIES,
  hrcCodeOf,
  type Init,
  JWS_BYTES_MAX,
  type Manifest,
  RECALL_BYTES_MAX,
  type Receipt,
  RUN_PATTERN,
  SHA256_PATTERN,
  SITE_PATTERN,
  type TransferResult,
} from './hrc.ts';
import { type PublicKey, readPublicKey } from './jws.ts';
import { STREAM_ID_PATTERN } from './recording.ts';
import { ULID_PATTERN } from './ulid.ts';

type Fields = { readonly [name: string]: unknown };

const FILE_ID_PATTERN = /^([0-9A-HJKMNP-TV-Z]{26})-([0-9a-f]{16})-(\d{2})$/;
const NUMBER_PATTERN = /^(?:0|[1-9]\d{0,14})$/;
const SHORT_TEXT = 256;
const CLAIMS_MAX = 64;
const KEYS_MAX = 16;
/** 9999-12-31: beyond it a time has no name of fixed length. */
const WALL_MS_MAX = 253_402_300_799_999;

/** JSON of at most `bytesMax` bytes, or undefined. The limit comes first: a huge text is never parsed. */
export function parseJson(bytes: Uint8Array, bytesMax: number): unknown {
  if (bytes.length > bytesMax) return undefined;
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  } catch {
    return undefined;
  }
}

/** What a message from a site is about, by its topic alone. */
export type UpTopic =
  | { readonly kind: 'state' | 'backlog' | 'seg' | 'engine-end'; readonly site: string }
  | { readonly kind: 'request' | 'answer'; readonly site: string; readonly id: string }
  | { readonly kind: 'init' | 'abort'; readonly site: string; readonly fileId: string }
  | {
      readonly kind: 'chunk';
      readonly site: string;
      readonly fileId: string;
      readonly offset: number;
      readonly sha256: string;
    }
  | {
      readonly kind: 'fin';
      readonly site: string;
      readonly fileId: string;
      readonly size: number;
      readonly sha256: string;
    };

/** Reads `hrc/1/{site}/up|ft/…`; null for every other topic. */
export function readUpTopic(topic: string): UpTopic | null {
  const [root, major, site, lane, a, b, c, d, ...more] = topic.split('/');
  if (root !== 'hrc' || major !== '1' || site === undefined || !SITE_PATTERN.test(site) || more.length > 0) return null;
  if (lane === 'up') {
    if ((a === 'state' || a === 'backlog' || a === 'seg') && b === undefined) return { kind: a, site };
    if (a === 'ftfin' && b === undefined) return { kind: 'engine-end', site };
    if (a === 'req' && b !== undefined && c === undefined && ULID_PATTERN.test(b))
      return { kind: 'request', site, id: b };
    if (a === 'rsp' && b !== undefined && c === undefined && ULID_PATTERN.test(b))
      return { kind: 'answer', site, id: b };
    return null;
  }
  if (lane !== 'ft' || a === undefined || !FILE_ID_PATTERN.test(a)) return null;
  if ((b === 'init' || b === 'abort') && c === undefined) return { kind: b, site, fileId: a };
  if (b === 'fin' && c !== undefined && d !== undefined && NUMBER_PATTERN.test(c) && SHA256_PATTERN.test(d))
    return { kind: 'fin', site, fileId: a, size: Number(c), sha256: d };
  if (b !== undefined && c !== undefined && d === undefined && NUMBER_PATTERN.test(b) && SHA256_PATTERN.test(c))
    return { kind: 'chunk', site, fileId: a, offset: Number(b), sha256: c };
  return null;
}

/** The parts of a file id: segment, beginning of its hash, attempt. Null when it is none. */
export function readFileId(fileId: string): { seg: string; sha16: string; attempt: number } | null {
  const match = FILE_ID_PATTERN.exec(fileId);
  const [, seg, sha16, attempt] = match ?? [];
  if (seg === undefined || sha16 === undefined || attempt === undefined) return null;
  return { seg, sha16, attempt: Number(attempt) };
}

/** Which transfer a result is about, by the topic it repeats (`hrc/1/{site}/ft/…`, `$file/…`, `$file-async/…`), and which step. */
export function readResultTopic(topic: string): { fileId: string; step: 'init' | 'chunk' | 'fin' } | null {
  const parts = topic.split('/');
  const at = parts.findIndex((part) => FILE_ID_PATTERN.test(part));
  const [fileId, word] = [parts[at], parts[at + 1]];
  if (at < 0 || fileId === undefined || word === undefined) return null;
  return { fileId, step: word === 'init' || word === 'fin' ? word : 'chunk' };
}

/** The payload of a manifest JWS whose signature was checked. */
export function readManifest(value: unknown): Manifest | null {
  const o = fieldsOf(value);
  const media = fieldsOf(o?.['media']);
  if (o === null || media === null || o['v'] !== 1) return null;
  const { site, stream, seg, seq, t0, t1, size, sha256, prev, run, sequence, claims, gap, was } = o as Fields & {
    readonly [name in keyof Manifest]?: unknown;
  };
  if (!matches(site, SITE_PATTERN) || !matches(stream, STREAM_ID_PATTERN) || !matches(seg, ULID_PATTERN)) return null;
  if (!isCount(seq) || !isWallMs(t0) || !isWallMs(t1) || t1 < t0) return null;
  if (!isCount(size) || size < 1 || !matches(sha256, SHA256_PATTERN)) return null;
  if (prev !== null && !matches(prev, SHA256_PATTERN)) return null;
  if (was !== undefined && !matches(was, SHA256_PATTERN)) return null;
  if (run !== undefined && !matches(run, RUN_PATTERN)) return null;
  if (sequence !== undefined && !isCount(sequence)) return null;
  if (gap !== undefined && typeof gap !== 'boolean') return null;
  if (claims !== undefined && !isListOf(claims, CLAIMS_MAX, isShortText)) return null;
  const clock = fieldsOf(o['clock']);
  const src = (['ntp', 'ptp', 'rtc', 'free'] as const).find((known) => known === clock?.['src']);
  if (o['clock'] !== undefined && src === undefined) return null;
  const { type, codecs, w, h } = media as Fields & { readonly [name in keyof Manifest['media']]?: unknown };
  if (!isShortText(type) || (codecs !== undefined && !isShortText(codecs))) return null;
  if ((w !== undefined && !isCount(w)) || (h !== undefined && !isCount(h))) return null;
  return {
    v: 1,
    site,
    stream,
    seg,
    seq,
    t0,
    t1,
    ...(src === undefined ? {} : { clock: { src } }),
    size,
    sha256,
    media: {
      type,
      ...(codecs === undefined ? {} : { codecs }),
      ...(w === undefined ? {} : { w }),
      ...(h === undefined ? {} : { h }),
    },
    ...(run === undefined ? {} : { run }),
    ...(sequence === undefined ? {} : { sequence }),
    ...(claims === undefined ? {} : { claims }),
    ...(gap === undefined ? {} : { gap }),
    prev,
    ...(was === undefined ? {} : { was }),
  };
}

/** One item of an announcement message: only its number and its JWS are looked at. */
export function readAnnouncement(value: unknown): Pick<Announcement, 'siteSeq' | 'jws'> | null {
  const o = fieldsOf(value);
  if (o === null || o['v'] !== 1) return null;
  const { siteSeq, jws } = o as Fields & { siteSeq?: unknown; jws?: unknown };
  if (!isCount(siteSeq) || siteSeq < 1) return null;
  return typeof jws === 'string' && jws.length <= JWS_BYTES_MAX ? { siteSeq, jws } : null;
}

/** The opening of a transfer. */
export function readInit(value: unknown): Init | null {
  const o = fieldsOf(value);
  const user = fieldsOf(o?.['user_data']);
  if (o === null || user === null || user['hrc'] !== 1) return null;
  const { name, size, checksum, segments_ttl } = o as Fields & { readonly [name in keyof Init]?: unknown };
  const { site, stream, seg, t0, t1, mh } = user as Fields & { readonly [name in keyof Init['user_data']]?: unknown };
  if (!isShortText(name) || !isCount(size) || size < 1 || !matches(checksum, SHA256_PATTERN)) return null;
  if (!isCount(segments_ttl) || !matches(site, SITE_PATTERN) || !matches(stream, STREAM_ID_PATTERN)) return null;
  if (!matches(seg, ULID_PATTERN) || !isWallMs(t0) || !isWallMs(t1) || !matches(mh, SHA256_PATTERN)) return null;
  return { name, size, checksum, segments_ttl, user_data: { hrc: 1, site, stream, seg, t0, t1, mh } };
}

/** The payload of a receipt JWS whose signature was checked. */
export function readReceipt(value: unknown): Receipt | null {
  const o = fieldsOf(value);
  const permit = fieldsOf(o?.['permit']);
  if (o === null || permit === null || o['v'] !== 1) return null;
  const { site, seg, fileId, sha256, size, mh, iat } = o as Fields & { readonly [name in keyof Receipt]?: unknown };
  const durability = DURABILITIES.find((known) => known === o['durability']);
  const verified = (['engine-fin', 's3-checksum', 'read-back'] as const).find((known) => known === o['verified']);
  if (!matches(site, SITE_PATTERN) || !matches(seg, ULID_PATTERN) || !matches(sha256, SHA256_PATTERN)) return null;
  if (!isCount(size) || !isCount(iat) || durability === undefined || verified === undefined) return null;
  if (fileId !== undefined && !matches(fileId, FILE_ID_PATTERN)) return null;
  if (mh !== undefined && !matches(mh, SHA256_PATTERN)) return null;
  const { delete: mayDelete, deleteAfter } = permit as Fields & { delete?: unknown; deleteAfter?: unknown };
  if (typeof mayDelete !== 'boolean' || (deleteAfter !== undefined && !isCount(deleteAfter))) return null;
  return {
    v: 1,
    site,
    seg,
    ...(fileId === undefined ? {} : { fileId }),
    sha256,
    size,
    ...(mh === undefined ? {} : { mh }),
    durability,
    verified,
    iat,
    permit: { delete: mayDelete, ...(deleteAfter === undefined ? {} : { deleteAfter }) },
  };
}

/** The payload of a centre document whose signature was checked. */
export function readCentreDocument(value: unknown): CentreDocument | null {
  const o = fieldsOf(value);
  const ft = fieldsOf(o?.['ft']);
  const receipt = fieldsOf(o?.['receipt']);
  if (o === null || ft === null || receipt === null || o['v'] !== 1) return null;
  const { centre, iat, boot, routes, min, max } = o as Fields & { readonly [name in keyof CentreDocument]?: unknown };
  const { chunkMax, filesInFlight, segmentsTtl } = ft as Fields & {
    readonly [name in keyof CentreDocument['ft']]?: unknown;
  };
  const minDurability = DURABILITIES.find((known) => known === receipt['minDurability']);
  const keys = readKeys(receipt['keys']);
  if (!isShortText(centre) || !isCount(iat) || !isCount(min) || !isCount(max) || minDurability === undefined)
    return null;
  if (boot !== undefined && !isShortText(boot)) return null;
  if (!isListOf(routes, KEYS_MAX, isShortText) || keys === null) return null;
  if (!isCount(chunkMax) || chunkMax < 1 || !isCount(filesInFlight) || filesInFlight < 1) return null;
  if (segmentsTtl !== undefined && !isCount(segmentsTtl)) return null;
  const put = fieldsOf(o['put']);
  const { maxUrls, origins } = (put ?? {}) as { maxUrls?: unknown; origins?: unknown };
  if (o['put'] !== undefined && (!isCount(maxUrls) || maxUrls < 1 || !isListOf(origins, KEYS_MAX, isShortText)))
    return null;
  return {
    v: 1,
    centre,
    iat,
    ...(boot === undefined ? {} : { boot }),
    routes,
    ft: { chunkMax, filesInFlight, ...(segmentsTtl === undefined ? {} : { segmentsTtl }) },
    ...(put === null ? {} : { put: { maxUrls: maxUrls as number, origins: origins as readonly string[] } }),
    ...(o['announce'] === 'all' ? { announce: 'all' as const } : {}),
    receipt: { keys, minDurability },
    min,
    max,
  };
}

/** A birth (`keys` of the site) or its last will (`online: false`, no keys). */
export function readState(value: unknown): { online: boolean; keys: Birth['keys'] } | null {
  const o = fieldsOf(value);
  if (o === null || o['v'] !== 1 || typeof o['online'] !== 'boolean') return null;
  if (!o['online']) return { online: false, keys: [] };
  const keys = o['keys'] === undefined ? [] : readKeys(o['keys']);
  return keys === null ? null : { online: true, keys };
}

/** A result on `dn/ftr`. */
export function readTransferResult(value: unknown): TransferResult | null {
  const o = fieldsOf(value);
  if (o === null) return null;
  const { topic, reason_code, reason_description, code, retryS } = o as Fields & {
    readonly [name in keyof TransferResult]?: unknown;
  };
  if (typeof topic !== 'string' || topic.length > 2 * SHORT_TEXT || !isCount(reason_code)) return null;
  const description = isShortText(reason_description) ? reason_description : '';
  return {
    topic,
    reason_code,
    reason_description: description,
    code: reason_code === 0 ? null : hrcCodeOf(isShortText(code) ? code : description),
    retryS: isCount(retryS) ? retryS : null,
  };
}

/** A list of at most `max` segment ids, or null. */
export function readSegs(value: unknown, max: number): readonly string[] | null {
  return isListOf(value, max, (item): item is string => matches(item, ULID_PATTERN)) ? value : null;
}

/** A piece of a segment that a site asks to have back: bytes [from, from + bytes). */
export interface PieceWanted {
  readonly seg: string;
  readonly sha256: string;
  readonly from: number;
  readonly bytes: number;
}

/** The body of a `recall`. */
export function readPieceWanted(body: Fields): PieceWanted | null {
  const { seg, sha256, from, bytes } = body as Fields & { readonly [name in keyof PieceWanted]?: unknown };
  if (!matches(seg, ULID_PATTERN) || !matches(sha256, SHA256_PATTERN) || !isCount(from)) return null;
  return isCount(bytes) && bytes >= 1 && bytes <= RECALL_BYTES_MAX ? { seg, sha256, from, bytes } : null;
}

/** What follows `hrc/1/{site}/df/`: the request that a piece answers, and the hash of its bytes. */
export function readPieceTopic(rest: string): { readonly id: string; readonly sha256: string } | null {
  const [id, sha256, ...more] = rest.split('/');
  return matches(id, ULID_PATTERN) && matches(sha256, SHA256_PATTERN) && more.length === 0 ? { id, sha256 } : null;
}

/** An object's fields, or null for everything that is not a plain JSON object. */
export function fieldsOf(value: unknown): Fields | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null;
}

function readKeys(value: unknown): readonly PublicKey[] | null {
  if (!Array.isArray(value) || value.length > KEYS_MAX) return null;
  const keys: PublicKey[] = [];
  for (const item of value) {
    const key = readPublicKey(item);
    if (key === null) return null;
    keys.push(key);
  }
  return keys;
}

function matches(value: unknown, pattern: RegExp): value is string {
  return typeof value === 'string' && pattern.test(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isWallMs(value: unknown): value is number {
  return isCount(value) && value <= WALL_MS_MAX;
}

function isShortText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= SHORT_TEXT;
}

function isListOf<T>(value: unknown, max: number, is: (item: unknown) => item is T): value is readonly T[] {
  return Array.isArray(value) && value.length <= max && value.every(is);
}
