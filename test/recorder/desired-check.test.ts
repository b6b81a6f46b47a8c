/** A wish is checked field by field before it is pursued; what is refused is named, and never shows a password. */
import { expect, test } from 'vitest';
import type { DesiredStream } from '../../controller/core/recording.ts';
import { checkDesired, isDesired } from '../../controller/recorder/desired-check.ts';
import { seeded } from '../oracle/fragmented.ts';

const MOMENT = { wallMs: 1_795_000_000_000, monoMs: 5_000, boot: 'boot-a' };
const ID = '01M7ZNP7P5G36CXJ4SJ8420NC8';
const SOURCE = {
  url: 'rtsp://[fd00::1]:8554/live/main?x=1',
  user: 'adm in',
  password: 'p@ss: /#%&密码',
  transport: 'auto',
  audio: 'auto',
} as const;
const ARMED = { source: SOURCE, mode: 'armed', preRollMs: 4_000 } as const;
const CLAIM = { id: ID, from: MOMENT, to: null };
const KEEP = { source: SOURCE, mode: 'keep', preRollMs: 0, segmentMs: 10_000, claims: [CLAIM], after: 'off' } as const;

const wish = (stream: unknown, id = 'cam-1') => ({ revision: 1, streams: { [id]: stream } });
const withSource = (source: object) => wish({ ...ARMED, source: { ...SOURCE, ...source } });

test.each<[string, DesiredStream]>([
  ['off', { source: SOURCE, mode: 'off' }],
  ['armed', ARMED],
  ['keep', KEEP],
  ['a claim with its end', { ...KEEP, claims: [{ ...CLAIM, to: MOMENT }] }],
  ['no claims', { ...KEEP, claims: [] }],
  ['the limits', { ...KEEP, preRollMs: 120_000, segmentMs: 300_000 }],
  ['no login', { ...ARMED, source: { url: 'rtsp://cam/', transport: 'udp', audio: 'none' } }],
])('taken: %s', (_name, stream) => {
  expect(checkDesired(wish(stream))).toBeNull();
  expect(isDesired(wish(stream))).toBe(true);
});

