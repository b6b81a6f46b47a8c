/** Whatever a device answers, the port answers with exact data or one clear error, and nothing escapes. */
import { afterEach, describe, expect, test } from 'vitest';
import { AppError } from '../../../controller/core/errors.ts';
import type { Camera } from '../../../controller/core/ports.ts';
import { onvifCamera } from '../../../devices/onvif/camera.ts';
import {
  type Answer,
  clock,
  fault,
  identity,
  type ScriptedCamera,
  scriptedCamera,
  service,
  envelope as soap,
  tokenIsRight,
} from './scripted-camera.ts';

const LOGIN = { user: 'admin', password: 'right' };
const MEDIA1 = 'http://www.onvif.org/ver10/media/wsdl';
const MEDIA2 = 'http://www.onvif.org/ver20/media/wsdl';
const SERVICES = `<tds:GetServicesResponse>${service(MEDIA1, 'http://0.0.0.0/onvif/media')}</tds:GetServicesResponse>`;
const PROFILE = (token: string, codec: string, width: number) =>
  `<trt:Profiles token="${token}"><tt:Name>主码流</tt:Name><tt:VideoEncoderConfiguration token="v"><tt:Encoding>${codec}</tt:Encoding><tt:Resolution><tt:Width>${width}</tt:Width><tt:Height>720</tt:Height></tt:Resolution></tt:VideoEncoderConfiguration></trt:Profiles>`;
const STREAM = (uri: string) =>
  `<trt:GetStreamUriResponse><trt:MediaUri><tt:Uri>${uri}</tt:Uri></trt:MediaUri></trt:GetStreamUriResponse>`;
const RIGHT: { readonly [call: string]: Answer } = {
  GetSystemDateAndTime: (_request, _body, response) => void response.end(soapClock(0)),
  GetDeviceInformation: identity('5.10', '12345678901234567890'),
  GetServices: SERVICES,
  GetProfiles: `<trt:GetProfilesResponse>${PROFILE('1', 'H264', 1280)}</trt:GetProfilesResponse>`,
  GetStreamUri: STREAM('rtsp://10.0.0.9:5554/live?a=1&amp;b=2'),
};

function soapClock(offsetMs: number): string {
  return `<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" xmlns:tds="d" xmlns:tt="t"><e:Body>${clock(Date.now() + offsetMs)}</e:Body></e:Envelope>`;
}

let device: ScriptedCamera | undefined;
afterEach(async () => {
  await device?.close();
  device = undefined;
});

async function camera(
  answers: { readonly [call: string]: Answer },
  deadlineMs = 3_000,
  login = LOGIN,
): Promise<Camera> {
  device = await scriptedCamera({ ...RIGHT, ...answers });
  return onvifCamera({ address: device.address, login, deadlineMs });
}

async function errorOf(answer: Promise<unknown>): Promise<AppError> {
  const error = await answer.then(
    () => null,
    (error: unknown) => error,
  );
  if (!(error instanceof AppError)) throw new Error(`no AppError but ${error}`);
  return error;
}

describe('exactly what the camera said', () => {
  test('numbers and words that look like other types stay texts', async () => {
    const said = await (await camera({})).identify();
    expect(said).toMatchObject({
      manufacturer: '厂商 & Co',
      model: 'true',
      firmware: '5.10',
      serial: '12345678901234567890',
    });
    expect(Math.abs(said.clockOffsetMs ?? Number.NaN)).toBeLessThan(1_000);
  });

  test('control and direction characters are taken out', async () => {
    const one = await camera({ GetDeviceInformation: identity('1.0\u001b[31m\u202E', 'a\nb') });
    expect(await one.identify()).toMatchObject({ firmware: '1.0 [31m', serial: 'a b' });
  });

  test('a token that is a number stays a text, and one profile alone is a list', async () => {
    expect(await (await camera({})).profiles()).toEqual([
      { token: '1', name: '主码流', codec: 'H264', width: 1280, height: 720, audioCodec: null },
    ]);
  });

  test('no profiles at all are an empty list, and asking for a source says so', async () => {
    const one = await camera({ GetProfiles: '<trt:GetProfilesResponse/>' });
    expect(await one.profiles()).toEqual([]);
    expect(await errorOf(one.source())).toMatchObject({ code: 'camera-no-stream' });
  });
});

