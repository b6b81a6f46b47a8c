/** Checks a wish that came over the socket or from disk, field by field, before anything is done with it. */
import { type DesiredState, STREAM_ID_PATTERN } from '../core/recording.ts';
import { ULID_PATTERN } from '../core/ulid.ts';

const STREAMS_MAX = 256;
const CLAIMS_MAX = 64;
const PRE_ROLL_MS_MAX = 120_000;
const SEGMENT_MS_MIN = 1_000;
const SEGMENT_MS_MAX = 300_000;
const TEXT_MAX = 2_048;

/** Null when the wish can be pursued, else what is wrong with it. Never shows a password. */
export function checkDesired(desired: unknown): string | null {
  if (!isRecord(desired) || !Number.isSafeInteger(desired['revision']) || !isRecord(desired['streams']))
    return 'a wish needs revision and streams';
  const streams = Object.entries(desired['streams']);
  if (streams.length > STREAMS_MAX) return `more than ${STREAMS_MAX} streams`;
  for (const [id, stream] of streams) {
    if (!STREAM_ID_PATTERN.test(id))
      return `stream name ${JSON.stringify(id.slice(0, 40))} is not of lower-case letters, digits and hyphens`;
    const fault = isRecord(stream) ? (checkSource(stream['source']) ?? checkMode(stream)) : 'not an object';
    if (fault !== null) return `stream ${id}: ${fault}`;
  }
  return null;
}

/** The same as a type guard. */
export function isDesired(desired: unknown): desired is DesiredState {
  return checkDesired(desired) === null;
}

function checkSource(source: unknown): string | null {
  if (!isRecord(source) || typeof source['url'] !== 'string' || source['url'].length > TEXT_MAX)
    return 'source.url is missing';
  let url: URL;
  try {
    url = new URL(source['url']);
  } catch {
    return 'source.url is not an address';
  }
  if (url.protocol !== 'rtsp:') return 'source.url is not rtsp';
  if (url.username !== '' || url.password !== '') return 'source.url holds a login; give user and password beside it';
  if (/[\s\p{Cc}]/u.test(source['url'])) return 'source.url holds white space or control characters';
  for (const name of ['user', 'password'] as const) {
    const value = source[name];
    if (value !== undefined && (typeof value !== 'string' || value.length > TEXT_MAX || /\p{Cc}/u.test(value)))
      return `source.${name} is not usable`;
  }
  if (!['auto', 'tcp', 'udp'].includes(String(source['transport']))) return 'source.transport is not auto, tcp or udp';
  if (!['auto', 'none'].includes(String(source['audio']))) return 'source.audio is not auto or none';
  return null;
}

function checkMode(stream: Record<string, unknown>): string | null {
  const mode = stream['mode'];
  if (mode === 'off') return null;
  if (mode !== 'armed' && mode !== 'keep') return 'mode is not off, armed or keep';
  if (!within(stream['preRollMs'], 0, PRE_ROLL_MS_MAX)) return `preRollMs is not between 0 and ${PRE_ROLL_MS_MAX}`;
  if (mode === 'armed') return null;
  if (!within(stream['segmentMs'], SEGMENT_MS_MIN, SEGMENT_MS_MAX))
    return `segmentMs is not between ${SEGMENT_MS_MIN} and ${SEGMENT_MS_MAX}`;
  if (stream['after'] !== 'armed' && stream['after'] !== 'off') return 'after is not armed or off';
  const claims = stream['claims'];
  if (!Array.isArray(claims) || claims.length > CLAIMS_MAX) return `claims is not a list of at most ${CLAIMS_MAX}`;
  const ids = new Set<string>();
  for (const claim of claims as unknown[]) {
    if (!isRecord(claim) || typeof claim['id'] !== 'string' || !ULID_PATTERN.test(claim['id']))
      return 'a claim without a proper id';
    if (ids.has(claim['id'])) return `claim ${claim['id']} stands there twice`;
    ids.add(claim['id']);
    if (!isInstant(claim['from']) || (claim['to'] !== null && !isInstant(claim['to'])))
      return `claim ${claim['id']}: from or to is not a moment`;
  }
  return null;
}

function isInstant(value: unknown): boolean {
  return (
    isRecord(value) &&
    Number.isFinite(value['wallMs']) &&
    Number.isFinite(value['monoMs']) &&
    typeof value['boot'] === 'string'
  );
}

function within(value: unknown, min: number, max: number): boolean {
  return typeof value === 'number' && value >= min && value <= max;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
