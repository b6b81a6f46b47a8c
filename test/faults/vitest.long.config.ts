import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

process.env['QUANCHENG_FAULTS_RESULT'] ??= join(tmpdir(), `quancheng-faults-${process.pid}.json`);

// The long form of the fault suite; see long.ts. Not part of `npm test`.
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/faults/long.ts'],
    // The first to be set up is the last to be taken down.
    globalSetup: ['test/faults/long.setup.ts', 'test/build.setup.ts'],
    disableConsoleIntercept: true,
    hookTimeout: 120_000,
  },
});
