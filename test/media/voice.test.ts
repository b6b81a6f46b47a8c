/** A wording becomes a sound file once; the site's own recording goes first; without either it is said plainly. */
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { siteVoice } from '../../controller/media/voice.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quancheng-voice-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const wording = { notice: 'recording', version: 1, text: '-全程录音录像。"$(x)' };

/** Takes the place of espeak-ng: same arguments, counts how often it was asked, and writes down what it heard. */
async function program(body: string): Promise<string> {
  const path = join(folder, 'speaker');
  await writeFile(path, `#!/bin/sh\necho "$@" >> ${folder}/calls\n${body}\n`);
  await chmod(path, 0o755);
  return path;
}
const WORKS =
  'while [ "$1" != "-w" ]; do shift; done; cat > "$2.text"; head -c 5000 /dev/zero > "$2"; mv "$2.text" "$0.text"';

const voice = (name: string, recordings: Parameters<typeof siteVoice>[0]['recordings'] = []) =>
  siteVoice({ folder: join(folder, 'speech'), program: name, voice: 'cmn', speed: 150, recordings });

test('is made once, from the text by a pipe, and kept', async () => {
  const name = await program(WORKS);
  const one = voice(name);
  const [first, second] = await Promise.all([one.speechOf(wording), one.speechOf(wording)]);
  expect(first).toEqual(second);
  expect(first).toMatchObject({ mediaType: 'audio/wav', how: 'synthesised' });
  expect((await readFile(first.path)).length).toBe(5_000);
  expect(await readFile(`${name}.text`, 'utf8')).toBe(wording.text);
  await voice(name).speechOf(wording);
  const calls = (await readFile(join(folder, 'calls'), 'utf8')).trim().split('\n');
  expect(calls).toHaveLength(1);
  expect(calls[0]).not.toContain('录音');
  await one.speechOf({ ...wording, text: '另一句' });
  expect(await readdir(join(folder, 'speech'))).toHaveLength(2);
});

test('the real program speaks the wording of the law, for as long as it takes to say it', async () => {
  const text = '为保护您的合法权益，监督我的执法行为，对本次执法事项将全程录音录像。';
  const { path, mediaType } = await voice('espeak-ng').speechOf({ notice: 'recording', version: 1, text });
  expect(mediaType).toBe('audio/wav');
  const asked = ['-v', 'error', '-show_entries', 'format=duration', '-of', 'csv=p=0', path];
  const { stdout } = await promisify(execFile)('ffprobe', asked);
  expect(Number(stdout)).toBeGreaterThan(5);
  expect(Number(stdout)).toBeLessThan(30);
});

test('the recording of a person goes first, for the version that it is of', async () => {
  const file = join(folder, 'notice.mp3');
  await writeFile(file, 'mp3');
  const one = voice(await program(WORKS), [{ notice: 'recording', version: 1, file }]);
  expect(await one.speechOf(wording)).toEqual({ path: file, mediaType: 'audio/mpeg', how: 'recorded' });
  expect(await one.speechOf({ ...wording, version: 2 })).toMatchObject({ how: 'synthesised' });
  await rm(file);
  expect(await one.speechOf(wording)).toMatchObject({ how: 'synthesised' });
});

test('no program, one that fails and one that makes no sound are told, and leave nothing behind', async () => {
  await expect(voice('no-such-program-here').speechOf(wording)).rejects.toMatchObject({
    code: 'speech-missing',
    message: 'no-such-program-here is not installed',
  });
  for (const body of ['exit 3', 'while [ "$1" != "-w" ]; do shift; done; : > "$2"']) {
    await expect(voice(await program(body)).speechOf(wording)).rejects.toMatchObject({ code: 'speech-missing' });
  }
  expect(await readdir(join(folder, 'speech'))).toEqual([]);
  // It was installed meanwhile.
  expect(await voice(await program(WORKS)).speechOf(wording)).toMatchObject({ how: 'synthesised' });
});
