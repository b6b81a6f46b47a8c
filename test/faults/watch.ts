/** Invariant 1, seen from outside: while the recorder lets it be said that a stream is being recorded, its files must be growing. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PROOF_AGE_MS, type RecorderStatus } from '../../controller/core/recording.ts';

const LOOK_EVERY_MS = 150;
/**
 * Bytes grow up to a second before the sync that proves them, and a disk that others use too takes its time over that sync; the status and
 * the look each come a little later, on a loaded machine.
 */
const SLACK_MS = 3_500;

interface Look {
  readonly atMs: number;
  readonly bytes: number;
}

export class Watch {
  readonly #media: readonly string[];
  readonly #status: () => RecorderStatus | null;
  readonly #looks = new Map<string, Look[]>();
  /** When each stream was last told as being recorded although nothing had grown. */
  readonly faults: string[] = [];
  #running: Promise<void> | null = null;
  #ended = false;

  constructor(media: readonly string[], status: () => RecorderStatus | null) {
    this.#media = media;
    this.#status = status;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async close(): Promise<void> {
    this.#ended = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    let told: RecorderStatus | null = null;
    while (!this.#ended) {
      await this.#look();
      const status = this.#status();
      if (status !== null && status !== told) this.#judge(status);
      told = status;
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }

  async #look(): Promise<void> {
    const bytes = await bytesOnAnyDisk(this.#media);
    const atMs = performance.now();
    for (const [stream, size] of bytes) {
      const looks = this.#looks.get(stream) ?? [];
      looks.push({ atMs, bytes: size });
      // Only as many as the question needs.
      while ((looks[0]?.atMs ?? atMs) < atMs - 4 * (PROOF_AGE_MS + SLACK_MS)) looks.shift();
      this.#looks.set(stream, looks);
    }
  }

  #judge(status: RecorderStatus): void {
    const now = performance.now();
    for (const [stream, { syncedAt }] of Object.entries(status.streams)) {
      if (syncedAt === null || syncedAt.boot !== status.at.boot) continue;
      if (status.at.monoMs - syncedAt.monoMs > PROOF_AGE_MS) continue;
      const looks = (this.#looks.get(stream) ?? []).filter(({ atMs }) => atMs > now - PROOF_AGE_MS - SLACK_MS);
      // Looks that were kept from happening prove nothing.
      const [first, last] = [looks[0], looks.at(-1)];
      if (first === undefined || last === undefined || last.atMs - first.atMs < PROOF_AGE_MS) continue;
      // From one look to the next: a file that a disk would not answer for is cut back, and written anew in another.
      if (looks.some(({ bytes }, at) => bytes > (looks[at - 1]?.bytes ?? bytes))) continue;
      this.faults.push(
        `${stream}: said to be recorded, yet its files did not grow from ${first.bytes} bytes in ${Math.round(last.atMs - first.atMs)} ms`,
      );
    }
  }
}

/** By stream, what the disk holds that has most of it. */
async function bytesOnAnyDisk(folders: readonly string[]): Promise<Map<string, number>> {
  const most = new Map<string, number>();
  for (const folder of folders)
    for (const [stream, bytes] of await bytesByStream(folder)) most.set(stream, Math.max(most.get(stream) ?? 0, bytes));
  return most;
}

/** Bytes under `media/` by stream. */
export async function bytesByStream(media: string): Promise<Map<string, number>> {
  const bytes = new Map<string, number>();
  for (const stream of await readdir(media).catch(() => [])) {
    let sum = 0;
    for (const name of await readdir(join(media, stream), { recursive: true }).catch(() => [])) {
      if (!name.endsWith('.mp4')) continue;
      sum += await stat(join(media, stream, name)).then(
        ({ size }) => size,
        () => 0,
      );
    }
    bytes.set(stream, sum);
  }
  return bytes;
}
