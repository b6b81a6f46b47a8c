/** A limit in time for what a disk that hangs would never answer. */
import { DiskRefusal } from './disk.ts';

/** As `answer`, or a rejection with `ETIMEDOUT` after `limitMs`. What was asked goes on all the same. */
export async function within<T>(answer: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DiskRefusal('ETIMEDOUT', `no answer in ${limitMs / 1_000} s`)), limitMs);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
