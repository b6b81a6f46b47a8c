/**
 * Keeps a copy of this page and of everything that it loaded in the browser, so that the sign starts without the controller and without
 * a network. Browsers allow it on addresses of this machine, over TLS, and where the kiosk was told to (see systemd/README.md).
 */

/** The worker uses the same name. */
const CACHE = 'quancheng-hall';
const WORKER = '/hall-worker.js';
const SCOPE = '/hall/';
const LOADED_KINDS = ['script', 'link', 'css', 'img', 'other'];

/** True when the page would come up again by itself. */
export async function keepPage(): Promise<boolean> {
  if (!('serviceWorker' in navigator) || !('caches' in globalThis)) return false;
  try {
    await navigator.serviceWorker.register(WORKER, { scope: SCOPE });
    const cache = await caches.open(CACHE);
    await keep(cache);
    await navigator.serviceWorker.ready;
    return (await cache.match(location.pathname)) !== undefined;
  } catch {
    // The controller is away, or the browser forbids it. What was kept before is still there.
    return 'caches' in globalThis && (await caches.match(location.pathname).catch(() => undefined)) !== undefined;
  }
}

/** All or nothing: an old page with new parts would be neither. */
async function keep(cache: Cache): Promise<void> {
  const loaded = performance
    .getEntriesByType('resource')
    .filter((entry) => LOADED_KINDS.includes((entry as PerformanceResourceTiming).initiatorType))
    .map((entry) => new URL(entry.name))
    .filter((url) => url.origin === location.origin && !url.pathname.startsWith('/api/'))
    .map((url) => url.pathname);
  const linked = [...document.querySelectorAll<HTMLLinkElement>('link[href]')].map(
    (link) => new URL(link.href).pathname,
  );
  const paths = new Set([location.pathname, ...loaded, ...linked]);
  await cache.addAll([...paths].map((path) => new Request(path, { cache: 'no-cache' })));
  for (const request of await cache.keys()) {
    const { pathname } = new URL(request.url);
    if (!paths.has(pathname) && !pathname.startsWith(SCOPE)) await cache.delete(request);
  }
}
