/** The failing disk of disk-shim.c as tests use it: compiled once a run, given to a recorder by its environment, told its rules by a file. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, renameSync, writeFileSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SOURCE = new URL('disk-shim.c', import.meta.url).pathname;

/** The calls that a rule is about: writing and cutting, syncing, making names, or all of these. */
export type DiskCall = 'write' | 'sync' | 'open' | 'all';

export interface DiskRule {
  readonly call: DiskCall;
  /** Only paths that hold this text; absent: every path of the folder. */
  readonly on?: string;
  readonly fail?: 'EIO' | 'ENOSPC' | 'EROFS';
  readonly delayMs?: number;
}

/** One line of the shim's log. */
export type DiskEvent =
  | { readonly kind: 'synced'; readonly path: string; readonly bytes: number }
  | { readonly kind: 'folder-sync-begins' | 'folder-synced'; readonly id: number; readonly path: string }
  | { readonly kind: 'made'; readonly path: string }
  | { readonly kind: 'linked'; readonly from: string; readonly path: string }
  | { readonly kind: 'renamed'; readonly id: number; readonly from: string; readonly path: string };

let library: string | null = null;

/** Path of the compiled library. Throws with the compiler's words when there is none. */
function compiled(): string {
  if (library !== null && existsSync(library)) return library;
  library = join(mkdtempSync(join(tmpdir(), 'quancheng-shim-')), 'disk-shim.so');
  execFileSync('gcc', ['-O1', '-shared', '-fPIC', '-o', library, SOURCE, '-ldl', '-lpthread']);
  return library;
}

export class DiskShim {
  readonly saved: string;
  readonly #folder: string;
  readonly #control: string;
  readonly #log: string;
  readonly #bootId: string;
  #boots = 0;
  #monoMs = 0;

  /** `folder`: the data folder; `beside`: a folder on the same file system, outside of it, for the shim's own files. */
  constructor(folder: string, beside: string) {
    this.#folder = folder;
    this.saved = join(beside, 'replaced');
    this.#control = join(beside, 'disk-rules');
    this.#log = join(beside, 'disk-log');
    this.#bootId = join(beside, 'boot-id');
  }

  async open(): Promise<void> {
    await mkdir(this.saved, { recursive: true });
    this.rules();
  }

  /** What a process needs in its environment. */
  get environment(): { readonly [name: string]: string } {
    return {
      LD_PRELOAD: compiled(),
      QUANCHENG_SHIM_FOLDER: this.#folder,
      QUANCHENG_SHIM_CONTROL: this.#control,
      QUANCHENG_SHIM_LOG: this.#log,
      QUANCHENG_SHIM_SAVED: this.saved,
      ...(this.#boots === 0 ? {} : { QUANCHENG_SHIM_BOOT_ID: this.#bootId, QUANCHENG_SHIM_MONO_MS: `${this.#monoMs}` }),
    };
  }

  /** From now on these rules hold and no others; none: the disk is well. */
  rules(...rules: readonly DiskRule[]): void {
    const lines = rules.flatMap(({ call, on = '/', fail, delayMs }) => [
      ...(delayMs === undefined ? [] : [`delay ${call} ${delayMs} ${on}`]),
      ...(fail === undefined ? [] : [`fail ${call} ${fail} ${on}`]),
    ]);
    writeFileSync(`${this.#control}.next`, `${lines.join('\n')}\n`);
    renameSync(`${this.#control}.next`, this.#control);
  }

  /** The next process sees another boot: a new boot id, and a monotonic clock that reads `monoMs` now. Answers id and shift. */
  rebooted(monoMs: number): { readonly boot: string; readonly shiftMs: number } {
    this.#boots += 1;
    this.#monoMs = Math.round(monoMs - Number(process.hrtime.bigint()) / 1e6);
    const boot = `00000000-0000-4000-8000-${String(this.#boots).padStart(12, '0')}`;
    writeFileSync(this.#bootId, `${boot}\n`);
    return { boot, shiftMs: this.#monoMs };
  }

  async events(): Promise<DiskEvent[]> {
    const text = await readFile(this.#log, 'utf8').catch(() => '');
    return text.split('\n').flatMap((line): DiskEvent[] => {
      const [what = '', first = ''] = line.split(' ', 2);
      const rest = line.slice(what.length + first.length + 2);
      if (what === 'S') return [{ kind: 'synced', bytes: Number(first), path: rest }];
      if (what === 'C') return [{ kind: 'made', path: line.slice(2) }];
      if (what === 'L') {
        const [linked = '', path = ''] = line.slice(2).split('\t', 2);
        return [{ kind: 'linked', from: linked, path }];
      }
      if (what === 'd') return [{ kind: 'folder-sync-begins', id: Number(first), path: rest }];
      if (what === 'D') return [{ kind: 'folder-synced', id: Number(first), path: rest }];
      if (what !== 'R') return [];
      const [from = '', path = ''] = rest.split('\t', 2);
      return [{ kind: 'renamed', id: Number(first), from, path }];
    });
  }
}
