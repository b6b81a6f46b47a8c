/**
 * The words of `hrc/1`, the protocol between a site and its centre over MQTT: names, topics, what a manifest, an announcement
 * and a receipt are, and how each is made from our own facts. Reading what others sent is `hrc-reading.ts`.
 */
import type { SegmentFact } from './facts.ts';
import { jwsHash, type PublicKey } from './jws.ts';

/**
 * Small letters, digits, hyphens. Not `…-b`, which is the second client id of another site, and not `centre`, which is the user that the
 * centre connects as.
 */
export const SITE_PATTERN = /^(?!.*-b$|centre$)[a-z0-9-]{4,32}$/;
export const SHA256_PATTERN = /^[0-9a-f]{64}$/;
/** Runs become a folder at the centre. */
export const RUN_PATTERN = /^[0-9A-Za-z][0-9A-Za-z-]{0,63}$/;

/** Bytes of a chunk when neither centre nor broker ask for less. */
export const CHUNK_BYTES = 256 * 1024;
/** What a PUBLISH packet needs beside its topic and payload, with room for properties. */
export const PACKET_OVERHEAD_BYTES = 64;
/** Files of one site that may be under way without a receipt: this is what bounds the memory of a broker in between. */
export const FILES_IN_FLIGHT = 2;
/** Announcements in one message, and bytes of one message. */
export const ANNOUNCE_BATCH = 20;
export const ANNOUNCE_BYTES_MAX = 64 * 1024;
/** Segments one `receipts.query` may name. */
export const QUERY_BATCH = 20;
/** Bytes that one `recall` may ask for: what is brought back travels in pieces, too. */
export const RECALL_BYTES_MAX = CHUNK_BYTES;
/** Receipts in one message. */
export const RECEIPT_BATCH = 100;
export const JWS_BYTES_MAX = 6_000;
export const INIT_BYTES_MAX = 4_096;
export const ATTEMPTS_MAX = 99;

/** Who speaks when; a site's codes of reaction are in the site's code, the centre's reasons in the centre's. */
export const HRC_CODES = [
  'HRC-BAD',
  'HRC-SIG',
  'HRC-CHUNK',
  'HRC-INCOMPLETE',
  'HRC-FILEHASH',
  'HRC-META',
  'HRC-STORE',
  'HRC-BUSY',
  'HRC-QUOTA',
  'HRC-CONFLICT',
  'HRC-EXP',
  'HRC-REPLAY',
  'HRC-AUTH',
  'HRC-NOSEG',
  'HRC-PURGED',
  'HRC-LOST',
  'HRC-OPEN',
  'HRC-NOROUTE',
] as const;
export type HrcCode = (typeof HRC_CODES)[number];

/** Ways for bytes: EMQX's file transfer, chunks under our own prefix, PUT to an address the centre signed, the centre's own pull. */
export const ROUTE_NAMES = ['A', 'B', 'C', 'D'] as const;
export type RouteName = (typeof ROUTE_NAMES)[number];

/** What the site signs about a segment (`typ: hrc-seg`). Times are UTC milliseconds, `size` bytes. */
export interface Manifest {
  readonly v: 1;
  readonly site: string;
  readonly stream: string;
  readonly seg: string;
  /** Number within the stream, from 0, without gaps. */
  readonly seq: number;
  readonly t0: number;
  readonly t1: number;
  readonly clock?: { readonly src: 'ntp' | 'ptp' | 'rtc' | 'free' };
  readonly size: number;
  readonly sha256: string;
  readonly media: { readonly type: string; readonly codecs?: string; readonly w?: number; readonly h?: number };
  /** The unbroken connection to the source it comes from, and its place in it. */
  readonly run?: string;
  readonly sequence?: number;
  /** Opaque ids of the claims it was kept for. */
  readonly claims?: readonly string[];
  /** True when something is missing right before it. */
  readonly gap?: boolean;
  /** SHA-256 of the manifest JWS before this one in the same stream, or null for the first. */
  readonly prev: string | null;
  /** Hash of the manifest JWS that this one replaces: the same segment, signed again because the centre asked for it. */
  readonly was?: string;
}

/**
 * The manifest of a sealed segment, ready to be signed with `signer.sign('hrc-seg', manifest)`.
 * `prevJwsHash` is `jwsHash` of the signed manifest before it in the same stream (null for the first), `seq` counts the manifests
 * of the stream from 0 without gaps: together they let the centre see that none is missing. Pure; nothing in it names a person
 * or a matter.
 */
