// The fault switches by name: `Qnn.name` as in the list of camera quirks in README.md, each with the values it takes. The control
// socket uses this table; code in the same process calls the methods of VirtualDevice.

import type { UriOverride, VirtualDevice } from './device.ts';
import type { StreamChoice } from './rtsp-session.ts';
import type { RtspChallenge } from './spec.ts';

type Values = Readonly<Record<string, unknown>>;
type Switch = (device: VirtualDevice, values: Values) => void | Promise<void>;

export const SWITCHES: Readonly<Record<string, Switch>> = {
  'Q01.drop': (device) => device.drop(),
  'Q01.reboot': (device, values) => device.reboot(optionalNumber(values, 'awayMs')),
  'Q01.reset': (device) => device.reset(),
  'Q01.goDeaf': (device) => device.goDeaf(),
  'Q01.hearAgain': (device) => device.hearAgain(),
  'Q01.leave': (device) => device.leave(),
  'Q01.comeBack': (device) => device.comeBack(),
  'Q02.freeze': (device, values) =>
    device.freeze(oneOf(values, 'what', ['packets', 'picture', 'video', 'audio', 'off'] as const)),
  'Q02.holdBack': (device, values) => device.holdBack(number(values, 'ms')),
  'Q03.clockOffset': (device, values) => device.setClockOffset(number(values, 'offsetMs')),
  'Q03.clockDrift': (device, values) => device.clock.setDrift(number(values, 'ppm')),
  'Q03.createdWindow': (device, values) => device.setCreatedWindow(number(values, 'windowMs')),
  'Q04.stepClock': (device, values) => device.stepClock(number(values, 'byMs')),
  'Q04.jumpTimestamps': (device, values) => device.jumpTimestamps(number(values, 'byMs'), stream(values)),
  'Q04.restartTimestamps': (device, values) => device.restartTimestamps(stream(values)),
  'Q04.newSsrc': (device, values) => device.newSsrc(stream(values)),
  'Q05.audio': (device, values) =>
    device.setAudio(oneOf(values, 'codec', ['aac', 'pcma', 'pcmu', 'l16', 'opus', 'none'] as const)),
  'Q06.uri': (device, values) => {
    const host = values['host'] === undefined ? {} : { host: text(values, 'host') };
    const rtsp = values['rtspPort'] === undefined ? {} : { rtspPort: number(values, 'rtspPort') };
    const http = values['httpPort'] === undefined ? {} : { httpPort: number(values, 'httpPort') };
    device.setUri({ ...host, ...rtsp, ...http } satisfies UriOverride);
  },
  'Q07.account': (device, values) => device.setAccount(text(values, 'user'), text(values, 'password')),
  'Q08.lockAfter': (device, values) => device.setLockAfter(number(values, 'tries'), optionalNumber(values, 'lockS')),
  'Q08.unlock': (device) => device.unlock(),
  'Q09.maxSessions': (device, values) =>
    device.setMaxSessions(number(values, 'max'), values['status'] === 503 ? 503 : 453),
  'Q09.linger': (device, values) => device.setLinger(number(values, 'lingerS')),
  'Q10.transport': (device, values) =>
    device.setTransport(oneOf(values, 'choice', ['both', 'tcp-only', 'udp-only'] as const)),
  'Q16.rtspAuth': (device, values) => device.setRtspAuth(challenges(values)),
  'Q18.timeZone': (device, values) => {
    device.clock.timeZone = typeof values['timeZone'] === 'string' ? values['timeZone'] : '';
  },
  'Q20.osdLimits': (device, values) => device.setOsdLimits(number(values, 'max'), number(values, 'textLength')),
  'Q21.sessionTimeout': (device, values) => device.setSessionTimeout(number(values, 'timeoutS')),
  'Q22.sprop': (device, values) => device.setSprop(oneOf(values, 'sprop', ['sdp', 'none'] as const)),
  'Q22.changeVideo': (device, values) => {
    const numbers = ['width', 'height', 'bitrateKbps', 'bFrames'].filter((key) => values[key] !== undefined);
    const codec = values['codec'] === undefined ? {} : { codec: oneOf(values, 'codec', ['h264', 'h265'] as const) };
    return device.changeVideo({ ...Object.fromEntries(numbers.map((key) => [key, number(values, key)])), ...codec });
  },
  'Q24.fpsJitter': (device, values) => device.setFpsJitter(number(values, 'jitterMs')),
  'Q24.drift': (device, values) => device.setDrift(number(values, 'ppm')),
  'Q28.loss': (device, values) => device.setLoss(number(values, 'loseEvery')),
  motion: (device, values) => device.setMotion(values['on'] === true),
};

/** Throws a switch by name. @throws Error when the name or a value is not right. */
export async function throwSwitch(device: VirtualDevice, name: string, values: Values): Promise<void> {
  const run = SWITCHES[name];
  if (run === undefined) throw new Error(`There is no switch ${name}; there are ${Object.keys(SWITCHES).join(', ')}.`);
  await run(device, values);
}

function number(values: Values, key: string): number {
  const value = values[key];
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new Error(`${key} must be a number.`);
  return value;
}

function stream(values: Values): StreamChoice {
  return values['stream'] === undefined ? 'both' : oneOf(values, 'stream', ['both', 'video', 'audio'] as const);
}

function optionalNumber(values: Values, key: string): number | undefined {
  return values[key] === undefined ? undefined : number(values, key);
}

function text(values: Values, key: string): string {
  const value = values[key];
  if (typeof value !== 'string' || value === '') throw new Error(`${key} must be a text that is not empty.`);
  return value;
}

function oneOf<const Choice extends string>(values: Values, key: string, choices: readonly Choice[]): Choice {
  const found = choices.find((choice) => choice === values[key]);
  if (found === undefined) throw new Error(`${key} must be one of ${choices.join(', ')}.`);
  return found;
}

function challenges(values: Values): RtspChallenge[] {
  const list = values['challenges'];
  if (!Array.isArray(list)) throw new Error('challenges must be a list.');
  return list.map((entry: unknown) => oneOf({ entry }, 'entry', ['basic', 'digest-md5', 'digest-sha256'] as const));
}
