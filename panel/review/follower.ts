/** Plays one stream and keeps it where the transport is: one hls.js, one media element, corrected ten times a second. */
import { signal } from '@preact/signals';
import Hls, { type ErrorData, type HlsConfig } from 'hls.js/light';
import { tellLoggedOut } from '../wire/rest.ts';
import { type PlaylistPart, partAt, partsOf } from './playlist-parts.ts';
import { mediaAt, type Stretch, stretchesOf } from './wall-media.ts';

export type FollowerState = 'loading' | 'playing' | 'gap' | 'failed';

/** Farther off than this while playing and it jumps; nearer, its speed is bent a little. */
const JUMP_S = 0.6;
const JUMP_PAUSED_S = 0.02;
const JUMP_AGAIN_AFTER_MS = 800;
const MOST_BEND = 0.12;
/** A stream that cannot be read for so long no longer holds up the others. */
const HOLD_LIMIT_MS = 8_000;
const RETRY_DELAY_MS = 2_000;
const MEDIA_RECOVERIES = 3;
/** So close to the end of the media there is nothing more to be buffered. */
const END_S = 0.4;
const HTTP_UNAUTHENTICATED = 401;
/** A segment that lies at the centre is answered after some seconds with "not yet": then it is asked for again at once. */
const AGAIN = { maxNumRetry: 30, retryDelayMs: 500, maxRetryDelayMs: 1_000 };
const PATIENT: HlsConfig['fragLoadPolicy'] = {
  default: { maxTimeToFirstByteMs: 15_000, maxLoadTimeMs: 120_000, timeoutRetry: AGAIN, errorRetry: AGAIN },
};

