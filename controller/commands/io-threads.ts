/** How many threads of this process do the work on disks: what libuv was told, or what it has by itself. */

const LIBUV_THREADS = 4;
const LIBUV_THREADS_MAX = 1_024;

export function ioThreads(): number {
  const told = Number(process.env['UV_THREADPOOL_SIZE']);
  return Number.isSafeInteger(told) && told > 0 ? Math.min(told, LIBUV_THREADS_MAX) : LIBUV_THREADS;
}
