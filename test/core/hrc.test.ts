import { describe, expect, test } from 'vitest';
import type { SegmentFact } from '../../controller/core/facts.ts';
import {
  backoffMs,
  type CentreDocument,
  fileIdOf,
  fileNameOf,
  hrcCodeOf,
  initOf,
  manifestOf,
  payloadBytesMax,
  type Receipt,
  receiptFault,
  topicsOf,
} from '../../controller/core/hrc.ts';
import {
  parseJson,
  readAnnouncement,
  readCentreDocument,
  readFileId,
  readInit,
  readManifest,
  readReceipt,
  readSegs,
  readState,
  readTransferResult,
  readUpTopic,
} from '../../controller/core/hrc-reading.ts';

const HASH = 'a1b2'.repeat(16);
const SEG = '01KAJ9M3W6Z8Q4T1V7X2Y5N0BC';
const at = { wallMs: 1_795_277_100_000.4, monoMs: 5, boot: 'b' };

const segment: SegmentFact = {
  type: 'segment',
  seg: SEG,
  stream: 'cam-02',
  run: '01KAJ9M3W6Z8Q4T1V7X2Y5N0BD',
  sequence: 7,
  from: at,
  to: { ...at, wallMs: at.wallMs + 10_000 },
  mediaFromMs: 0,
  mediaToMs: 10_000,
  videoFrames: 250,
  audioFrames: 470,
  bytes: 15_728_640,
  headerBytes: 900,
  sha256: HASH,
  media: {
    video: { codec: 'avc1.640028', width: 1920, height: 1080 },
    audio: { codec: 'mp4a.40.2', sampleRate: 48_000, copied: true },
  },
  clock: { source: 'ntp' },
  claims: ['01KAJ9M3W6Z8Q4T1V7X2Y5N0BE'],
  startsWithKeyframe: true,
  gapBefore: null,
  adopted: false,
};
const manifest = manifestOf('court-0417', segment, null, 812);

describe('a manifest', () => {
  test('says what the recorder said, in whole milliseconds, and reads back as itself', () => {
    expect(manifest).toMatchObject({
      t0: 1_795_277_100_000,
      t1: 1_795_277_110_000,
      size: 15_728_640,
      media: { type: 'video/mp4', codecs: 'avc1.640028,mp4a.40.2', w: 1920, h: 1080 },
      clock: { src: 'ntp' },
      gap: false,
      prev: null,
    });
    expect(readManifest(JSON.parse(JSON.stringify(manifest)))).toEqual(manifest);
  });

  test('leaves out what is not known, and says when something is missing before it', () => {
    const bare = manifestOf(
      'court-0417',
      {
        ...segment,
        media: { video: null, audio: segment.media.audio },
        clock: { source: 'unknown' },
        gapBefore: { from: at, cause: { code: 'camera-stalled', detail: '' } },
      },
      HASH,
      0,
    );
    expect(bare).not.toHaveProperty('clock');
    expect(bare).toMatchObject({ media: { type: 'audio/mp4', codecs: 'mp4a.40.2' }, gap: true, prev: HASH });
    expect(readManifest(JSON.parse(JSON.stringify(bare)))).toEqual(bare);
  });

  test.each<[string, object]>([
    ['site', { site: '../etc' }],
    ['site', { site: 'Court' }],
    ['stream', { stream: '..' }],
    ['stream', { stream: 'a/b' }],
    ['stream', { stream: 'cam-02\n' }],
    ['seg', { seg: '01KAJ9M3W6Z8Q4T1V7X2Y5N0B' }],
    ['run', { run: '../../x' }],
    ['run', { run: '.' }],
    ['run', { run: '' }],
    ['size', { size: 0 }],
    ['size', { size: 1.5 }],
    ['size', { size: '1' }],
    ['size', { size: 2 ** 60 }],
    ['sha256', { sha256: HASH.toUpperCase() }],
    ['seq', { seq: -1 }],
    ['t0', { t0: 1e18 }],
    ['t1 before t0', { t1: 0 }],
    ['prev', { prev: 'x' }],
    ['prev', { prev: undefined }],
    ['media', { media: null }],
    ['media', { media: [] }],
    ['clock', { clock: { src: 'sun' } }],
    ['claims', { claims: Array.from({ length: 65 }, () => 'x') }],
    ['version', { v: 2 }],
  ])('with a wrong %s is not taken', (_what, change) => {
    expect(readManifest({ ...manifest, ...change })).toBeNull();
  });
});

