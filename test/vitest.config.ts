import { defineConfig } from 'vitest/config';

// Real processes, real ffmpeg and real brokers on two cores: files run one after another so that one test never starves another.
export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/build.setup.ts'],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
