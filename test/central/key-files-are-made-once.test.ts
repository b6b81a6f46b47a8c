import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openKeyFile } from '../../controller/ledger/key-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'key-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a key is made at first use, for its owner only, and is the same ever after', () => {
  const path = join(folder, 'deep', 'site.pem');
  const made = openKeyFile(path);
  const content = readFileSync(path);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(openKeyFile(path).publicKey).toEqual(made.publicKey);
  expect(readFileSync(path)).toEqual(content);
  expect(made.publicKey.kid).toMatch(/^[0-9a-f]{16}$/);
});

test('a key that others could read is closed to them', () => {
  const path = join(folder, 'site.pem');
  const { publicKey } = openKeyFile(path);
  chmodSync(path, 0o644);
  expect(openKeyFile(path).publicKey).toEqual(publicKey);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test.each(['', 'not a key', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'])(
  'a file that holds something else is never overwritten: %j',
  (content) => {
    const path = join(folder, 'site.pem');
    writeFileSync(path, content);
    expect(() => openKeyFile(path)).toThrow(expect.objectContaining({ code: 'data-not-writable' }));
    expect(readFileSync(path, 'utf8')).toBe(content);
  },
);
