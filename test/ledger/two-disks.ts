/** Two disks for the tests of the ledger: each a file system of its own where this machine lets us mount one, else a folder. */
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Log } from '../../controller/core/ports.ts';
import { Disks } from '../../controller/ledger/disks.ts';
import { SystemClock } from '../../controller/ledger/system-clock.ts';

const SILENT: Log = { info() {}, warn() {}, error() {} };
const THREADS = 4;

export interface TwoDisks {
  readonly main: string;
  readonly mirror: string;
  /** True when both are file systems of their own. */
  readonly areMounted: boolean;
  readonly disks: (options?: { mirror?: string | null; volume?: string | null }) => Promise<Disks>;
}

/** Two empty disks of so many MiB each, taken down when the test ends. */
export async function twoDisks(mainMiB = 64, mirrorMiB = mainMiB): Promise<TwoDisks> {
  const folder = await mkdtemp(join(tmpdir(), 'quancheng-two-disks-'));
  const [a, b] = [join(folder, 'first'), join(folder, 'second')];
  const mounted: string[] = [];
  for (const [place, sizeMiB] of [
    [a, mainMiB],
    [b, mirrorMiB],
  ] as const) {
    await mkdir(place);
    if (mount(place, sizeMiB)) mounted.push(place);
  }
  onTestFinished(async () => {
    for (const place of mounted) execFileSync('umount', ['-l', place]);
    await rm(folder, { recursive: true, force: true });
  });
  const main = join(a, 'data');
  const mirror = join(b, 'data');
  return {
    ...{ main, mirror, areMounted: mounted.length === 2 },
    disks: async (options = {}) => {
      const disks = newDisks(main, mirror, options);
      await disks.open();
      onTestFinished(() => disks.close());
      return disks;
    },
  };
}

function newDisks(main: string, mirror: string, options: { mirror?: string | null; volume?: string | null }): Disks {
  return new Disks({
    ...{ main, mirror, volume: null, threads: THREADS, clock: new SystemClock(), log: SILENT },
    ...options,
  });
}

function mount(folder: string, sizeMiB: number): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMiB}m`, 'tmpfs', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
