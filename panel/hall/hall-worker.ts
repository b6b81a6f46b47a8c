/**
 * Stands between the hall's page and the network: what the controller answers goes first, so that a new version arrives; what was kept
 * comes up when it does not answer soon. It touches nothing but what the page has kept.
 */

/** The page uses the same name (keep-page.ts); a worker cannot share a file with it. */
const CACHE = 'quancheng-hall';
/** A controller that answers later has lost its turn: the wall must not stay empty. */
const PATIENCE_MS = 2_000;
const WORST_OK = 399;

/** What this file needs of a worker's world; the page's own types are not those of a worker. */
interface Worker {
  addEventListener(
    type: 'install' | 'activate',
    listener: (event: { waitUntil(work: Promise<unknown>): void }) => void,
  ): void;
  addEventListener(
    type: 'fetch',
    listener: (event: { readonly request: Request; respondWith(answer: Promise<Response>): void }) => void,
  ): void;
  skipWaiting(): Promise<void>;
  readonly clients: { claim(): Promise<void> };
}
const worker = globalThis as unknown as Worker;

worker.addEventListener('install', (event) => event.waitUntil(worker.skipWaiting()));
worker.addEventListener('activate', (event) => event.waitUntil(worker.clients.claim()));
worker.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method !== 'GET' || new URL(request.url).pathname.startsWith('/api/')) return;
  event.respondWith(answerOf(request));
});

async function answerOf(request: Request): Promise<Response> {
  const kept = await caches.open(CACHE).then((cache) => cache.match(new URL(request.url).pathname));
  if (kept === undefined) return fetch(request);
  try {
    const answer = await fetch(request.url, { cache: 'no-cache', signal: AbortSignal.timeout(PATIENCE_MS) });
    // A proxy's error page, or a controller that lost its panel, is no sign.
    return answer.status <= WORST_OK ? answer : kept;
  } catch {
    return kept;
  }
}
