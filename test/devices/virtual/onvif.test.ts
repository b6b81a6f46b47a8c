// The npm package `onvif`, which nobody here wrote, finds in a virtual camera what it expects of a real one, and is refused when
// password or clock are wrong.

import { createHash, randomBytes } from 'node:crypto';
import onvif from 'onvif';
import { describe, expect, test } from 'vitest';
import type { VirtualDevice } from '../../../devices/virtual/device.ts';
import { escapeXml } from '../../../devices/virtual/soap.ts';
import { RtspClient } from './rtsp-client.ts';
import { testCamera } from './test-site.ts';

/** The parts of the untyped callback class that are used here. */
interface Cam {
  readonly activeSource?: { readonly profileToken: string; readonly width: number; readonly encoding: string };
  readonly media2Support?: boolean;
  timeShift?: number | undefined;
  readonly [method: string]: unknown;
}

const { Cam } = onvif as unknown as { Cam: new (options: object, done: (error: Error | null) => void) => Cam };

function connect(camera: VirtualDevice, options: object = {}): Promise<Cam> {
  const { user, password } = camera.account;
  const { host, port } = camera.onvifAddress ?? { host: '', port: 0 };
  return new Promise((resolve, reject) => {
    const settings = { hostname: host, port, username: user, password, timeout: 5_000, ...options };
    const cam = new Cam(settings, (error) => (error ? reject(error) : resolve(cam)));
  });
}

function call<Answer>(cam: Cam, method: string, ...values: readonly unknown[]): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const run = cam[method] as (...args: readonly unknown[]) => void;
    run.call(cam, ...values, (error: Error | null, answer: Answer) => (error ? reject(error) : resolve(answer)));
  });
}

const information = (cam: Cam) => call<{ manufacturer: string; serialNumber: string }>(cam, 'getDeviceInformation');

/** One SOAP request made by hand. `created` and `nonce` make a UsernameToken. */
async function soap(
  camera: VirtualDevice,
  operation: string,
  token?: { readonly password?: string; readonly createdMs?: number; readonly nonce?: Buffer },
  path = '/onvif/device_service',
): Promise<{ status: number; text: string; challenge: string | null }> {
  const { host, port } = camera.onvifAddress ?? { host: '', port: 0 };
  const nonce = token?.nonce ?? randomBytes(16);
  const created = new Date(token?.createdMs ?? Date.now()).toISOString();
  const secret = token?.password ?? camera.account.password;
  const digest = createHash('sha1').update(nonce).update(created).update(secret).digest('base64');
  const security =
    token === undefined
      ? ''
      : `<Security><UsernameToken><Username>${escapeXml(camera.account.user)}</Username><Password>${digest}</Password><Nonce>${nonce.toString('base64')}</Nonce><Created>${created}</Created></UsernameToken></Security>`;
  const body = `<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Header>${security}</e:Header><e:Body>${operation}</e:Body></e:Envelope>`;
  const answer = await fetch(`http://${host}:${port}${path}`, { method: 'POST', body });
  return { status: answer.status, text: await answer.text(), challenge: answer.headers.get('www-authenticate') };
}

const INFORMATION = '<GetDeviceInformation xmlns="http://www.onvif.org/ver10/device/wsdl"/>';

test('it connects, chooses Media2 and reads identity, profile and addresses', async () => {
  const camera = await testCamera();
  const cam = await connect(camera);
  expect(cam.media2Support).toBe(true);
  expect(cam.activeSource).toMatchObject({ profileToken: 'Profile_1', width: 320, encoding: 'H264' });
  expect(await information(cam)).toMatchObject({ manufacturer: 'Quancheng', serialNumber: 'QCVCAM-1' });
  expect(await call(cam, 'getStreamUri', { protocol: 'RTSP' })).toMatchObject({ uri: camera.rtspUrl });
  expect(await call(cam, 'getHostname')).toMatchObject({ name: 'cam-1' });
  expect(await call(cam, 'getAudioSources')).toHaveLength(1);
  expect(await call(cam, 'getVideoEncoderConfigurations')).toHaveLength(1);
  expect(await call(cam, 'getAudioEncoderConfigurations')).toHaveLength(1);
  expect(await call(cam, 'getUsers')).toMatchObject([{ username: 'admin', userLevel: 'Administrator' }]);
  expect(JSON.stringify(await call(cam, 'getScopes'))).toContain(encodeURIComponent('第一听证室'));
  expect(JSON.stringify(await call(cam, 'getNetworkInterfaces'))).toContain('127.0.0.1');
  await call(cam, 'getCapabilities');
});

