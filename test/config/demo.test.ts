/** The one-machine default is a configuration that a site file could have said. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { demoConfig, demoPlaceOf } from '../../controller/config/demo.ts';
import { loadConfig } from '../../controller/config/load.ts';

const DEVICE = { address: '127.0.0.1:18080', user: 'admin', password: 'secret-word' };

function demo() {
  return demoConfig({
    data: '/d/site',
    centre: '/d/centre',
    port: 8480,
    brokerPort: 18830,
    devices: {
      panorama: DEVICE,
      evidence: { ...DEVICE, address: '127.0.0.1:18081' },
      microphone: { ...DEVICE, address: 'rtsp://127.0.0.1:5540/audio' },
    },
  });
}

test('written as a site file and read again it is the same', () => {
  const folder = mkdtempSync(join(tmpdir(), 'quancheng-demo-'));
  const config = demo();
  const { url: _, ...mqtt } = config.mqtt ?? { url: '' };
  const logins = { all: { user: DEVICE.user, password: DEVICE.password } };
  const devices = config.devices.map((device) => ({ ...device, login: 'all' }));
  writeFileSync(join(folder, 'site.yaml'), stringify({ ...config, mqtt, devices, secrets: 'secrets.yaml' }));
  writeFileSync(join(folder, 'secrets.yaml'), stringify({ logins }), { mode: 0o600 });
  const read = loadConfig(join(folder, 'site.yaml'));
  expect(JSON.parse(JSON.stringify(read))).toEqual(JSON.parse(JSON.stringify(config)));
  expect(read.devices[0]?.login?.password).toBe(DEVICE.password);
  rmSync(folder, { recursive: true });
});

test('is frozen and prints no password', () => {
  expect(Object.isFrozen(demo().devices[0])).toBe(true);
  expect(JSON.stringify(demo())).not.toContain(DEVICE.password);
});

test('data folder and port come from the environment', () => {
  expect(demoPlaceOf({}, '/here')).toEqual({ data: '/here/data', port: 8480 });
  expect(demoPlaceOf({ QUANCHENG_DATA: '/d', QUANCHENG_PORT: '9000' }, '/here')).toEqual({ data: '/d', port: 9000 });
  expect(demoPlaceOf({ QUANCHENG_DATA: 'd' }, '/here').data).toBe('/here/d');
  expect(() => demoPlaceOf({ QUANCHENG_PORT: '90000' }, '/')).toThrow('QUANCHENG_PORT must be a port from 1 to 65535');
});
