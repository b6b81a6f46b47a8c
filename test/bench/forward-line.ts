/** The product's own way from site to centre, every process by itself: mosquitto, `quancheng central`, and the forwarding site. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { publicKeysFileOf } from '../../controller/central/folders.ts';
import { freePort, slowWayTo } from '../forward/scene.ts';
import { Child } from './child.ts';
import { SITE } from './forward-load.ts';
import type { SiteOrder } from './forwarding-site.ts';
import type { PlainReceiverOrder } from './plain-receiver.ts';
import type { Scene } from './scene.ts';

const MOSQUITTO = '/usr/sbin/mosquitto';

export interface Broker {
  readonly child: Child;
  readonly port: number;
  readonly url: string;
}

/** As systemd/mosquitto has it; with queues without end, because a bare publisher has no other way to lose nothing. */
export async function startBroker(scene: Scene): Promise<Broker> {
  const port = await freePort();
  const file = join(await scene.newFolder(), 'mosquitto.conf');
  const settings = ['allow_anonymous true', 'set_tcp_nodelay true', 'max_queued_messages 0', 'max_queued_bytes 0'];
  await writeFile(file, [`listener ${port} 127.0.0.1`, ...settings, ''].join('\n'));
  const child = Child.start(scene, MOSQUITTO, ['-c', file]);
  await child.untilSaid('running');
  return { child, port, url: `mqtt://127.0.0.1:${port}` };
}

/** The built program as a centre; answers the process and the file with its public keys. */
export async function startCentre(scene: Scene, broker: Broker): Promise<{ child: Child; keys: string }> {
  const folder = await scene.newFolder();
  const centre = join(folder, 'centre');
  const config = join(folder, 'site.yaml');
  const room = { id: 'hearing-1', name: '第一听证室', nameEn: 'Hearing Room 1' };
  const camera = { id: 'cam-1', room: room.id, name: '全景', kind: 'camera', source: { rtsp: 'rtsp://127.0.0.1/' } };
  const site = {
    site: { id: SITE, name: '测量', nameEn: 'Measurement' },
    storage: { data: join(folder, 'data') },
    mqtt: { url: broker.url },
    centre: { folder: centre },
    rooms: [room],
    devices: [camera],
    people: [{ id: 'clerk', name: '书记员', role: 'clerk', rooms: 'all' }],
  };
  await writeFile(config, stringify(site));
  const flags = scene.options.nodeFlags;
  const child = Child.start(scene, process.execPath, [...flags, scene.program, 'central', '--config', config]);
  await child.untilSaid('ready ');
  return { child, keys: publicKeysFileOf(centre) };
}

/** A centre for route C or D, which takes whole files (plain-receiver.ts). */
export async function startPlainReceiver(
  scene: Scene,
  broker: Broker,
  route: PlainReceiverOrder['route'],
): Promise<{ child: Child; keys: string }> {
  const folder = await scene.newFolder();
  const keys = join(folder, 'keys.json');
  const stored = join(folder, 'stored');
  await mkdir(stored);
  const order: PlainReceiverOrder = { broker: broker.url, route, folder: stored, keys };
  const child = Child.node(scene, 'plain-receiver.js', order);
  await child.until('ready');
  return { child, keys };
}

/** The site with a data folder; it does not connect before it is told `begin`. `bytesPerS`: its way to the broker is no faster. */
export async function startSite(
  scene: Scene,
  broker: Broker,
  order: Pick<SiteOrder, 'data' | 'keys'> & { readonly pulls?: boolean; readonly bytesPerS?: number },
): Promise<Child> {
  const { data, keys, pulls = false, bytesPerS } = order;
  let url = broker.url;
  if (bytesPerS !== undefined) {
    const slow = await slowWayTo(broker.port, bytesPerS);
    scene.atEnd(async () => slow.close());
    url = slow.url;
  }
  const given: SiteOrder = { data, site: SITE, broker: url, keys };
  const child = Child.node(scene, 'forwarding-site.js', pulls ? { ...given, pullPort: await freePort() } : given);
  await child.until('ready');
  return child;
}
