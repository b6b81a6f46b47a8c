/** `quancheng verify` on a real recording: whatever somebody changed afterwards is named, with its file or its journal line. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Entry } from '../../controller/core/chain.ts';
import type { RecorderFact } from '../../controller/core/facts.ts';
import { shift } from '../../controller/core/time.ts';
import { layoutOf } from '../../controller/ledger/layout.ts';
import { mediaFiles } from '../../controller/ledger/media-files.ts';
import { startVirtualSite } from '../../devices/virtual/site.ts';
import { MEDIA_CACHE_DIR, tinyCamera } from '../devices/virtual/test-site.ts';
import { PROGRAM, Rig, sourceOf, until } from '../recorder/rig.ts';

const JOURNAL = 'journal/recorder/000001.ndjson';

let recording: string;
/** A copy of the recording that a test may damage. */
let folder: string;

beforeAll(async () => {
  recording = await mkdtemp(join(tmpdir(), 'quancheng-verify-'));
  const site = await startVirtualSite({ cacheDir: MEDIA_CACHE_DIR, devices: [tinyCamera()] });
  const rig = new Rig(recording);
  try {
    await rig.start();
    await rig.connect();
    const sources = { 'cam-1': sourceOf(site.device('cam-1')) };
    const claim = rig.claim(0);
    rig.keep(sources, [claim]);
    await rig.proven(claim.id, 'cam-1');
    await until(() => rig.segments('cam-1').length >= 2);
    rig.keep(sources, [{ ...claim, to: shift(rig.clock.now(), 300) }]);
    await rig.ended(claim.id, 'cam-1');
    await rig.disconnect();
    await rig.kill('SIGTERM');
  } finally {
    await rig.disconnect();
    await rig.kill();
    await site.close();
  }
});
afterAll(() => rm(recording, { recursive: true, force: true }));

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quancheng-verify-copy-'));
  for (const part of ['media', 'journal', 'quarantine'])
    await cp(join(recording, part), join(folder, part), { recursive: true });
  return () => rm(folder, { recursive: true, force: true });
});

interface Said {
  readonly exitCode: number | null;
  readonly faults: readonly string[];
  readonly notes: readonly string[];
  readonly last: { readonly [name: string]: unknown };
}

/** What the program says of the folder. */
async function verify(...more: readonly string[]): Promise<Said> {
  const child = spawn(process.execPath, [PROGRAM, 'verify', folder, ...more], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (part) => {
    text += part;
  });
  const exitCode = await new Promise<number | null>((resolve) => child.once('close', resolve));
  const lines = text.trimEnd().split('\n');
  const last = JSON.parse(lines.at(-1) ?? '') as Said['last'];
  const saying = (level: string) => lines.filter((line) => line.startsWith(level));
  return { exitCode, faults: saying('FAULT'), notes: saying('note'), last };
}

/** It does not hold, and one line names each of `subjects`; nothing else is faulted. */
async function expectFaults(...subjects: readonly (string | RegExp)[]): Promise<void> {
  const { exitCode, faults, last } = await verify();
  expect(faults).toHaveLength(subjects.length);
  for (const [i, subject] of subjects.entries()) {
    if (typeof subject === 'string') expect(faults[i]).toContain(`  ${subject}: `);
    else expect(faults[i]).toMatch(subject);
  }
  expect(exitCode).toBe(1);
  expect(last).toMatchObject({ ok: false, faults: subjects.length });
}

async function media(): Promise<string[]> {
  return mediaFiles(layoutOf(folder).media);
}

async function journal(): Promise<string[]> {
  return (await readFile(join(folder, JOURNAL), 'utf8')).trimEnd().split('\n');
}

function factOf(line: string | undefined): RecorderFact {
  return (JSON.parse(line ?? '') as Entry<RecorderFact>).fact;
}

function writeJournal(lines: readonly string[]): Promise<void> {
  return writeFile(join(folder, JOURNAL), lines.map((line) => `${line}\n`).join(''));
}

