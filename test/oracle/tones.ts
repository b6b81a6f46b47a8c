// What a recording really holds, second by second of sound: decodes it and finds the time-coded tones of a virtual device with
// Goertzel's algorithm.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BEEP_HZ, BEEP_MS, toneHz } from '../../devices/virtual/tone.ts';
import { run } from './frames.ts';

const RATE_HZ = 8_000;
const WINDOW_MS = 20;
/** A window holds a tone when this share of its energy is at one of the known frequencies. */
const CLEAR_SHARE = 0.5;
const QUIET_RMS = 200;

/** A stretch of one tone: `slot` is the second of the loop, times count from the start of the recording. */
export interface ToneRun {
  readonly slot: number;
  readonly startS: number;
  readonly durationS: number;
  /** Whether the beep that opens a second was heard just before. */
  readonly hasBeep: boolean;
}

export interface ToneReport {
  readonly runs: readonly ToneRun[];
  /** Seconds without any known tone: silence, noise, or damage. */
  readonly unknownS: number;
  readonly durationS: number;
}

/**
 * Decodes the sound of the files, one after the other, and names every tone in it.
 * @param loopS length of the device's sound loop.
 */
export async function readTones(files: readonly string[], loopS: number): Promise<ToneReport> {
  const parts: Buffer[] = [];
  for (const file of files) {
    parts.push(
      await run('ffmpeg', [
        ...['-nostdin', '-v', 'error', '-protocol_whitelist', 'file,pipe'],
        // Every packet counts, also those an edit list would skip at the head of each file.
        ...(file.endsWith('.mp4') ? ['-ignore_editlist', '1'] : []),
        ...['-i', file, '-map', '0:a:0', '-vn'],
        ...['-ac', '1', '-ar', `${RATE_HZ}`, '-f', 's16le', 'pipe:1'],
      ]),
    );
  }
  return findTones(Buffer.concat(parts), loopS);
}

/**
 * The same for the files of one unbroken run, joined as a player joins them: one header, then every fragment. Decoded one by one,
 * each file would begin with a damaged sound frame, because AAC frames overlap.
 */
export async function readTonesOfRun(files: readonly string[], loopS: number): Promise<ToneReport> {
  const parts = await Promise.all(
    files.map(async (file, at) => {
      const bytes = await readFile(file);
      return at === 0 ? bytes : bytes.subarray(firstFragment(bytes));
    }),
  );
  const folder = await mkdtemp(join(tmpdir(), 'quancheng-tones-'));
  try {
    const joined = join(folder, 'joined.mp4');
    await writeFile(joined, Buffer.concat(parts));
    return await readTones([joined], loopS);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Where the first moof begins. */
function firstFragment(bytes: Buffer): number {
  let at = 0;
  while (at + 8 <= bytes.length && bytes.toString('latin1', at + 4, at + 8) !== 'moof') at += bytes.readUInt32BE(at);
  return at;
}

/** The same for raw sound: signed 16-bit little-endian mono at 8000 Hz. */
export function findTones(pcm: Buffer, loopS: number): ToneReport {
  const samples = new Int16Array(pcm.buffer.slice(pcm.byteOffset, pcm.byteOffset + pcm.length - (pcm.length % 2)));
  const step = (RATE_HZ * WINDOW_MS) / 1000;
  const runs: { slot: number; startS: number; durationS: number; hasBeep: boolean }[] = [];
  let unknownS = 0;
  let beepHeard = false;
  for (let at = 0; at + step <= samples.length; at += step) {
    const found = classify(samples.subarray(at, at + step), loopS);
    const last = runs.at(-1);
    if (found === 'beep') beepHeard = true;
    else if (found === 'unknown') unknownS += WINDOW_MS / 1000;
    else if (last !== undefined && last.slot === found && !beepHeard) last.durationS += WINDOW_MS / 1000;
    else {
      runs.push({ slot: found, startS: at / RATE_HZ, durationS: WINDOW_MS / 1000, hasBeep: beepHeard });
      beepHeard = false;
    }
  }
  return {
    runs: runs.filter((one) => one.durationS > 2.5 * (WINDOW_MS / 1000)),
    unknownS,
    durationS: samples.length / RATE_HZ,
  };
}

/**
 * Every second is there, whole and in order; the first and the last may be cut.
 * @throws Error that names the first second that does not fit.
 */
export function assertTonesComplete(report: ToneReport, loopS: number): void {
  if (report.runs.length === 0) throw new Error('There are no tones.');
  const wholeS = 1 - BEEP_MS / 1000;
  report.runs.forEach((one, at) => {
    const before = report.runs[at - 1];
    if (before !== undefined && one.slot !== (before.slot + 1) % loopS) {
      throw new Error(`At ${one.startS.toFixed(2)} s second ${one.slot} of the loop follows second ${before.slot}.`);
    }
    const isInner = at > 0 && at < report.runs.length - 1;
    if (isInner && (!one.hasBeep || Math.abs(one.durationS - wholeS) > 0.06)) {
      throw new Error(`Second ${one.slot} at ${one.startS.toFixed(2)} s lasts ${one.durationS.toFixed(2)} s.`);
    }
  });
}

function classify(window: Int16Array, loopS: number): number | 'beep' | 'unknown' {
  let energy = 0;
  for (const sample of window) energy += sample * sample;
  if (Math.sqrt(energy / window.length) < QUIET_RMS) return 'unknown';
  let best: { share: number; found: number | 'beep' } = { share: 0, found: 'beep' };
  for (let slot = -1; slot < loopS; slot++) {
    const share = power(window, slot < 0 ? BEEP_HZ : toneHz(slot)) / (energy * (window.length / 2));
    if (share > best.share) best = { share, found: slot < 0 ? 'beep' : slot };
  }
  return best.share >= CLEAR_SHARE ? best.found : 'unknown';
}

/** Goertzel: squared magnitude of one frequency. */
function power(window: Int16Array, hz: number): number {
  const turn = 2 * Math.cos((2 * Math.PI * hz) / RATE_HZ);
  let one = 0;
  let two = 0;
  for (const sample of window) [one, two] = [sample + turn * one - two, one];
  return one * one + two * two - turn * one * two;
}
