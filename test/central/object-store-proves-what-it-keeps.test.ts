import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import S3rver from 's3rver';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { S3Store, type S3StoreOptions } from '../../controller/central/s3-store.ts';
import { clock, Ear } from '../forward/scene.ts';
import { KEY, REGION, StrictStore } from './strict-store.ts';

const FILE_ID = '01KAJ9M3W6Z8Q4T1V7X2Y5N0BC-0123456789abcdef-01';
const PLACE = `court-0417-b/${FILE_ID}/cam-02_20261121T160500000Z_000812.mp4`;
const THEIR_KEY = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' };
const QUICK = { connectTimeoutMs: 500, idleTimeoutMs: 300, againFirstMs: 10 };

let folder: string;
let ear: Ear;
let endings: (() => Promise<unknown>)[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 's3-'));
  ear = new Ear();
  endings = [];
});
afterEach(async () => {
  for (const ending of endings.reverse()) await ending();
  rmSync(folder, { recursive: true, force: true });
});

function file(bytes: Buffer): { path: string; what: { size: number; sha256: string } } {
  const path = join(folder, 'segment.mp4');
  writeFileSync(path, bytes);
  return { path, what: { size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') } };
}

function storeAt(endpoint: string, change: Partial<S3StoreOptions> = {}, access: object = {}): S3Store {
  const store = new S3Store({
    access: { endpoint, region: REGION, bucket: 'evidence', pathStyle: true, ...KEY, ...access },
    durability: 'stored',
    clock,
    log: ear,
    timing: QUICK,
    ...change,
  });
  endings.push(() => store.close());
  return store;
}

async function strict(): Promise<StrictStore> {
  const there = await new StrictStore().start();
  endings.push(() => there.close());
  return there;
}

/** s3rver: a real S3 server of others, which checks neither signatures of version 4 nor checksums. */
async function s3rver(): Promise<string> {
  const directory = join(folder, 'buckets');
  const server = new S3rver({
    ...{ port: 0, address: '127.0.0.1', silent: true, directory },
    configureBuckets: [{ name: 'evidence', configs: [] }],
  });
  const { port } = await server.run();
  endings.push(() => server.close());
  return `http://127.0.0.1:${port}`;
}

async function read(store: S3Store, from: number, to: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of await store.read(PLACE, from, to)) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

describe('a store that checks nothing', () => {
  test('is found out, read back from, and gives sites no address', async () => {
    const store = storeAt(await s3rver(), {}, THEIR_KEY);
    await store.open();
    const bytes = randomBytes(300_000);
    const { path, what } = file(bytes);
    expect(await store.check(PLACE, what)).toBeNull();
    expect(await store.take(path, PLACE, what)).toEqual({
      ...{ store: 'evidence', key: PLACE, version: null },
      ...{ durability: 'stored', verified: 'read-back' },
    });
    expect((await read(store, 1_000, 2_000)).equals(bytes.subarray(1_000, 2_000))).toBe(true);
    expect(await store.find(`court-0417-b/${FILE_ID.slice(0, 43)}`)).toEqual([PLACE]);
    expect(await store.find('_centre/')).toEqual([]);
    expect([await store.uploadAddress(PLACE, what), store.origins]).toEqual([null, []]);
  });

  test('takes large files in parts', async () => {
    const store = storeAt(await s3rver(), { partsAboveBytes: 100_000, partBytes: 80_000 }, THEIR_KEY);
    await store.open();
    const bytes = randomBytes(250_001);
    const { path, what } = file(bytes);
    expect((await store.take(path, PLACE, what)).verified).toBe('read-back');
    expect((await read(store, 0, bytes.length)).equals(bytes)).toBe(true);
  });

  test('is not believed when it has other bytes', async () => {
    const store = storeAt(await s3rver(), {}, THEIR_KEY);
    await store.open();
    const { path, what } = file(randomBytes(5_000));
    await expect(store.take(path, PLACE, { ...what, sha256: 'ab'.repeat(32) })).rejects.toMatchObject({
      code: 'HRC-FILEHASH',
    });
  });
});

describe('a store that checks checksums', () => {
  test('proves them: nothing is read back, and the receipt can name the version', async () => {
    const there = await strict();
    const store = storeAt(there.endpoint);
    await store.open();
    const { path, what } = file(randomBytes(400_000));
    expect(await store.take(path, PLACE, what)).toMatchObject({ version: 'v1', verified: 's3-checksum' });
    expect(there.asked.map(({ method }) => method)).toEqual(['PUT', 'PUT', 'HEAD']);
    const [, put] = there.asked;
    expect(put?.headers).toMatchObject({ 'x-amz-content-sha256': what.sha256, 'if-none-match': '*' });
  });

  test('refuses a file that changed after it was hashed', async () => {
    const there = await strict();
    const store = storeAt(there.endpoint);
    await store.open();
    const { path, what } = file(randomBytes(5_000));
    const other = { ...what, sha256: 'ab'.repeat(32) };
    await expect(store.take(path, PLACE, other)).rejects.toMatchObject({ code: 'HRC-FILEHASH' });
    expect(there.objects.size).toBe(0);
  });

  test('keeps what is there already, unless it is not what its name says', async () => {
    const there = await strict();
    const store = storeAt(there.endpoint);
    await store.open();
    const bytes = randomBytes(5_000);
    const { path, what } = file(bytes);
    await store.take(path, PLACE, what);
    writeFileSync(path, bytes);
    expect((await store.take(path, PLACE, what)).version).toBe('v1');
    writeFileSync(path, bytes);
    there.objects.set(PLACE, { bytes: Buffer.from('other'), checksum: null, version: 'v2' });
    await expect(store.check(PLACE, what)).rejects.toMatchObject({ code: 'HRC-FILEHASH' });
    expect((await store.take(path, PLACE, what)).verified).toBe('s3-checksum');
  });

  test('is read back where it has no checksum of its own', async () => {
    const there = await strict();
    const store = storeAt(there.endpoint);
    await store.open();
    const bytes = randomBytes(5_000);
    const { what } = file(bytes);
    there.objects.set(PLACE, { bytes, checksum: null, version: 'v1' });
    there.faults.push({ method: 'GET', fault: { resetAfter: 1_000 } });
    expect(await store.check(PLACE, what)).toMatchObject({ verified: 'read-back' });
    there.objects.set(PLACE, { bytes: Buffer.from(bytes).fill(0, 9, 12), checksum: null, version: 'v1' });
    await expect(store.check(PLACE, what)).rejects.toMatchObject({ code: 'HRC-FILEHASH' });
  });

  test('locks what it takes, or nothing is called locked', async () => {
    const there = await strict();
    there.locks = 'COMPLIANCE';
    const store = storeAt(there.endpoint, { durability: 'locked' });
    await store.open();
    const { path, what } = file(randomBytes(5_000));
    expect((await store.take(path, PLACE, what)).durability).toBe('locked');
    for (const locks of ['GOVERNANCE', null] as const) {
      there.locks = locks;
      await expect(store.check(PLACE, what)).rejects.toMatchObject({ code: 'store-refused' });
      const opened = storeAt(there.endpoint, { durability: 'locked' }).open();
      await expect(opened).rejects.toMatchObject({ code: 'store-refused' });
    }
  });
});

describe('an address for a site', () => {
  async function put(address: { url: string; headers: Record<string, string> }, bytes: Buffer, headers: object = {}) {
    const answer = await fetch(address.url, {
      method: 'PUT',
      body: new Uint8Array(bytes),
      headers: { ...address.headers, ...headers },
    });
    return { status: answer.status, word: /<Code>(\w+)</.exec(await answer.text())?.[1] };
  }

  test('takes exactly this file, with its checksum demanded and signed', async () => {
    const there = await strict();
    const store = storeAt(there.endpoint);
    await store.open();
    expect(store.origins).toEqual([there.endpoint]);
    const bytes = randomBytes(5_000);
    const { what } = file(bytes);
    const address = await store.uploadAddress(PLACE, what);
    if (address === null) throw new Error('no address');
    const { url, headers } = address;
    expect(new URL(url).searchParams.get('X-Amz-SignedHeaders')).toBe('content-length;host;x-amz-checksum-sha256');
    expect(new URL(url).searchParams.get('X-Amz-Expires')).toBe('1800');
    const other = randomBytes(5_000);
    const otherSum = createHash('sha256').update(other).digest('base64');
    expect(await put(address, other)).toEqual({ status: 400, word: 'BadDigest' });
    expect(await put({ url, headers: {} }, bytes)).toMatchObject({ status: 403, word: 'SignatureDoesNotMatch' });
    expect(await put(address, other, { 'x-amz-checksum-sha256': otherSum })).toMatchObject({ status: 403 });
    expect(await put(address, bytes.subarray(1))).toMatchObject({ status: 403 });
    expect(await put({ url: url.replace('cam-02', 'cam-03'), headers }, bytes)).toMatchObject({ status: 403 });
    expect(there.objects.size).toBe(0);
    expect(await put(address, bytes)).toMatchObject({ status: 200 });
    expect(await store.check(PLACE, what)).toMatchObject({ verified: 's3-checksum' });
    there.aheadS = 1_801;
    expect(await put(address, bytes)).toEqual({ status: 403, word: 'AccessDenied' });
  });

  test('leads to where sites reach the store', async () => {
    const there = await strict();
    const store = storeAt(there.endpoint, { sitesEndpoint: 'https://evidence.example.org' });
    await store.open();
    const { what } = file(randomBytes(100));
    expect(store.origins).toEqual(['https://evidence.example.org']);
    expect((await store.uploadAddress(PLACE, what))?.url).toMatch(/^https:\/\/evidence\.example\.org\/evidence\//);
  });
});

describe('a store in trouble', () => {
  test('is asked again, whatever broke', async () => {
    const there = await strict();
    const store = storeAt(there.endpoint);
    await store.open();
    for (const fault of [{ status: 503, word: 'SlowDown' }, { resetAfter: 100_000 }, { lateMs: 900 }]) {
      const { path, what } = file(randomBytes(500_000));
      there.objects.clear();
      there.faults.push({ method: 'PUT', fault });
      expect((await store.take(path, PLACE, what)).verified).toBe('s3-checksum');
    }
    expect(there.faults).toEqual([]);
    expect(ear.said).toEqual([]);
  });

  test('costs the file no more than time: it stays here until the store has it', async () => {
    const there = await strict();
    const store = storeAt(there.endpoint);
    await store.open();
    const { path, what } = file(randomBytes(5_000));
    there.isDown = true;
    await expect(store.take(path, PLACE, what)).rejects.toMatchObject({ code: 'store-away' });
    expect(existsSync(path)).toBe(true);
    there.isDown = false;
    await store.take(path, PLACE, what);
    expect(existsSync(path)).toBe(false);
  });

  test('a file that cannot be read is the fault of our disk and not of the store', async () => {
    const there = await strict();
    const store = storeAt(there.endpoint);
    await store.open();
    await expect(store.take(join(folder, 'none'), PLACE, { size: 5, sha256: 'ab'.repeat(32) })).rejects.toMatchObject({
      code: 'ENOENT',
    });
  });

  test('over TLS its certificate has to be vouched for by the authority that was named', async () => {
    const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
    const named = [
      '-subj',
      '/CN=store',
      '-addext',
      'subjectAltName=IP:127.0.0.1',
      '-keyout',
      's3.key',
      '-out',
      's3.pem',
    ];
    execFileSync('openssl', [...made, ...named], { cwd: folder, stdio: 'ignore' });
    const [cert, key] = ['s3.pem', 's3.key'].map((name) => readFileSync(join(folder, name), 'utf8'));
    const there = await new StrictStore().start({ cert: cert ?? '', key: key ?? '' });
    endings.push(() => there.close());
    await expect(storeAt(there.endpoint).open()).rejects.toMatchObject({ code: 'store-away' });
    const store = storeAt(there.endpoint, {}, { ca: [cert] });
    await store.open();
    const { path, what } = file(randomBytes(5_000));
    expect(await store.take(path, PLACE, what)).toMatchObject({ verified: 's3-checksum' });
  });

  test.each([
    [{ bucket: 'other' }, 'store-refused', 'there is no bucket other'],
    [{ accessKeyId: 'nobody' }, 'store-refused', 'does not know the access key'],
    [{ secretAccessKey: 'wrong' }, 'store-refused', 'the secret key does not fit'],
    [{ endpoint: 'http://127.0.0.1:9' }, 'store-away', 'ECONNREFUSED'],
  ])('%j ends the start with what to do', async (access, code, message) => {
    const there = await strict();
    const error: unknown = await storeAt(there.endpoint, {}, access)
      .open()
      .catch((fault: unknown) => fault);
    expect(error).toMatchObject({ code, message: expect.stringContaining(message) });
    expect(String((error as Error).message)).not.toContain(KEY.secretAccessKey);
  });

  test('a clock that is wrong is named', async () => {
    const there = await strict();
    there.aheadS = 3_600;
    await expect(storeAt(there.endpoint).open()).rejects.toMatchObject({
      code: 'store-refused',
      message: expect.stringContaining('clock'),
    });
  });

  test('a key that may not write is named', async () => {
    const there = await strict();
    const store = storeAt(there.endpoint);
    there.deniesWrites = true;
    await expect(store.open()).rejects.toMatchObject({
      code: 'store-refused',
      message: expect.stringContaining('AccessDenied'),
    });
  });
});