describe('the source', () => {
  test('has the configured host, the port and path of the camera, and the login beside the address (Q06)', async () => {
    const source = await (await camera({})).source();
    const { user, password } = LOGIN;
    expect(source).toEqual({
      url: 'rtsp://127.0.0.1:5554/live?a=1&b=2',
      user,
      password,
      transport: 'auto',
      audio: 'auto',
    });
  });

  test('is of the largest picture that can be recorded (Q14)', async () => {
    const list = [PROFILE('sub', 'H264', 640), PROFILE('jpeg', 'JPEG', 4000), PROFILE('main', 'H265', 1920)].join('');
    const one = await camera({ GetProfiles: `<trt:GetProfilesResponse>${list}</trt:GetProfilesResponse>` });
    await one.source();
    expect(device?.bodies.at(-1)).toContain('<ProfileToken>main</ProfileToken>');
    await one.source('sub');
    expect(device?.bodies.at(-1)).toContain('<ProfileToken>sub</ProfileToken>');
    expect(await errorOf(one.source('gone'))).toMatchObject({
      code: 'camera-no-stream',
      message: '127.0.0.1 has no profile gone; it has: sub, jpeg, main',
    });
  });

  test('comes by Media1 where Media2 is announced but broken (Q15)', async () => {
    const both = service(MEDIA1, 'http://h/m1') + service(MEDIA2, 'http://h/m2');
    const one = await camera({
      GetServices: `<tds:GetServicesResponse>${both}</tds:GetServicesResponse>`,
      GetProfiles: (request, _body, response) => {
        if (request.url === '/m2') response.writeHead(500).end();
        else
          response.end(
            `<E><Body>${RIGHT['GetProfiles']}</Body></E>`.replace(/<E>|<\/E>/g, (t) => t.replace('E', 'Envelope')),
          );
      },
    });
    expect((await one.source()).url).toContain(':5554/live');
  });

  test('comes by GetCapabilities from a camera that does not know GetServices', async () => {
    const one = await camera({
      GetServices: fault('ter:ActionNotSupported', 'Optional Action Not Implemented'),
      GetCapabilities:
        '<tds:GetCapabilitiesResponse><tds:Capabilities><tt:Media><tt:XAddr>http://h/m1</tt:XAddr></tt:Media></tds:Capabilities></tds:GetCapabilitiesResponse>',
    });
    expect((await one.source()).url).toContain(':5554/live');
  });
});

