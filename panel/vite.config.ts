import { join } from 'node:path';
import { defineConfig } from 'vite';

/** A service worker keeps its address for ever: its name holds no hash. */
const WORKER = 'hall-worker';

// No inline script, no data: script, no request to another host: the controller serves this folder under `default-src 'self'`.
// Pages are loaded one by one, so that the clerk's page never carries the player of the review page. The hall's sign is a page of its
// own, small enough to be kept whole by the browser.
export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../dist/panel',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: {
        index: join(import.meta.dirname, 'index.html'),
        hall: join(import.meta.dirname, 'hall.html'),
        centre: join(import.meta.dirname, 'centre.html'),
        [WORKER]: join(import.meta.dirname, 'hall', 'hall-worker.ts'),
      },
      output: {
        entryFileNames: ({ name }) => (name === WORKER ? '[name].js' : 'assets/[name]-[hash].js'),
      },
    },
  },
});
