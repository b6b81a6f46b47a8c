/**
 * Runs the fault suite: `npm run faults` every scenario once, `npm run faults -- --minutes 10 --seed 1` random faults for so long.
 * Needs Debian's faketime, gcc and libc6-dev beside what the tests need, and root for the small disk.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { minutes: { type: 'string' }, seed: { type: 'string', default: '1' } } });
const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url));
const isLong = values.minutes !== undefined;
const config = isLong ? 'test/faults/vitest.long.config.ts' : 'test/faults/vitest.config.ts';
const env = isLong
  ? { QUANCHENG_FAULTS_MINUTES: values.minutes, QUANCHENG_FAULTS_SEED: values.seed }
  : { QUANCHENG_FAULTS_FULL: '1' };
const { status } = spawnSync(
  process.execPath,
  [vitest, 'run', '--config', config, ...(isLong ? [] : ['test/faults'])],
  {
    stdio: 'inherit',
    env: { ...process.env, ...env },
  },
);
process.exitCode = status ?? 1;
