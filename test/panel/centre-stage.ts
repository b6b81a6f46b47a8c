/** The built page of the centre in a real browser before a real centre, and a site whose sessions, segments and answers are made here. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { build } from 'vite';
import { startCentrePage } from '../../controller/api/centre/start.ts';
import type { Listening } from '../../controller/api/listen.ts';
import type { SegmentFact } from '../../controller/core/facts.ts';
import { topicsOf } from '../../controller/core/hrc.ts';
import { ulid } from '../../controller/core/ulid.ts';
import { siteSigner } from '../../controller/forward/signer.ts';
import { DeskStage, topics } from '../central/desk-stage.ts';
import { clock, SITE } from '../forward/scene.ts';
import { BROWSER_ARGS } from './panel-stage.ts';

const CHROMIUM = '/usr/bin/chromium';
export const SEGMENT_MS = 2_000;
const SEGMENTS = 6;
const HOUR_MS = 3_600_000;
export const SESSION = '01KAJ9M3W6Z8Q4T1V7X2Y5N0BD';
const RUNNING = '01KAJ9M3W6Z8Q4T1V7X2Y5N0BE';
export const STREAMS = ['microphone', 'panorama'] as const;

export class CentreStage {
  readonly desk: DeskStage;
  readonly panelFolder: string;
  /** First moment of the session, UTC milliseconds. */
  readonly openedMs: number;
  #page: Listening | null = null;
  #browser: Browser | null = null;

  private constructor(desk: DeskStage, panelFolder: string) {
    this.desk = desk;
    this.panelFolder = panelFolder;
    this.openedMs = Math.floor((Date.now() - 50 * HOUR_MS) / 1_000) * 1_000;
  }

  static async open(): Promise<CentreStage> {
    const panelFolder = mkdtempSync(join(tmpdir(), 'quancheng-centre-'));
    await build({
      configFile: new URL('../../panel/vite.config.ts', import.meta.url).pathname,
      logLevel: 'error',
      build: { outDir: panelFolder, emptyOutDir: true },
    });
    const stage = new CentreStage(await DeskStage.open('mosquitto'), panelFolder);
    const { desk } = stage.desk;
    const { scene } = stage.desk;
    stage.#page = await startCentrePage({
      ...{ desk, log: scene.centreEar, version: '0.0.0', host: '127.0.0.1', port: 0, panelFolder },
    });
    return stage;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#page?.port ?? 0}`;
  }

  /** Seals a session of two streams, with real pictures and sound, and tells the centre of it without its bytes. */
  async sessionIsTold(): Promise<void> {
    const { scene } = this.desk;
    for (const stream of STREAMS) {
      const run = ulid(this.openedMs, randomBytes(10));
      for (const [i, bytes] of mediaOf(stream).entries())
        await scene.outbox.seal(bytes, {
          ...this.#at(i),
          stream,
          run,
          sequence: i,
          media: MEDIA[stream],
          claims: [SESSION],
        });
    }
    const announcements = scene.outbox.items.map(({ siteSeq, jws }) => ({ v: 1, siteSeq, state: 'local', jws }));
    await this.desk.site?.publishAsync(topics.seg, JSON.stringify(announcements), { qos: 1 });
  }

  async eventsAreTold(): Promise<void> {
    const closed = this.openedMs + SEGMENTS * SEGMENT_MS;
    const now = Date.now();
    const streams = STREAMS.map((stream) => ({ stream, mandatory: true }));
    const opened = { kind: 'hearing', rules: 'hebei', streams };
    const items = [
      {
        type: 'session-opened',
        session: SESSION,
        room: 'hearing-1',
        ...opened,
        opened: this.openedMs,
        from: this.openedMs,
      },
      {
        ...{ type: 'session-closing', session: SESSION, closed, to: closed, adjourned: null },
        due: { ms: now - 26 * HOUR_MS, clause: 'A19', force: 'binding', basis: 'published' },
      },
      {
        type: 'session-closed',
        session: SESSION,
        missing: [
          {
            gap: 'g1',
            stream: 'microphone',
            from: this.openedMs + 5_000,
            to: this.openedMs + 5_600,
            cause: 'camera-unreachable',
          },
        ],
      },
      {
        type: 'session-opened',
        session: RUNNING,
        room: 'hearing-2',
        ...opened,
        opened: now - HOUR_MS,
        from: now - HOUR_MS,
      },
      { type: 'session-confirmed', session: RUNNING },
      { type: 'alarm-begun', alarm: 'a1', code: 'disk-slow', level: 'alarm', room: null, stream: null },
    ].map((item, i) => ({ ...item, seq: i + 1, at: now }));
    const list = { v: 1, site: SITE, journal: 'site', after: 0, items };
    const jws = this.desk.scene.signer.sign('hrc-event', list);
    const id = ulid(now, randomBytes(10));
    await this.desk.site?.publishAsync(topics.request(id), JSON.stringify({ v: 1, type: 'events', jws }), { qos: 1 });
    const disks = [{ disk: 'main', state: 'well', freeBytes: 9e11, hoursLeft: 212.4 }];
    const backlog = {
      v: 1,
      at: now,
      segments: 12,
      bytes: 3_400_000,
      oldestMs: this.openedMs,
      running: [RUNNING],
      clock: 'ntp',
      recorder: true,
      disks,
    };
    await this.desk.site?.publishAsync(topics.backlog, JSON.stringify(backlog), { qos: 1, retain: true });
  }

  /** Another site, which only says that it is there, or that it is not any more. */
  async neighbour(site: string, online: boolean): Promise<void> {
    const { scene } = this.desk;
    const { publicKey } = siteSigner(join(scene.root, `${site}.pem`));
    const client = await scene.client(this.desk.broker.url);
    const { state } = topicsOf(site);
    const birth = { v: 1, online: true, site, at: 1, software: '0.9.0', keys: [publicKey], siteSeq: { last: 0 } };
    await client.publishAsync(state, JSON.stringify(birth), { qos: 1, retain: true });
    if (!online) await client.publishAsync(state, JSON.stringify({ v: 1, online: false }), { qos: 1, retain: true });
  }

  async browser(
    viewport: { width: number; height: number },
    lang: 'zh' | 'en' = 'zh',
  ): Promise<{ context: BrowserContext; page: Page; broken: string[] }> {
    this.#browser ??= await chromium.launch({ executablePath: CHROMIUM, args: BROWSER_ARGS });
    const context = await this.#browser.newContext({ viewport, timezoneId: 'Europe/Berlin' });
    if (lang === 'en') await context.addInitScript("localStorage.setItem('quancheng.language', 'en')");
    const page = await context.newPage();
    const broken: string[] = [];
    page.on('pageerror', (error) => broken.push(error.message));
    await page.goto(this.url);
    return { context, page, broken };
  }

  async login(page: Page, name = 'admin', secret = this.desk.secret): Promise<void> {
    await page.locator('[data-name]').fill(name);
    await page.locator('[data-secret]').fill(secret);
    await page.locator('.button-main').click();
    await page.locator('.centre-main').waitFor();
  }

  async close(): Promise<void> {
    await this.#browser?.close();
    await this.#page?.close();
    await this.desk.close();
    rmSync(this.panelFolder, { recursive: true });
  }

  #at(i: number): Pick<SegmentFact, 'from' | 'to'> {
    const now = clock.now();
    const moment = (wallMs: number) => ({ ...now, wallMs });
    return { from: moment(this.openedMs + i * SEGMENT_MS), to: moment(this.openedMs + (i + 1) * SEGMENT_MS) };
  }
}