export function manifestOf(site: string, segment: SegmentFact, prevJwsHash: string | null, seq: number): Manifest {
  const { video, audio } = segment.media;
  const codecs = [video?.codec, audio?.codec].filter((codec) => codec !== undefined).join(',');
  return {
    v: 1,
    site,
    stream: segment.stream,
    seg: segment.seg,
    seq,
    t0: Math.round(segment.from.wallMs),
    t1: Math.round(segment.to.wallMs),
    ...(segment.clock.source === 'unknown' ? {} : { clock: { src: segment.clock.source } }),
    size: segment.bytes,
    sha256: segment.sha256,
    media: {
      type: video === null ? 'audio/mp4' : 'video/mp4',
      ...(codecs === '' ? {} : { codecs }),
      ...(video === null ? {} : { w: video.width, h: video.height }),
    },
    run: segment.run,
    sequence: segment.sequence,
    claims: segment.claims,
    gap: segment.gapBefore !== null,
    prev: prevJwsHash,
  };
}

/** `20261121T160500000Z`: a UTC time without the colons that file stores refuse. */
export function compactTime(wallMs: number): string {
  return new Date(wallMs).toISOString().replaceAll(/[-:.]/g, '');
}

/** Name of a segment in a file store: stream, first moment, number in the stream. */
export function fileNameOf(manifest: Manifest): string {
  return `${manifest.stream}_${compactTime(manifest.t0)}_${String(manifest.seq).padStart(6, '0')}.mp4`;
}

/**
 * Id of one attempt to send a segment: always 46 characters, so that none is the beginning of another, and bound to the content,
 * so that an id is never used for other bytes. `attempt` counts from 1 to {@link ATTEMPTS_MAX}.
 */
export function fileIdOf(seg: string, sha256: string, attempt: number): string {
  return `${seg}-${sha256.slice(0, 16)}-${String(attempt).padStart(2, '0')}`;
}

/** What opens a transfer. The same bytes for the same attempt, always: an engine refuses an id that comes with other words. */
export interface Init {
  readonly name: string;
  readonly size: number;
  readonly checksum: string;
  readonly segments_ttl: number;
  readonly user_data: {
    readonly hrc: 1;
    readonly site: string;
    readonly stream: string;
    readonly seg: string;
    readonly t0: number;
    readonly t1: number;
    /** Hash of the manifest JWS. */
    readonly mh: string;
  };
}

/** How long a centre keeps parts of a file, in seconds, when its document does not say. */
export const PARTS_KEPT_S = 86_400;

/** The init message for a signed manifest; `partsKeptS` as the centre's document says. */
export function initOf(manifest: Manifest, jws: string, partsKeptS = PARTS_KEPT_S): Init {
  const { site, stream, seg, t0, t1 } = manifest;
  return {
    name: fileNameOf(manifest),
    size: manifest.size,
    checksum: manifest.sha256,
    segments_ttl: partsKeptS,
    user_data: { hrc: 1, site, stream, seg, t0, t1, mh: jwsHash(jws) },
  };
}

/** One item of `up/seg`. */
export interface Announcement {
  readonly v: 1;
  /** Number in the site's outbox, from 1, without gaps. */
  readonly siteSeq: number;
  readonly state: 'local' | 'queued' | 'sent' | 'lost' | 'purged';
  readonly fileId?: string;
  readonly route?: RouteName;
  readonly jws: string;
}

/** How well the centre keeps it, weakest first. */
export const DURABILITIES = ['engine', 'stored', 'replicated', 'locked'] as const;
export type Durability = (typeof DURABILITIES)[number];

export function strongest(wanted: readonly Durability[]): Durability {
  return DURABILITIES[Math.max(0, ...wanted.map((one) => DURABILITIES.indexOf(one)))] ?? 'stored';
}

/** The centre's word that it holds a segment (`typ: hrc-receipt`). `iat` is UTC seconds. */
export interface Receipt {
  readonly v: 1;
  readonly site: string;
  readonly seg: string;
  readonly fileId?: string;
  readonly sha256: string;
  readonly size: number;
  readonly mh?: string;
  readonly object?: { readonly store?: string; readonly key?: string; readonly version?: string };
  readonly durability: Durability;
  readonly verified: 'engine-fin' | 's3-checksum' | 'read-back';
  readonly iat: number;
  readonly permit: { readonly delete: boolean; readonly deleteAfter?: number };
}

