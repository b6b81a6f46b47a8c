/** One process per data folder, and no lock that outlives its holder. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { FolderLock } from '../../controller/ledger/lock.ts';

const LOCK = new URL('../../dist/controller/ledger/lock.js', import.meta.url).href;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quancheng-lock-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
});

const take = (path = folder, role = 'recorder') => FolderLock.take(path, role, 'recorder-already-runs');

/** Another process that takes the lock; resolves with what it said: `held`, or the code of its refusal. */
async function otherProcess(path = folder): Promise<{ said: string; child: ChildProcess; gone: Promise<void> }> {
  const program = `
    import { FolderLock } from ${JSON.stringify(LOCK)};
    try {
      await FolderLock.take(${JSON.stringify(path)}, 'recorder', 'recorder-already-runs');
      console.log('held');
      setInterval(() => {}, 60_000);
    } catch (error) {
      console.log(error.code);
    }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const said = await new Promise<string>((resolve) =>
    child.stdout.once('data', (text) => resolve(String(text).trim())),
  );
  return { said, child, gone };
}

test('a second taker in this process and in another is refused with the code it was given', async () => {
  const lock = await take();
  onTestFinished(() => lock.release());
  await expect(take()).rejects.toMatchObject({ code: 'recorder-already-runs' });
  expect((await otherProcess()).said).toBe('recorder-already-runs');
});

test('released, it can be taken again', async () => {
  await (await take()).release();
  await (await take()).release();
});

test('the holder is killed: the lock is gone with it, without anybody tidying up', async () => {
  const { said, child, gone } = await otherProcess();
  expect(said).toBe('held');
  await expect(take()).rejects.toMatchObject({ code: 'recorder-already-runs' });
  child.kill('SIGKILL');
  await gone;
  await (await take()).release();
});

test('a holder that is stopped still holds', async () => {
  const { child } = await otherProcess();
  child.kill('SIGSTOP');
  await expect(take()).rejects.toMatchObject({ code: 'recorder-already-runs' });
});

test('roles and folders do not stand in each other’s way; two names of one folder do', async () => {
  const other = join(folder, 'other');
  await mkdir(other);
  await symlink(folder, join(other, 'link'));
  const locks = [await take(), await take(folder, 'controller'), await take(other)];
  onTestFinished(async () => {
    for (const lock of locks) await lock.release();
  });
  await expect(take(join(other, 'link'))).rejects.toMatchObject({ code: 'recorder-already-runs' });
  await expect(take(`${other}/..`)).rejects.toMatchObject({ code: 'recorder-already-runs' });
});

test('a folder that is not there, because its disk is not, is locked by the same name as when it is there', async () => {
  const none = join(folder, 'none');
  const lock = await take(none);
  onTestFinished(() => lock.release());
  await mkdir(none);
  await expect(take(none)).rejects.toMatchObject({ code: 'recorder-already-runs' });
});
