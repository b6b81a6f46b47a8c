/**
 * Wordings as sound files: the site's own recording when there is one for exactly this wording, else one that espeak-ng makes once and
 * that is kept under the hash of its text. Neither there: said plainly, and nobody waits.
 */
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { access, mkdir, rename, rm, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { AppError, errnoOf, sentenceOf } from '../core/errors.ts';
import type { Speech, Voice } from '../core/ports.ts';

const MAKE_LIMIT_MS = 30_000;
/** A header alone is no speech. */
const SPEECH_BYTES_MIN = 1_000;
const NAME_LENGTH = 32;
const MEDIA_TYPES: { readonly [ending: string]: string } = {
  '.mp3': 'audio/mpeg',
  '.m4a': 'audio/mp4',
  '.ogg': 'audio/ogg',
  '.opus': 'audio/ogg',
  '.wav': 'audio/wav',
  '.flac': 'audio/flac',
};
/** Endings that a recording may have. */
export const RECORDING_ENDINGS: readonly string[] = Object.keys(MEDIA_TYPES);

export interface VoiceOptions {
  /** Where speeches are kept. */
  readonly folder: string;
  /** espeak-ng, or a program with its options. */
  readonly program: string;
  /** Name of a voice of the program; `cmn` is Mandarin. */
  readonly voice: string;
  /** Words a minute. */
  readonly speed: number;
  /** Recordings of people, each of one version of one notice. */
  readonly recordings: readonly { readonly notice: string; readonly version: number; readonly file: string }[];
}

export function siteVoice(options: VoiceOptions): Voice {
  /** Made once even when two displays ask at the same time. */
  const making = new Map<string, Promise<Speech>>();
  return {
    speechOf: async ({ notice, version, text }) => {
      const own = options.recordings.find((one) => one.notice === notice && one.version === version);
      const recorded = own === undefined ? null : await recordingAt(own.file);
      if (recorded !== null) return recorded;
      const name = createHash('sha256')
        .update(JSON.stringify([options.voice, options.speed, text]))
        .digest('hex')
        .slice(0, NAME_LENGTH);
      const path = join(options.folder, `${name}.wav`);
      const made = making.get(path) ?? makeOnce(options, path, text).finally(() => making.delete(path));
      making.set(path, made);
      return made;
    },
  };
}

/** A recording that was taken away since the start is as good as none. */
async function recordingAt(path: string): Promise<Speech | null> {
  const mediaType = MEDIA_TYPES[extname(path).toLowerCase()];
  if (mediaType === undefined) return null;
  return access(path).then(
    () => ({ path, mediaType, how: 'recorded' }) as const,
    () => null,
  );
}

async function makeOnce(options: VoiceOptions, path: string, text: string): Promise<Speech> {
  const speech: Speech = { path, mediaType: 'audio/wav', how: 'synthesised' };
  if (await isSpeech(path)) return speech;
  const half = `${path}.${randomBytes(4).toString('hex')}.part`;
  try {
    await mkdir(options.folder, { recursive: true, mode: 0o750 });
    await speak(options, half, text);
    if (!(await isSpeech(half))) throw new AppError('speech-missing', `${options.program} made no sound`);
    await rename(half, path);
    return speech;
  } catch (error) {
    await rm(half, { force: true });
    if (error instanceof AppError) throw error;
    throw new AppError('speech-missing', `no speech could be made: ${sentenceOf(error)}`, { cause: error });
  }
}

async function isSpeech(path: string): Promise<boolean> {
  return stat(path).then(
    ({ size }) => size >= SPEECH_BYTES_MIN,
    () => false,
  );
}

/** The text goes in by a pipe: nothing of it can be taken for an option. */
function speak({ program, voice, speed }: VoiceOptions, path: string, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, ['-v', voice, '-s', String(speed), '-b', '1', '-w', path, '--stdin'], {
      stdio: ['pipe', 'ignore', 'pipe'],
      timeout: MAKE_LIMIT_MS,
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (more: string) => {
      said = (said + more).slice(-NAME_LENGTH * 10);
    });
    child.once('error', (error) => {
      const why = errnoOf(error) === 'ENOENT' ? 'is not installed' : `does not start (${error.message})`;
      reject(new AppError('speech-missing', `${program} ${why}`, { cause: error }));
    });
    child.once('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new AppError('speech-missing', `${program} ended with ${signal ?? code}: ${said.trim()}`));
    });
    child.stdin.on('error', () => undefined).end(text);
  });
}