test('Media1 gives the same addresses', async () => {
  const camera = await testCamera();
  const cam = await connect(camera);
  Object.assign(cam, { media2Support: false });
  expect(await call<unknown[]>(cam, 'getProfiles')).toMatchObject([
    { videoEncoderConfiguration: { encoding: 'H264', H264: { govLength: 25 } } },
  ]);
  expect(await call(cam, 'getStreamUri', { protocol: 'RTSP' })).toMatchObject({ uri: camera.rtspUrl });
  expect(await call(cam, 'getVideoSources')).toBeDefined();
});

test('Media2 tells H.265, Opus and a size that was changed; Media1 has no words for the codecs', async () => {
  const camera = await testCamera({ audio: 'opus', video: { codec: 'h265' } });
  await camera.changeVideo({ width: 256, height: 144 });
  const cam = await connect(camera);
  expect(cam.activeSource).toMatchObject({ profileToken: 'Profile_1', width: 256, height: 144, encoding: 'H265' });
  const profiles = async (path: string) => (await soap(camera, '<GetProfiles/>', {}, path)).text;
  const [media1, media2] = [await profiles('/onvif/media_service'), await profiles('/onvif/media2_service')];
  for (const word of ['H265', 'OPUS']) expect(media2).toContain(`<tt:Encoding>${word}</tt:Encoding>`);
  expect(media1).toContain('VideoSourceConfiguration');
  expect(media1).not.toContain('Encoding>');
});

test('HTTP Digest is taken when the device asks for it', async () => {
  const camera = await testCamera({ onvifLogin: 'digest' });
  expect(await information(await connect(camera, { useWSSecurity: false }))).toMatchObject({
    manufacturer: 'Quancheng',
  });
  await expect(connect(camera, { password: 'wrong' }).then(information)).rejects.toThrow(
    'Digest authentication failed',
  );
});

test('a wrong password is refused with a fault', async () => {
  const cam = await connect(await testCamera(), { password: 'wrong' });
  await expect(information(cam)).rejects.toThrow('not authorized');
});

test('the snapshot is a JPEG, and only for those who log in', async () => {
  const camera = await testCamera();
  const { uri } = await call<{ uri: string }>(await connect(camera), 'getSnapshotUri');
  const refusal = await fetch(uri);
  expect(refusal.status).toBe(401);
  const challenge = refusal.headers.get('www-authenticate') ?? '';
  const field = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(challenge)?.[1] ?? '';
  const md5 = (text: string) => createHash('md5').update(text).digest('hex');
  const path = new URL(uri).pathname + new URL(uri).search;
  const { user, password } = camera.account;
  const secret = md5(`${user}:${field('realm')}:${password}`);
  const response = md5(`${secret}:${field('nonce')}:00000001:abcd:auth:${md5(`GET:${path}`)}`);
  const login = `Digest username="${user}", realm="${field('realm')}", nonce="${field('nonce')}", uri="${path}", qop=auth, nc=00000001, cnonce="abcd", response="${response}"`;
  const answer = await fetch(uri, { headers: { Authorization: login } });
  expect(answer.headers.get('content-type')).toBe('image/jpeg');
  const bytes = Buffer.from(await answer.arrayBuffer());
  expect(bytes.subarray(0, 2).toString('hex')).toBe('ffd8');
});

describe('Q03 the camera clock is wrong', () => {
  test('a shifted Created is accepted, an unshifted one is refused', async () => {
    const camera = await testCamera({ clockOffsetMs: 3_600_000 });
    const cam = await connect(camera);
    expect(await information(cam)).toMatchObject({ manufacturer: 'Quancheng' });
    expect((await soap(camera, INFORMATION, {})).status).toBe(400);
    expect((await soap(camera, INFORMATION, {})).text).toContain('ter:NotAuthorized');
    expect((await soap(camera, INFORMATION, { createdMs: camera.clock.wallMs() })).status).toBe(200);
    expect((await soap(camera, INFORMATION, { createdMs: camera.clock.wallMs() - 6_000 })).status).toBe(400);
    camera.setCreatedWindow(300_000);
    expect((await soap(camera, INFORMATION, { createdMs: camera.clock.wallMs() - 6_000 })).status).toBe(200);
    expect(camera.state().wrongTries).toBe(0);
  });

  test('the time can be read without a login, and setting it moves the clock', async () => {
    const camera = await testCamera({ clockOffsetMs: -180 * 86_400_000, timeZone: 'CST-8' });
    const open = await soap(camera, '<GetSystemDateAndTime xmlns="http://www.onvif.org/ver10/device/wsdl"/>');
    expect(open.status).toBe(200);
    expect(open.text).toContain('<tt:TZ>CST-8</tt:TZ>');
    expect(open.text).toContain('<tt:DateTimeType>Manual</tt:DateTimeType>');
    const cam = await connect(camera);
    const dateTime = new Date();
    await call(cam, 'setSystemDateAndTime', { dateTimeType: 'Manual', dateTime, timezone: 'UTC0' });
    expect(Math.abs(camera.clock.offsetMs())).toBeLessThan(3_000);
    expect(camera.clock.timeZone).toBe('UTC0');
    // The package keeps its first shift: the trap the adapter has to know.
    await expect(information(cam)).rejects.toThrow('not authorized');
    cam.timeShift = undefined;
    await call(cam, 'getSystemDateAndTime');
    expect(await information(cam)).toMatchObject({ manufacturer: 'Quancheng' });
  });

  test('a used nonce is refused', async () => {
    const camera = await testCamera();
    const nonce = randomBytes(16);
    expect((await soap(camera, INFORMATION, { nonce })).status).toBe(200);
    expect((await soap(camera, INFORMATION, { nonce })).status).toBe(400);
  });

  test('a step of the clock makes good requests fail', async () => {
    const camera = await testCamera();
    camera.stepClock(60_000);
    expect((await soap(camera, INFORMATION, {})).status).toBe(400);
    camera.stepClock(-60_000);
    expect((await soap(camera, INFORMATION, {})).status).toBe(200);
  });
});

