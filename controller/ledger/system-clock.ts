/** The real clock: wall time, CLOCK_MONOTONIC and boot id of this machine, and whether the kernel calls the wall time synchronised. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import type { Clock, ClockState, Instant } from '../core/time.ts';

const BOOT_ID_FILE = '/proc/sys/kernel/random/boot_id';
/** systemd-timesyncd makes this file at its first synchronisation. */
const TIMESYNC_FILE = '/run/systemd/timesync/synchronized';
const ASK_TIMEOUT_MS = 3_000;
const NANOSECONDS_PER_MS = 1_000_000;

export class SystemClock implements Clock {
  readonly #boot: string = readBootId();
  #state: ClockState = { source: existsSync(TIMESYNC_FILE) ? 'ntp' : 'unknown' };

  now(): Instant {
    return { wallMs: Date.now(), monoMs: Number(process.hrtime.bigint()) / NANOSECONDS_PER_MS, boot: this.#boot };
  }

  state(): ClockState {
    return this.#state;
  }

  /** Asks the system again whether the clock is synchronised; call it now and then. Never rejects. */
  refresh(): Promise<void> {
    if (existsSync(TIMESYNC_FILE)) {
      this.#state = { source: 'ntp' };
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      execFile(
        'timedatectl',
        ['show', '--property=NTPSynchronized', '--value'],
        { timeout: ASK_TIMEOUT_MS },
        (error, stdout) => {
          const said = stdout.trim();
          this.#state = { source: error !== null || said === '' ? 'unknown' : said === 'yes' ? 'ntp' : 'free' };
          resolve();
        },
      );
    });
  }
}

function readBootId(): string {
  try {
    return readFileSync(BOOT_ID_FILE, 'utf8').trim();
  } catch {
    return 'unknown-boot';
  }
}
