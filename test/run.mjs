/**
 * Runs the whole test suite in two lanes at once: what has to keep real time (recorder, faults, whole house) one file after the
 * other, and beside it, with less right to the processor, everything else. With arguments of vitest: just what they name.
 *
 *   node test/run.mjs [options of vitest]
 */
import { spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const VITEST = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));
/** Tests that time what a recorder does while they run. */
const REAL_TIME = ['test/recorder/', 'test/faults/', 'test/e2e/'];
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

const asked = process.argv.slice(2);
const children = new Set();
for (const signal of SIGNALS)
  process.on(signal, () => {
    for (const child of children) child.kill('SIGTERM');
  });

if (asked.length > 0) process.exitCode = (await lane(asked, 'inherit')).code;
else {
  const others = lane(
    REAL_TIME.flatMap((folder) => ['--exclude', `${folder}**`]),
    'pipe',
  );
  const real = await lane(REAL_TIME, 'inherit');
  // Told in one piece, because two lanes on one screen cannot be read.
  const { code, said } = await others;
  process.stdout.write(said);
  process.exitCode = Math.max(real.code, code);
}

/** One vitest. `pipe`: it gives way to the other lane, and what it says is answered instead of shown. */
function lane(args, output) {
  const child = spawn(process.execPath, [VITEST, 'run', '--config', 'test/vitest.config.ts', ...args], {
    cwd: ROOT,
    stdio: ['inherit', output, output],
  });
  children.add(child);
  let said = '';
  if (output === 'pipe') {
    if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => {
        said += text;
      });
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      children.delete(child);
      resolve({ code: code ?? 1, said });
    });
  });
}
