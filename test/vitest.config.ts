import { defineConfig } from 'vitest/config';

// Real processes, real ffmpeg and real brokers on two cores: files run one after another so that one test never starves another.
export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    // The fault suite has a command of its own (npm run faults) until every scenario of it holds; so have the benchmarks, which want a
    // quiet machine (npx vitest run --config test/faults/vitest.config.ts test/bench tries them in their smallest form).
    exclude: ['test/faults/**', 'test/bench/**'],
    globalSetup: ['test/build.setup.ts'],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
