/** Prints the result of the long form as the very last line, after everything that vitest says. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One for each run: the configuration sets it before any test starts. */
export const RESULT_FILE = process.env['QUANCHENG_FAULTS_RESULT'] ?? join(tmpdir(), 'quancheng-faults-result.json');

export function setup(): void {
  rmSync(RESULT_FILE, { force: true });
}

export function teardown(): void {
  const seed = Number(process.env['QUANCHENG_FAULTS_SEED'] ?? Number.NaN);
  const broken = JSON.stringify({ seed, ok: false });
  process.stdout.write(`${existsSync(RESULT_FILE) ? readFileSync(RESULT_FILE, 'utf8') : broken}\n`);
  rmSync(RESULT_FILE, { force: true });
}
