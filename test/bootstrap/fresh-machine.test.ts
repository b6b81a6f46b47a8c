/** A machine that lacks something is told exactly what, and what to type; programs that stand in for apt and sudo never touch this one. */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const BOOTSTRAP = new URL('../../controller/bootstrap.mjs', import.meta.url).pathname;
const NOBODY = 65534;

let machine: string;

beforeEach(() => {
  machine = mkdtempSync(join(tmpdir(), 'quancheng-machine-'));
  chmodSync(machine, 0o755);
  mkdirSync(join(machine, 'bin'));
  mkdirSync(join(machine, 'controller'));
  symlinkSync(process.execPath, join(machine, 'bin', 'node'));
  copyFileSync(BOOTSTRAP, join(machine, 'controller', 'bootstrap.mjs'));
});

afterEach(() => {
  rmSync(machine, { recursive: true, force: true });
});

function program(name: string, script: string): void {
  writeFileSync(join(machine, 'bin', name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

function bootstrap(mode: string, as: 'root' | 'nobody'): SpawnSyncReturns<string> {
  const nobody = as === 'nobody' && process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  return spawnSync(process.execPath, [join(machine, 'controller', 'bootstrap.mjs'), mode], {
    env: { PATH: join(machine, 'bin') },
    encoding: 'utf8',
    ...nobody,
  });
}

test('without apt it names what is missing', () => {
  const done = bootstrap('start', 'nobody');
  expect(done.status).toBe(2);
  expect(done.stderr).toContain('missing: ffmpeg');
  expect(done.stderr).toContain('package manager');
});

test('without rights it says the line to type as root', () => {
  program('apt-get', 'exit 1');
  const done = bootstrap('start', 'nobody');
  expect(done.status).toBe(2);
  expect(done.stderr).toMatch(
    /as root[\s\S]*\n {2}apt-get update && apt-get install -y --no-install-recommends ffmpeg/,
  );
});

test('with sudo that asks for a password it says the line with sudo', () => {
  program('apt-get', 'exit 1');
  program('sudo', 'exit 1');
  const done = bootstrap('start', 'nobody');
  expect(done.status).toBe(2);
  expect(done.stderr).toMatch(/\n {2}sudo apt-get update && sudo apt-get install -y --no-install-recommends ffmpeg/);
});

test('with sudo that needs no password it installs, and the tests need more than a start', () => {
  const log = join(machine, 'bin', 'log');
  writeFileSync(log, '', { mode: 0o666 });
  chmodSync(log, 0o666);
  program('sudo', 'shift; [ "$1" = env ] || exit 0; shift; export "$1"; shift; exec "$@"');
  program('apt-get', `echo "$DEBIAN_FRONTEND $*" >> ${log}`);
  const done = bootstrap('test', 'nobody');
  const [update, install] = readFileSync(log, 'utf8').trim().split('\n');
  expect(update).toBe('noninteractive update');
  expect(install).toMatch(/^noninteractive install -y --no-install-recommends .*ffmpeg.* python3-gi/);
  expect(done.stdout).toContain('installing from Debian: ffmpeg');
});

test('what apt says is shown when it fails, and the exit code is 1', () => {
  program('sudo', 'shift; [ "$1" = env ] || exit 0; shift; shift; exec "$@"');
  program('apt-get', 'echo "E: no space left"; exit 100');
  const done = bootstrap('start', 'nobody');
  expect(done.status).toBe(1);
  expect(done.stderr).toContain('apt-get update failed:\nE: no space left');
});

test('a wrong mode is told the right ones', () => {
  const done = bootstrap('begin', 'nobody');
  expect(done.status).toBe(2);
  expect(done.stderr).toContain('start | test | build');
});
