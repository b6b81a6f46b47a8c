/**
 * One short ffmpeg for one glance: the MP4 comes from memory by a pipe, and a small JPEG, a thumbnail in grey and sound go back by
 * pipes. Nothing touches a disk (invariant 6). It runs at the lowest priority, one at a time, and is killed when it takes too long.
 */
import { spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { AppError } from '../core/errors.ts';
import { PCM_RATE_HZ, THUMB_HEIGHT, THUMB_WIDTH } from '../core/glance.ts';
import type { GlanceDecoder } from '../core/ports.ts';

const DECODE_LIMIT_MS = 5_000;
/** Wide enough for a card of the clerk's panel at 1920×1080. */
const STILL_WIDTH = 480;
const STILL_QUALITY = '5';
const OUTPUT_BYTES_MAX = 4 * 1024 * 1024;
const SAID_BYTES = 1_000;

type Decoded = Awaited<ReturnType<GlanceDecoder['decode']>>;

/** `program` is ffmpeg. */
export function glanceDecoder(program: string): GlanceDecoder {
  let tail: Promise<unknown> = Promise.resolve();
  return {
    decode: (media, has) => {
      const decoded = tail.then(() => decode(program, media, has));
      tail = decoded.catch(() => undefined);
      return decoded;
    },
  };
}

/** The first picture and all of the sound. The keyframe alone would do; what comes behind it is only read for its sound. */
function argumentsOf(has: { readonly picture: boolean; readonly sound: boolean }): string[] {
  return [
    ...['-hide_banner', '-nostats', '-loglevel', 'error', '-threads', '1'],
    ...['-protocol_whitelist', 'pipe', '-f', 'mp4', '-i', 'pipe:0'],
    ...(has.picture
      ? [
          ...['-map', '0:v:0', '-frames:v', '1', '-vf', `scale=${STILL_WIDTH}:-2:flags=fast_bilinear`],
          ...['-c:v', 'mjpeg', '-q:v', STILL_QUALITY, '-f', 'image2pipe', 'pipe:1'],
          ...['-map', '0:v:0', '-frames:v', '1', '-vf', `scale=${THUMB_WIDTH}:${THUMB_HEIGHT}:flags=area,format=gray`],
          ...['-f', 'rawvideo', 'pipe:3'],
        ]
      : []),
    ...(has.sound ? ['-map', '0:a:0', '-ac', '1', '-ar', String(PCM_RATE_HZ), '-f', 's16le', 'pipe:4'] : []),
  ];
}

function decode(
  program: string,
  media: Uint8Array,
  has: { readonly picture: boolean; readonly sound: boolean },
): Promise<Decoded> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, argumentsOf(has), { stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe'] });
    if (child.pid !== undefined) beQuiet(child.pid);
    const outputs = new Map<number, Buffer[]>([1, 3, 4].map((place) => [place, []]));
    let bytes = 0;
    let said = '';
    const timer = setTimeout(() => child.kill('SIGKILL'), DECODE_LIMIT_MS);
    for (const [place, chunks] of outputs) {
      const pipe = child.stdio[place] as NodeJS.ReadableStream;
      pipe.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > OUTPUT_BYTES_MAX) child.kill('SIGKILL');
        else chunks.push(chunk);
      });
      pipe.on('error', () => undefined);
    }
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-SAID_BYTES);
    });
    const fail = (why: string): void => reject(new AppError('still-unavailable', `nothing could be decoded: ${why}`));
    child.once('error', (error) => {
      clearTimeout(timer);
      if (child.pid === undefined) fail(`${program} does not start (${error.message})`);
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      const take = (place: number): Uint8Array | null => {
        const whole = Buffer.concat(outputs.get(place) ?? []);
        return whole.length === 0 ? null : whole;
      };
      const [jpeg, thumb, pcm] = [take(1), take(3), take(4)];
      // A broken end of the stream makes ffmpeg complain and is no reason to throw away what it did decode.
      if (jpeg === null && pcm === null) fail(said.trim() === '' ? (signal ?? `exit ${code}`) : said.trim());
      else resolve({ jpeg, thumb: thumb?.length === THUMB_WIDTH * THUMB_HEIGHT ? thumb : null, pcm });
    });
    // It ends as soon as it has what it wants, which breaks the pipe under the rest.
    child.stdin?.on('error', () => undefined).end(media);
  });
}

/** Recording goes before looking. */
function beQuiet(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch {
    // It ended already.
  }
}
