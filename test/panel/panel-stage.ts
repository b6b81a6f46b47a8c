/**
 * The built panel in a real browser before a whole control plane over real HTTP and socket.io. The recorder behaves by itself, beat by
 * beat, and does what a test tells it; pictures and sound are made up. Time runs on and can be pushed forward.
 */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { build } from 'vite';
import { COOKIE } from '../../controller/api/login-cookie.ts';
import { type Api, startApi } from '../../controller/api/start.ts';
import type { Cause } from '../../controller/core/recording.ts';
import type { DevicePlan, SitePlan } from '../../controller/core/site-plan.ts';
import { HEBEI } from '../site/rules.ts';
import { Stage } from '../site/stage.ts';

const CHROMIUM = '/usr/bin/chromium';
export const BROWSER_ARGS = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-sync', '--mute-audio'];
const BEAT_MS = 300;
/** Monday, 23 November 2026, 09:12 in Shanghai. */
export const MORNING_MS = Date.UTC(2026, 10, 23, 1, 12);
export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const ROOM = 'hearing-1';
const PCM_RATE_HZ = 16_000;
const PCM_S = 3;
const STEP_BYTES = 2;

export const SMALL = { width: 1024, height: 600 } as const;
export const LARGE = { width: 1920, height: 1080 } as const;

const device = (id: string, name: string, kind: DevicePlan['kind']): DevicePlan => ({
  ...{ id, room: ROOM, name, kind, mandatory: true, source: { rtsp: `rtsp://127.0.0.1:8554/${id}` } },
  ...{ transport: 'auto', audio: 'auto', login: null },
});

export const PLAN: SitePlan = {
  login: { unpaired: 'secret' },
  site: { id: 'court-1', name: '河北省某市税务局', nameEn: 'Tax Bureau of a City in Hebei', demo: false },
  recording: { preRollS: 10, postRollS: 2, segmentS: 10, armedForS: 60 },
  rules: HEBEI,
  rooms: [{ id: ROOM, name: '第一听证室', nameEn: 'Hearing Room 1' }],
  devices: [
    device('panorama', '全景', 'camera'),
    device('evidence', '证据台', 'camera'),
    device('mic', '话筒', 'microphone'),
  ],
  people: [
    { id: 'clerk', name: '李敏', role: 'clerk', rooms: [ROOM] },
    { id: 'presider', name: '王建国', role: 'presider', rooms: [ROOM] },
    { id: 'technician', name: '赵工', role: 'technician', rooms: 'all' },
    { id: 'administrator', name: '管理员', role: 'administrator', rooms: 'all' },
  ],
};

/** How a stream sounds. */
export type Sound = 'speech' | 'quiet' | 'dead';

export class PanelStage {
  readonly stage: Stage;
  /** Streams that give nothing, and why. */
  readonly dead: { [stream: string]: Cause } = {};
  sound: Sound = 'speech';
  /** True: bytes are taken and none is proven, as a slow disk has it. */
  isHeldUp = false;
  readonly panelFolder: string;
  #api: Api | null = null;
  #browser: Browser | null = null;
  #beating: Promise<void> | null = null;
  #isOver = false;
  #port = 0;
  readonly #stills: readonly Buffer[];
  #still = 0;

  constructor(stage: Stage, panelFolder: string, stills: readonly Buffer[]) {
    this.stage = stage;
    this.panelFolder = panelFolder;
    this.#stills = stills;
  }

