/** A glance is decoded from memory: picture, thumbnail and sound, whichever there is; what is broken is refused. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { isDark, levelsOf, THUMB_HEIGHT, THUMB_WIDTH } from '../../controller/core/glance.ts';
import { glanceDecoder } from '../../controller/media/glance-decoder.ts';

const run = promisify(execFile);
const PICTURE = ['-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=25'];
const BLACK = ['-f', 'lavfi', '-i', 'color=black:size=640x360:rate=25'];
const SOUND = ['-f', 'lavfi', '-i', 'sine=440:sample_rate=48000'];
const SILENCE = ['-f', 'lavfi', '-i', 'anullsrc=sample_rate=16000'];

/** As the recorder makes it: fragmented, on a pipe. */
async function mp4(...inputs: string[][]): Promise<Buffer> {
  const { stdout } = await run(
    'ffmpeg',
    [
      ...['-v', 'error', ...inputs.flat(), '-t', '1', '-c:v', 'libx264', '-preset', 'ultrafast', '-g', '25'],
      ...['-pix_fmt', 'yuv420p', '-c:a', 'aac', '-f', 'mp4'],
      ...['-movflags', '+frag_keyframe+empty_moov+default_base_moof', '-frag_duration', '250000', 'pipe:1'],
    ],
    { encoding: 'buffer', maxBuffer: 64 * 1024 * 1024 },
  );
  return stdout;
}

let both: Buffer;
beforeAll(async () => {
  both = await mp4(PICTURE, SOUND);
});
const decoder = glanceDecoder('ffmpeg');

test('picture and sound', async () => {
  const { jpeg, thumb, pcm } = await decoder.decode(both, { picture: true, sound: true });
  expect(jpeg?.slice(0, 2)).toEqual(Buffer.from([0xff, 0xd8]));
  expect(thumb).toHaveLength(THUMB_WIDTH * THUMB_HEIGHT);
  expect(isDark(thumb ?? new Uint8Array())).toBe(false);
  const levels = levelsOf(pcm ?? new Uint8Array(), 0);
  expect(levels?.levels.length).toBeGreaterThanOrEqual(9);
  // The sine of ffmpeg is an eighth of full scale.
  expect(levels?.levels[5]).toBeCloseTo(-21, 0);
});

test('sound alone, silence, and a black picture', async () => {
  const sound = await decoder.decode(await mp4(SILENCE), { picture: false, sound: true });
  expect(sound.jpeg).toBeNull();
  expect(levelsOf(sound.pcm ?? new Uint8Array(), 0)?.levels.every((level) => level === -90)).toBe(true);
  const black = await decoder.decode(await mp4(BLACK), { picture: true, sound: false });
  expect(isDark(black.thumb ?? new Uint8Array())).toBe(true);
});

test('the beginning of what was cut off is decoded all the same, and rubbish is refused', async () => {
  const cut = await decoder.decode(both.subarray(0, Math.round(both.length * 0.6)), { picture: true, sound: true });
  expect(cut.jpeg).not.toBeNull();
  await expect(decoder.decode(Buffer.from('rubbish'), { picture: true, sound: true })).rejects.toMatchObject({
    code: 'still-unavailable',
  });
  await expect(glanceDecoder('no-such-ffmpeg').decode(both, { picture: true, sound: true })).rejects.toMatchObject({
    code: 'still-unavailable',
  });
});
