// Makes the media a virtual device plays, once, with ffmpeg, into a cache folder: picture loop, still loop, snapshots, sound.
// A finished entry is a folder that appears by one rename, so processes that share the cache never see a half-made one.

import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { access, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { paintLamp, paintRoom } from './scene.ts';
import { AUDIO_LOOP_STEP_S, type AudioCodec, DEFAULT_FONT_FILE, type VideoSpec } from './spec.ts';
import { paintStrip, STRIP_CELLS, stripHeight } from './strip.ts';
import { paintTones } from './tone.ts';

/** Counts up when the way media are made changes, so that old cache entries are not used. */
const RECIPE = 1;
/** G.711 knows one rate only. */
export const G711_RATE_HZ = 8_000;
export const L16_RATE_HZ = 16_000;
/** The clock of Opus in RTP, whatever the encoder does (RFC 7587, 4.1). */
export const OPUS_RATE_HZ = 48_000;
const MAX_ERROR_TEXT = 2_000;

export interface MediaTools {
  readonly cacheDir: string;
  readonly ffmpegPath?: string;
  readonly fontFile?: string;
}

/** What stands in the picture. */
export interface Caption {
  readonly room: string;
  readonly name: string;
}

/**
 * Files of one picture loop: H.264 or H.265 in Annex B, the same from a picture that never changes, and one JPEG a second. With
 * B-frames each stream has a list of its packets beside it, named `.order`, that tells the order of showing.
 */
export interface VideoFiles {
  readonly loopFile: string;
  readonly stillFile: string;
  readonly snapshotDir: string;
}

const underWay = new Map<string, Promise<string>>();

/**
 * Prepares (or finds) the picture of one camera.
 * The encoder is x264 or x265 with closed GOPs of fixed length, and B-frames only when asked for.
 * @throws Error when the font or ffmpeg is missing, or ffmpeg fails (with its own words).
 */
export async function prepareVideo(tools: MediaTools, video: VideoSpec, caption: Caption): Promise<VideoFiles> {
  const { codec, bFrames, ...picture } = video;
  const more = bFrames > 0 ? [bFrames] : [];
  const dir = await prepare(tools, [codec, picture, caption.room, caption.name, ...more], (work) =>
    encodeVideo(tools, video, caption, work),
  );
  return { loopFile: join(dir, `loop.${codec}`), stillFile: join(dir, `still.${codec}`), snapshotDir: dir };
}

/**
 * Prepares (or finds) one loop of sound: ADTS for AAC, Ogg for Opus (three loops each), bare bytes for G.711 and L16. `loopS` is a
 * multiple of 8.
 * @returns the file's path.
 */
export async function prepareAudio(
  tools: MediaTools,
  codec: Exclude<AudioCodec, 'none'>,
  rateHz: number,
  loopS: number,
): Promise<string> {
  if (loopS % AUDIO_LOOP_STEP_S !== 0)
    throw new Error(`A sound loop of ${loopS} s does not close; use a multiple of 8 s.`);
  const dir = await prepare(tools, [codec, rateHz, loopS], (work) => encodeAudio(tools, codec, rateHz, loopS, work));
  return join(dir, 'sound');
}

/** Runs `make` in a work folder and gives the result its final name in one step; both of two racing processes win. */
async function prepare(
  tools: MediaTools,
  parameters: unknown[],
  make: (work: string) => Promise<void>,
): Promise<string> {
  const key = createHash('sha256')
    .update(JSON.stringify([RECIPE, ...parameters]))
    .digest('hex')
    .slice(0, 24);
  const final = join(tools.cacheDir, key);
  const running = underWay.get(final);
  if (running !== undefined) return running;
  const task = (async () => {
    if (await exists(final)) return final;
    const work = join(tools.cacheDir, `.${key}.${process.pid}.${randomBytes(4).toString('hex')}`);
    await mkdir(work, { recursive: true });
    try {
      await make(work);
      await rename(work, final).catch(async (error: unknown) => {
        // Another process was faster; its entry is as good as ours.
        if (!(await exists(final))) throw error;
      });
    } finally {
      await rm(work, { recursive: true, force: true });
    }
    return final;
  })();
  underWay.set(final, task);
  return task.finally(() => underWay.delete(final));
}

async function encodeVideo(tools: MediaTools, video: VideoSpec, caption: Caption, work: string): Promise<void> {
  const fontFile = tools.fontFile ?? DEFAULT_FONT_FILE;
  if (!(await exists(fontFile))) {
    throw new Error(
      `The font ${fontFile} is missing: install Debian's fonts-wqy-zenhei or name another one as fontFile.`,
    );
  }
  const { width, height, fps } = video;
  const frames = Math.round(video.loopS * fps);
  const gopFrames = Math.round(video.gopS * fps);
  const strip = stripHeight(height);
  const lamp = Math.round(height / 14 / 2) * 2;
  await symlink(fontFile, join(work, 'font')); // a plain name needs no escaping in a filter graph
  await writeFile(join(work, 'caption.txt'), `${caption.room}  ${caption.name}`);
  await writeFile(join(work, 'counter.txt'), `第 %{n} 帧 / ${frames}`);
  await writeFile(join(work, 'room.rgb'), paintRoom(width, height));
  await writeFile(join(work, 'lamp.rgba'), paintLamp(lamp));
  await writeFile(
    join(work, 'strip.gray'),
    Buffer.concat(Array.from({ length: frames }, (_, index) => paintStrip(index))),
  );

  const size = Math.round(height / 18);
  const inset = Math.round(height / 36);
  const letters = `fontfile=font:fontsize=${size}:fontcolor=white:box=1:boxcolor=black@0.45:boxborderw=${Math.round(size / 4)}`;
  const graph = (count: number, moving: boolean) =>
    [
      `[0][1]overlay=x='W/2-w/2+W*0.42*sin(2*PI*n/${count})':y='H*0.935-h/2'[room]`,
      `[room]drawtext=${letters}:textfile=caption.txt:expansion=none:x=${inset}:y=${strip + inset}[named]`,
      `[named]drawtext=${letters}:textfile=counter.txt:x=w-tw-${inset}:y=${strip + inset}[counted]`,
      // Sensor noise gives the encoder the work, and the stream the size, of a real camera.
      `[counted]format=yuv420p${moving ? ',noise=c0s=7:c0f=t' : ''}[scene]`,
      `[2]scale=${width}:${strip}:flags=neighbor,format=yuv420p[strip]`,
      `[scene][strip]overlay=0:0`,
    ].join(';');
  const inputs = (still: boolean) => [
    ...rawInput('rgb24', width, height, fps, 'room.rgb', true),
    ...rawInput('rgba', lamp, lamp, fps, 'lamp.rgba', true),
    ...rawInput('gray', STRIP_CELLS, 1, fps, 'strip.gray', still),
  ];
  const encode = encoderArguments(video, gopFrames);
  await ffmpeg(tools, work, [
    ...inputs(false),
    ...['-filter_complex', `${graph(frames, true)},split[a][b];[b]fps=1,format=yuvj420p[jpeg]`],
    ...['-map', '[a]', '-frames:v', `${frames}`, ...encode, ...output(video, 'loop')],
    ...['-map', '[jpeg]', '-frames:v', `${Math.max(1, Math.floor(video.loopS))}`, '-q:v', '4', 'snapshot-%03d.jpg'],
  ]);
  // The frozen picture: every frame shows what frame 0 shows, in the same stream parameters.
  await writeFile(join(work, 'strip.gray'), paintStrip(0));
  await ffmpeg(tools, work, [
    ...inputs(true),
    ...[
      '-filter_complex',
      `${graph(frames, false)},trim=end_frame=1,loop=loop=${gopFrames - 1}:size=1,setpts=N/${fps}/TB[a]`,
    ],
    ...['-map', '[a]', '-frames:v', `${gopFrames}`, ...encode, ...output(video, 'still')],
  ]);
  for (const name of ['font', 'caption.txt', 'counter.txt', 'room.rgb', 'lamp.rgba', 'strip.gray'])
    await rm(join(work, name));
}

function encoderArguments({ codec, bitrateKbps, bFrames }: VideoSpec, gopFrames: number): string[] {
  const rate = ['-b:v', `${bitrateKbps}k`, '-maxrate', `${bitrateKbps}k`, '-bufsize', `${bitrateKbps * 2}k`];
  if (codec === 'h264') {
    // As many B-frames as asked for between any two others, and none that others are built from.
    const between = bFrames > 0 ? ['-b_strategy', '0', '-b-pyramid', 'none'] : [];
    return [
      ...[
        '-c:v',
        'libx264',
        '-preset',
        'veryfast',
        '-profile:v',
        'main',
        '-bf',
        `${bFrames}`,
        ...between,
        '-threads',
        '2',
      ],
      ...['-g', `${gopFrames}`, '-keyint_min', `${gopFrames}`, '-sc_threshold', '0', '-flags', '+cgop', ...rate],
    ];
  }
  const options = {
    keyint: gopFrames,
    'min-keyint': gopFrames,
    scenecut: 0,
    'open-gop': 0,
    bframes: bFrames,
    'b-adapt': 0,
    'b-pyramid': 0,
    'repeat-headers': 1,
    info: 0,
    pools: 2,
    'log-level': 'error',
  };
  const list = Object.entries(options).map(([name, value]) => `${name}=${value}`);
  return ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', list.join(':'), ...rate];
}

/** Where ffmpeg writes a stream to, and with B-frames the order of its pictures too. */
function output({ codec, bFrames }: VideoSpec, name: string): string[] {
  const format = codec === 'h264' ? 'h264' : 'hevc';
  if (bFrames === 0) return ['-f', format, `${name}.${codec}`];
  return ['-f', 'tee', `[f=${format}]${name}.${codec}|[f=framecrc]${name}.${codec}.order`];
}

function rawInput(format: string, width: number, height: number, fps: number, file: string, repeat: boolean): string[] {
  const shape = ['-f', 'rawvideo', '-pix_fmt', format, '-video_size', `${width}x${height}`, '-framerate', `${fps}`];
  return [...(repeat ? ['-stream_loop', '-1'] : []), ...shape, '-i', file];
}

async function encodeAudio(
  tools: MediaTools,
  codec: Exclude<AudioCodec, 'none'>,
  rateHz: number,
  loopS: number,
  work: string,
): Promise<void> {
  const loop = paintTones(rateHz, loopS);
  // Frames of AAC and Opus overlap their neighbours: the middle one of three loops has the right neighbour on either side.
  const overlaps = codec === 'aac' || codec === 'opus';
  await writeFile(join(work, 'tones.pcm'), overlaps ? Buffer.concat([loop, loop, loop]) : loop);
  const encoder = {
    aac: ['-c:a', 'aac', '-b:a', rateHz >= 48_000 ? '64k' : '32k', '-f', 'adts'],
    pcma: ['-c:a', 'pcm_alaw', '-f', 'alaw'],
    pcmu: ['-c:a', 'pcm_mulaw', '-f', 'mulaw'],
    l16: ['-c:a', 'pcm_s16be', '-f', 's16be'], // network byte order (RFC 3551, 4.5.11)
    opus: ['-c:a', 'libopus', '-b:a', '32k', '-vbr', 'constrained', '-frame_duration', '20', '-f', 'ogg'],
  }[codec];
  await ffmpeg(tools, work, ['-f', 's16le', '-ar', `${rateHz}`, '-ac', '1', '-i', 'tones.pcm', ...encoder, 'sound']);
  await rm(join(work, 'tones.pcm'));
}

/** One ffmpeg run to its end, in folder `cwd`, allowed to touch files only. */
function ffmpeg(tools: MediaTools, cwd: string, args: readonly string[]): Promise<void> {
  const program = tools.ffmpegPath ?? 'ffmpeg';
  const fixed = ['-nostdin', '-hide_banner', '-loglevel', 'error', '-protocol_whitelist', 'file'];
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...fixed, ...args], { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
    let words = '';
    child.stderr.setEncoding('utf8');
    child.stderr.on('data', (part: string) => {
      words = (words + part).slice(-MAX_ERROR_TEXT);
    });
    child.once('error', (error) => reject(new Error(`Cannot run ${program}: ${error.message}`)));
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`ffmpeg could not prepare media (exit code ${code}): ${words.trim()}`));
    });
  });
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