test('an untouched recording holds, and verify changes nothing', async () => {
  const contents = async () => {
    const names = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    const paths = names.map((entry) => join(entry.parentPath, entry.name)).sort();
    return Promise.all(paths.map(async (path) => [path, (await readFile(path)).toString('base64')]));
  };
  const before = await contents();
  const { exitCode, faults, last } = await verify();
  expect(faults).toEqual([]);
  expect(exitCode).toBe(0);
  const files = await media();
  expect(last).toMatchObject({ ok: true, faults: 0, segments: files.length, claims: 1, openClaims: 0 });
  let bytes = 0;
  for (const file of files) bytes += (await readFile(file)).length;
  expect(last['bytes']).toBe(bytes);
  expect(Number(last['coveredMs'])).toBeGreaterThan(3_000);
  expect(await contents()).toEqual(before);
});

describe('media', () => {
  test.each([0, 0.5, 1])('one flipped bit, at %d of a file', async (share) => {
    const [, file = ''] = await media();
    const bytes = await readFile(file);
    const at = Math.round((bytes.length - 1) * share);
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    await writeFile(file, bytes);
    await expectFaults(relative(folder, file));
  });

  test('a file that is gone', async () => {
    const [file = ''] = await media();
    await rm(file);
    await expectFaults(relative(folder, file));
  });

  test('the whole media folder is gone: every file is named', async () => {
    const files = await media();
    await rm(join(folder, 'media'), { recursive: true });
    await expectFaults(...files.map((file) => relative(folder, file)));
  });

  test('a file cut short, and one grown', async () => {
    const [first = '', second = ''] = await media();
    await truncate(first, (await readFile(first)).length - 1);
    await writeFile(second, Buffer.concat([await readFile(second), Buffer.from('x')]));
    await expectFaults(relative(folder, first), relative(folder, second));
  });

  test('two files exchanged', async () => {
    const [first = '', second = ''] = await media();
    const bytes = await readFile(first);
    await cp(second, first);
    await writeFile(second, bytes);
    await expectFaults(relative(folder, first), relative(folder, second));
  });

  test('a foreign file among them', async () => {
    const foreign = 'media/cam-1/holiday/film.mp4';
    await mkdir(dirname(join(folder, foreign)), { recursive: true });
    await writeFile(join(folder, foreign), 'not one of ours');
    await expectFaults(foreign);
  });
});

test('what a full disk let begin and no further is told as that, and is no damage', async () => {
  const [file = ''] = await media();
  const bytes = await readFile(file);
  const begun = join(folder, 'media/cam-1/begun/000000.mp4');
  await mkdir(dirname(begun), { recursive: true });
  // The header, and the box that says which segment it is; "moof" stands four bytes behind where its box begins.
  await writeFile(begun, bytes.subarray(0, bytes.indexOf('moof') - 4));
  const { exitCode, faults, notes } = await verify();
  expect([exitCode, faults]).toEqual([0, []]);
  expect(notes).toEqual([expect.stringContaining('begun when the disk refused what followed')]);
});