export class Follower {
  readonly state = signal<FollowerState>('loading');
  /** What is to be played is on its way from the centre: the others wait for it. */
  isComing = false;
  readonly #media: HTMLMediaElement;
  readonly #hls: Hls;
  readonly #playlist: string;
  #parts: readonly PlaylistPart[] = [];
  /** The part that is loaded; the others have other tracks. */
  #part = 0;
  #stretches: readonly Stretch[] = [];
  #jumpedMono = Number.NEGATIVE_INFINITY;
  #unreadySinceMono: number | null = null;
  #recoveries = 0;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(media: HTMLMediaElement, playlist: string) {
    this.#media = media;
    this.#playlist = playlist;
    media.preservesPitch = true;
    // Playback begins where the transport is, never at the live edge of a session that still runs.
    const pLoader = loaderThatKeeps((text) => {
      this.#parts = partsOf(text);
      return this.#parts[this.#part]?.text ?? text;
    });
    this.#hls = new Hls({
      ...{ startPosition: 0, enableWorker: false, maxBufferLength: 20, backBufferLength: 60, pLoader },
      fragLoadPolicy: PATIENT,
    });
    const take = (_: unknown, data: { details?: { fragments: Parameters<typeof stretchesOf>[0] } | undefined }) => {
      if (data.details === undefined) return;
      this.#stretches = stretchesOf(data.details.fragments);
      if (this.state.peek() === 'failed') this.state.value = 'loading';
    };
    this.#hls.on(Hls.Events.LEVEL_UPDATED, take);
    this.#hls.on(Hls.Events.LEVEL_PTS_UPDATED, take);
    this.#hls.on(Hls.Events.ERROR, (_, data) => this.#onError(data));
    this.#hls.loadSource(playlist);
    this.#hls.attachMedia(media);
  }

  close(): void {
    clearTimeout(this.#retryTimer);
    this.#hls.destroy();
  }

  /** False while the transport should wait for this stream. */
  ready(wallMs: number, monoMs: number): boolean {
    const target = mediaAt(this.#stretches, wallMs);
    if (this.isComing) return this.#canPlay(target);
    const free = this.state.peek() === 'failed' || (this.#stretches.length > 0 && target === null);
    if (free || this.#canPlay(target)) {
      this.#unreadySinceMono = null;
      return true;
    }
    this.#unreadySinceMono ??= monoMs;
    return monoMs - this.#unreadySinceMono > HOLD_LIMIT_MS;
  }

  /** Brings the media to `wallMs`. `moving` is false while the transport is paused or waits. */
  follow(wallMs: number, moving: boolean, rate: number, monoMs: number): void {
    const part = partAt(this.#parts, wallMs);
    if (part !== this.#part) this.#change(part);
    const media = this.#media;
    const target = mediaAt(this.#stretches, wallMs);
    if (target === null) {
      if (this.#stretches.length > 0 && this.state.peek() !== 'failed') this.state.value = 'gap';
      if (!media.paused) media.pause();
      return;
    }
    if (this.state.peek() !== 'failed') this.state.value = this.#canPlay(target) ? 'playing' : 'loading';
    const drift = media.currentTime - target;
    const farOff = Math.abs(drift) > (moving ? JUMP_S * Math.max(1, rate) : JUMP_PAUSED_S);
    if (farOff && !media.seeking && media.readyState >= HTMLMediaElement.HAVE_METADATA) {
      if (monoMs - this.#jumpedMono > JUMP_AGAIN_AFTER_MS || !moving) {
        this.#jumpedMono = monoMs;
        media.currentTime = target;
      }
    }
    const bend = farOff ? 1 : 1 - Math.max(-MOST_BEND, Math.min(MOST_BEND, drift));
    const speed = rate * bend;
    if (Math.abs(media.playbackRate - speed) > 0.005) media.playbackRate = speed;
    // Playing on from the very end would begin anew at the beginning.
    if (moving && media.paused && !media.ended) {
      // A refusal (no gesture yet, or torn down in between) is met again at the next correction.
      media.play().catch(() => {});
    } else if (!moving && !media.paused) media.pause();
  }

  #change(part: number): void {
    this.#part = part;
    this.#stretches = [];
    this.#recoveries = 0;
    this.state.value = 'loading';
    this.#hls.loadSource(this.#playlist);
  }

  #canPlay(target: number | null): boolean {
    const media = this.#media;
    if (target === null || media.seeking) return false;
    if (media.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA) return true;
    return media.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && target > media.duration - END_S;
  }

  #onError(data: ErrorData): void {
    if (data.response?.code === HTTP_UNAUTHENTICATED) tellLoggedOut();
    if (!data.fatal) return;
    this.state.value = 'failed';
    if (data.type === Hls.ErrorTypes.MEDIA_ERROR) {
      this.#recoveries += 1;
      if (this.#recoveries <= MEDIA_RECOVERIES) this.#hls.recoverMediaError();
      return;
    }
    if (data.type === Hls.ErrorTypes.NETWORK_ERROR) {
      clearTimeout(this.#retryTimer);
      this.#retryTimer = setTimeout(() => {
        if (this.#hls.latestLevelDetails === null && this.#hls.url !== null) this.#hls.loadSource(this.#hls.url);
        else this.#hls.startLoad();
      }, RETRY_DELAY_MS);
    }
  }
}

type PlaylistLoader = NonNullable<HlsConfig['pLoader']>;

/** Loads playlists as hls.js does, and hands on what `keep` leaves of them. */
function loaderThatKeeps(keep: (text: string) => string): PlaylistLoader {
  return class extends (Hls.DefaultConfig.loader as unknown as PlaylistLoader) {
    override load(...[context, config, callbacks]: Parameters<InstanceType<PlaylistLoader>['load']>): void {
      super.load(context, config, {
        ...callbacks,
        onSuccess: (response, ...rest) => {
          const { data } = response;
          callbacks.onSuccess(typeof data === 'string' ? { ...response, data: keep(data) } : response, ...rest);
        },
      });
    }
  };
}

export const canPlayHere = (): boolean => Hls.isSupported();
