// Media are made once, appear whole, and two processes at once do not harm each other.

import { spawn } from 'node:child_process';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { prepareAudio, prepareVideo } from '../../../devices/virtual/media-files.ts';
import { parseAnnexB, splitNals } from '../../../devices/virtual/media-set.ts';
import { testFolder } from './test-site.ts';

const video = {
  width: 160,
  height: 120,
  fps: 10,
  bitrateKbps: 100,
  gopS: 0.5,
  loopS: 2,
  codec: 'h264',
  bFrames: 0,
} as const;
const caption = { room: "第一听证室 50% \\ : '引号'", name: '主[摄]像机, %{n}' };
/** The built program; Node 20 cannot run the sources. */
const BUILT = new URL('../../../dist/devices/virtual/media-files.js', import.meta.url).href;

test('picture and sound are made once and found again', async () => {
  const cacheDir = await testFolder();
  const files = await prepareVideo({ cacheDir }, video, caption);
  const { frames, parameterSets } = parseAnnexB(await readFile(files.loopFile));
  expect(frames.length).toBe(20);
  expect(frames.map((frame) => frame.isKey)).toEqual(frames.map((_, at) => at % 5 === 0));
  expect(parameterSets.map((set) => set[0])).toEqual([0x67, 0x68]);
  const made = (await stat(files.loopFile)).mtimeMs;
  expect(await prepareVideo({ cacheDir }, video, caption)).toEqual(files);
  expect((await stat(files.loopFile)).mtimeMs).toBe(made);
  expect((await stat(await prepareAudio({ cacheDir }, 'pcmu', 8_000, 8))).size).toBe(64_000);
  expect((await readdir(cacheDir)).length).toBe(2);
  expect((await readdir(files.snapshotDir)).sort()).toEqual([
    'loop.h264',
    'snapshot-001.jpg',
    'snapshot-002.jpg',
    'still.h264',
  ]);
});

test('another caption is another picture', async () => {
  const cacheDir = await testFolder();
  const one = await prepareVideo({ cacheDir }, video, caption);
  const two = await prepareVideo({ cacheDir }, video, { ...caption, name: '副摄像机' });
  expect(one.loopFile).not.toBe(two.loopFile);
});

test('a missing font is named, and leaves nothing behind', async () => {
  const cacheDir = await testFolder();
  const attempt = prepareVideo({ cacheDir, fontFile: '/nowhere/font.ttf' }, video, caption);
  await expect(attempt).rejects.toThrow('/nowhere/font.ttf');
  await expect(attempt).rejects.toThrow('fonts-wqy-zenhei');
  expect(await readdir(cacheDir)).toEqual([]);
});

test('a missing or failing ffmpeg is named', async () => {
  const cacheDir = await testFolder();
  await expect(prepareAudio({ cacheDir, ffmpegPath: '/nowhere/ffmpeg' }, 'aac', 48_000, 8)).rejects.toThrow(
    'Cannot run /nowhere/ffmpeg',
  );
  await expect(prepareAudio({ cacheDir, ffmpegPath: '/bin/false' }, 'aac', 48_000, 8)).rejects.toThrow('exit code 1');
  await expect(prepareAudio({ cacheDir }, 'aac', 48_000, 10)).rejects.toThrow('multiple of 8');
});

test('two processes at once end with one whole entry', async () => {
  const cacheDir = await testFolder();
  const script = `import { prepareVideo } from ${JSON.stringify(BUILT)};
    console.log((await prepareVideo(${JSON.stringify({ cacheDir })}, ${JSON.stringify(video)}, ${JSON.stringify(caption)})).loopFile);`;
  const runs = [1, 2].map(
    () =>
      new Promise<string>((resolve, reject) => {
        const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
        let out = '';
        child.stdout.on('data', (part: Buffer) => {
          out += part.toString();
        });
        child.once('error', reject);
        child.once('close', (code) => (code === 0 ? resolve(out.trim()) : reject(new Error(`ended with ${code}`))));
      }),
  );
  const [one, two] = await Promise.all(runs);
  expect(one).toBe(two);
  expect(parseAnnexB(await readFile(one ?? '')).frames.length).toBe(20);
  expect((await readdir(cacheDir)).length).toBe(1);
});

test('Annex B is cut at start codes of three and four bytes', () => {
  const bytes = Buffer.from([0, 0, 0, 1, 0x67, 1, 0, 0, 1, 0x68, 2, 0, 0, 0, 1, 0x65, 3]);
  expect(splitNals(bytes).map((nal) => nal.toString('hex'))).toEqual(['6701', '6802', '6503']);
});

test('the cache folder is made when it is missing', async () => {
  const cacheDir = join(await testFolder(), 'deep', 'er');
  await prepareAudio({ cacheDir }, 'pcma', 8_000, 8);
  expect((await readdir(cacheDir)).length).toBe(1);
});
