// Small fragmented MP4 as ffmpeg writes it for the recorder, and what ffprobe says is in it.

import { run } from './frames.ts';

export interface Recipe {
  readonly video?: boolean;
  readonly audio?: boolean;
  readonly seconds?: number;
  readonly gop?: number;
  readonly bFrames?: number;
}

/** The bytes, with the movflags of the recorder's own ffmpeg. */
export function makeFragmented(recipe: Recipe = {}): Promise<Buffer> {
  const { video = true, audio = true, seconds = 3, gop = 25, bFrames = 0 } = recipe;
  const picture = ['-f', 'lavfi', '-i', `testsrc=size=160x96:rate=25:duration=${seconds}`];
  const sound = ['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=16000:duration=${seconds}`];
  return run('ffmpeg', [
    ...['-nostdin', '-v', 'error', ...(video ? picture : []), ...(audio ? sound : [])],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', `${gop}`, '-keyint_min', `${gop}`],
    ...['-sc_threshold', '0', '-bf', `${bFrames}`, '-c:a', 'aac', '-b:a', '40k', '-f', 'mp4'],
    ...['-movflags', '+frag_keyframe+empty_moov+default_base_moof+skip_trailer', '-frag_duration', '250000', 'pipe:1'],
  ]);
}

export interface ProbedPacket {
  readonly kind: 'video' | 'audio';
  readonly decodeS: number;
  readonly durationS: number;
  readonly isKey: boolean;
  /** Where its bytes begin in the file. */
  readonly position: number;
}

/** Every packet of a file as ffprobe lists it, without the file's edit lists. */
export async function probePackets(file: string): Promise<ProbedPacket[]> {
  const entries = 'packet=codec_type,dts_time,duration_time,flags,pos';
  const json = await run('ffprobe', [
    ...['-v', 'error', '-ignore_editlist', '1', '-show_entries', entries, '-of', 'json', file],
  ]);
  const { packets } = JSON.parse(json.toString()) as {
    packets: { codec_type: string; dts_time: string; duration_time: string; flags: string; pos: string }[];
  };
  return packets.map((packet) => ({
    kind: packet.codec_type === 'video' ? 'video' : 'audio',
    decodeS: Number(packet.dts_time),
    durationS: Number(packet.duration_time),
    isKey: packet.flags.includes('K'),
    position: Number(packet.pos),
  }));
}

/** Numbers between 0 and 1, the same ones for the same seed (mulberry32), so that a failure can be seen again. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
