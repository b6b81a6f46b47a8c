import { defineConfig } from 'vitest/config';

// Real processes, real ffmpeg and real brokers on two cores: files run one after another so that one test never starves another. The
// whole suite runs in several such lanes (test/run.mjs).
export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    // Benchmarks want a quiet machine; npx vitest run --config test/faults/vitest.config.ts test/bench tries them in their smallest form.
    exclude: ['test/bench/**'],
    globalSetup: ['test/build.setup.ts'],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
