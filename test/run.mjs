/**
 * Runs the whole test suite in four lanes at once, each one file after the other: the fault suite; recorder, cameras and whole
 * house; and, with less right to the processor, what a person touches; and everything else. Most of a test that keeps real time is
 * waiting. With arguments of vitest: just what they name.
 *
 *   node test/run.mjs [options of vitest]
 */
import { spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const VITEST = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));
const { PRIORITY_NORMAL, PRIORITY_BELOW_NORMAL } = constants.priority;
/** What goes in which lane; about as long as each other. Tests that time what a recorder or a camera does have the processor first. */
const LANES = [
  { folders: ['test/faults/'], priority: PRIORITY_NORMAL },
  { folders: ['test/recorder/', 'test/e2e/', 'test/devices/'], priority: PRIORITY_NORMAL },
  { folders: ['test/panel/', 'test/site/'], priority: PRIORITY_BELOW_NORMAL },
];
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

const asked = process.argv.slice(2);
const children = new Set();
for (const signal of SIGNALS)
  process.on(signal, () => {
    for (const child of children) child.kill('SIGTERM');
  });

if (asked.length > 0) process.exitCode = (await lane(asked, 'inherit')).code;
else {
  const named = LANES.flatMap(({ folders }) => folders);
  const everythingElse = {
    folders: named.flatMap((folder) => ['--exclude', `${folder}**`]),
    priority: PRIORITY_BELOW_NORMAL,
  };
  const [shown, ...others] = [...LANES, everythingElse];
  const beside = others.map(({ folders, priority }) => lane(folders, 'pipe', priority));
  const codes = [(await lane(shown.folders, 'inherit')).code];
  // Told in one piece, because several lanes on one screen cannot be read.
  for (const one of beside) {
    const { code, said } = await one;
    process.stdout.write(said);
    codes.push(code);
  }
  process.exitCode = Math.max(...codes);
}

/** One vitest. `pipe`: what it says is answered instead of shown. */
function lane(args, output, priority = PRIORITY_NORMAL) {
  const child = spawn(process.execPath, [VITEST, 'run', '--config', 'test/vitest.config.ts', ...args], {
    cwd: ROOT,
    stdio: ['inherit', output, output],
  });
  children.add(child);
  let said = '';
  if (child.pid !== undefined) setPriority(child.pid, priority);
  if (output === 'pipe') {
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
