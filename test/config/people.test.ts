/** What the configuration says about people: every site has an administrator, and PINs without a panel stay on this machine. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { loadConfig } from '../../controller/config/load.ts';
import { AppError } from '../../controller/core/errors.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'quancheng-people-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const person = (id: string, role: string) => ({ id, name: id, role, rooms: 'all' });

function load(change: object) {
  const site = {
    site: { id: 'site', name: '测试', nameEn: 'Test' },
    storage: { data: '/d' },
    rooms: [{ id: 'r1', name: '一', nameEn: 'One' }],
    devices: [{ id: 'cam', room: 'r1', name: '全景', kind: 'camera', source: { rtsp: 'rtsp://127.0.0.1:9/main' } }],
    people: [person('wang', 'clerk')],
    ...change,
  };
  const file = join(folder, 'site.yaml');
  writeFileSync(file, stringify(site));
  return loadConfig(file);
}

function faultsOf(change: object): readonly string[] {
  try {
    load(change);
  } catch (error) {
    if (error instanceof AppError) return error.fields.map(({ field }) => field);
    throw error;
  }
  return [];
}

test('a site that names no administrator gets one, and one that does keeps its own', () => {
  const ids = (people: object[]) => load({ people }).people.map(({ id, role }) => `${id} ${role}`);
  expect(ids([person('wang', 'clerk')])).toEqual(['wang clerk', 'administrator administrator']);
  expect(ids([person('administrator', 'clerk')])).toEqual(['administrator clerk', 'site-administrator administrator']);
  expect(ids([person('wang', 'clerk'), person('boss', 'administrator')])).toEqual(['wang clerk', 'boss administrator']);
});

test('without a word about it a PIN needs a panel', () => {
  expect(load({}).login).toEqual({ unpaired: 'secret' });
});

test('PINs from browsers that are no panels are for a machine by itself only', () => {
  for (const host of ['127.0.0.1', '127.8.8.8', 'localhost', '::1']) {
    expect(load({ login: { unpaired: 'pin' }, listen: { host } }).login.unpaired).toBe('pin');
  }
  for (const host of ['0.0.0.0', '::', '192.168.1.2', 'localhost.example', '128.0.0.1']) {
    expect([host, ...faultsOf({ login: { unpaired: 'pin' }, listen: { host } })]).toEqual([host, 'login.unpaired']);
  }
  expect(faultsOf({ login: { unpaired: 'anything' } })).toEqual(['login.unpaired']);
  expect(faultsOf({ login: { paired: true } })).toEqual(['login.paired']);
});
