import { defineConfig } from 'vitest/config';

// The short form of the fault suite, on its own: it strains processes, disks and clocks for minutes, so it is no part of npm test yet.
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/faults/**/*.test.ts', 'test/bench/**/*.test.ts'],
    globalSetup: ['test/build.setup.ts'],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