test.each<[string, unknown, string]>([
  ['nothing', undefined, 'revision and streams'],
  ['null', null, 'revision and streams'],
  ['a list', [], 'revision and streams'],
  ['no revision', { streams: {} }, 'revision and streams'],
  ['half a revision', { revision: 1.5, streams: {} }, 'revision and streams'],
  ['streams as a list', { revision: 1, streams: [] }, 'revision and streams'],
  ['a stream of null', wish(null), 'not an object'],
  ['a name that climbs', wish(ARMED, '../etc'), 'lower-case letters, digits and hyphens'],
  ['an empty name', wish(ARMED, ''), 'lower-case letters, digits and hyphens'],
  ['a name of 25 letters', wish(ARMED, 'a'.repeat(25)), 'lower-case letters, digits and hyphens'],
  ['a name in capitals', wish(ARMED, 'Cam'), 'lower-case letters, digits and hyphens'],
  ['a name ending in a hyphen', wish(ARMED, 'cam-'), 'lower-case letters, digits and hyphens'],
  ['no source', wish({ mode: 'off' }), 'source.url is missing'],
  ['no address', withSource({ url: 7 }), 'source.url is missing'],
  ['a word as address', withSource({ url: 'camera' }), 'not an address'],
  ['another scheme', withSource({ url: 'file:///etc/passwd' }), 'not rtsp'],
  ['rtsp in another spelling of http', withSource({ url: 'http://cam/?rtsp://' }), 'not rtsp'],
  ['a login in the address', withSource({ url: 'rtsp://a:b@cam/' }), 'holds a login'],
  ['a user in the address', withSource({ url: 'rtsp://a@cam/' }), 'holds a login'],
  ['a line break in the address', withSource({ url: 'rtsp://cam/\nfile x' }), 'white space'],
  ['a space in the address', withSource({ url: 'rtsp://cam/a b' }), 'white space'],
  ['an endless address', withSource({ url: `rtsp://cam/${'a'.repeat(3_000)}` }), 'source.url is missing'],
  ['a line break in the user', withSource({ user: 'a\r\nX: y' }), 'source.user is not usable'],
  ['a number as password', withSource({ password: 7 }), 'source.password is not usable'],
  ['a NUL in the password', withSource({ password: 'secret\0' }), 'source.password is not usable'],
  ['another transport', withSource({ transport: 'http' }), 'source.transport'],
  ['no transport', withSource({ transport: undefined }), 'source.transport'],
  ['another audio', withSource({ audio: true }), 'source.audio'],
  ['no mode', wish({ source: SOURCE }), 'mode is not'],
  ['another mode', wish({ source: SOURCE, mode: 'stop' }), 'mode is not'],
  ['a pre-roll below zero', wish({ ...ARMED, preRollMs: -1 }), 'preRollMs'],
  ['a pre-roll of an hour', wish({ ...ARMED, preRollMs: 3_600_000 }), 'preRollMs'],
  ['a pre-roll that is no number', wish({ ...ARMED, preRollMs: Number.NaN }), 'preRollMs'],
  ['segments of a moment', wish({ ...KEEP, segmentMs: 10 }), 'segmentMs'],
  ['no segments', wish({ ...KEEP, segmentMs: undefined }), 'segmentMs'],
  ['nothing afterwards', wish({ ...KEEP, after: 'keep' }), 'after is not'],
  ['claims as an object', wish({ ...KEEP, claims: {} }), 'claims is not a list'],
  ['65 claims', wish({ ...KEEP, claims: Array.from({ length: 65 }, () => CLAIM) }), 'at most 64'],
  ['a claim of null', wish({ ...KEEP, claims: [null] }), 'without a proper id'],
  ['a claim with a path as id', wish({ ...KEEP, claims: [{ ...CLAIM, id: '../../x' }] }), 'without a proper id'],
  ['a claim twice', wish({ ...KEEP, claims: [CLAIM, { ...CLAIM, to: MOMENT }] }), 'stands there twice'],
  ['a claim from nowhere', wish({ ...KEEP, claims: [{ ...CLAIM, from: null }] }), 'not a moment'],
  ['a claim with an end left out', wish({ ...KEEP, claims: [{ id: ID, from: MOMENT }] }), 'not a moment'],
  ['a claim at no time', wish({ ...KEEP, claims: [{ ...CLAIM, from: { ...MOMENT, monoMs: null } }] }), 'not a moment'],
  ['a claim of no boot', wish({ ...KEEP, claims: [{ ...CLAIM, to: { wallMs: 1, monoMs: 1 } }] }), 'not a moment'],
])('refused: %s', (_name, desired, said) => {
  expect(checkDesired(desired)).toContain(said);
  expect(isDesired(desired)).toBe(false);
});

test('257 streams are refused, and a fault in one stream is told with its name', () => {
  const many = Object.fromEntries(Array.from({ length: 257 }, (_, i) => [`cam-${i}`, ARMED]));
  expect(checkDesired({ revision: 1, streams: many })).toBe('more than 256 streams');
  expect(checkDesired({ revision: 1, streams: { good: ARMED, bad: { ...ARMED, mode: 'x' } } })).toMatch(
    /^stream bad: /,
  );
});

test('whatever is wrong, no password is in the answer', () => {
  const random = seeded(5);
  for (let round = 0; round < 500; round++) {
    const source: { [name: string]: unknown } = { ...SOURCE, password: 'secret\n-7f3a' };
    for (const name of Object.keys(source)) if (random() < 0.15) source[name] = random() < 0.5 ? 'secret-7f3a' : null;
    if (random() < 0.3) source['url'] = 'rtsp://u:secret-7f3a@cam/';
    expect(checkDesired(wish({ ...ARMED, source })) ?? '').not.toContain('7f3a');
  }
});
