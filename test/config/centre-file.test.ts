/** A centre is configured in a site's file or in one of its own; each fault of that is told with its line. */
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadCentreConfig } from '../../controller/config/load-centre.ts';
import { AppError } from '../../controller/core/errors.ts';
import { publicKeyOf } from '../../controller/core/jws.ts';

const CONFIG = new URL('../../controller/config/', import.meta.url).pathname;

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'quancheng-centre-'));
  path = join(folder, 'centre.yaml');
  cpSync(join(CONFIG, 'sample-centre.yaml'), path);
  cpSync(join(CONFIG, 'sample.secrets.yaml'), join(folder, 'secrets.yaml'));
  chmodSync(join(folder, 'secrets.yaml'), 0o600);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function faults(text: string): { [field: string]: string } {
  writeFileSync(path, text);
  try {
    loadCentreConfig(path);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    expect(error.code).toBe('bad-config');
    expect(inspect(error, { depth: 9 })).not.toContain('change-me-too');
    return Object.fromEntries(error.fields.map(({ field, message }) => [field, message]));
  }
  return {};
}

test('the sample loads, with the login in place of its name and defaults filled in', () => {
  const { centre, mqtt } = loadCentreConfig(path);
  expect(centre).toMatchObject({
    ...{
      folder: '/var/lib/quancheng-centre',
      name: 'reference',
      workers: 0,
      sites: 'first-sight',
      policies: {},
      store: null,
      routes: ['B'],
    },
    listen: { host: '127.0.0.1', port: 8481 },
  });
  expect(mqtt).toMatchObject({ url: 'mqtts://broker.example:8883', embeddedBroker: null });
  expect(mqtt.login?.user).toBe('dongcheng-01');
  writeFileSync(path, 'centre: { folder: /c }\nmqtt: { embeddedBroker: { port: 1999 } }\n');
  const least = loadCentreConfig(path);
  expect(least).toMatchObject({
    centre: { workers: 0, listen: null },
    mqtt: { url: 'mqtt://127.0.0.1:1999', login: null },
  });
});

test('the sites that are believed may be listed by their keys', () => {
  const key = publicKeyOf(generateKeyPairSync('ed25519').publicKey);
  const file = (sites: object) => JSON.stringify({ centre: { folder: '/c', sites }, mqtt: { url: 'mqtt://b' } });
  writeFileSync(path, file({ 'court-0417': key }));
  expect(loadCentreConfig(path).centre.sites).toEqual({ 'court-0417': key });
  const wrong = faults(file({ 'court-0417': { ...key, kid: '0123456789abcdef' } }));
  expect(wrong['centre.sites.court-0417']).toMatch(/public key of a site.*line 1/);
});

test('the file of a site on the same machine is as good, and has to name a centre', () => {
  const text = readFileSync(join(CONFIG, 'sample.yaml'), 'utf8');
  writeFileSync(join(folder, 'centre-receipts.pem'), 'a key');
  writeFileSync(path, text.replace('# centre:\n#   folder', 'centre:\n  folder'));
  expect(loadCentreConfig(path)).toMatchObject({ centre: { folder: '/var/lib/quancheng-centre', listen: null } });
  expect(faults(text)).toEqual({ centre: expect.stringContaining('is missing') });
});

describe('every fault is told at once, with its line', () => {
  const sample = () => readFileSync(path, 'utf8');
  const lineOf = (text: string, part: string) => text.slice(0, text.indexOf(part)).split('\n').length;

  test('of fields', () => {
    const text = sample()
      .replace('workers: 0', 'workers: -1')
      .replace('folder: /var', 'folder: var')
      .replace('login: centre', 'login: nobody')
      .replace('name: reference', 'nmae: reference');
    expect(faults(text)).toEqual({
      'centre.workers': expect.stringMatching(new RegExp(`line ${lineOf(text, 'workers: -1')}$`)),
      'centre.folder': expect.stringMatching(new RegExp(`absolute.*line ${lineOf(text, 'folder: var')}$`)),
      'centre.nmae': expect.stringMatching(new RegExp(`not a known field.*line ${lineOf(text, 'nmae')}$`)),
    });
  });

  test.each<[string, string, string, string]>([
    ['a login that is in no secrets file', 'login: centre', 'login: nobody', 'mqtt.login'],
    ['a broker that is named twice', '# embeddedBroker:', 'embeddedBroker: {} #', 'mqtt.url'],
    ['a certificate without its key', '# certFile: centre.pem', 'certFile: centre.yaml', 'mqtt.keyFile'],
    ['a file that is not there', '# caFile: broker-ca.pem', 'caFile: nowhere.pem', 'mqtt.caFile'],
  ])('of %s', (_what, from, to, field) => {
    expect(sample()).toContain(from);
    expect(faults(sample().replace(from, to))).toEqual({ [field]: expect.stringMatching(/line \d+$/) });
  });

  test('of YAML itself', () => {
    expect(Object.keys(faults('centre: {\n'))[0]).toMatch(/^line \d+, column \d+$/);
  });
});