describe('logins', () => {
  const odd = { user: '管理员 & <b>"', password: 'p@ss:w/rd#%& 中文' };

  test('user and password of any characters make a right token (Q07)', async () => {
    await (await camera({}, 3_000, odd)).identify();
    const escaped = '管理员 &amp; &lt;b&gt;&quot;';
    expect(tokenIsRight(device?.bodies.at(-1) ?? '', escaped, odd.password)).toBe(true);
  });

  test('the time stamp is by the clock of the camera (Q03)', async () => {
    const hoursMs = 5 * 3_600_000;
    const one = await camera({ GetSystemDateAndTime: (_r, _b, response) => void response.end(soapClock(hoursMs)) });
    const { clockOffsetMs } = await one.identify();
    expect(Math.abs((clockOffsetMs ?? 0) - hoursMs)).toBeLessThan(1_000);
    const created = Date.parse(/<Created[^>]*>([^<]*)</.exec(device?.bodies.at(-1) ?? '')?.[1] ?? '');
    expect(Math.abs(created - Date.now() - hoursMs)).toBeLessThan(1_500);
  });

  test('no login sends none', async () => {
    device = await scriptedCamera(RIGHT);
    await onvifCamera({ address: device.address, login: null }).identify();
    expect(device.bodies.at(-1)).not.toContain('Security');
  });

  test.each([
    ['refused', fault('ter:NotAuthorized', 'Sender not Authorized'), 'camera-refused-login'],
    ['refused by HTTP alone', http(401), 'camera-refused-login'],
    ['locked', fault('ter:NotAuthorized', 'The account is locked, try again in 30 minutes'), 'camera-locked-out'],
    ['of a wrong time', fault('ter:NotAuthorized', 'time check failed'), 'camera-clock-wrong'],
    ['at a busy camera', http(503), 'camera-busy'],
  ])('a login %s is told apart, after one question', async (_, answer, code) => {
    const one = await camera({ GetDeviceInformation: answer });
    const error = await errorOf(one.identify());
    expect(error.code).toBe(code);
    expect(error.message).not.toContain(LOGIN.password);
    expect(device?.calls).toEqual(['GetSystemDateAndTime', 'GetDeviceInformation']);
  });

  test.each(['GetServices', 'GetProfiles'])('a refusal of %s is not followed by another way (Q08)', async (call) => {
    const both = service(MEDIA1, 'http://h/m1') + service(MEDIA2, 'http://h/m2');
    const one = await camera({
      GetServices: `<tds:GetServicesResponse>${both}</tds:GetServicesResponse>`,
      [call]: fault('ter:NotAuthorized', 'Sender not Authorized'),
    });
    expect((await errorOf(one.source())).code).toBe('camera-refused-login');
    expect(device?.calls.at(-1)).toBe(call);
    expect(device?.calls.filter((one) => one === call)).toHaveLength(1);
  });

  test('a refusal by a camera whose clock cannot be read says that it may be the clock', async () => {
    const one = await camera({
      GetSystemDateAndTime: fault('ter:ActionNotSupported', 'no'),
      GetDeviceInformation: fault('ter:NotAuthorized', 'Sender not Authorized'),
    });
    expect(await errorOf(one.identify())).toMatchObject({
      code: 'camera-refused-login',
      message: expect.stringContaining('clock cannot be read'),
    });
  });
});

function http(status: number, content = '<html><body>Error</body></html>'): Answer {
  return (_request, _body, response) => void response.writeHead(status).end(content);
}

describe('nonsense instead of answers (Q29)', () => {
  const bomb = `<!DOCTYPE x [<!ENTITY a "${'a'.repeat(99)}"><!ENTITY b "&a;&a;&a;">]><Envelope><Body><GetDeviceInformationResponse><Model>&b;</Model></GetDeviceInformationResponse></Body></Envelope>`;

  test.each([
    ['an HTML page with 200', http(200)],
    ['an HTML page with 500', http(500)],
    ['an empty answer', http(200, '')],
    ['half an answer', http(200, '<Envelope><Body><GetDevice')],
    ['an answer to another question', '<x:OtherResponse xmlns:x="y"/>'],
    ['a document type', http(200, bomb)],
    [
      'a broken digest challenge',
      (_r: unknown, _b: unknown, response: { writeHead: (s: number, h: object) => { end: () => void } }) =>
        response.writeHead(401, { 'www-authenticate': 'Digest realm' }).end(),
    ],
    ['a cut connection', (request: { socket: { destroy: () => void } }) => request.socket.destroy()],
  ] as readonly (readonly [string, Answer])[])('%s is one clear error', async (_, answer) => {
    const one = await camera({ GetDeviceInformation: answer });
    const error = await errorOf(one.identify());
    expect(['camera-unreachable', 'camera-refused-login']).toContain(error.code);
    expect(error.message).toContain('127.0.0.1');
  });

  test('in place of profiles it is about the stream, and names the call', async () => {
    const error = await errorOf((await camera({ GetProfiles: http(200) })).source());
    expect(error).toMatchObject({ code: 'camera-no-stream', message: expect.stringContaining('GetProfiles') });
  });
});