describe('the journal', () => {
  test('a line removed in the middle is named by its number, and so is what it spoke of', async () => {
    const lines = await journal();
    const at = lines.findIndex((line) => factOf(line).type === 'segment');
    const [file = ''] = await media();
    await writeJournal(lines.toSpliced(at, 1));
    await expectFaults(
      `${JOURNAL} line ${at + 1}`,
      relative(folder, file),
      /claim-unexplained {2}claim \S+ on cam-1: /,
    );
  });

  test.each([1, 2])('the last %i lines removed: the first that is missing is named', async (count) => {
    const lines = await journal();
    await writeJournal(lines.slice(0, lines.length - count));
    const { exitCode, faults } = await verify();
    expect(faults[0]).toContain(`journal/recorder line ${lines.length - count + 1}: `);
    expect(exitCode).toBe(1);
  });

  test('a changed line is named, although it is good JSON', async () => {
    const lines = await journal();
    const at = lines.findIndex((line) => factOf(line).type === 'claim-begun');
    await writeJournal(lines.with(at, `${lines[at]}`.replace('"wallMs":1', '"wallMs":2')));
    await expectFaults(`${JOURNAL} line ${at + 1}`);
  });

  test('a hash and its media changed together: the chain tells', async () => {
    const lines = await journal();
    const at = lines.findIndex((line) => factOf(line).type === 'segment');
    const [file = ''] = await media();
    const bytes = await readFile(file);
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
    await writeFile(file, bytes);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    await writeJournal(lines.with(at, `${lines[at]}`.replace(/"sha256":"\w+"/, `"sha256":"${sha256}"`)));
    await expectFaults(`${JOURNAL} line ${at + 1}`);
  });

  test('the last line changed: the head file tells', async () => {
    const lines = await journal();
    expect(factOf(lines.at(-1)).type).toBe('recorder-stopped');
    await writeJournal(lines.with(-1, `${lines.at(-1)}`.replace('"wallMs":1', '"wallMs":2')));
    await expectFaults(`journal/recorder line ${lines.length}`);
  });

  test('a line put in is named', async () => {
    const lines = await journal();
    await writeJournal(lines.toSpliced(3, 0, 'nothing happened here'));
    const { exitCode, faults } = await verify();
    expect(faults[0]).toContain(`${JOURNAL} line 4: `);
    expect(exitCode).toBe(1);
  });

  test('none at all', async () => {
    await rm(join(folder, 'journal'), { recursive: true });
    const { exitCode, faults, last } = await verify();
    expect(faults[0]).toContain('no-journal  journal/recorder: ');
    expect(exitCode).toBe(1);
    expect(last['ok']).toBe(false);
  });
});

test('a folder that is not there is a mistake of the caller, not a damaged recording', async () => {
  const child = spawn(process.execPath, [PROGRAM, 'verify', join(folder, 'none')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (part) => {
    said += part;
  });
  expect(await new Promise((resolve) => child.once('close', resolve))).toBe(2);
  expect(said).toContain('[bad-usage]');
});

describe('a second disk', () => {
  let mirror: string;
  beforeEach(async () => {
    mirror = await mkdtemp(join(tmpdir(), 'quancheng-verify-second-'));
    await cp(folder, mirror, { recursive: true });
    return () => rm(mirror, { recursive: true, force: true });
  });
  const both = () => verify('--mirror', mirror);
  const inMirror = async () => mediaFiles(layoutOf(mirror).media);

  test('that holds the same is well', async () => {
    expect(await both()).toMatchObject({ exitCode: 0, faults: [] });
  });

  test('on which a file is gone, and another one changed: each is named, and that the other disk has it', async () => {
    const [first = '', second = ''] = await inMirror();
    await rm(first);
    const bytes = await readFile(second);
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
    await writeFile(second, bytes);
    const { exitCode, faults } = await both();
    expect(exitCode).toBe(1);
    expect(faults).toHaveLength(2);
    expect(faults[0]).toContain(`copy-missing  second disk: ${relative(mirror, first)}: `);
    expect(faults[1]).toContain(`copy-differs  second disk: ${relative(mirror, second)}: `);
    for (const fault of faults) expect(fault).toContain('the other disk holds it whole');
  });

  test('that alone has a file whole: the main disk is the one that is named', async () => {
    const [file = ''] = await media();
    await rm(file);
    const { faults } = await both();
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(`copy-missing  ${relative(folder, file)}: `);
  });

  test('whose journal ends earlier, or says something else', async () => {
    const path = join(mirror, JOURNAL);
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
    await writeFile(
      path,
      lines
        .slice(0, -2)
        .map((line) => `${line}\n`)
        .join(''),
    );
    expect((await both()).faults[0]).toContain(
      `journal-copy  second copy: journal/recorder: it ends before line ${lines.length - 1}`,
    );
    await writeFile(
      path,
      lines
        .with(2, `${lines[2]}`.replace('"wallMs":1', '"wallMs":2'))
        .map((line) => `${line}\n`)
        .join(''),
    );
    expect((await both()).faults[0]).toContain('journal-copy  second copy: journal/recorder: line 3 is another one');
  });
});
