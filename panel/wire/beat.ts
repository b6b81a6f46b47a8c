/** The panel's heartbeat: a monotonic time that components may read, so that elapsed time and staleness move by themselves. */
import { signal } from '@preact/signals';

const BEAT_MS = 200;

/** Milliseconds on the monotonic clock of this page, four times or more a second while the page is visible. */
export const monoNow = signal(performance.now());

export function startBeat(): void {
  setInterval(() => {
    monoNow.value = performance.now();
  }, BEAT_MS);
}
