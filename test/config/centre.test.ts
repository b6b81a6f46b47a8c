/** The section of a centre loads as the sample shows it, and what cannot work is refused with its field. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { intakeWishesOf, storeChoiceOf } from '../../controller/commands/centre-bytes.ts';
import { loadConfig } from '../../controller/config/load.ts';
import { AppError } from '../../controller/core/errors.ts';

const CONFIG = new URL('../../controller/config/', import.meta.url).pathname;
const SECRET = 'a secret key';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'quancheng-config-'));
  const sample = readFileSync(join(CONFIG, 'sample.yaml'), 'utf8');
  const section = /# centre:\n(?:# {2}[^\n]*\n)+/.exec(sample)?.[0] ?? '';
  const site = sample.replace(section, section.replaceAll(/^# /gm, '')).replace(/^centreKeyFile: .*$/m, '');
  writeFileSync(join(folder, 'site.yaml'), site);
  const secrets = readFileSync(join(CONFIG, 'sample.secrets.yaml'), 'utf8');
  writeFileSync(join(folder, 'secrets.yaml'), `${secrets}  bucket:\n    user: key-id\n    password: "${SECRET}"\n`);
  chmodSync(join(folder, 'secrets.yaml'), 0o600);
  for (const name of ['s3-ca.pem', 'sites-ca.pem']) writeFileSync(join(folder, name), `PEM of ${name}`);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function change(from: string | RegExp, to: string): void {
  const text = readFileSync(join(folder, 'site.yaml'), 'utf8');
  expect(text).toMatch(from);
  writeFileSync(join(folder, 'site.yaml'), text.replace(from, to));
}

function faults(): { [field: string]: string } {
  try {
    loadConfig(join(folder, 'site.yaml'));
    return {};
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    expect(inspect(error, { depth: 9 })).not.toContain(SECRET);
    return Object.fromEntries(error.fields.map(({ field, message }) => [field, message]));
  }
}

test('the sample’s section of a centre is a bucket with its keys and the ways to it', () => {
  const { centre } = loadConfig(join(folder, 'site.yaml'));
  if (centre === null) throw new Error('no centre');
  expect(JSON.stringify(centre)).not.toContain(SECRET);
  expect(storeChoiceOf(centre)).toEqual({
    kind: 's3',
    access: {
      ...{ endpoint: 'https://s3.example:9000', region: 'us-east-1', bucket: 'evidence', pathStyle: true },
      ...{ accessKeyId: 'key-id', secretAccessKey: SECRET, ca: ['PEM of s3-ca.pem'] },
    },
    durability: 'stored',
    sitesEndpoint: 'https://s3.sites.example',
  });
  expect(intakeWishesOf(centre)).toEqual({
    routes: ['C', 'B'],
    pullFrom: { 'dongcheng-01': ['https://10.4.17.2:8480'] },
    pullCa: ['PEM of sites-ca.pem'],
  });
});

test('without a bucket the folder is the store, and chunks are the way', () => {
  change(/^ {2}store:[\s\S]*?^ {2}pullCaFile:.*$/m, '');
  const { centre } = loadConfig(join(folder, 'site.yaml'));
  if (centre === null) throw new Error('no centre');
  expect(storeChoiceOf(centre)).toEqual({ kind: 'folder', folder: '/var/lib/quancheng-centre' });
  expect(intakeWishesOf(centre)).toEqual({ routes: ['B'], pullFrom: {} });
});

test.each<[string | RegExp, string, object]>([
  ['login: bucket', 'login: nobody', { 'centre.store.login': expect.stringContaining('secrets file') }],
  [
    'https://s3.example:9000',
    'https://key:x@s3.example',
    { 'centre.store.endpoint': expect.stringContaining('must be') },
  ],
  [
    'https://10.4.17.2:8480]',
    'https://10.4.17.2:8480/v1]',
    { 'centre.pullFrom.dongcheng-01[0]': expect.stringContaining('must be') },
  ],
  ['[C, B]', '[C, C]', { 'centre.routes': expect.stringContaining('once') }],
  [/^ {2}store:[\s\S]*?^(?= {2}routes)/m, '', { 'centre.routes': expect.stringContaining('centre.store') }],
  [/\[C, B\][\s\S]*?(?=^ {2}pullCaFile)/m, '[D]\n', { 'centre.routes': expect.stringContaining('centre.pullFrom') }],
  ['caFile: s3-ca.pem', 'caFile: away.pem', { 'centre.store.caFile': expect.stringContaining('cannot be read') }],
])('%s → %s is refused', (from, to, expected) => {
  change(from, to);
  expect(faults()).toMatchObject(expected);
});
