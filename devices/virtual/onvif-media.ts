// ONVIF Media (ver10) and Media2 (ver20) of a virtual camera: one profile with one source and one encoder of each kind.

import type { MediaSet } from './media-set.ts';
import type { OsdStore } from './onvif-osd.ts';
import { escapeXml, SoapFault, textAt, type XmlElement } from './soap.ts';
import type { VideoSpec } from './spec.ts';

export const VIDEO_SOURCE_CONFIGURATION = 'VideoSourceConfig_1';
export const VIDEO_SOURCE = 'VideoSource_1';
const PROFILE = 'Profile_1';

export interface MediaParts {
  /** Read at every call, because a switch may change the sound and the picture of a running device. */
  readonly media: () => MediaSet;
  readonly video: () => VideoSpec;
  readonly osd: OsdStore;
  readonly streamUri: () => string;
  readonly snapshotUri: () => string;
}

type Version = 'trt' | 'tr2';

/** Answers one operation of either media service; undefined when it has no such operation. */
export function answerMedia(
  version: Version,
  operation: string,
  request: XmlElement,
  parts: MediaParts,
): string | undefined {
  const wrap = (body: string) => `<${version}:${operation}Response>${body}</${version}:${operation}Response>`;
  const configurations = (body: string) => (body === '' ? wrap('') : wrap(body));
  const write = new MediaWriter(version, parts);
  switch (operation) {
    case 'GetServiceCapabilities':
      return wrap(write.capabilities());
    case 'GetProfiles':
      return wrap(write.profile(`${version}:Profiles`));
    case 'GetProfile':
      requireProfile(request);
      return wrap(write.profile('trt:Profile'));
    case 'GetStreamUri':
      requireProfile(request);
      return wrap(write.uri(parts.streamUri()));
    case 'GetSnapshotUri':
      requireProfile(request);
      return wrap(write.uri(parts.snapshotUri()));
    case 'GetVideoSources':
      return version === 'trt' ? wrap(write.videoSource()) : undefined;
    case 'GetAudioSources':
      return version === 'trt' ? wrap(write.audioSource()) : undefined;
    case 'GetVideoSourceConfigurations':
      return configurations(write.videoSourceConfiguration(`${version}:Configurations`));
    case 'GetVideoEncoderConfigurations':
      return configurations(write.videoEncoder(`${version}:Configurations`));
    case 'GetVideoEncoderConfiguration':
      return wrap(write.videoEncoder('trt:Configuration'));
    case 'GetVideoEncoderConfigurationOptions':
      return wrap(write.videoEncoderOptions());
    case 'GetAudioSourceConfigurations':
      return configurations(write.audioSourceConfiguration(`${version}:Configurations`));
    case 'GetAudioEncoderConfigurations':
      return configurations(write.audioEncoder(`${version}:Configurations`));
    case 'GetAudioEncoderConfiguration':
      return wrap(write.audioEncoder('trt:Configuration'));
    case 'SetSynchronizationPoint':
      return wrap('');
    case 'GetOSDs':
      return parts.osd.getAll(version, request);
    case 'GetOSD':
      return parts.osd.getOne(version, request);
    case 'GetOSDOptions':
      return parts.osd.options(version);
    case 'CreateOSD':
      return parts.osd.create(version, request);
    case 'SetOSD':
      return parts.osd.set(version, request);
    case 'DeleteOSD':
      return parts.osd.remove(version, request);
    default:
      return undefined;
  }
}

function requireProfile(request: XmlElement): void {
  if (textAt(request, 'ProfileToken') !== PROFILE) {
    throw new SoapFault(['ter:InvalidArgVal', 'ter:NoProfile'], 'There is no such profile.');
  }
}

/** Writes the elements of either version; their inner structure differs. */
class MediaWriter {
  readonly #version: Version;
  readonly #video: VideoSpec;
  readonly #media: MediaSet;

