/** The recorder against RTSP servers of others, gst-rtsp-server and VLC: what it keeps is whole, plays, and stalls are noticed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { Source } from '../../controller/core/recording.ts';
import { shift } from '../../controller/core/time.ts';
import { run } from '../oracle/frames.ts';
import { readSamples } from '../oracle/mp4-samples.ts';
import { Rig, until } from './rig.ts';

/** Debian's own, which sees Debian's python3-gi; another one may stand before it in the path. */
const PYTHON = '/usr/bin/python3';
const GST_SERVER = new URL('gst-rtsp-server.py', import.meta.url).pathname;
const NOBODY = 65_534;
const FPS = 25;
/** VLC is joined in mid-group and sends sound at once: the first keyframe is never long behind it. */
const GOP_FRAMES = 12;
/** Speech-level sound; silence has next to nothing. */
const HEARD_RMS = 500;

let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quancheng-strangers-'));
  // VLC runs as nobody and has to read the file.
  await chmod(folder, 0o755);
  file = join(folder, 'two-minutes.mp4');
  await run('ffmpeg', [
    ...['-nostdin', '-v', 'error', '-f', 'lavfi', '-i', `testsrc=size=160x96:rate=${FPS}:duration=120`],
    ...['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=16000:duration=120'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', `${GOP_FRAMES}`, '-bf', '0'],
    ...['-c:a', 'aac', '-b:a', '40k', '-movflags', '+frag_keyframe+empty_moov+default_base_moof', file],
  ]);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A child that is gone when the test ends; what it says to nobody is shown when the test fails. */
function child(program: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): ChildProcess {
  const started = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'], env });
  onTestFinished(async () => {
    if (started.exitCode !== null || started.signalCode !== null) return;
    const gone = new Promise((resolve) => started.once('exit', resolve));
    // A stopped process dies of this too.
    started.kill('SIGKILL');
    await gone;
  });
  return started;
}

async function gstServer(
  wish: { readonly protocols: 'tcp' | 'udp'; readonly user?: string; readonly password?: string },
  login: Pick<Source, 'user' | 'password'> = {},
): Promise<{ source: Source; server: ChildProcess }> {
  const server = child(PYTHON, [GST_SERVER, JSON.stringify({ file, ...wish })]);
  const port = await new Promise<number>((resolve, reject) => {
    server.stdout?.once('data', (text) => resolve(Number(text)));
    server.once('exit', (code) => reject(new Error(`gst-rtsp-server ended with ${code}`)));
  });
  return { source: { url: `rtsp://127.0.0.1:${port}/live`, ...login, transport: 'auto', audio: 'auto' }, server };
}

async function vlc(user: string, password: string): Promise<Source> {
  const port = await freePort();
  const words = [
    ...['cvlc', '--quiet', '--no-one-instance', '--rtsp-host', '127.0.0.1', '--rtsp-port', `${port}`],
    ...['--sout-rtsp-user', user, '--sout-rtsp-pwd', password, '--sout-keep'],
    ...[file, '--sout', `#rtp{sdp=rtsp://127.0.0.1:${port}/live}`],
  ];
  // VLC refuses to be root.
  const asNobody = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];
  const [program = '', ...args] = process.getuid?.() === 0 ? [...asNobody, ...words] : words;
  const server = spawn(program, args, { stdio: 'ignore', env: { ...process.env, HOME: folder } });
  onTestFinished(async () => {
    const gone = new Promise((resolve) => server.once('exit', resolve));
    if (server.kill('SIGKILL')) await gone;
  });
  return { url: `rtsp://127.0.0.1:${port}/live`, user, password, transport: 'auto', audio: 'auto' };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** A claim of some seconds, from beginning to end. */
async function keepAWhile(rig: Rig, source: Source): Promise<void> {
  const sources = { 'cam-1': source };
  const claim = rig.claim(0);
  rig.keep(sources, [claim]);
  await rig.proven(claim.id, 'cam-1');
  await until(() => rig.segments('cam-1').length >= 2);
  const to = shift(rig.clock.now(), 500);
  rig.keep(sources, [{ ...claim, to }]);
  await rig.ended(claim.id, 'cam-1');
}

/** Every file plays without a word of complaint, with picture and sound, and holds as many frames as the journal says. */
async function assertPlayable(rig: Rig): Promise<void> {
  for (const segment of rig.segments('cam-1')) {
    const path = rig.path(segment);
    const probed = await run('ffprobe', ['-v', 'error', '-count_frames', '-show_streams', '-of', 'json', path]);
    const { streams } = JSON.parse(probed.toString()) as {
      streams: { codec_name: string; nb_read_frames: string; width?: number }[];
    };
    expect(streams.map(({ codec_name }) => codec_name)).toEqual(['h264', 'aac']);
    expect(streams[0]).toMatchObject({ nb_read_frames: `${segment.videoFrames}`, width: 160 });
    expect(segment.videoFrames).toBeGreaterThan(0);
    // A segment may be cut so short that the sound of its last moment lies in the next one.
    if (segment.mediaToMs - segment.mediaFromMs > 500) {
      const pcm = await run('ffmpeg', [
        '-nostdin',
        '-v',
        'error',
        '-xerror',
        '-i',
        path,
        '-f',
        's16le',
        '-ac',
        '1',
        'pipe:1',
      ]);
      expect(rms(pcm), 'the tone is heard').toBeGreaterThan(HEARD_RMS);
    }
  }
}

interface Picture {
  /** Fingerprint of its slices, without the parameter sets that servers add. */
  readonly slices: string;
  readonly decodeS: number;
}

/** Where the recording of a run stands in the file. */
interface Standing {
  readonly place: number;
  readonly decodeS: number;
  readonly isFirst: boolean;
}

/** Every picture of the recording is one of the file's, byte for byte, and within a run none is missing, doubled or out of order. */
async function assertNoPictureMissing(rig: Rig): Promise<void> {
  const sent = (await picturesOf(file)).map(({ slices }) => slices);
  const runs = new Map<string, Standing>();
  for (const segment of rig.segments('cam-1')) {
    for (const { slices, decodeS } of await picturesOf(rig.path(segment))) {
      const known = runs.get(segment.run);
      // No two keyframes of the file are alike, so the first picture of a run tells its place.
      const place = known === undefined ? sent.indexOf(slices) : known.place + 1;
      expect(slices, `picture ${place} of the file, in segment ${segment.sequence}`).toBe(sent[place]);
      // The first picture of a run comes without a time of its own when no sender report was there yet.
      // A sender report in mid-stream may move what follows by some milliseconds.
      if (known !== undefined && !known.isFirst) {
        const frames = (decodeS - known.decodeS) * FPS;
        expect(frames).toBeGreaterThan(0);
        expect(frames).toBeLessThan(3);
      }
      runs.set(segment.run, { place, decodeS, isFirst: known === undefined });
    }
  }
}

async function picturesOf(path: string): Promise<Picture[]> {
  const track = (await readSamples(path)).find(({ format }) => format === 'avc1');
  return (track?.samples ?? []).map(({ bytes, decodeTime }) => {
    const hash = createHash('sha256');
    for (let at = 0; at + 4 <= bytes.length; at += 4 + bytes.readUInt32BE(at)) {
      const type = bytes.readUInt8(at + 4) & 0x1f;
      if (type === 1 || type === 5) hash.update(bytes.subarray(at + 4, at + 4 + bytes.readUInt32BE(at)));
    }
    return { slices: hash.digest('hex'), decodeS: decodeTime / (track?.timescale ?? 1) };
  });
}

function rms(pcm: Buffer): number {
  let sum = 0;
  for (let at = 0; at + 2 <= pcm.length; at += 2) sum += pcm.readInt16LE(at) ** 2;
  return Math.sqrt(sum / Math.max(1, pcm.length / 2));
}

test.each([
  ['TCP only', { protocols: 'tcp' }, {}],
  ['UDP only', { protocols: 'udp' }, {}],
  [
    'TCP only, Digest',
    { protocols: 'tcp', user: 'admin', password: 'p@ss: w/rd' },
    { user: 'admin', password: 'p@ss: w/rd' },
  ],
] as const)('gst-rtsp-server, %s: picture and A-law sound are kept whole', async (_name, wish, login) => {
  const { source } = await gstServer(wish, login);
  const rig = await Rig.begin();
  await keepAWhile(rig, source);
  expect(rig.facts('run-begun')).toHaveLength(1);
  expect(rig.segments('cam-1')[0]?.media.audio).toMatchObject({ codec: 'mp4a', copied: false });
  await assertPlayable(rig);
  await assertNoPictureMissing(rig);
  expect((await rig.verify()).findings).toEqual([]);
});

test('gst-rtsp-server refuses a wrong password, and is not asked again and again', async () => {
  const { source } = await gstServer(
    { protocols: 'tcp', user: 'admin', password: 'right' },
    { user: 'admin', password: 'wrong' },
  );
  const rig = await Rig.begin();
  rig.arm({ 'cam-1': source });
  await until(() => rig.stream('cam-1')?.phase === 'refused');
  expect(rig.stream('cam-1')?.cause?.code).toBe('camera-refused-login');
});

test('gst-rtsp-server is stopped and goes on: a stall is noticed and ledgered, and recording takes up again', async () => {
  const { source, server } = await gstServer({ protocols: 'tcp' });
  const rig = await Rig.begin();
  const sources = { 'cam-1': source };
  const claim = rig.claim(0);
  rig.keep(sources, [claim]);
  await rig.proven(claim.id, 'cam-1');
  await until(() => rig.segments('cam-1').length >= 1);
  server.kill('SIGSTOP');
  const stoppedMs = rig.clock.now().monoMs;
  await until(() => rig.stream('cam-1')?.phase === 'lost');
  expect(rig.clock.now().monoMs - stoppedMs, 'noticed within three seconds and a little').toBeLessThan(5_000);
  expect(rig.stream('cam-1')?.cause?.code).toBe('camera-stalled');
  server.kill('SIGCONT');
  await until(() => rig.stream('cam-1')?.phase === 'keeping');
  await until(() => rig.facts('gap').some(({ cause }) => cause.code === 'camera-stalled'));
  const before = rig.segments('cam-1').length;
  await until(() => rig.segments('cam-1').length > before);
  rig.keep(sources, [{ ...claim, to: shift(rig.clock.now(), 300) }]);
  await rig.ended(claim.id, 'cam-1');
  const gaps = rig.facts('gap').filter(({ cause }) => cause.code !== 'not-armed');
  expect(gaps.map(({ cause }) => cause.code)).toEqual(['camera-stalled']);
  expect(gaps[0]?.from.monoMs).toBeLessThan(stoppedMs + 1_000);
  await assertPlayable(rig);
  await assertNoPictureMissing(rig);
  expect((await rig.verify()).findings).toEqual([]);
});

test('VLC, UDP only, Basic: picture and AAC sound are kept as they come', async () => {
  const source = await vlc('admin', 'se:cret');
  const rig = await Rig.begin();
  await keepAWhile(rig, source);
  expect(rig.segments('cam-1')[0]?.media.audio).toMatchObject({ codec: 'mp4a', copied: true, sampleRate: 16_000 });
  await assertPlayable(rig);
  await assertNoPictureMissing(rig);
  expect((await rig.verify()).findings).toEqual([]);
});
