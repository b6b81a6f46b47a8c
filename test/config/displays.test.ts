/** Displays, speech and lamps in the site file: what the sample says, and every fault by name. */
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadConfig } from '../../controller/config/load.ts';
import { AppError } from '../../controller/core/errors.ts';

const CONFIG = new URL('../../controller/config/', import.meta.url).pathname;
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'quancheng-config-'));
  cpSync(join(CONFIG, 'sample.yaml'), join(folder, 'site.yaml'));
  cpSync(join(CONFIG, 'sample.secrets.yaml'), join(folder, 'secrets.yaml'));
  chmodSync(join(folder, 'secrets.yaml'), 0o600);
  writeFileSync(join(folder, 'centre-receipts.pem'), 'a key');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const path = () => join(folder, 'site.yaml');

/** Puts other displays, speech and lamps in the place of the sample's. */
function withStands(text: string): void {
  const sample = readFileSync(path(), 'utf8');
  const [before = '', rest = ''] = sample.split(/^displays:$/m);
  const people = rest.slice(rest.search(/^people:/m));
  writeFileSync(path(), `${before}${text}\n${people}`);
}

function faults(): { [field: string]: string } {
  try {
    loadConfig(path());
    return {};
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return Object.fromEntries(error.fields.map(({ field, message }) => [field, message]));
  }
}

test('the sample holds a door, a room with a loudspeaker, a hall and a lamp', () => {
  const { displays, speech, indicators } = loadConfig(path());
  expect(displays).toMatchObject([
    { id: 'hearing-1-door', shows: 'room', room: 'hearing-1', loudspeaker: false, darkAfterS: 15 },
    { id: 'hearing-1-inside', loudspeaker: true },
    { id: 'hall-entrance', shows: 'hall', room: null },
  ]);
  expect(speech).toMatchObject({ program: 'espeak-ng', voice: 'cmn', recordings: [] });
  expect(indicators).toMatchObject([{ room: 'hearing-1', login: null, drive: { http: { method: 'get' } } }]);
});

test('a site without any of them is whole', () => {
  withStands('');
  expect(loadConfig(path())).toMatchObject({ displays: [], indicators: [] });
});

test('every fault is named where it stands', () => {
  withStands(`displays:
  - { id: a, name: 门 }
  - { id: a, name: 门, room: nowhere }
  - { id: b, name: 厅, shows: hall, loudspeaker: true }
  - { id: c, name: 门, room: hearing-1, darkAfterS: 1 }
speech:
  voice: "-x"
  recordings: [{ notice: recording, version: 1, file: notice.exe }, { notice: n, version: 1, file: gone.mp3 }]
indicators:
  - { id: l, room: nowhere, name: 灯, login: nobody, drive: { mqtt: { topic: lamps/1 } } }
  - { id: m, room: hearing-1, name: 灯, drive: { http: { on: "http://u:p@h/on", off: "ftp://h/off" } } }
  - { id: n, room: hearing-1, name: 灯, drive: { mqtt: { topic: "lamps/#" } } }
`);
  const found = faults();
  expect(Object.keys(found).sort()).toEqual(
    [
      'displays[0]',
      'displays[1].room',
      'displays[2]',
      'displays[3].darkAfterS',
      'speech.voice',
      'speech.recordings[0].file',
      'indicators[0].room',
      'indicators[0].login',
      'indicators[1].drive.http.off',
      'indicators[1].drive.http.on',
      'indicators[2].drive.mqtt.topic',
    ].sort(),
  );
  expect(JSON.stringify(found)).not.toContain('u:p');
});

test('a recording that is not there, the same id twice and a lamp without a broker are faults', () => {
  withStands(`displays:
  - { id: a, name: 门, room: hearing-1 }
  - { id: a, name: 门, room: hearing-1 }
speech:
  recordings: [{ notice: recording, version: 1, file: gone.mp3 }]
`);
  expect(Object.keys(faults()).sort()).toEqual(['displays[1].id', 'speech.recordings[0].file']);
  const text = readFileSync(path(), 'utf8');
  withStands('');
  writeFileSync(
    path(),
    text
      .replace(/^displays:[\s\S]*?(?=^people:)/m, '')
      .replace(/^mqtt:[\s\S]*?(?=^# The public key)/m, '')
      .concat('\nindicators: [{ id: l, room: hearing-1, name: 灯, drive: { mqtt: { topic: lamps/1 } } }]\n'),
  );
  expect(faults()).toEqual({ 'indicators[0].drive.mqtt.url': 'is missing: the site has no broker of its own' });
});