  constructor(version: Version, parts: MediaParts) {
    this.#version = version;
    this.#video = parts.video();
    this.#media = parts.media();
  }

  capabilities(): string {
    const version = this.#version;
    const streaming = `<${version}:StreamingCapabilities RTPMulticast="false" RTP_TCP="false" RTP_RTSP_TCP="true" RTSPStreaming="true"/>`;
    return (
      `<${version}:Capabilities SnapshotUri="true" Rotation="false" OSD="true">` +
      `<${version}:ProfileCapabilities MaximumNumberOfProfiles="1"/>${streaming}</${version}:Capabilities>`
    );
  }

  profile(name: string): string {
    const inner =
      this.#version === 'trt'
        ? this.videoSourceConfiguration('tt:VideoSourceConfiguration') +
          this.audioSourceConfiguration('tt:AudioSourceConfiguration') +
          this.videoEncoder('tt:VideoEncoderConfiguration') +
          this.audioEncoder('tt:AudioEncoderConfiguration')
        : `<tr2:Configurations>${
            this.videoSourceConfiguration('tr2:VideoSource') +
            this.audioSourceConfiguration('tr2:AudioSource') +
            this.videoEncoder('tr2:VideoEncoder') +
            this.audioEncoder('tr2:AudioEncoder')
          }</tr2:Configurations>`;
    const prefix = this.#version === 'trt' ? 'tt' : 'tr2';
    return `<${name} token="${PROFILE}" fixed="true"><${prefix}:Name>mainStream</${prefix}:Name>${inner}</${name}>`;
  }

