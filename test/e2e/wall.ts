/** Walls in a real browser: a whole site with a recorder that behaves, its API, the built panel, and pages as displays. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { onTestFinished } from 'vitest';
import { type Api, startApi } from '../../controller/api/start.ts';
import type { DisplayFact } from '../../controller/core/display-facts.ts';
import type { SiteFact } from '../../controller/core/facts.ts';
import { PLAN, Stage } from '../site/stage.ts';

const CHROMIUM = '/usr/bin/chromium';
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--mute-audio'];
/** As systemd/quancheng-kiosk.service has it. */
export const KIOSK = '--autoplay-policy=no-user-gesture-required';
const PANEL = new URL('../../dist/panel', import.meta.url).pathname;
const RATE_HZ = 8_000;

const DISPLAYS = [
  { id: 'door', name: '门', shows: 'room', room: 'r1', loudspeaker: false, darkAfterS: 10, mandatory: true },
  { id: 'inside', name: '内', shows: 'room', room: 'r1', loudspeaker: true, darkAfterS: 10, mandatory: true },
  { id: 'hall', name: '厅', shows: 'hall', room: null, loudspeaker: false, darkAfterS: 10, mandatory: true },
] as const;

export class Wall {
  readonly stage: Stage;
  readonly browser: Browser;
  #api: Api | null = null;
  #port = 0;

  private constructor(stage: Stage, browser: Browser) {
    this.stage = stage;
    this.browser = browser;
  }

  /** Everything is taken down when the test ends. */
  static async begin(flags: readonly string[] = [KIOSK]): Promise<Wall> {
    const stage = await Stage.open((one) => {
      const { rooms } = PLAN;
      const named = rooms.map((room) =>
        room.id === 'r1' ? { ...room, name: '第一听证室', nameEn: 'Hearing Room 1' } : room,
      );
      one.plan = { ...PLAN, rooms: named, displays: DISPLAYS };
      const path = join(one.folder, 'notice.wav');
      one.voice = {
        speechOf: async () => {
          await writeFile(path, tone(0.6));
          return { path, mediaType: 'audio/wav', how: 'recorded' };
        },
      };
    });
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: [...ARGS, ...flags] });
    const wall = new Wall(stage, browser);
    onTestFinished(async () => {
      await browser.close();
      await wall.goAway();
      await stage.close();
    });
    await wall.comeBack();
    return wall;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** The controller's address does not answer any more. */
  async goAway(): Promise<void> {
    await this.#api?.close();
    this.#api = null;
  }

  async comeBack(): Promise<void> {
    const { desk, log } = this.stage;
    const options = { desk, log, version: '0.0.0', host: '127.0.0.1', port: this.#port, panelFolder: PANEL };
    this.#api = await startApi(options);
    this.#port = this.#api.port;
  }

  /** A screen of this size that shows this address. */
  async screen(path: string, width = 1024, height = 600): Promise<Page> {
    const page = await (await this.browser.newContext({ viewport: { width, height } })).newPage();
    await page.goto(`${this.url}${path}`);
    return page;
  }

  async log(display: string): Promise<DisplayFact[]> {
    const facts: readonly SiteFact[] = await this.stage.facts();
    return facts.filter(
      (fact): fact is DisplayFact => 'display' in fact && fact.type.startsWith('display-') && fact.display === display,
    );
  }
}

/** A short WAV that a browser plays: a tone of so many seconds. */
export function tone(seconds: number): Buffer {
  const samples = Math.round(seconds * RATE_HZ);
  const wav = Buffer.alloc(44 + samples * 2);
  wav.write('RIFF', 0, 'latin1');
  wav.writeUInt32LE(36 + samples * 2, 4);
  wav.write('WAVEfmt ', 8, 'latin1');
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(RATE_HZ, 24);
  wav.writeUInt32LE(RATE_HZ * 2, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36, 'latin1');
  wav.writeUInt32LE(samples * 2, 40);
  for (let i = 0; i < samples; i++)
    wav.writeInt16LE(Math.round(8_000 * Math.sin((2 * Math.PI * 440 * i) / RATE_HZ)), 44 + i * 2);
  return wav;
}

/** How a line of a sign stands on its screen. */
export interface Line {
  readonly text: string;
  readonly fontPx: number;
  readonly contrast: number;
  readonly isWhole: boolean;
}

/** Runs in the page, which has another world of types than this file. */
const READ_LINES = `(() => {
  const rgb = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const luminance = (colour) => {
    const [r, g, b] = colour.slice(0, 3).map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const upwards = (element) => (element === null ? [] : [element, ...upwards(element.parentElement)]);
  const groundOf = (element) =>
    upwards(element)
      .map((one) => rgb(getComputedStyle(one).backgroundColor))
      .find((colour) => colour.length >= 3 && (colour[3] ?? 1) === 1) ?? [255, 255, 255];
  return [...document.querySelectorAll('[data-line], .sign-elapsed')].map((element) => {
    const style = getComputedStyle(element);
    const [a, b] = [luminance(rgb(style.color)), luminance(groundOf(element))];
    const box = element.getBoundingClientRect();
    const isFaded = upwards(element).some((one) => getComputedStyle(one).opacity !== '1');
    return {
      text: element.textContent.trim(),
      fontPx: Number.parseFloat(style.fontSize),
      contrast: isFaded ? 0 : (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05),
      isWhole:
        box.left >= -1 && box.top >= -1 && box.right <= innerWidth + 1 && box.bottom <= innerHeight + 1 &&
        element.scrollWidth <= element.clientWidth + 1,
    };
  });
})()`;

/** Every line of a sign: its size, the contrast of its colour with the ground behind it (WCAG 2; 0 when it is faded), whether it fits. */
export function linesOf(page: Page): Promise<Line[]> {
  return page.evaluate<Line[]>(READ_LINES);
}
