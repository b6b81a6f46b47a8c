/** The build is done once, repaired when a source or a built file goes, and carries what the program reads while it runs. */
import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const ROOT = new URL('../..', import.meta.url).pathname;
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'quancheng-build-'));
  for (const name of ['package.json', 'package-lock.json', 'tsconfig.json'])
    cpSync(join(ROOT, name), join(folder, name));
  for (const name of ['bootstrap.mjs', 'tsconfig.build.json']) {
    cpSync(join(ROOT, 'controller', name), join(folder, 'controller', name));
  }
  // Every package of the project itself, in a folder of its own, so that nothing here changes the real one.
  mkdirSync(join(folder, 'node_modules', '.bin'), { recursive: true });
  cpSync(join(ROOT, 'node_modules', '.package-lock.json'), join(folder, 'node_modules', '.package-lock.json'));
  for (const name of [
    'typescript',
    '@typescript',
    '@types',
    'undici-types',
    'better-sqlite3',
    'bindings',
    'file-uri-to-path',
    'argon2',
    '@phc',
  ]) {
    const from = join(ROOT, 'node_modules', name);
    if (existsSync(from)) symlinkSync(from, join(folder, 'node_modules', name));
  }
  mkdirSync(join(folder, 'devices'));
  mkdirSync(join(folder, 'controller', 'store'));
  writeFileSync(join(folder, 'controller', 'store', 'schema.sql'), 'CREATE TABLE a (b);');
  writeFileSync(join(folder, 'controller', 'store', 'README.md'), 'for people');
  write('controller/main.ts', PROGRAM);
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const PROGRAM = `#!/usr/bin/env node
import { word } from './word.ts';
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => { console.log('caught', signal); process.exit(7); });
console.log(word, process.pid, process.argv.slice(2).join(' '));
if (process.argv.includes('--wait')) setInterval(() => {}, 1000);
`;

function write(path: string, text: string): void {
  writeFileSync(join(folder, path), text);
}

function bootstrap(...args: string[]): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, ['controller/bootstrap.mjs', ...args], { cwd: folder, encoding: 'utf8' });
}

function program(): string {
  return spawnSync(join(folder, 'node_modules', '.bin', 'quancheng'), [], { encoding: 'utf8' }).stdout;
}

test('builds, puts assets beside the program and links the command', () => {
  write('controller/word.ts', "export const word: string = 'first';\n");
  const done = bootstrap('build');
  expect(done.stderr).toBe('');
  expect(done.stdout).toBe('quancheng: building the program\n');
  expect(readFileSync(join(folder, 'dist/controller/store/schema.sql'), 'utf8')).toContain('CREATE TABLE');
  expect(existsSync(join(folder, 'dist/controller/store/README.md'))).toBe(false);
  expect(existsSync(join(folder, 'dist/controller/tsconfig.build.json'))).toBe(false);
  expect(program()).toMatch(/^first/);
});

test('says nothing and does nothing when nothing changed', () => {
  expect(bootstrap('build').stdout).toBe('');
});

test('builds again after a change, and what was taken out of the sources goes from dist', () => {
  write('controller/word.ts', "export const word: string = 'second time';\n");
  write('controller/gone.ts', 'export const gone = 1;\n');
  bootstrap('build');
  expect(program()).toMatch(/^second time/);
  expect(existsSync(join(folder, 'dist/controller/gone.js'))).toBe(true);
  rmSync(join(folder, 'controller/gone.ts'));
  bootstrap('build');
  expect(existsSync(join(folder, 'dist/controller/gone.js'))).toBe(false);
});

test('a source that cannot be read fails with exit code 1 and its place, and leaves the old build', () => {
  write('controller/word.ts', 'export const = ;\n');
  const done = bootstrap('build');
  expect(done.status).toBe(1);
  expect(done.stderr).toContain('controller/word.ts');
  expect(program()).toMatch(/^second time/);
  write('controller/word.ts', "export const word: string = 'third';\n");
  expect(bootstrap('build').status).toBe(0);
});

test('a set-up that was killed does not lock the next one out', () => {
  write('dist/.lock', '999999');
  write('controller/word.ts', "export const word: string = 'fourth';\n");
  expect(bootstrap('build').status).toBe(0);
  expect(existsSync(join(folder, 'dist/.lock'))).toBe(false);
});

test('start passes options and exit code, hands a signal on once and leaves no child', async () => {
  const child = spawn(process.execPath, ['controller/bootstrap.mjs', 'start', '--wait', '--more'], { cwd: folder });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
    if (said.includes('--more')) child.kill('SIGINT');
  });
  const [code] = await once(child, 'close');
  expect(said).toMatch(/fourth \d+ demo --wait --more\ncaught SIGINT\n$/);
  expect(code).toBe(7);
  const pid = Number(/fourth (\d+)/.exec(said)?.[1]);
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});
