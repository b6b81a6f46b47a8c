// The painted hearing room behind the caption: a still background as raw RGB and a small lamp that moves over it.

/** A still picture of a hearing room, as packed RGB24. */
export function paintRoom(width: number, height: number): Buffer {
  const picture = new Canvas(width, height);
  picture.fill(0, 0, 1, 0.68, [226, 221, 208], [205, 199, 184]); // wall, lit from above
  picture.fill(0, 0.66, 1, 0.68, [120, 86, 58], [108, 76, 50]); // skirting
  picture.fill(0, 0.68, 1, 1, [150, 128, 104], [116, 98, 80]); // floor
  for (const left of [0.07, 0.77]) {
    picture.fill(left - 0.008, 0.14, left + 0.168, 0.5, [240, 238, 230], [228, 226, 218]); // window frame
    picture.fill(left, 0.155, left + 0.16, 0.485, [176, 208, 232], [214, 228, 236]); // sky
    picture.fill(left + 0.077, 0.155, left + 0.083, 0.485, [240, 238, 230], [228, 226, 218]);
  }
  picture.fill(0.33, 0.16, 0.67, 0.44, [96, 68, 46], [80, 56, 38]); // panel behind the chair
  picture.fill(0.345, 0.185, 0.655, 0.415, [118, 84, 56], [104, 74, 50]);
  for (const [x, coat] of PEOPLE) {
    picture.ellipse(x, 0.71, 0.062, 0.17, coat);
    picture.ellipse(x, 0.515, 0.026, 0.055, [224, 186, 158]);
    picture.ellipse(x, 0.478, 0.028, 0.03, [44, 38, 36]);
  }
  picture.fill(0.1, 0.7, 0.9, 0.73, [172, 122, 78], [158, 110, 70]); // table top
  picture.fill(0.12, 0.73, 0.88, 0.9, [132, 92, 58], [104, 72, 46]); // table front
  for (const [x] of PEOPLE) picture.fill(x - 0.045, 0.675, x + 0.045, 0.705, [246, 246, 240], [226, 226, 220]); // name plates
  return picture.bytes;
}

/** A round lamp as packed RGBA, `size` pixels square. */
export function paintLamp(size: number): Buffer {
  const bytes = Buffer.alloc(size * size * 4);
  const middle = (size - 1) / 2;
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const distance = Math.hypot(x - middle, y - middle) / (size / 2);
      bytes.set(
        [232, 86, 52, distance < 0.85 ? 255 : Math.max(0, Math.round((1 - distance) * 1700))],
        (y * size + x) * 4,
      );
    }
  }
  return bytes;
}

type Colour = readonly [number, number, number];

const PEOPLE: readonly (readonly [number, Colour])[] = [
  [0.24, [58, 70, 92]],
  [0.5, [36, 44, 60]],
  [0.76, [92, 74, 70]],
];

/** Paints with coordinates from 0 to 1. */
class Canvas {
  readonly bytes: Buffer;
  readonly #width: number;
  readonly #height: number;

  constructor(width: number, height: number) {
    this.#width = width;
    this.#height = height;
    this.bytes = Buffer.alloc(width * height * 3);
  }

  /** A rectangle whose colour runs from `top` to `bottom`. */
  fill(left: number, upper: number, right: number, lower: number, top: Colour, bottom: Colour): void {
    const yEnd = Math.round(lower * this.#height);
    const yStart = Math.round(upper * this.#height);
    for (let y = yStart; y < yEnd; y++) {
      const share = (y - yStart) / Math.max(1, yEnd - yStart);
      const colour = top.map((value, at) => Math.round(value + ((bottom[at] ?? value) - value) * share));
      const xEnd = Math.round(right * this.#width);
      for (let x = Math.round(left * this.#width); x < xEnd; x++) this.bytes.set(colour, (y * this.#width + x) * 3);
    }
  }

  ellipse(x: number, y: number, radiusX: number, radiusY: number, colour: Colour): void {
    for (let row = Math.floor((y - radiusY) * this.#height); row <= (y + radiusY) * this.#height; row++) {
      const rest = 1 - ((row / this.#height - y) / radiusY) ** 2;
      if (rest <= 0) continue;
      const half = Math.sqrt(rest) * radiusX;
      const end = Math.round((x + half) * this.#width);
      for (let at = Math.round((x - half) * this.#width); at < end; at++)
        this.bytes.set(colour, (row * this.#width + at) * 3);
    }
  }
}
