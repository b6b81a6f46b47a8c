/** The units are valid, the commands in them exist, and nothing ties the recorder's life to any other service. */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const UNITS = new URL('../../systemd/', import.meta.url).pathname;
const NAMES = readdirSync(UNITS).filter((name) => name.endsWith('.service'));
const SERVICES = ['quancheng-recorder.service', 'quancheng-controller.service', 'quancheng-central.service'];
/** Settings by which one unit takes another along when it stops or fails, from either side. */
const TIES = [
  'Requires',
  'Requisite',
  'BindsTo',
  'PartOf',
  'Upholds',
  'Conflicts',
  'PropagatesStopTo',
  'StopPropagatedFrom',
  'JoinsNamespaceOf',
  'Slice',
];

let root: string;

/** A machine of its own: systemd-analyze looks for units and programs below this folder. */
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'quancheng-units-'));
  const system = join(root, 'etc/systemd/system');
  mkdirSync(system, { recursive: true });
  for (const name of NAMES) copyFileSync(join(UNITS, name), join(system, name));
  const vendor = join(root, 'usr/lib/systemd/system');
  mkdirSync(vendor, { recursive: true });
  for (const target of ['sysinit', 'basic', 'shutdown', 'multi-user', 'network', 'time-sync']) {
    writeFileSync(join(vendor, `${target}.target`), `[Unit]\nDescription=${target}\n`);
  }
  for (const program of ['usr/bin/node', 'usr/bin/cage', 'usr/bin/chromium']) {
    mkdirSync(join(root, 'usr/bin'), { recursive: true });
    writeFileSync(join(root, program), '#!/bin/sh\n', { mode: 0o755 });
  }
});

afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

/** All values of a setting, in order. */
function settings(unit: string, name: string): string[] {
  return readFileSync(join(UNITS, unit), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith(`${name}=`))
    .flatMap((line) => line.slice(name.length + 1).split(' '))
    .filter((value) => value !== '');
}

test.each(NAMES)('%s is valid', (name) => {
  const done = spawnSync('systemd-analyze', [`--root=${root}`, 'verify', `--man=no`, name], { encoding: 'utf8' });
  const said = `${done.stdout}${done.stderr}`
    .split('\n')
    .filter((line) => line.includes(name) || line.includes('quancheng'));
  expect(said).toEqual([]);
});

test('a broken unit would be seen', () => {
  const system = join(root, 'etc/systemd/system');
  writeFileSync(join(system, 'broken.service'), '[Service]\nExecStart=/usr/bin/gone\nProtectSystm=strict\n');
  const done = spawnSync('systemd-analyze', [`--root=${root}`, 'verify', '--man=no', 'broken.service'], {
    encoding: 'utf8',
  });
  expect(done.stderr).toContain('ProtectSystm');
  expect(done.stderr).toContain('/usr/bin/gone');
});

describe('the recorder', () => {
  test('names no other service at all', () => {
    const text = readFileSync(join(UNITS, 'quancheng-recorder.service'), 'utf8').replace(/^#.*$/gm, '');
    expect(text.match(/[\w-]+\.(?:service|target|socket|slice)/g)).toEqual(['multi-user.target']);
    for (const tie of [...TIES, 'Wants', 'After', 'Before'])
      expect(settings('quancheng-recorder.service', tie)).toEqual([]);
  });

  test('is named by others only as wanted and as earlier', () => {
    for (const name of NAMES.filter((one) => one !== 'quancheng-recorder.service')) {
      for (const tie of TIES) expect(settings(name, tie).join(' ')).not.toContain('quancheng-recorder');
    }
    expect(settings('quancheng-controller.service', 'Wants')).toEqual(['quancheng-recorder.service']);
    expect(settings('quancheng-controller.service', 'After')).toContain('quancheng-recorder.service');
  });

  test('is started again for ever and killed last', () => {
    const value = (unit: string, name: string): string => settings(unit, name).join(' ');
    for (const unit of SERVICES) {
      expect(value(unit, 'Restart')).toBe('always');
      expect(value(unit, 'StartLimitIntervalSec')).toBe('0');
    }
    const [recorder, controller, kiosk] = ['recorder', 'controller', 'kiosk'].map((name) =>
      Number(value(`quancheng-${name}.service`, 'OOMScoreAdjust')),
    );
    expect(recorder).toBeLessThan(controller ?? Number.NaN);
    expect(controller).toBeLessThan(kiosk ?? Number.NaN);
  });
});

test('services run with little: exposure as systemd reckons it stays low', () => {
  for (const name of SERVICES) {
    const said = execFileSync('systemd-analyze', ['security', '--offline=true', '--no-pager', join(UNITS, name)], {
      encoding: 'utf8',
    });
    const exposure = Number(/exposure level for \S+: ([\d.]+)/.exec(said)?.[1]);
    expect(exposure, said).toBeLessThan(2.5);
  }
});

test('commands and paths are those of the installation described', () => {
  const main = '/usr/bin/node /opt/quancheng/dist/controller/main.js';
  const start = (name: string): string => settings(`quancheng-${name}.service`, 'ExecStart').join(' ');
  expect(start('recorder')).toBe(`${main} recorder --data /var/lib/quancheng`);
  expect(start('controller')).toBe(`${main} start --config /etc/quancheng/site.yaml`);
  expect(start('central')).toBe(`${main} central --config /etc/quancheng/centre.yaml`);
});

test('accounts and folders are as the tools read them', () => {
  const sysusers = spawnSync(
    'systemd-sysusers',
    [`--root=${root}`, '--dry-run', join(UNITS, 'sysusers.d/quancheng.conf')],
    {
      encoding: 'utf8',
    },
  );
  expect(sysusers.stderr).not.toMatch(/invalid|unknown|fail/i);
  const tmpfiles = readFileSync(join(UNITS, 'tmpfiles.d/quancheng.conf'), 'utf8');
  const lines = tmpfiles.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  // Type, path, mode, user, group, and "-" for no age: data is never swept away.
  for (const line of lines) expect(line).toMatch(/^[dz] \S+ +0[0-7]{3} +\S+ +\S+ +-$/);
  expect(lines.some((line) => /secrets\.yaml 0600 quancheng quancheng/.test(line))).toBe(true);
});
