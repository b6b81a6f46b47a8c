/** The one-machine default as a site file like any other: one hearing room with two cameras and a microphone, all virtual. */
import { stringify } from 'yaml';
import { DEFAULT_HOST } from './schema.ts';

/** A virtual device's address (`host:port` of ONVIF, or an RTSP address without login). */
export interface DemoPlace {
  /** Absolute data folder. */
  readonly data: string;
  /** Folder of the reference centre on this machine. */
  readonly centre: string;
  /** Port of panel and API. */
  readonly port: number;
  /** Port of the centre's page. */
  readonly centrePort: number;
  readonly brokerPort: number;
  readonly devices: { readonly panorama: string; readonly evidence: string; readonly microphone: string };
  /** The login that all virtual devices ask for. */
  readonly login: { readonly user: string; readonly password: string };
}

/** Texts of `site.yaml` and of the `secrets.yaml` beside it. */
export function demoSite(place: DemoPlace): { readonly site: string; readonly secrets: string } {
  const device = { room: 'hearing-1', login: 'virtual' };
  const site = {
    site: { id: 'demo', name: '演示站点', nameEn: 'Demonstration site', demo: true },
    listen: { host: DEFAULT_HOST, port: place.port },
    // Nobody but this machine reaches it, and it shall open without ceremony.
    login: { unpaired: 'pin' },
    storage: { data: place.data },
    mqtt: { embeddedBroker: { host: DEFAULT_HOST, port: place.brokerPort } },
    centre: { folder: place.centre, listen: { host: DEFAULT_HOST, port: place.centrePort } },
    secrets: 'secrets.yaml',
    rooms: [{ id: 'hearing-1', name: '第一听证室', nameEn: 'Hearing Room 1' }],
    devices: [
      { ...device, id: 'panorama', name: '全景', kind: 'camera', source: { onvif: place.devices.panorama } },
      { ...device, id: 'evidence', name: '证据台', kind: 'camera', source: { onvif: place.devices.evidence } },
      { ...device, id: 'microphone', name: '话筒', kind: 'microphone', source: { rtsp: place.devices.microphone } },
    ],
    // Whoever opens their addresses sees them; nobody misses them.
    displays: [
      { id: 'hearing-1-door', name: '第一听证室门外', room: 'hearing-1', mandatory: false },
      { id: 'hall-entrance', name: '大厅入口', shows: 'hall', mandatory: false },
    ],
    people: [
      { id: 'clerk', name: '书记员', role: 'clerk', rooms: ['hearing-1'] },
      { id: 'technician', name: '技术员', role: 'technician', rooms: 'all' },
      { id: 'administrator', name: '管理员', role: 'administrator', rooms: 'all' },
    ],
  };
  const head =
    '# Written by quancheng demo at each start; a site of its own starts from controller/config/sample.yaml.\n';
  return { site: head + stringify(site), secrets: stringify({ logins: { virtual: place.login } }) };
}