test('without any login the answer is a challenge, or a fault on a device that knows tokens only', async () => {
  const either = await soap(await testCamera(), INFORMATION);
  expect(either.status).toBe(401);
  expect(either.challenge).toContain('Digest realm="IP Camera(C1234)"');
  expect((await soap(await testCamera({ onvifLogin: 'token' }), INFORMATION)).status).toBe(400);
});

test('Q06 a wrong host and port stand in every address the camera tells', async () => {
  const camera = await testCamera();
  camera.setUri({ host: '0.0.0.0', rtspPort: 10_554, httpPort: 10_080 });
  const cam = await connect(camera);
  expect(await call(cam, 'getStreamUri', { protocol: 'RTSP' })).toMatchObject({
    uri: 'rtsp://0.0.0.0:10554/live/main',
  });
  expect((await call<{ uri: string }>(cam, 'getSnapshotUri')).uri).toMatch(/^http:\/\/0\.0\.0\.0:10080\//);
  const services = await soap(camera, '<GetServices xmlns="http://www.onvif.org/ver10/device/wsdl"/>');
  expect(services.text).toContain('<tds:XAddr>http://0.0.0.0:10080/onvif/device_service</tds:XAddr>');
});

test('Q07 an account with special characters is told and taken', async () => {
  const camera = await testCamera();
  camera.setAccount('管理员 a&b <c>', 'p@ss:"word"/&<> 密码');
  const users = await soap(camera, '<GetUsers xmlns="http://www.onvif.org/ver10/device/wsdl"/>', {});
  expect(users.status).toBe(200);
  expect(users.text).toContain('<tt:Username>管理员 a&#38;b &#60;c&#62;</tt:Username>');
});

test('Q08 wrong passwords over ONVIF lock RTSP too', async () => {
  const camera = await testCamera({ lockAfter: 2 });
  for (let tries = 0; tries < 2; tries++)
    expect((await soap(camera, INFORMATION, { password: 'wrong' })).status).toBe(400);
  expect((await soap(camera, INFORMATION, {})).status).toBe(400);
  const client = await RtspClient.open(camera.rtspUrl);
  const challenge = (await client.request('DESCRIBE')).headers.get('www-authenticate')?.[0] ?? '';
  const login = client.digest(challenge, 'DESCRIBE', camera.account.user, camera.account.password);
  expect((await client.request('DESCRIBE', { Authorization: login })).status).toBe(401);
  camera.unlock();
  expect((await soap(camera, INFORMATION, {})).status).toBe(200);
});

test('on-screen texts are made, changed, read back, limited and deleted', async () => {
  const camera = await testCamera({ osdTextLimit: 10, osdMax: 2 });
  const cam = await connect(camera);
  const options = JSON.stringify(await call(cam, 'getOSDOptions'));
  expect(options).toContain('"plainTextMaxLength":10');
  const made = await call<{ createOSDResponse: { OSDToken: string } }>(cam, 'createOSD', {
    plaintext: '听证进行中',
    position: 'UpperRight',
  });
  const token = made.createOSDResponse.OSDToken;
  expect(camera.osdTexts()).toEqual({ OSD_1: '主摄像机', [token]: '听证进行中' });
  await call(cam, 'setOSD', { OSDToken: token, plaintext: '复议 12号', position: 'UpperRight' });
  expect(JSON.stringify(await call(cam, 'getOSDs'))).toContain('复议 12号');
  await expect(call(cam, 'setOSD', { OSDToken: token, plaintext: '十一个字已经太长了不行' })).rejects.toThrow(
    'more than 10 characters',
  );
  await expect(call(cam, 'createOSD', { plaintext: 'x' })).rejects.toThrow('No more than 2');
  await expect(call(cam, 'setOSD', { OSDToken: 'OSD_9', plaintext: 'x' })).rejects.toThrow('no such text');
  await call(cam, 'deleteOSD', token);
  expect(camera.osdTexts()).toEqual({ OSD_1: '主摄像机' });
});

describe('events', () => {
  const PULL = (timeout: string) =>
    `<PullMessages xmlns="http://www.onvif.org/ver10/events/wsdl"><Timeout>${timeout}</Timeout><MessageLimit>10</MessageLimit></PullMessages>`;

  test('a pull is held until something happens', async () => {
    const camera = await testCamera();
    const cam = await connect(camera);
    await call(cam, 'createPullPointSubscription');
    const first = await call(cam, 'pullMessages', {});
    expect(JSON.stringify(first)).toContain('Initialized');
    const held = call(cam, 'pullMessages', {});
    await new Promise((resolve) => setTimeout(resolve, 150));
    camera.setMotion(true);
    const answer = JSON.stringify(await held);
    expect(answer).toContain('MotionAlarm');
    expect(answer).toContain('Changed');
    await call(cam, 'renew', {});
    await call(cam, 'unsubscribe');
    expect(camera.state().subscriptions).toBe(0);
  });

  test('a pull without news ends after its own time', async () => {
    const camera = await testCamera();
    await soap(
      camera,
      '<CreatePullPointSubscription xmlns="http://www.onvif.org/ver10/events/wsdl"/>',
      {},
      '/onvif/event_service',
    );
    await soap(camera, PULL('PT1S'), {}, '/onvif/subscription/1');
    const startMs = performance.now();
    const answer = await soap(camera, PULL('PT0.3S'), {}, '/onvif/subscription/1');
    expect(performance.now() - startMs).toBeGreaterThan(280);
    expect(answer.text).not.toContain('NotificationMessage');
  });

  test('subscriptions end by themselves, by a reboot, and are limited', async () => {
    const camera = await testCamera();
    const create = (life: string) =>
      soap(
        camera,
        `<CreatePullPointSubscription><InitialTerminationTime>${life}</InitialTerminationTime></CreatePullPointSubscription>`,
        {},
        '/onvif/event_service',
      );
    await create('PT0.2S');
    await expect.poll(async () => (await soap(camera, PULL('PT0S'), {}, '/onvif/subscription/1')).status).toBe(400);
    for (let count = 0; count < 5; count++) expect((await create('PT1M')).status).toBe(200);
    expect((await create('PT1M')).status).toBe(500);
    await camera.reboot(50);
    expect((await soap(camera, PULL('PT0S'), {}, '/onvif/subscription/2')).status).toBe(400);
    expect(camera.state().subscriptions).toBe(0);
  });
});

test('SystemReboot takes the camera away and brings it back', async () => {
  const camera = await testCamera();
  camera.setRebootTime(300);
  expect(await call(await connect(camera), 'systemReboot')).toBe('Rebooting');
  await expect
    .poll(
      () =>
        RtspClient.open(camera.rtspUrl).then(
          () => 'open',
          () => 'closed',
        ),
      { interval: 20 },
    )
    .toBe('closed');
  await expect.poll(() => camera.state().boot, { timeout: 3_000 }).toBe(1);
  await expect
    .poll(() =>
      RtspClient.open(camera.rtspUrl).then(
        () => 'open',
        () => 'closed',
      ),
    )
    .toBe('open');
});

test.each([
  ['no XML', 'hello'],
  ['a document type', '<!DOCTYPE x [<!ENTITY a "b">]><Envelope><Body><GetServices/></Body></Envelope>'],
  ['an empty body', '<Envelope><Body/></Envelope>'],
])('%s is answered with a fault', async (_, body) => {
  const { host, port } = (await testCamera()).onvifAddress ?? { host: '', port: 0 };
  const answer = await fetch(`http://${host}:${port}/onvif/device_service`, { method: 'POST', body });
  expect(answer.status).toBe(400);
  expect(await answer.text()).toContain('ter:WellFormed');
});

test('an operation nobody knows is refused as not supported', async () => {
  const answer = await soap(await testCamera(), '<SetImagingSettings/>', {});
  expect(answer.status).toBe(500);
  expect(answer.text).toContain('ter:ActionNotSupported');
});
