/**
 * Where each stream comes from. RTSP addresses stand in the configuration; ONVIF devices are asked, one attempt at a time, until
 * they answer. The last good address is remembered without its password, so that recording works while ONVIF does not.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Complaint } from '../core/desk.ts';
import { AppError, sentenceOf } from '../core/errors.ts';
import type { Camera, Log } from '../core/ports.ts';
import type { Source } from '../core/recording.ts';
import type { SiteIndex } from '../core/site-index.ts';
import type { DevicePlan } from '../core/site-plan.ts';

const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 60_000;
/** A camera that refused the login may lock it after a few more tries (quirk Q08); a person has to act anyway. */
const RETRY_LOGIN_MS = 10 * 60_000;
const CLOSE_LIMIT_MS = 1_000;

export interface CameraSourcesOptions {
  readonly devices: readonly DevicePlan[];
  readonly cameras: (device: DevicePlan) => Camera;
  readonly index: Pick<SiteIndex, 'rememberedSource' | 'rememberSource'>;
  readonly log: Log;
  /** Called when a source or its trouble changed. */
  readonly onChange: (device: DevicePlan) => void;
}

export class CameraSources {
  readonly #options: CameraSourcesOptions;
  readonly #sources = new Map<string, Source>();
  readonly #troubles = new Map<string, Complaint>();
  readonly #end = new AbortController();
  /** Streams that may have moved: asked again at once, not faster than the usual back-off. */
  readonly #doubts = new Map<string, () => void>();
  #loops: Promise<void>[] = [];

  constructor(options: CameraSourcesOptions) {
    this.#options = options;
  }

  /** Takes what is known at once and asks the rest in the background; waits for no camera. */
  start(): void {
    for (const device of this.#options.devices) {
      const known = this.#knownSource(device);
      if (known !== null) this.#sources.set(device.id, known);
      if ('onvif' in device.source) this.#loops.push(this.#ask(device));
      else if (known !== null) this.#options.index.rememberSource(device.id, known);
    }
  }

  async close(): Promise<void> {
    this.#end.abort();
    // An attempt under way may hang on a dead camera; nothing it brings is wanted any more.
    await Promise.race([Promise.all(this.#loops), delay(CLOSE_LIMIT_MS, undefined, { ref: false })]);
  }

  /** Null while nobody knows. A stream that left the configuration is known by its remembered address. */
  sourceOf(stream: string): Source | null {
    const found = this.#sources.get(stream);
    if (found !== undefined || this.#options.devices.some((device) => device.id === stream)) return found ?? null;
    return this.#options.index.rememberedSource(stream);
  }

  /** Why the source of a stream is not known, or null. */
  troubleOf(stream: string): Complaint | null {
    return this.#sources.has(stream) ? null : (this.#troubles.get(stream) ?? null);
  }

  /** The stream is lost although its source is known: perhaps its address changed. */
  doubt(stream: string): void {
    this.#doubts.get(stream)?.();
  }

  #knownSource(device: DevicePlan): Source | null {
    if ('rtsp' in device.source) return this.#withLogin(device, device.source.rtsp);
    const remembered = this.#options.index.rememberedSource(device.id);
    return remembered === null ? null : this.#withLogin(device, remembered.url);
  }

  #withLogin({ login, transport, audio }: DevicePlan, url: string): Source {
    return { url, transport, audio, ...(login === null ? {} : { user: login.user, password: login.password }) };
  }

  async #ask(device: DevicePlan): Promise<void> {
    const { cameras, index, log, onChange } = this.#options;
    const profile = 'onvif' in device.source ? device.source.profile : undefined;
    let waitMs = RETRY_FIRST_MS;
    while (!this.#end.signal.aborted) {
      try {
        const camera = cameras(device);
        const answer = await (profile === undefined ? camera.source() : camera.source(profile));
        // Transport, audio and login are what the configuration says; only the address is the camera's to tell.
        const source = this.#withLogin(device, answer.url);
        const isNews = this.#sources.get(device.id)?.url !== source.url || this.#troubles.has(device.id);
        this.#sources.set(device.id, source);
        this.#troubles.delete(device.id);
        index.rememberSource(device.id, source);
        if (isNews) log.info({ stream: device.id, url: source.url }, 'source known');
        if (isNews) onChange(device);
        waitMs = RETRY_FIRST_MS;
        await this.#doubted(device.id);
        await this.#wait(RETRY_MAX_MS);
      } catch (error) {
        if (this.#end.signal.aborted) return;
        const trouble = complaintOf(error);
        const isNews = this.#troubles.get(device.id)?.code !== trouble.code;
        this.#troubles.set(device.id, trouble);
        if (isNews) log.warn({ stream: device.id, ...trouble }, 'source not known');
        if (isNews) onChange(device);
        const isLogin = trouble.code === 'camera-refused-login' || trouble.code === 'camera-locked-out';
        await this.#wait(isLogin ? RETRY_LOGIN_MS : waitMs);
        waitMs = Math.min(RETRY_MAX_MS, waitMs * 2);
      }
    }
  }

  async #wait(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#end.signal, ref: false }).catch(() => undefined);
  }

  async #doubted(stream: string): Promise<void> {
    if (this.#end.signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.#doubts.set(stream, resolve);
      this.#end.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    this.#doubts.delete(stream);
  }
}

function complaintOf(error: unknown): Complaint {
  if (error instanceof AppError) return { code: error.code, message: error.message };
  return { code: 'camera-unreachable', message: sentenceOf(error) };
}
