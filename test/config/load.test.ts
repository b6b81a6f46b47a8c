/** A configuration is read whole or refused with every fault at once, and no secret shows in either. */
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadConfig } from '../../controller/config/load.ts';
import { AppError } from '../../controller/core/errors.ts';
import { USUAL_TIMES } from '../../controller/site/stop-watch.ts';

const CONFIG = new URL('../../controller/config/', import.meta.url).pathname;
const PASSWORD = 'p@ss:w/rd#%&';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'quancheng-config-'));
  cpSync(join(CONFIG, 'sample.yaml'), join(folder, 'site.yaml'));
  cpSync(join(CONFIG, 'sample.secrets.yaml'), join(folder, 'secrets.yaml'));
  chmodSync(join(folder, 'secrets.yaml'), 0o600);
  writeFileSync(join(folder, 'centre-receipts.pem'), 'a key');
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Changes the sample; every change must find its place. */
function change(...changes: readonly (readonly [string, string])[]): void {
  let text = readFileSync(join(folder, 'site.yaml'), 'utf8');
  for (const [from, to] of changes) {
    expect(text).toContain(from);
    text = text.replace(from, () => to);
  }
  writeFileSync(join(folder, 'site.yaml'), text);
}

function faults(): { [field: string]: string } {
  try {
    loadConfig(join(folder, 'site.yaml'));
  } catch (error) {
    expect(error).toBeInstanceOf(AppError);
    if (!(error instanceof AppError)) throw error;
    expect(error.code).toBe('bad-config');
    expect(inspect(error, { depth: 9 })).not.toContain(PASSWORD);
    return Object.fromEntries(error.fields.map(({ field, message }) => [field, message]));
  }
  return {};
}