const MEDIA: { readonly [stream in (typeof STREAMS)[number]]: SegmentFact['media'] } = {
  panorama: { video: { codec: 'avc1.42c015', width: 320, height: 180 }, audio: null },
  microphone: { video: null, audio: { codec: 'mp4a.40.2', sampleRate: 48_000, copied: true } },
};

/** Segments as the recorder writes them: each with the header of its run at the front. */
function mediaOf(stream: (typeof STREAMS)[number]): Buffer[] {
  const folder = mkdtempSync(join(tmpdir(), 'quancheng-media-'));
  const source =
    stream === 'panorama'
      ? [
          '-i',
          'testsrc2=s=320x180:r=10',
          '-c:v',
          'libx264',
          '-profile:v',
          'baseline',
          '-preset',
          'ultrafast',
          '-g',
          '20',
          '-pix_fmt',
          'yuv420p',
        ]
      : ['-i', 'sine=f=440:r=48000', '-c:a', 'aac'];
  execFileSync(
    'ffmpeg',
    [
      ...['-loglevel', 'error', '-f', 'lavfi', ...source, '-t', String((SEGMENTS * SEGMENT_MS) / 1_000)],
      ...['-f', 'hls', '-hls_time', String(SEGMENT_MS / 1_000), '-hls_segment_type', 'fmp4', '-hls_list_size', '0'],
      ...['-hls_segment_filename', 'part%03d.m4s', 'list.m3u8'],
    ],
    { cwd: folder },
  );
  const header = readFileSync(join(folder, 'init.mp4'));
  const parts = readdirSync(folder)
    .filter((name) => name.endsWith('.m4s'))
    .sort()
    .slice(0, SEGMENTS)
    .map((name) => Buffer.concat([header, readFileSync(join(folder, name))]));
  rmSync(folder, { recursive: true });
  return parts;
}
