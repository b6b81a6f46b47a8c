/**
 * How long fdatasync takes on the disk that is recorded to. The recorder does not time its own, so a small writer beside it does
 * as each of its streams does: writes a quarter of a second of video at the end of a file and syncs it, four times a second.
 */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { quantile } from './figures.ts';
import { pause, type Scene } from './scene.ts';

const WRITE_BYTES = 125_000;
const EVERY_MS = 250;

export class SyncProbe {
  readonly #durationsMs: number[] = [];
  #ended = false;
  #loop: Promise<void> = Promise.resolve();

  /** Writes into a folder beside the recording, on the same file system. */
  static async start(scene: Scene): Promise<SyncProbe> {
    const probe = new SyncProbe();
    const folder = await scene.newFolder();
    probe.#loop = probe.#run(join(folder, 'probe'));
    scene.atEnd(() => probe.stop());
    return probe;
  }

  get p99Ms(): number {
    return quantile(this.#durationsMs, 0.99);
  }

  get count(): number {
    return this.#durationsMs.length;
  }

  async stop(): Promise<void> {
    this.#ended = true;
    await this.#loop;
  }

  async #run(path: string): Promise<void> {
    const file = await open(path, 'w');
    const bytes = Buffer.alloc(WRITE_BYTES, 1);
    while (!this.#ended) {
      const begun = performance.now();
      await file.write(bytes);
      const written = performance.now();
      await file.datasync();
      this.#durationsMs.push(performance.now() - written);
      await pause(Math.max(0, EVERY_MS - (performance.now() - begun)));
    }
    await file.close();
  }
}
