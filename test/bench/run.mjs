/**
 * Starts a benchmark: `node test/bench/run.mjs record | start | recover | forward`. The benchmarks are TypeScript and Node 20 runs none, so
 * they are emitted by the project's own compiler, with what they import, into dist/bench/ and run there by plain Node: no test
 * runner, no loader and no transformer is in the process that measures. The program under test is the one in dist/controller.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TSC = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
const PROGRAM = join(ROOT, 'dist', 'controller', 'main.js');

// Outside a test run, which has built before; the build is a fraction of a second when nothing changed.
if (!existsSync(PROGRAM) || process.env.VITEST === undefined) {
  const built = spawnSync(process.execPath, [join(ROOT, 'controller', 'bootstrap.mjs'), 'build'], { stdio: 'inherit' });
  if (built.status !== 0) process.exit(built.status ?? 1);
}
const emitted = spawnSync(process.execPath, [TSC, '-p', join(ROOT, 'test', 'bench', 'tsconfig.json')], {
  stdio: ['ignore', 'inherit', 'inherit'],
});
if (emitted.status !== 0) process.exit(emitted.status ?? 1);
// The index reads its SQL, and the rules their data, from beside the code; the disk shim of the fault tests is compiled where it lies.
cpSync(join(ROOT, 'controller'), join(ROOT, 'dist', 'bench', 'controller'), {
  recursive: true,
  filter: (path) => statSync(path).isDirectory() || !/\.(ts|tsx|mjs|md)$/.test(path),
});
copyFileSync(join(ROOT, 'test/faults/disk-shim.c'), join(ROOT, 'dist/bench/test/faults/disk-shim.c'));
const { main } = await import(pathToFileURL(join(ROOT, 'dist', 'bench', 'test', 'bench', 'main.js')).href);
process.exitCode = await main(PROGRAM, process.argv.slice(2));
