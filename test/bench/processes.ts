/** What the kernel says of running processes: their children, the time they had on a processor, the memory that is theirs. */
import { type ChildProcess, execFileSync } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';

/** Ticks a second in which /proc counts (`getconf CLK_TCK`). */
let ticksPerSecond: number | null = null;

/** Direct children of a process, whichever of its threads started them. */
export async function childrenOf(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => '')),
  );
  return lists.flatMap((list) => list.split(' ').filter((word) => word !== '')).map(Number);
}

/**
 * Processor seconds of a process in user and kernel mode, with those of its children that ended and were waited for (proc(5),
 * fields 14 to 17 of stat). Null when it is gone.
 */
export async function cpuSeconds(pid: number): Promise<number | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  if (text === null) return null;
  // The name in brackets may hold anything, so fields are counted from behind it.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  ticksPerSecond ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0) / ticksPerSecond;
}

/** Proportional set size in bytes: private memory, and the shared pages divided by those who share them. 0 when it is gone. */
export async function pssBytes(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1024;
}

/** {@link peakBytes} begins anew (proc(5), clear_refs). */
export async function forgetPeak(pid: number): Promise<void> {
  await writeFile(`/proc/${pid}/clear_refs`, '5').catch(() => undefined);
}

/** The most memory that a process had at a time, shared pages included (`VmHWM`). NaN when it is gone. */
export async function peakBytes(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(text)?.[1] ?? Number.NaN) * 1024;
}

/** Sums over processes. `cpuS` is null when one of them is gone. */
export async function usageOf(
  pids: readonly number[],
): Promise<{ readonly cpuS: number | null; readonly pssBytes: number }> {
  const cpu = await Promise.all(pids.map(cpuSeconds));
  const pss = await Promise.all(pids.map(pssBytes));
  return {
    cpuS: cpu.reduce<number | null>((sum, one) => (sum === null || one === null ? null : sum + one), 0),
    pssBytes: pss.reduce((sum, one) => sum + one, 0),
  };
}

export function isOver(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Sends a signal and waits for the end; kills when that takes longer than `patienceMs`. */
export async function endChild(child: ChildProcess, signal: NodeJS.Signals, patienceMs = 25_000): Promise<void> {
  if (isOver(child)) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
  await gone;
  clearTimeout(timer);
}