  static async open(plan: SitePlan = PLAN): Promise<PanelStage> {
    const panelFolder = await mkdtemp(join(tmpdir(), 'quancheng-panel-'));
    await build({
      configFile: new URL('../../panel/vite.config.ts', import.meta.url).pathname,
      logLevel: 'error',
      build: { outDir: panelFolder, emptyOutDir: true },
    });
    const stage = await Stage.open((one) => {
      one.plan = plan;
      one.clock.stepWall(MORNING_MS - one.clock.now().wallMs);
      for (const { id, kind } of plan.devices) {
        one.recorder.withSound.add(id);
        if (kind === 'microphone') one.recorder.soundOnly.add(id);
      }
    });
    const opened = new PanelStage(stage, panelFolder, makeStills());
    stage.decoder = { decode: async (media, has) => opened.#decode(Buffer.from(media).toString(), has) };
    await opened.startApi();
    opened.#beating = opened.#beat();
    return opened;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get now(): number {
    return this.stage.clock.now().wallMs;
  }

  async startApi(): Promise<void> {
    const { desk, log } = this.stage;
    const { panelFolder } = this;
    this.#api = await startApi({ desk, log, version: '0.0.0', host: '127.0.0.1', port: this.#port, panelFolder });
    this.#port = this.#api.port;
  }

  async closeApi(): Promise<void> {
    await this.#api?.close();
    this.#api = null;
  }

  /** A panel of the room with somebody logged in at it, in a browser profile of its own. */
  async panel(
    person: string,
    options: {
      readonly viewport?: { width: number; height: number };
      readonly lang?: 'zh' | 'en';
      readonly calm?: boolean;
    } = {},
  ): Promise<{ readonly context: BrowserContext; readonly page: Page; readonly broken: string[] }> {
    this.#browser ??= await chromium.launch({ executablePath: CHROMIUM, args: BROWSER_ARGS });
    const context = await this.#browser.newContext({
      viewport: options.viewport ?? SMALL,
      reducedMotion: options.calm === true ? 'reduce' : 'no-preference',
    });
    const { token, panelToken } = await this.stage.login(person);
    const cookies = [{ name: COOKIE, value: token, url: this.url }];
    if (panelToken !== null) cookies.push({ name: `${COOKIE}-panel`, value: panelToken, url: this.url });
    await context.addCookies(cookies);
    if (options.lang === 'en') await context.addInitScript("localStorage.setItem('quancheng.language', 'en')");
    const page = await context.newPage();
    const broken: string[] = [];
    page.on('pageerror', (error) => broken.push(error.message));
    await page.goto(`${this.url}/room/${ROOM}`);
    await page.locator('.face[data-face]:not([data-face="waiting"])').waitFor();
    return { context, page, broken };
  }

  /** Time passes at once; the recorder keeps what it should over it. */
  async advance(ms: number): Promise<void> {
    this.stage.clock.advance(ms);
    await this.stage.recorder.beat(this.dead);
  }

  async close(): Promise<void> {
    this.#isOver = true;
    await this.#beating;
    await this.#browser?.close();
    await this.closeApi();
    await this.stage.close();
    await rm(this.panelFolder, { recursive: true });
  }

  async #beat(): Promise<void> {
    while (!this.#isOver) {
      if (!this.isHeldUp) await this.stage.recorder.beat(this.dead);
      for (const stream of this.stage.recorder.peeks.splice(0)) this.#answerPeek(stream);
      await delay(BEAT_MS);
    }
  }

  #answerPeek(stream: string): void {
    if (this.dead[stream] !== undefined) return;
    this.#still += 1;
    const media = Buffer.from(stream).toString('base64');
    this.stage.recorder.peeked({ stream, run: 'run', index: this.#still, at: this.stage.clock.now(), media });
  }

  #decode(stream: string, has: { readonly picture: boolean; readonly sound: boolean }) {
    const jpeg = this.#stills[(stream.length + this.#still) % this.#stills.length] ?? null;
    const thumb = Buffer.from(Array.from({ length: 32 * 18 }, (_, i) => (i * 7 + this.#still * 13) % 256));
    return {
      jpeg: has.picture ? jpeg : null,
      thumb: has.picture ? thumb : null,
      pcm: has.sound ? pcmOf(this.sound) : null,
    };
  }
}

/** Some seconds of something like speech: noise that swells and falls a few times a second. */
function pcmOf(sound: Sound): Buffer {
  const samples = PCM_RATE_HZ * PCM_S;
  const pcm = Buffer.alloc(samples * STEP_BYTES);
  if (sound === 'dead') return pcm;
  const loudness = sound === 'quiet' ? 0.001 : 0.25;
  for (let i = 0; i < samples; i += 1) {
    const swell = Math.abs(Math.sin((i / PCM_RATE_HZ) * 5.3) * Math.sin((i / PCM_RATE_HZ) * 1.7));
    const sample = (Math.random() * 2 - 1) * loudness * (0.02 + swell);
    pcm.writeInt16LE(Math.round(sample * 32_767), i * STEP_BYTES);
  }
  return pcm;
}

/** A few pictures, made once. */
function makeStills(): readonly Buffer[] {
  return ['testsrc2', 'smptehdbars'].map((source) =>
    execFileSync('ffmpeg', [
      ...['-hide_banner', '-loglevel', 'error', '-f', 'lavfi', '-i', `${source}=size=480x270:rate=1`],
      ...['-frames:v', '1', '-c:v', 'mjpeg', '-q:v', '5', '-f', 'image2pipe', 'pipe:1'],
    ]),
  );
}
