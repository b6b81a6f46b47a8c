// The session description (RFC 4566) a camera answers to DESCRIBE.

import type { AudioSet, MediaSet, VideoSet } from './media-set.ts';
import type { SpropChoice } from './spec.ts';

export const VIDEO_CLOCK_HZ = 90_000;
const VIDEO_PAYLOAD_TYPE = 96;
/** G.711 has types of its own (RFC 3551, 6), the others are dynamic. */
const AUDIO_PAYLOAD_TYPES = { aac: 97, pcma: 8, pcmu: 0, l16: 98, opus: 99 } as const;

/** RTP payload type of the picture and of the sound in this description. */
export function payloadType(kind: 'video' | 'audio', audio: AudioSet | undefined): number {
  if (kind === 'video') return VIDEO_PAYLOAD_TYPE;
  return AUDIO_PAYLOAD_TYPES[audio?.codec ?? 'aac'];
}

/** The kinds of track a device offers, in the order of their `trackID`. */
export function tracksOf(media: MediaSet): ('video' | 'audio')[] {
  const kinds: ('video' | 'audio')[] = [];
  if (media.video !== undefined) kinds.push('video');
  if (media.audio !== undefined) kinds.push('audio');
  return kinds;
}

/** @param sprop whether the description tells the parameter sets of the picture. */
export function sessionDescription(media: MediaSet, host: string, title: string, sprop: SpropChoice): string {
  const lines = [
    'v=0',
    `o=- 1001 1 IN IP4 ${host}`,
    `s=${title}`,
    'c=IN IP4 0.0.0.0',
    't=0 0',
    'a=control:*',
    'a=range:npt=now-',
  ];
  tracksOf(media).forEach((kind, index) => {
    if (kind === 'video' && media.video !== undefined) {
      lines.push(...videoLines(media.video, sprop));
    } else if (media.audio !== undefined) lines.push(...audioLines(media.audio));
    lines.push(`a=control:trackID=${index}`, 'a=recvonly');
  });
  return `${lines.join('\r\n')}\r\n`;
}

function videoLines(video: VideoSet, sprop: SpropChoice): string[] {
  const type = VIDEO_PAYLOAD_TYPE;
  const sets = video.parameterSets.map((set) => set.toString('base64'));
  const format: string[] = [];
  if (video.codec === 'h264') {
    const profile = video.parameterSets[0]?.toString('hex', 1, 4) ?? '';
    format.push('packetization-mode=1');
    if (sprop === 'sdp') format.push(`profile-level-id=${profile}`, `sprop-parameter-sets=${sets.join(',')}`);
  } else if (sprop === 'sdp') {
    const [vps = '', sps = '', pps = ''] = sets;
    format.push(`sprop-vps=${vps}`, `sprop-sps=${sps}`, `sprop-pps=${pps}`);
  }
  return [
    `m=video 0 RTP/AVP ${type}`,
    `a=rtpmap:${type} ${video.codec.toUpperCase()}/${VIDEO_CLOCK_HZ}`,
    ...(format.length === 0 ? [] : [`a=fmtp:${type} ${format.join(';')}`]),
    `a=framerate:${video.fps}`,
  ];
}

function audioLines(audio: AudioSet): string[] {
  const type = payloadType('audio', audio);
  const media = `m=audio 0 RTP/AVP ${type}`;
  // Opus is always announced with two channels (RFC 7587, 7).
  if (audio.codec === 'opus') {
    return [media, `a=rtpmap:${type} opus/${audio.rateHz}/2`, `a=fmtp:${type} sprop-stereo=0`];
  }
  if (audio.codec !== 'aac') return [media, `a=rtpmap:${type} ${audio.codec.toUpperCase()}/${audio.rateHz}/1`];
  return [
    media,
    `a=rtpmap:${type} MPEG4-GENERIC/${audio.rateHz}/1`,
    `a=fmtp:${type} streamtype=5;profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;` +
      `config=${audioSpecificConfig(audio.rateHz).toString(16).padStart(4, '0')}`,
  ];
}

/** AudioSpecificConfig of AAC-LC mono (ISO 14496-3, 1.6.2.1): object type 2, frequency index, one channel. */
function audioSpecificConfig(rateHz: number): number {
  const frequencyIndex = { 48000: 3, 16000: 8 }[rateHz];
  if (frequencyIndex === undefined) throw new Error(`No AAC frequency index for ${rateHz} Hz.`);
  return (2 << 11) | (frequencyIndex << 7) | (1 << 3);
}
