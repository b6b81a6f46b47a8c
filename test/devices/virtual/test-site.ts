// Small, cheap devices for tests, and ffmpeg as the recorder nobody here wrote. Prepared media are kept between test runs.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { VirtualDevice } from '../../../devices/virtual/device.ts';
import { startVirtualSite, type VirtualSite } from '../../../devices/virtual/site.ts';
import type { VirtualDeviceSpec } from '../../../devices/virtual/spec.ts';
import { run } from '../../oracle/frames.ts';

/** Shared by all tests, so that media are encoded once on a machine. */
export const MEDIA_CACHE_DIR = join(tmpdir(), 'quancheng-virtual-media');

/** A picture that costs next to nothing; its loop is over after 2 s. */
export const TINY_VIDEO = { width: 320, height: 180, fps: 25, bitrateKbps: 200, gopS: 1, loopS: 2 } as const;
export const TINY_LOOP_FRAMES = TINY_VIDEO.fps * TINY_VIDEO.loopS;
export const TINY_AUDIO_LOOP_S = 8;

/** A small camera with everything else as the product's defaults have it. */
export function tinyCamera(spec: Partial<VirtualDeviceSpec> = {}): VirtualDeviceSpec {
  const base = {
    id: 'cam-1',
    kind: 'camera',
    room: '第一听证室',
    name: '主摄像机',
    audioLoopS: TINY_AUDIO_LOOP_S,
  } as const;
  return { ...base, ...spec, video: { ...TINY_VIDEO, ...spec.video } };
}

/** Starts a site that is closed when the test ends. */
export async function testSite(...devices: readonly VirtualDeviceSpec[]): Promise<VirtualSite> {
  const site = await startVirtualSite({ cacheDir: MEDIA_CACHE_DIR, devices });
  onTestFinished(() => site.close());
  return site;
}

/** A site of one small camera. */
export async function testCamera(spec: Partial<VirtualDeviceSpec> = {}): Promise<VirtualDevice> {
  return (await testSite(tinyCamera(spec))).device(spec.id ?? 'cam-1');
}

/** A folder that is gone after the test. */
export async function testFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'quancheng-virtual-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export interface Recording {
  readonly url: string;
  readonly file: string;
  readonly seconds: number;
  readonly transport?: 'tcp' | 'udp';
  /** Arguments between input and output; copying everything is the default. */
  readonly codec?: readonly string[];
}

/** ffmpeg would look at a stream for seconds before it begins; the session description says all it needs. */
const QUICK_LOOK = ['-analyzeduration', '400000'];

/** Lets ffmpeg record a stream. @throws Error with ffmpeg's own words when it fails. */
export async function record(recording: Recording): Promise<void> {
  const { url, file, seconds, transport = 'tcp', codec = ['-c', 'copy'] } = recording;
  const fragments = file.endsWith('.mp4') ? ['-movflags', 'frag_keyframe+empty_moov+default_base_moof'] : [];
  await run('ffmpeg', [
    ...['-nostdin', '-v', 'fatal', ...QUICK_LOOK, '-rtsp_transport', transport, '-i', url, '-t', `${seconds}`],
    ...[...codec, ...fragments, '-y', file],
  ]);
}

export interface ProbedStream {
  readonly codec_name: string;
  readonly codec_type: string;
  readonly profile?: string;
  readonly width?: number;
  readonly height?: number;
  readonly has_b_frames?: number;
  readonly sample_rate?: string;
  readonly channels?: number;
}

/** What ffprobe sees. @throws Error with ffprobe's own words when it cannot connect. */
export async function probe(url: string, transport: 'tcp' | 'udp' = 'tcp'): Promise<ProbedStream[]> {
  const json = await run('ffprobe', [
    '-v',
    'fatal',
    ...QUICK_LOOK,
    '-rtsp_transport',
    transport,
    '-show_streams',
    '-of',
    'json',
    url,
  ]);
  return (JSON.parse(json.toString()) as { streams: ProbedStream[] }).streams;
}
