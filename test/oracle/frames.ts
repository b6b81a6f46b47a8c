// What a recording really holds, picture by picture: reads the marks a virtual camera puts into every access unit, and checks
// that the decoded picture is the one the mark names.

import { spawn } from 'node:child_process';
import { isKeySlice, nalType, readSei } from '../../devices/virtual/sei.ts';
import type { SentStream } from '../../devices/virtual/sent-ledger.ts';
import type { VideoCodec } from '../../devices/virtual/spec.ts';
import { readStrip, STRIP_CELLS, stripHeight } from '../../devices/virtual/strip.ts';
import { readSamples } from './mp4-samples.ts';

/** One recorded picture. Times are microseconds since 1970: the camera's own clock, and the clock of the machine. */
export interface FrameMark {
  readonly number: number;
  readonly boot: number;
  readonly device: number;
  readonly captureTimeUs: number;
  readonly hostTimeUs: number;
  readonly file: string;
  readonly codec: VideoCodec;
  /** Place in its file, from 0, in decoding order. */
  readonly index: number;
  readonly isKey: boolean;
  /** Times in the file, in seconds; they differ only with B-frames. */
  readonly decodeTimeS: number;
  readonly showTimeS: number;
}

const SAMPLE_ENTRIES: ReadonlyMap<string, VideoCodec> = new Map([
  ['avc1', 'h264'],
  ['avc3', 'h264'],
  ['hvc1', 'h265'],
  ['hev1', 'h265'],
]);

/** A stretch of frame numbers that is missing between two recorded frames of the same boot; both ends included. */
export interface MissingFrames {
  readonly boot: number;
  readonly from: number;
  readonly to: number;
}

/**
 * Marks of all pictures, in the order of the files and within each in the order of showing; nothing is decoded.
 * @throws Error when a picture has no mark, or a file has no track of H.264 or H.265.
 */
export async function readFrames(files: readonly string[]): Promise<FrameMark[]> {
  const { marks, unmarked } = await readMarks(files);
  const first = unmarked[0];
  if (first !== undefined) throw new Error(`${first} has no mark.`);
  return marks;
}

/**
 * The same for recordings that may be damaged: `unmarked` names the pictures that lost the packet with their mark.
 * @throws Error when a file has no track of H.264 or H.265.
 */
export async function readMarks(
  files: readonly string[],
): Promise<{ readonly marks: FrameMark[]; readonly unmarked: readonly string[] }> {
  const marks: FrameMark[] = [];
  const unmarked: string[] = [];
  for (const file of files) {
    const track = (await readSamples(file)).find((one) => SAMPLE_ENTRIES.has(one.format));
    const codec = SAMPLE_ENTRIES.get(track?.format ?? '');
    if (track === undefined || codec === undefined) throw new Error(`${file} has no track of H.264 or H.265.`);
    const found = track.samples.flatMap((sample, index) => {
      const nals = [...nalUnits(sample.bytes, track.nalLengthBytes)];
      const stamp = nals.map((nal) => readSei(nal, codec)).find((one) => one !== undefined);
      if (stamp === undefined) {
        unmarked.push(`Picture ${index} of ${file}`);
        return [];
      }
      const isKey = nals.some((nal) => isKeySlice(nalType(nal, codec), codec));
      const decodeTimeS = sample.decodeTime / track.timescale;
      const showTimeS = sample.showTime / track.timescale;
      return [{ ...stamp, file, codec, index, isKey, decodeTimeS, showTimeS }];
    });
    marks.push(...found.sort((one, other) => one.showTimeS - other.showTimeS));
  }
  return { marks, unmarked };
}

/** Numbers that are missing between the first and the last recorded frame of each boot. */
export function missingFrames(frames: readonly FrameMark[]): MissingFrames[] {
  const missing: MissingFrames[] = [];
  frames.forEach((frame, at) => {
    const before = frames[at - 1];
    if (before !== undefined && before.boot === frame.boot && frame.number > before.number + 1) {
      missing.push({ boot: frame.boot, from: before.number + 1, to: frame.number - 1 });
    }
  });
  return missing;
}

/**
 * Every frame is there once, in order, without a hole, and all come from one device.
 * @param options `allowGaps` accepts missing numbers (but neither repeats nor steps back).
 * @throws Error that names the first two frames that do not fit.
 */
export function assertOnceInOrder(frames: readonly FrameMark[], options: { readonly allowGaps?: boolean } = {}): void {
  if (frames.length === 0) throw new Error('There are no frames.');
  frames.forEach((frame, at) => {
    const before = frames[at - 1];
    if (before === undefined) return;
    const step = frame.boot === before.boot ? frame.number - before.number : frame.boot - before.boot;
    const fits = step === 1 || (step > 1 && options.allowGaps === true) || (frame.boot > before.boot && step > 0);
    if (frame.device === before.device && fits) return;
    throw new Error(`${describe(frame)} does not follow ${describe(before)}.`);
  });
}

