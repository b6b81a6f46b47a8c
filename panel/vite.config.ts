import { defineConfig } from 'vite';

// No inline script, no data: script, no request to another host: the controller serves this folder under `default-src 'self'`.
// Pages are loaded one by one, so that the clerk's page never carries the player of the review page.
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
  },
});