describe('the sample', () => {
  test('loads, with logins in place of their names and defaults filled in', () => {
    const config = loadConfig(join(folder, 'site.yaml'));
    expect(config.recording).toEqual({ preRollS: 10, postRollS: 5, segmentS: 10, armedForS: 60 });
    expect(config.hearings).toEqual(USUAL_TIMES);
    expect(config.devices.map(({ id, mandatory }) => [id, mandatory])).toEqual([
      ['hearing-1-panorama', true],
      ['hearing-1-evidence', false],
      ['hearing-1-microphone', true],
      ['interview-1-camera', true],
    ]);
    expect(config.devices[0]?.source).toEqual({ onvif: '192.168.1.21' });
    expect(config.devices[0]?.login?.password).toBe(PASSWORD);
    expect(config.mqtt?.login?.user).toBe('dongcheng-01');
    expect(config.centreKeyFile).toBe(join(folder, 'centre-receipts.pem'));
    expect(config).not.toHaveProperty('secrets');
  });

  test('is frozen to the last login', () => {
    const config = loadConfig(join(folder, 'site.yaml'));
    for (const part of [config, config.site, config.devices, config.devices[0], config.devices[0]?.login]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  test('never prints a password', () => {
    const config = loadConfig(join(folder, 'site.yaml'));
    const login = config.devices[0]?.login;
    for (const text of [JSON.stringify(config), inspect(config, { depth: 9, showHidden: true }), `${login}`]) {
      expect(text).not.toContain(PASSWORD);
    }
    expect(JSON.stringify(login)).toBe('{"user":"recorder","password":"(hidden)"}');
  });
});

describe('a faulty file', () => {
  test.each(['abc', 'Court-0417', 'court_0417', 'court-b', 'centre', 'a'.repeat(33), '法院'])(
    'with the site id %s is refused',
    (id) => {
      change(['id: dongcheng-01', `id: ${id}`]);
      expect(faults()).toEqual({
        'site.id': `must be 4 to 32 small letters, digits and hyphens, not ending in -b and not centre (value: "${id}")`,
      });
    },
  );

  test('is refused with all faults together, each with its path and value', () => {
    change(
      ['port: 8480', 'port: 84800'],
      ['demo: false', 'demmo: false'],
      ['data: /var/lib/quancheng', 'data: recordings'],
      ['room: interview-1', 'room: interview-2'],
      ['id: hearing-1-evidence', 'id: hearing-1-panorama'],
      ['kind: microphone', 'kind: ear'],
      ['nameEn: Hearing Room 1\n', '\n'],
      ['rooms: [hearing-1]', 'rooms: [hearing-9]'],
    );
    expect(faults()).toEqual({
      'site.demmo': 'is not a known field',
      'listen.port': expect.stringMatching(/<=65535 \(value: "84800"\)$/),
      'storage.data': 'must be an absolute path (value: "recordings")',
      'rooms[0].nameEn': 'is missing',
      'devices[1].id': 'is used by devices[0] already (value: "hearing-1-panorama")',
      'devices[2].kind': expect.stringMatching(/"camera"\|"microphone" \(value: "ear"\)$/),
    });
  });

  test('rooms that nobody knows are named once the list of rooms is whole', () => {
    change(['room: interview-1', 'room: interview-2'], ['rooms: [hearing-1]', 'rooms: [hearing-1, hearing-9]']);
    expect(faults()).toEqual({
      'devices[3].room': 'is not one of rooms (value: "interview-2")',
      'rooms[1]': 'needs at least one device with mandatory: true (value: "interview-1")',
      'people[0].rooms[1]': 'is not one of rooms (value: "hearing-9")',
    });
  });

  test('with broken YAML says line and column', () => {
    change(['listen: ', 'listen: {']);
    expect(Object.keys(faults())[0]).toMatch(/^line \d+, column \d+$/);
  });

  test('that is missing or empty says so', () => {
    expect(() => loadConfig(join(folder, 'other.yaml'))).toThrow('other.yaml cannot be read: ENOENT');
    writeFileSync(join(folder, 'site.yaml'), '');
    expect(faults()).toHaveProperty(['(whole file)']);
  });

  test.each([
    ['rtsp with a login', 'rtsp: rtsp://192', `rtsp: rtsp://admin:${PASSWORD}@192`, 'devices[2].source.rtsp'],
    ['broker with a login', 'mqtts://centre', `mqtts://site:${PASSWORD}@centre`, 'mqtt.url'],
    ['login written out', 'login: cameras', `login: "${PASSWORD}"`, 'devices[0].login'],
    ['password as a field', 'login: cameras', `password: "${PASSWORD}"`, 'devices[0].password'],
    ['login as a mapping', 'login: cameras', `login: { user: a, password: "${PASSWORD}" }`, 'devices[0].login'],
  ])('%s is refused without showing it', (_, from, to, field) => {
    change([from, to]);
    expect(faults()).toHaveProperty([field]);
  });

  test.each([
    ['both onvif and rtsp', 'onvif: 192.168.1.21 ', 'onvif: a\n      rtsp: rtsp://a/b ', 'devices[0].source'],
    ['a port past the last', '192.168.1.22:8000', '192.168.1.22:80000', 'devices[1].source.onvif'],
    ['a profile without onvif', 'rtsp: rtsp', 'profile: x\n      rtsp: rtsp', 'devices[2].source'],
    ['another protocol', 'rtsp: rtsp:', 'rtsp: http:', 'devices[2].source.rtsp'],
    ['no secrets for a login', 'secrets: secrets.yaml', '', 'devices[0].login'],
    ['broker and embedded broker', '  login: centre ', '  embeddedBroker: {}\n  login: centre ', 'mqtt.url'],
    ['neither of them', 'url: mqtts://centre.example:8883 ', '', 'mqtt'],
    ['one camera as two devices', '192.168.1.22:8000', '192.168.1.21', 'devices[1].source'],
    ['certificate without key', '# certFile', 'certFile', 'mqtt.keyFile'],
    ['a certificate that is not there', '# caFile', 'caFile', 'mqtt.caFile'],
    ['no key of the centre', 'centreKeyFile:', '# ', 'centreKeyFile'],
  ])('%s is refused', (_, from, to, field) => {
    change([from, to]);
    expect(faults()).toHaveProperty([field]);
  });

  test('an embedded broker on the port of the panel is refused', () => {
    change(['url: mqtts://centre.example:8883', 'embeddedBroker: { port: 8480 }']);
    expect(faults()).toEqual({ 'mqtt.embeddedBroker.port': 'is the port of listen already (value: "8480")' });
  });

  test.each([
    ['below the first', '/var/lib/quancheng/second', 'must lie outside of storage.data'],
    ['the first itself', '/var/lib/quancheng', 'must lie outside of storage.data'],
    ['above the first', '/var/lib', 'must lie outside of storage.data'],
    ['a path that depends on where one stands', 'second', 'must be an absolute path'],
  ])('a second disk that is %s is refused', (_, mirror, message) => {
    change(['  # mirror: /srv/second/quancheng', `  mirror: ${mirror}`]);
    expect(faults()['storage.mirror']).toContain(message);
  });

  test('a second disk, and the id of the first', () => {
    change(['  # mirror: /srv', '  mirror: /srv'], ['  # volume: ', '  volume: ']);
    expect(loadConfig(join(folder, 'site.yaml')).storage).toEqual({
      ...{ data: '/var/lib/quancheng', mirror: '/srv/second/quancheng', volume: '01M7ZNP7TKXT02PNEMST9BMA6T' },
      keepDays: null,
    });
  });

  test('the days after which what the centre holds is deleted here; none is for ever', () => {
    expect(loadConfig(join(folder, 'site.yaml')).storage.keepDays).toBeNull();
    change(['  # keepDays: 90', '  keepDays: 90']);
    expect(loadConfig(join(folder, 'site.yaml')).storage.keepDays).toBe(90);
    change(['  keepDays: 90', '  keepDays: -1']);
    expect(Object.keys(faults())).toEqual(['storage.keepDays']);
  });

  test('an embedded broker gives its own address', () => {
    change(['url: mqtts://centre.example:8883', 'embeddedBroker: { host: 0.0.0.0 }']);
    expect(loadConfig(join(folder, 'site.yaml')).mqtt?.url).toBe('mqtt://127.0.0.1:1883');
  });
});

describe('the secrets file', () => {
  test('that others may read is refused with the command that helps', () => {
    chmodSync(join(folder, 'secrets.yaml'), 0o640);
    expect(faults()).toEqual({
      secrets: `can be read by others (mode 0640): chmod 600 ${join(folder, 'secrets.yaml')}`,
    });
  });

  test('that is not there is one fault, not one for every login', () => {
    rmSync(join(folder, 'secrets.yaml'));
    expect(faults()).toEqual({ secrets: `${join(folder, 'secrets.yaml')}: does not exist` });
  });

  test('never shows what it holds, whether its form or its fields are wrong', () => {
    writeFileSync(join(folder, 'secrets.yaml'), `logins:\n  cameras: { user: a, password: "${PASSWORD}", pin: 1 }\n`);
    expect(faults()).toEqual({ 'secrets: logins.cameras.pin': 'is not a known field' });
    writeFileSync(join(folder, 'secrets.yaml'), `logins:\n  cameras: {\n${PASSWORD}\n`);
    expect(Object.keys(faults())[0]).toMatch(/^secrets: line \d/);
  });

  test('takes everything as text', () => {
    const text = readFileSync(join(folder, 'secrets.yaml'), 'utf8').replace('change-me\n', '0123\n');
    writeFileSync(join(folder, 'secrets.yaml'), text);
    expect(loadConfig(join(folder, 'site.yaml')).devices[2]?.login?.password).toBe('0123');
  });
});
