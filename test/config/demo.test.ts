/** The one-machine default is a site file that loads like any other. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { demoPlaceOf } from '../../controller/config/demo.ts';
import { demoSite } from '../../controller/config/demo-site.ts';
import { loadConfig } from '../../controller/config/load.ts';

test('loads, with its room, its three devices, their login and the broker within', () => {
  const folder = mkdtempSync(join(tmpdir(), 'quancheng-demo-'));
  const { site, secrets } = demoSite({
    data: '/d/site',
    centre: '/d/centre',
    port: 8480,
    centrePort: 8481,
    brokerPort: 18830,
    devices: { panorama: '127.0.0.1:18080', evidence: '127.0.0.1:18081', microphone: 'rtsp://127.0.0.1:5540/audio' },
    login: { user: 'admin', password: "p@ss:'w/rd #1" },
  });
  writeFileSync(join(folder, 'site.yaml'), site);
  writeFileSync(join(folder, 'secrets.yaml'), secrets, { mode: 0o600 });
  const config = loadConfig(join(folder, 'site.yaml'));
  expect(config.site).toEqual({ id: 'demo', name: '演示站点', nameEn: 'Demonstration site', demo: true });
  expect(config.devices.map(({ name, kind, mandatory }) => [name, kind, mandatory])).toEqual([
    ['全景', 'camera', true],
    ['证据台', 'camera', true],
    ['话筒', 'microphone', true],
  ]);
  expect(config.devices[2]?.login?.password).toBe("p@ss:'w/rd #1");
  expect(config.mqtt?.url).toBe('mqtt://127.0.0.1:18830');
  expect(config.storage.data).toBe('/d/site');
  rmSync(folder, { recursive: true });
});

test('data folder and port come from the environment', () => {
  expect(demoPlaceOf({}, '/here')).toEqual({ data: '/here/data', port: 8480 });
  expect(demoPlaceOf({ QUANCHENG_DATA: '/d', QUANCHENG_PORT: '9000' }, '/here')).toEqual({ data: '/d', port: 9000 });
  expect(demoPlaceOf({ QUANCHENG_DATA: 'd' }, '/here').data).toBe('/here/d');
  expect(() => demoPlaceOf({ QUANCHENG_PORT: '90000' }, '/')).toThrow('QUANCHENG_PORT must be a port from 1 to 65535');
});