function describe(frame: FrameMark): string {
  return `frame ${frame.boot}/${frame.number} (picture ${frame.index} of ${frame.file})`;
}

/**
 * Frames that a device handed to the sessions of a recorder and that no recording holds.
 * @param sent what the device says about those sessions (`device.sent()`), perhaps narrowed to some of them.
 */
export function lostFrames(sent: readonly SentStream[], frames: readonly FrameMark[]): MissingFrames[] {
  const kept = new Set(frames.map((frame) => `${frame.boot}/${frame.number}`));
  const lost: { boot: number; from: number; to: number }[] = [];
  for (const { boot, frames: ranges } of sent) {
    for (const { from, to } of ranges) {
      for (let number = from; number <= to; number++) {
        if (kept.has(`${boot}/${number}`)) continue;
        const last = lost.at(-1);
        if (last !== undefined && last.boot === boot && last.to === number - 1) last.to = number;
        else lost.push({ boot, from: number, to: number });
      }
    }
  }
  return lost;
}

/** A decoded picture whose strip does not say what its mark says; `strip` is undefined when it cannot be read. */
export interface StripMismatch {
  readonly file: string;
  readonly index: number;
  readonly number: number;
  readonly strip: number | undefined;
}

/**
 * Decodes every file with ffmpeg and compares the number strip of each picture with its mark.
 * @param loopFrames length of the camera's loop: fps × loopS.
 * @returns the pictures that differ, and how many were compared.
 * @throws Error when ffmpeg finds an error in the file, or gives another number of pictures than the file has.
 */
export async function compareStrips(
  files: readonly string[],
  loopFrames: number,
): Promise<{ readonly compared: number; readonly mismatches: StripMismatch[] }> {
  const mismatches: StripMismatch[] = [];
  let compared = 0;
  for (const file of files) {
    const marks = await readFrames([file]);
    const strips = await decodeStrips(file);
    if (strips.length !== marks.length)
      throw new Error(`${file} has ${marks.length} pictures, ${strips.length} decoded.`);
    marks.forEach((mark, index) => {
      compared++;
      const strip = strips[index];
      if (strip !== mark.number % loopFrames) mismatches.push({ file, index, number: mark.number, strip });
    });
  }
  return { compared, mismatches };
}

/** The strip number of every picture of a file; undefined where it cannot be read. */
export async function decodeStrips(file: string): Promise<(number | undefined)[]> {
  // The strip is cut out of the picture's middle rows and shrunk to one gray value a cell.
  const { width, height } = await pictureSize(file);
  const rows = stripHeight(height);
  const filter = `crop=${width}:${rows / 2}:0:${Math.floor(rows / 4)},scale=${STRIP_CELLS}:1:flags=area,format=gray`;
  const raw = await run('ffmpeg', [
    ...['-nostdin', '-v', 'error', '-xerror', '-protocol_whitelist', 'file,pipe', '-i', file, '-map', '0:v:0', '-an'],
    // A fine time base, because pictures at uneven times would fall together in one of a frame's length.
    ...['-fps_mode', 'passthrough', '-enc_time_base', '1/90000', '-vf', filter, '-f', 'rawvideo', 'pipe:1'],
  ]);
  return Array.from({ length: raw.length / STRIP_CELLS }, (_, at) =>
    readStrip(raw.subarray(at * STRIP_CELLS, (at + 1) * STRIP_CELLS)),
  );
}

async function pictureSize(file: string): Promise<{ width: number; height: number }> {
  const fields = ['-select_streams', 'v:0', '-show_entries', 'stream=width,height', '-of', 'csv=p=0'];
  const [width = 0, height = 0] = (await run('ffprobe', ['-v', 'error', ...fields, file]))
    .toString()
    .trim()
    .split(',')
    .map(Number);
  return { width, height };
}

/** Runs a program to its end. @returns its standard output. @throws Error with what it said, unless it ended well and in silence. */
export function run(program: string, args: readonly string[]): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const out: Buffer[] = [];
    let words = '';
    child.stdout.on('data', (part: Buffer) => out.push(part));
    child.stderr.on('data', (part: Buffer) => {
      words += part.toString();
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0 && words.trim() === '') resolve(Buffer.concat(out));
      else reject(new Error(`${program} ended with ${code}: ${words.trim()}`));
    });
  });
}

function* nalUnits(sample: Buffer, lengthBytes: number): Generator<Buffer> {
  for (let at = 0; at + lengthBytes <= sample.length; ) {
    const size = sample.readUIntBE(at, lengthBytes);
    yield sample.subarray(at + lengthBytes, at + lengthBytes + size);
    at += lengthBytes + size;
  }
}
