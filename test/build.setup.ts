import { execFileSync } from 'node:child_process';

/** Tests that start processes start the built program, so it is built once before the first test. */
export default function setup(): void {
  execFileSync('node', ['controller/bootstrap.mjs', 'build'], { stdio: 'inherit' });
}
