/** The port against virtual cameras that check logins as strictly as real ones and have their faults. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { AppError } from '../../../controller/core/errors.ts';
import type { Camera } from '../../../controller/core/ports.ts';
import { onvifCamera } from '../../../devices/onvif/camera.ts';
import type { VirtualDevice } from '../../../devices/virtual/device.ts';
import { startVirtualSite, type VirtualSite } from '../../../devices/virtual/site.ts';

const USER = 'admin';
const PASSWORD = 'Quancheng-2026';
const SERIAL = '12345678901234567890';
const HOUR_MS = 3_600_000;
/** The smallest picture: here nobody looks at it. */
const VIDEO = { width: 160, height: 120, fps: 5, bitrateKbps: 50 } as const;

let site: VirtualSite;

beforeAll(async () => {
  const common = { kind: 'camera', room: 'Room', audio: 'pcma', video: VIDEO, discovery: false } as const;
  site = await startVirtualSite({
    cacheDir: join(tmpdir(), 'quancheng-test-media'),
    devices: [
      { ...common, id: 'either', name: 'either', serial: SERIAL },
      { ...common, id: 'token', name: 'token', onvifLogin: 'token' },
      { ...common, id: 'digest', name: 'digest', onvifLogin: 'digest' },
    ],
  });
});

afterAll(() => site.close());

beforeEach(() => {
  for (const device of site.devices) {
    device.setAccount(USER, PASSWORD);
    device.setLockAfter(0);
    device.unlock();
    device.setClockOffset(0);
    device.setUri({});
  }
});

function camera(device: VirtualDevice, login = { user: USER, password: PASSWORD }, deadlineMs = 5_000): Camera {
  const { host, port } = device.onvifAddress ?? { host: '', port: 0 };
  return onvifCamera({ address: `${host}:${port}`, login, deadlineMs });
}

async function codeOf(answer: Promise<unknown>): Promise<string> {
  const error = await answer.then(
    () => null,
    (error: unknown) => error,
  );
  if (!(error instanceof AppError)) throw new Error(`no AppError but ${error}`);
  expect(error.message).not.toContain(PASSWORD);
  return error.code;
}

describe.each(['either', 'token', 'digest'])('a camera with login %s', (id) => {
  test('says who it is, what it offers and where it streams', async () => {
    const device = site.device(id);
    const identity = await camera(device).identify();
    expect(identity.firmware).toBe('1.0.0');
    expect(identity.serial).toBe(id === 'either' ? SERIAL : `QCV${id.toUpperCase()}`);
    expect(Math.abs(identity.clockOffsetMs ?? Number.NaN)).toBeLessThan(1_000);
    const profiles = await camera(device).profiles();
    expect(profiles[0]).toMatchObject({ codec: 'H264', width: VIDEO.width, height: VIDEO.height });
    expect(await camera(device).source()).toEqual({
      url: device.rtspUrl,
      user: USER,
      password: PASSWORD,
      transport: 'auto',
      audio: 'auto',
    });
  });

  test('takes user and password of any characters (Q07)', async () => {
    const odd = { user: '管理员 & <b>', password: 'p@ss:w/rd#%& 中文"\'' };
    site.device(id).setAccount(odd.user, odd.password);
    expect((await camera(site.device(id), odd).identify()).model).not.toBe('');
    expect(await codeOf(camera(site.device(id)).identify())).toBe('camera-refused-login');
  });

  test.each([5 * HOUR_MS, -5 * HOUR_MS, -56 * 365 * 24 * HOUR_MS])(
    'works with its clock off by %d ms (Q03)',
    async (offsetMs) => {
      site.device(id).setClockOffset(offsetMs);
      const { clockOffsetMs } = await camera(site.device(id)).identify();
      expect(Math.abs((clockOffsetMs ?? Number.NaN) - offsetMs)).toBeLessThan(1_000);
      expect((await camera(site.device(id)).source()).url).toBe(site.device(id).rtspUrl);
    },
  );

  test('counts one wrong try for a wrong password, not more (Q08)', async () => {
    const device = site.device(id);
    device.setLockAfter(5);
    const wrong = { user: USER, password: 'wrong' };
    expect(await codeOf(camera(device, wrong).identify())).toBe('camera-refused-login');
    expect(device.state().wrongTries).toBe(1);
    expect(await codeOf(camera(device, wrong).source())).toBe('camera-refused-login');
    expect(device.state().wrongTries).toBe(2);
  });

  test('that has locked logins refuses the right one too', async () => {
    const device = site.device(id);
    device.setLockAfter(1);
    await codeOf(camera(device, { user: USER, password: 'wrong' }).identify());
    expect(device.state().isLocked).toBe(true);
    expect(['camera-refused-login', 'camera-locked-out']).toContain(await codeOf(camera(device).identify()));
  });
});

test('addresses that lead elsewhere are brought back to the camera (Q06)', async () => {
  const device = site.device('either');
  for (const host of ['10.255.255.1', '0.0.0.0', '172.17.0.2']) {
    device.setUri({ host });
    expect((await camera(device).source()).url).toBe(device.rtspUrl);
  }
  device.setUri({ host: '10.255.255.1', rtspPort: 5544 });
  expect((await camera(device).source()).url).toBe('rtsp://127.0.0.1:5544/live/main');
});

test('a camera whose cable was pulled is unreachable within the deadline, and back when it is back (Q01)', async () => {
  const device = site.device('either');
  device.leave();
  const began = performance.now();
  expect(await codeOf(camera(device, undefined, 500).identify())).toBe('camera-unreachable');
  expect(performance.now() - began).toBeLessThan(1_500);
  device.comeBack();
  expect((await camera(device).identify()).serial).toBe(SERIAL);
});

test('a camera that restarts with its clock at 1970 is known again', async () => {
  const device = site.device('either');
  await device.reboot(50);
  expect((await camera(device).identify()).serial).toBe(SERIAL);
});