describe('damage of any kind', () => {
  const flood: Answer = (_request, _body, response) => {
    const piece = Buffer.alloc(64_000, 'a');
    const more = (): void => {
      while (!response.destroyed && response.write(piece));
    };
    response.on('drain', more);
    more();
  };

  test('a flood is cut long before the deadline', async () => {
    const error = await errorOf((await camera({ GetDeviceInformation: flood }, 10_000)).identify());
    expect(error.message).toContain('more than 2000000 bytes came');
  });

  test.each([
    'HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n<Envelope>',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
    'HTTP/1.1 abc\r\n\r\n',
    `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(99_999)}\r\n\r\n`,
    'RTSP/1.0 400 Bad Request\r\n\r\n',
    'HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n',
    'HTTP/1.1 401 No\r\nwww-authenticate: Digest \r\nwww-authenticate: Digest realm="a", nonce=\r\n\r\n',
  ])('broken HTTP is one clear error: %j', async (bytes) => {
    const broken: Answer = (request) => void request.socket.end(bytes);
    const error = await errorOf((await camera({ GetDeviceInformation: broken }, 500)).identify());
    expect(['camera-unreachable', 'camera-refused-login']).toContain(error.code);
  });

  test('answers with bytes cut out, doubled and changed are read or refused, and nothing escapes', async () => {
    const whole = { ...RIGHT };
    let seed = 7;
    const random = (below: number): number => {
      // A generator of its own, so that a failure comes again.
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % below;
    };
    const damaged: Answer = (_request, body, response) => {
      const call = Object.keys(whole).find((name) => body.includes(`<${name} `)) ?? '';
      const right = whole[call];
      let text = typeof right === 'string' ? soap(right) : soapClock(0);
      for (let i = random(4); i > 0; i--) {
        const [at, length] = [random(text.length), random(40)];
        const piece =
          [text.slice(at, at + length).repeat(2), '', '<', '&', '"', '\u0000', '</s:Body>'][random(7)] ?? '';
        text = text.slice(0, at) + piece + text.slice(at + length);
      }
      response.writeHead([200, 200, 200, 400, 401, 500][random(6)] ?? 200).end(text);
    };
    const one = await camera(Object.fromEntries(Object.keys(whole).map((name) => [name, damaged])));
    let answered = 0;
    for (let i = 0; i < 150; i++) {
      const outcome = await [one.identify, one.profiles, one.source][i % 3]?.().then(
        () => 'answer',
        (error: unknown) => (error instanceof AppError ? 'refusal' : error),
      );
      if (outcome === 'answer') answered += 1;
      else expect(outcome).toBe('refusal');
    }
    expect(answered).toBeGreaterThan(10);
    expect(answered).toBeLessThan(140);
  });
});

describe('the deadline', () => {
  test.each([
    ['is silent', () => undefined],
    [
      'sends a byte now and then for ever',
      (
        _request: unknown,
        _body: string,
        response: { write: (text: string) => void; on: (name: string, f: () => void) => void },
      ) => {
        const timer = setInterval(() => response.write(' '), 50);
        response.on('close', () => clearInterval(timer));
      },
    ],
  ] as readonly (readonly [string, Answer])[])(
    'holds at a device that %s, and its connection is cut',
    async (_, answer) => {
      const one = await camera({ GetDeviceInformation: answer }, 400);
      const began = performance.now();
      const error = await errorOf(one.identify());
      expect(error).toMatchObject({ code: 'camera-unreachable', message: '127.0.0.1 does not answer within 400 ms' });
      expect(performance.now() - began).toBeLessThan(1_000);
    },
  );

  test('is not waited for where nobody listens', async () => {
    device = await scriptedCamera({});
    const { address } = device;
    await device.close();
    const error = await errorOf(onvifCamera({ address, login: LOGIN }).identify());
    expect(error).toMatchObject({
      code: 'camera-unreachable',
      message: '127.0.0.1 does not answer GetSystemDateAndTime: ECONNREFUSED',
    });
  });
});