  uri(uri: string): string {
    if (this.#version === 'tr2') return `<tr2:Uri>${escapeXml(uri)}</tr2:Uri>`;
    return (
      `<trt:MediaUri><tt:Uri>${escapeXml(uri)}</tt:Uri><tt:InvalidAfterConnect>false</tt:InvalidAfterConnect>` +
      `<tt:InvalidAfterReboot>false</tt:InvalidAfterReboot><tt:Timeout>PT0S</tt:Timeout></trt:MediaUri>`
    );
  }

  videoSource(): string {
    const { width, height, fps } = this.#video;
    return (
      `<trt:VideoSources token="${VIDEO_SOURCE}"><tt:Framerate>${fps}</tt:Framerate>` +
      `<tt:Resolution><tt:Width>${width}</tt:Width><tt:Height>${height}</tt:Height></tt:Resolution></trt:VideoSources>`
    );
  }

  audioSource(): string {
    if (this.#media.audio === undefined) return '';
    return '<trt:AudioSources token="AudioSource_1"><tt:Channels>1</tt:Channels></trt:AudioSources>';
  }

  videoSourceConfiguration(name: string): string {
    const { width, height } = this.#video;
    return (
      `<${name} token="${VIDEO_SOURCE_CONFIGURATION}"><tt:Name>VideoSourceConfig</tt:Name><tt:UseCount>1</tt:UseCount>` +
      `<tt:SourceToken>${VIDEO_SOURCE}</tt:SourceToken><tt:Bounds x="0" y="0" width="${width}" height="${height}"/></${name}>`
    );
  }

  audioSourceConfiguration(name: string): string {
    if (this.#media.audio === undefined) return '';
    return (
      `<${name} token="AudioSourceConfig_1"><tt:Name>AudioSourceConfig</tt:Name><tt:UseCount>1</tt:UseCount>` +
      `<tt:SourceToken>AudioSource_1</tt:SourceToken></${name}>`
    );
  }

  videoEncoder(name: string): string {
    const { width, height, fps, bitrateKbps, gopS, codec } = this.#video;
    // Media1 has no word for H.265, so that profile has no encoder there.
    if (codec === 'h265' && this.#version === 'trt') return '';
    const resolution = `<tt:Resolution><tt:Width>${width}</tt:Width><tt:Height>${height}</tt:Height></tt:Resolution>`;
    const title = `<tt:Name>VideoEncoder_1</tt:Name><tt:UseCount>1</tt:UseCount><tt:Encoding>${codec.toUpperCase()}</tt:Encoding>`;
    const frames = Math.round(gopS * fps);
    if (this.#version === 'tr2') {
      return (
        `<${name} token="VideoEncoder_1" GovLength="${frames}" Profile="Main">${title}${resolution}` +
        `<tt:RateControl ConstantBitRate="true"><tt:FrameRateLimit>${fps}</tt:FrameRateLimit><tt:BitrateLimit>${bitrateKbps}</tt:BitrateLimit>` +
        `</tt:RateControl><tt:Quality>5</tt:Quality></${name}>`
      );
    }
    return (
      `<${name} token="VideoEncoder_1">${title}${resolution}<tt:Quality>5</tt:Quality>` +
      `<tt:RateControl><tt:FrameRateLimit>${fps}</tt:FrameRateLimit><tt:EncodingInterval>1</tt:EncodingInterval>` +
      `<tt:BitrateLimit>${bitrateKbps}</tt:BitrateLimit></tt:RateControl>` +
      `<tt:H264><tt:GovLength>${frames}</tt:GovLength><tt:H264Profile>Main</tt:H264Profile></tt:H264>` +
      `<tt:SessionTimeout>PT60S</tt:SessionTimeout></${name}>`
    );
  }

  /** The one setting there is, written as a range of itself. */
  videoEncoderOptions(): string {
    const { width, height, fps, bitrateKbps, gopS, codec } = this.#video;
    if (codec === 'h265' && this.#version === 'trt') return '';
    const range = (name: string, value: number) =>
      `<tt:${name}><tt:Min>${value}</tt:Min><tt:Max>${value}</tt:Max></tt:${name}>`;
    const frames = Math.round(gopS * fps);
    const resolution = `<tt:ResolutionsAvailable><tt:Width>${width}</tt:Width><tt:Height>${height}</tt:Height></tt:ResolutionsAvailable>`;
    if (this.#version === 'tr2') {
      return (
        `<tr2:Options GovLengthRange="${frames} ${frames}" FrameRatesSupported="${fps}" ProfilesSupported="Main">` +
        `<tt:Encoding>${codec.toUpperCase()}</tt:Encoding>${range('QualityRange', 5)}${resolution}${range('BitrateRange', bitrateKbps)}</tr2:Options>`
      );
    }
    return (
      `<trt:Options>${range('QualityRange', 5)}<tt:H264>${resolution}${range('GovLengthRange', frames)}` +
      `${range('FrameRateRange', fps)}${range('EncodingIntervalRange', 1)}<tt:H264ProfilesSupported>Main</tt:H264ProfilesSupported>` +
      `</tt:H264></trt:Options>`
    );
  }

  audioEncoder(name: string): string {
    const audio = this.#media.audio;
    if (audio === undefined) return '';
    // Media1 calls both laws G711 and has no word for others; Media2 uses the names of RTP payloads.
    const media1 = { aac: 'AAC', pcma: 'G711', pcmu: 'G711', l16: '', opus: '' }[audio.codec];
    const media2 = { aac: 'MP4A-LATM', pcma: 'PCMA', pcmu: 'PCMU', l16: 'L16', opus: 'OPUS' }[audio.codec];
    if (this.#version === 'trt' && media1 === '') return '';
    return (
      `<${name} token="AudioEncoder_1"><tt:Name>AudioEncoder_1</tt:Name><tt:UseCount>1</tt:UseCount>` +
      `<tt:Encoding>${this.#version === 'trt' ? media1 : media2}</tt:Encoding><tt:Bitrate>64</tt:Bitrate>` +
      `<tt:SampleRate>${Math.round(audio.rateHz / 1000)}</tt:SampleRate>` +
      `${this.#version === 'trt' ? '<tt:SessionTimeout>PT60S</tt:SessionTimeout>' : ''}</${name}>`
    );
  }
}