/** What a receipt must agree with: our own record of the segment. */
export interface Sent {
  readonly site: string;
  readonly seg: string;
  readonly sha256: string;
  readonly size: number;
  /** `jwsHash` of the manifest. */
  readonly mh: string;
  /** Of the manifest that it took the place of, when it was signed anew; a receipt for that one is for the same bytes. */
  readonly was?: string;
}

/** Why a receipt (its signature already checked) does not release `sent`, as a sentence; null when it does. */
export function receiptFault(receipt: Receipt, sent: Sent, minimum: Durability = 'stored'): string | null {
  if (receipt.site !== sent.site) return `it is for site ${receipt.site}`;
  if (receipt.seg !== sent.seg) return `it is for segment ${receipt.seg}`;
  if (receipt.sha256 !== sent.sha256) return `it names hash ${receipt.sha256}, sent was ${sent.sha256}`;
  if (receipt.size !== sent.size) return `it names ${receipt.size} bytes, sent were ${sent.size}`;
  if (receipt.mh !== undefined && receipt.mh !== sent.mh && receipt.mh !== sent.was) return 'it names another manifest';
  if (receipt.fileId !== undefined && !receipt.fileId.startsWith(fileIdOf(sent.seg, sent.sha256, 0).slice(0, -2)))
    return `it names transfer ${receipt.fileId}`;
  if (DURABILITIES.indexOf(receipt.durability) < DURABILITIES.indexOf(minimum))
    return `it says only ${receipt.durability}, needed is ${minimum}`;
  return null;
}

/** What the centre can do, retained and signed (`typ: hrc-centre`). */
export interface CentreDocument {
  readonly v: 1;
  readonly centre: string;
  /** UTC seconds. */
  readonly iat: number;
  /** Changes with every connection of the centre: what was under way before it may be lost. */
  readonly boot?: string;
  readonly routes: readonly string[];
  readonly ft: {
    readonly chunkMax: number;
    readonly filesInFlight: number;
    /** Seconds for which parts of a file are kept. */
    readonly segmentsTtl?: number;
  };
  /** Route C: only to these origins (`https://host:port`) does a site ever send a file. */
  readonly put?: { readonly maxUrls: number; readonly origins: readonly string[] };
  /** `all`: the centre keeps announcements, so that the whole backlog is announced at once; otherwise just ahead of the bytes. */
  readonly announce?: 'all' | 'ahead';
  readonly receipt: { readonly keys: readonly PublicKey[]; readonly minDurability: Durability };
  readonly min: number;
  readonly max: number;
}

/** A site's retained birth message. */
export interface Birth {
  readonly v: 1;
  readonly online: true;
  readonly site: string;
  readonly at: number;
  readonly software: string;
  readonly siteSeq: { readonly last: number };
  readonly keys: readonly PublicKey[];
  readonly routes: readonly string[];
  readonly min: 1;
  readonly max: 1;
}

/** What a site's or the centre's last will says. */
export const OFFLINE = { v: 1, online: false } as const;

/** The answer to a command of a transfer on `dn/ftr`: EMQX's form, with our code beside it. */
export interface TransferResult {
  readonly topic: string;
  /** 0 or 0x80. */
  readonly reason_code: number;
  readonly reason_description: string;
  /** Our code; null on success. */
  readonly code: HrcCode | null;
  readonly retryS: number | null;
}

/** EMQX's words for what went wrong (or our own code) as our code. A word nobody knows is `HRC-STORE`: wait and try again. */
export function hrcCodeOf(description: string): HrcCode {
  const own = HRC_CODES.find((code) => code === description);
  if (own !== undefined) return own;
  if (description === 'checksum_mismatch') return 'HRC-CHUNK';
  if (['incomplete', 'read_segment', 'inconsistent'].includes(description)) return 'HRC-INCOMPLETE';
  if (description === 'internal_error') return 'HRC-FILEHASH';
  if (description === 'filemeta_conflict' || description.startsWith('invalid_')) return 'HRC-META';
  return 'HRC-STORE';
}

export const CENTRE_TOPIC = 'hrc/1/all/dn/centre';
/** The centre's presence, retained, with a last will; a hint only. */
export const CENTRE_STATE_TOPIC = 'hrc/1/all/dn/state';
export const ALL_DOWN_FILTER = 'hrc/1/all/dn/#';
export const SITES_UP_FILTER = 'hrc/1/+/up/#';
export const SITES_TRANSFER_FILTER = 'hrc/1/+/ft/#';

