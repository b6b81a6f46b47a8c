/** The one-machine default: what runs when nobody has written a site file. One hearing room, two cameras and a microphone, all virtual. */
import { resolve } from 'node:path';
import { AppError } from '../core/errors.ts';
import { brokerUrlOf, deepFreeze } from './load.ts';
import { Login } from './login.ts';
import { type Config, DEFAULT_HOST, DEFAULT_PORT } from './schema.ts';

const PORT_MAX = 65_535;

/** A virtual device's address (`host:port` of ONVIF, or an RTSP address without login) and its login. */
export interface DemoDevice {
  readonly address: string;
  readonly user: string;
  readonly password: string;
}

export interface DemoPlace {
  /** Absolute data folder. */
  readonly data: string;
  /** Folder of the reference centre on this machine. */
  readonly centre: string;
  /** Port of panel and API. */
  readonly port: number;
  readonly brokerPort: number;
  readonly devices: { readonly panorama: DemoDevice; readonly evidence: DemoDevice; readonly microphone: DemoDevice };
}

/** The configuration of the one-machine default, frozen. */
export function demoConfig(place: DemoPlace): Config {
  const { panorama, evidence, microphone } = place.devices;
  const loginOf = ({ user, password }: DemoDevice): Login => new Login(user, password);
  const embeddedBroker = { host: DEFAULT_HOST, port: place.brokerPort };
  const common = { room: 'hearing-1', mandatory: true, transport: 'auto', audio: 'auto' } as const;
  return deepFreeze<Config>({
    site: { id: 'demo', name: '演示站点', nameEn: 'Demonstration site', demo: true },
    listen: { host: DEFAULT_HOST, port: place.port },
    storage: { data: place.data },
    recording: { preRollS: 10, postRollS: 5, segmentS: 10, armedForS: 60 },
    mqtt: { url: brokerUrlOf(embeddedBroker), login: null, embeddedBroker },
    centre: { folder: place.centre },
    centreKeyFile: null,
    rooms: [{ id: 'hearing-1', name: '第一听证室', nameEn: 'Hearing Room 1' }],
    devices: [
      {
        ...common,
        id: 'panorama',
        name: '全景',
        kind: 'camera',
        source: { onvif: panorama.address },
        login: loginOf(panorama),
      },
      {
        ...common,
        id: 'evidence',
        name: '证据台',
        kind: 'camera',
        source: { onvif: evidence.address },
        login: loginOf(evidence),
      },
      {
        ...common,
        id: 'microphone',
        name: '话筒',
        kind: 'microphone',
        source: { rtsp: microphone.address },
        login: loginOf(microphone),
      },
    ],
    people: [
      { id: 'clerk', name: '书记员', role: 'clerk', rooms: ['hearing-1'] },
      { id: 'technician', name: '技术员', role: 'technician', rooms: 'all' },
      { id: 'administrator', name: '管理员', role: 'administrator', rooms: 'all' },
    ],
  });
}

/**
 * Where the one-machine default lives: `QUANCHENG_DATA` (a folder, against the working folder when relative) and
 * `QUANCHENG_PORT`, or `data` in the working folder and the usual port. Throws `bad-config` for a port that is none.
 */
export function demoPlaceOf(
  env: { readonly QUANCHENG_DATA?: string | undefined; readonly QUANCHENG_PORT?: string | undefined },
  workingFolder: string,
): { readonly data: string; readonly port: number } {
  const asked = env.QUANCHENG_PORT;
  const port = asked === undefined || asked === '' ? DEFAULT_PORT : Number(asked);
  if (!Number.isInteger(port) || port < 1 || port > PORT_MAX) {
    const message = `must be a port from 1 to ${PORT_MAX} (value: "${asked}")`;
    throw new AppError('bad-config', `QUANCHENG_PORT ${message}`, { fields: [{ field: 'QUANCHENG_PORT', message }] });
  }
  const data = env.QUANCHENG_DATA;
  return { data: resolve(workingFolder, data === undefined || data === '' ? 'data' : data), port };
}
