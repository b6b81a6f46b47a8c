// The session description (RFC 4566) a camera answers to DESCRIBE.

import type { AudioSet, MediaSet } from './media-set.ts';

export const VIDEO_CLOCK_HZ = 90_000;
const VIDEO_PAYLOAD_TYPE = 96;
const AAC_PAYLOAD_TYPE = 97;

/** RTP payload type of the picture and of the sound in this description. */
export function payloadType(kind: 'video' | 'audio', audio: AudioSet | undefined): number {
  if (kind === 'video') return VIDEO_PAYLOAD_TYPE;
  return { aac: AAC_PAYLOAD_TYPE, pcma: 8, pcmu: 0 }[audio?.codec ?? 'aac'];
}

/** The kinds of track a device offers, in the order of their `trackID`. */
export function tracksOf(media: MediaSet): ('video' | 'audio')[] {
  const kinds: ('video' | 'audio')[] = [];
  if (media.video !== undefined) kinds.push('video');
  if (media.audio !== undefined) kinds.push('audio');
  return kinds;
}

export function sessionDescription(media: MediaSet, host: string, title: string): string {
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
      const { sps, pps, fps } = media.video;
      lines.push(
        `m=video 0 RTP/AVP ${VIDEO_PAYLOAD_TYPE}`,
        `a=rtpmap:${VIDEO_PAYLOAD_TYPE} H264/${VIDEO_CLOCK_HZ}`,
        `a=fmtp:${VIDEO_PAYLOAD_TYPE} packetization-mode=1;profile-level-id=${sps.toString('hex', 1, 4)};` +
          `sprop-parameter-sets=${sps.toString('base64')},${pps.toString('base64')}`,
        `a=framerate:${fps}`,
      );
    } else if (media.audio !== undefined) lines.push(...audioLines(media.audio));
    lines.push(`a=control:trackID=${index}`, 'a=recvonly');
  });
  return `${lines.join('\r\n')}\r\n`;
}

function audioLines(audio: AudioSet): string[] {
  const type = payloadType('audio', audio);
  const media = `m=audio 0 RTP/AVP ${type}`;
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
