/**
 * What a page has really painted: the words read back out of the document after two animation frames went by while the page was
 * visible. A browser paints no frame for a page that is hidden or covered, so silence is the honest answer then.
 */

/** What stands on the screen. */
export interface Shown {
  readonly lines: readonly string[];
  /** Every line lies within the screen and within its own box. */
  readonly isWhole: boolean;
  readonly width: number;
  readonly height: number;
}

/** A part of a pixel is the browser's rounding. */
const ROUNDING_PX = 1.5;
/** A page that painted nothing for longer was not on the screen meanwhile. */
export const PAUSE_MS = 4_000;
/** How long a frame is waited for before the page is taken for hidden. */
const FRAME_LIMIT_MS = 1_000;

/** Resolves with true behind the second frame from now; with false when the page is hidden or paints none. */
export function framePainted(): Promise<boolean> {
  return new Promise((resolve) => {
    if (document.visibilityState !== 'visible') {
      resolve(false);
      return;
    }
    const timer = setTimeout(() => resolve(false), FRAME_LIMIT_MS);
    // The first callback comes before a frame is painted, the second after it was.
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        clearTimeout(timer);
        resolve(document.visibilityState === 'visible');
      }),
    );
  });
}

/** Reads the lines of the page. */
export function readShown(root: ParentNode): Shown {
  const { innerWidth: width, innerHeight: height } = globalThis;
  const elements = [...root.querySelectorAll<HTMLElement>('[data-line]')];
  return {
    lines: elements
      .map((element) => (element.textContent ?? '').replace(/\s+/g, ' ').trim())
      .filter((line) => line !== ''),
    isWhole: elements.length > 0 && elements.every((element) => isWhole(element, width, height)),
    width,
    height,
  };
}

function isWhole(element: HTMLElement, width: number, height: number): boolean {
  const box = element.getBoundingClientRect();
  const isWithin =
    box.left >= -ROUNDING_PX &&
    box.top >= -ROUNDING_PX &&
    box.right <= width + ROUNDING_PX &&
    box.bottom <= height + ROUNDING_PX;
  return box.width > 0 && box.height > 0 && isWithin && element.scrollWidth <= element.clientWidth + ROUNDING_PX;
}

/** For how long the same words have been standing there without a break. */
export class Held {
  #text: string | null = null;
  #sinceMs = 0;
  #lastMs = 0;

  /** Takes in what was painted at `monoMs` (monotonic); answers milliseconds. */
  observe(lines: readonly string[], monoMs: number): number {
    const text = lines.join('\n');
    if (text !== this.#text || monoMs - this.#lastMs > PAUSE_MS) {
      this.#text = text;
      this.#sinceMs = monoMs;
    }
    this.#lastMs = monoMs;
    return Math.round(monoMs - this.#sinceMs);
  }
}