/** Bytes of one site by route B. */
export function transferFilterOf(site: string): string {
  return `hrc/1/${site}/ft/#`;
}

/** Client id of a site's second connection, the one for bytes; EMQX stores what comes on it below this name. */
export function bulkClientOf(site: string): string {
  return `${site}-b`;
}

/**
 * Where a file lies in an object store that a site, or an engine for it, wrote to itself: EMQX's own naming, taken for routes A and C,
 * so that an archive looks the same.
 */
export function uploadKeyOf(fileId: string, manifest: Manifest): string {
  return `${bulkClientOf(manifest.site)}/${fileId}/${fileNameOf(manifest)}`;
}

/** The topics of one site. */
export function topicsOf(site: string) {
  const root = `hrc/1/${site}`;
  return {
    state: `${root}/up/state`,
    backlog: `${root}/up/backlog`,
    seg: `${root}/up/seg`,
    request: (id: string) => `${root}/up/req/${id}`,
    downFilter: `${root}/dn/#`,
    receipt: `${root}/dn/receipt`,
    /** What the centre asks of this site, retained. */
    policy: `${root}/dn/policy`,
    result: `${root}/dn/ftr`,
    response: (id: string) => `${root}/dn/rsp/${id}`,
    responses: `${root}/dn/rsp/`,
    /** Orders of the centre, each under its id, and what became of them. */
    order: (id: string) => `${root}/dn/cmd/${id}`,
    orders: `${root}/dn/cmd/`,
    answer: (id: string) => `${root}/up/rsp/${id}`,
    /** Route A: where the engine says what became of a file, for the site and the centre. */
    engineEnd: `${root}/up/ftfin`,
    /** Bytes that come back from the centre, each piece under the id of the request that asked for it, with its hash. */
    piece: (id: string, sha256: string) => `${root}/df/${id}/${sha256}`,
    pieces: `${root}/df/`,
    piecesFilter: `${root}/df/#`,
    init: (fileId: string) => `${root}/ft/${fileId}/init`,
    chunk: (fileId: string, offset: number, sha256: string) => `${root}/ft/${fileId}/${offset}/${sha256}`,
    fin: (fileId: string, size: number, sha256: string) => `${root}/ft/${fileId}/fin/${size}/${sha256}`,
    abort: (fileId: string) => `${root}/ft/${fileId}/abort`,
  };
}

export type SiteTopics = ReturnType<typeof topicsOf>;

/** Topics of one transfer: the same grammar below a site's own prefix (route B) and below EMQX's (route A). */
export interface TransferTopics {
  readonly init: (fileId: string) => string;
  readonly chunk: (fileId: string, offset: number, sha256: string) => string;
  readonly fin: (fileId: string, size: number, sha256: string) => string;
  readonly abort: (fileId: string) => string;
}

/** EMQX's own: the end goes to the asynchronous form, which is acknowledged at once and answered later. */
export const ENGINE_TOPICS: TransferTopics = {
  init: (fileId) => `$file/${fileId}/init`,
  chunk: (fileId, offset, sha256) => `$file/${fileId}/${offset}/${sha256}`,
  fin: (fileId, size, sha256) => `$file-async/${fileId}/fin/${size}/${sha256}`,
  abort: (fileId) => `$file/${fileId}/abort`,
};

/** Where EMQX answers a client. */
export function engineResponses(clientId: string): string {
  return `$file-response/${clientId}`;
}

/**
 * Payload bytes that fit a packet: the wish, the centre's limit and the broker's maximum packet size less topic and overhead.
 * 0 or less when nothing fits. `topicBytes` is the longest topic that will be used; null is "no limit said".
 */
export function payloadBytesMax(
  wish: number,
  centreMax: number | null,
  packetMax: number | null,
  topicBytes: number,
): number {
  const broker = packetMax === null ? Number.POSITIVE_INFINITY : packetMax - topicBytes - PACKET_OVERHEAD_BYTES;
  return Math.min(wish, centreMax ?? wish, broker);
}

/** Milliseconds before try number `failures` (from 1): full jitter below a ceiling that doubles. `random` is in [0, 1). */
export function backoffMs(failures: number, firstMs: number, maxMs: number, random: number): number {
  const ceiling = Math.min(maxMs, firstMs * 2 ** Math.min(failures - 1, 30));
  return Math.round(ceiling * random);
}