test('names and ids have the lengths and characters that stores and brokers need', () => {
  expect(fileNameOf(manifest)).toBe('cam-02_20261121T160500000Z_000812.mp4');
  expect(fileIdOf(SEG, HASH, 1)).toBe(`${SEG}-a1b2a1b2a1b2a1b2-01`);
  expect(fileIdOf(SEG, HASH, 99)).toHaveLength(46);
  expect(readFileId(fileIdOf(SEG, HASH, 3))).toEqual({ seg: SEG, sha16: 'a1b2'.repeat(4), attempt: 3 });
  expect(readFileId(`${fileIdOf(SEG, HASH, 3)}0`)).toBeNull();
});

test('the opening of a transfer is the same bytes each time, below a kilobyte, and reads back', () => {
  const init = initOf(manifest, 'a.b.c');
  expect(JSON.stringify(init)).toBe(JSON.stringify(initOf(manifest, 'a.b.c')));
  expect(JSON.stringify(init).length).toBeLessThan(1_024);
  expect(readInit(JSON.parse(JSON.stringify(init)))).toEqual(init);
  expect(readInit({ ...init, size: -1 })).toBeNull();
  expect(readInit({ ...init, user_data: { ...init.user_data, seg: '../x' } })).toBeNull();
});

describe('topics', () => {
  const site = topicsOf('court-0417');
  const fileId = fileIdOf(SEG, HASH, 1);
  test.each<[string, object]>([
    [site.state, { kind: 'state', site: 'court-0417' }],
    [site.seg, { kind: 'seg', site: 'court-0417' }],
    [site.request(SEG), { kind: 'request', site: 'court-0417', id: SEG }],
    [site.init(fileId), { kind: 'init', site: 'court-0417', fileId }],
    [site.abort(fileId), { kind: 'abort', site: 'court-0417', fileId }],
    [site.chunk(fileId, 262_144, HASH), { kind: 'chunk', site: 'court-0417', fileId, offset: 262_144, sha256: HASH }],
    [site.fin(fileId, 7, HASH), { kind: 'fin', site: 'court-0417', fileId, size: 7, sha256: HASH }],
  ])('%s is read back', (topic, about) => {
    expect(readUpTopic(topic)).toEqual(about);
  });

  test.each([
    'hrc/1/../up/seg',
    'hrc/1/Court/up/seg',
    'hrc/2/court-0417/up/seg',
    'hrc/1/court-0417/up/seg/x',
    'hrc/1/court-0417/up/req/../../x',
    'hrc/1/court-0417/dn/receipt',
    'hrc/1/court-0417/ft/../init',
    `hrc/1/court-0417/ft/${fileId}/-1/${HASH}`,
    `hrc/1/court-0417/ft/${fileId}/1e3/${HASH}`,
    `hrc/1/court-0417/ft/${fileId}/007/${HASH}`,
    `hrc/1/court-0417/ft/${fileId}/${'9'.repeat(16)}/${HASH}`,
    `hrc/1/court-0417/ft/${fileId}/0/${HASH}/x/y`,
    `hrc/1/court-0417/ft/${fileId}/fin/1`,
    '',
    '/'.repeat(1_000),
  ])('%s is nobody’s', (topic) => {
    expect(readUpTopic(topic)).toBeNull();
  });
});

describe('a receipt', () => {
  const sent = { site: 'court-0417', seg: SEG, sha256: HASH, size: 9, mh: HASH };
  const receipt: Receipt = {
    v: 1,
    ...sent,
    fileId: fileIdOf(SEG, HASH, 4),
    durability: 'stored',
    verified: 'read-back',
    iat: 1,
    permit: { delete: true },
  };
  test('that fits releases, and reads back as itself', () => {
    expect(receiptFault(receipt, sent)).toBeNull();
    expect(readReceipt(JSON.parse(JSON.stringify(receipt)))).toEqual(receipt);
  });
  test('is measured by the durability that is asked for', () => {
    expect(receiptFault(receipt, sent, 'replicated')).toContain('needed is replicated');
    expect(receiptFault({ ...receipt, durability: 'locked' }, sent, 'replicated')).toBeNull();
  });
  test.each<object>([
    { durability: 'perfect' },
    { permit: { delete: 'yes' } },
    { permit: null },
    { iat: -1 },
    { verified: 'trust me' },
    { fileId: 'x' },
    { v: 2 },
  ])('with %j is none', (change) => {
    expect(readReceipt({ ...receipt, ...change })).toBeNull();
  });
});

test('the centre’s document is read field by field', () => {
  const document: CentreDocument = {
    v: 1,
    centre: 'c1',
    iat: 5,
    boot: 'x',
    routes: ['B'],
    ft: { chunkMax: 5, filesInFlight: 2 },
    receipt: { keys: [], minDurability: 'stored' },
    min: 1,
    max: 1,
  };
  expect(readCentreDocument(document)).toEqual(document);
  expect(readCentreDocument({ ...document, ft: { chunkMax: 0, filesInFlight: 2 } })).toBeNull();
  expect(readCentreDocument({ ...document, receipt: { keys: [{}], minDurability: 'stored' } })).toBeNull();
  expect(readCentreDocument({ ...document, routes: 'B' })).toBeNull();
});

test('hostile JSON is null, never an exception', () => {
  const values: unknown[] = [null, undefined, 0, '', 'x', [], {}, [null], { v: 1 }, { v: 1, online: true, keys: 'x' }];
  for (const value of values) {
    expect(readManifest(value)).toBeNull();
    expect(readAnnouncement(value)).toBeNull();
    expect(readInit(value)).toBeNull();
    expect(readReceipt(value)).toBeNull();
    expect(readCentreDocument(value)).toBeNull();
    expect(readState(value)).toBeNull();
    expect(readTransferResult(value)).toBeNull();
  }
  expect(readSegs([SEG, '../x'], 5)).toBeNull();
  expect(readSegs([SEG, SEG], 1)).toBeNull();
  expect(parseJson(Buffer.from('['.repeat(100_000)), 1_000_000)).toBeUndefined();
  expect(parseJson(Buffer.from('{}'), 1)).toBeUndefined();
});

test('every word an engine uses for a failure has a code of ours', () => {
  expect(hrcCodeOf('incomplete')).toBe('HRC-INCOMPLETE');
  expect(hrcCodeOf('checksum_mismatch')).toBe('HRC-CHUNK');
  expect(hrcCodeOf('internal_error')).toBe('HRC-FILEHASH');
  expect(hrcCodeOf('invalid_size')).toBe('HRC-META');
  expect(hrcCodeOf('enospc')).toBe('HRC-STORE');
  expect(hrcCodeOf('HRC-CONFLICT')).toBe('HRC-CONFLICT');
  expect(readTransferResult({ topic: 't', reason_code: 128, reason_description: 'incomplete' })?.code).toBe(
    'HRC-INCOMPLETE',
  );
  expect(readTransferResult({ topic: 't', reason_code: 0, reason_description: 'success' })?.code).toBeNull();
});

test('chunks fit the smallest of wish, centre and broker', () => {
  expect(payloadBytesMax(262_144, null, null, 100)).toBe(262_144);
  expect(payloadBytesMax(262_144, 1_000, null, 100)).toBe(1_000);
  expect(payloadBytesMax(262_144, 1_000_000, 20_000, 100)).toBe(20_000 - 100 - 64);
});

test('back-off doubles its ceiling, has full jitter, and ends', () => {
  expect([1, 2, 3, 50, 5_000].map((failures) => backoffMs(failures, 1_000, 60_000, 1))).toEqual([
    1_000, 2_000, 4_000, 60_000, 60_000,
  ]);
  expect(backoffMs(3, 1_000, 60_000, 0)).toBe(0);
  expect(backoffMs(3, 1_000, 60_000, 0.5)).toBe(2_000);
});
