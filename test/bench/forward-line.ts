/** The product's own way from site to centre, every process by itself: mosquitto, `quancheng central`, and the forwarding site. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { publicKeysFileOf } from '../../controller/central/folders.ts';
import type { RouteName } from '../../controller/core/hrc.ts';
import { freePort, slowWayTo } from '../forward/scene.ts';
import type { BucketOrder } from './bucket.ts';
import { Child } from './child.ts';
import { SITE } from './forward-load.ts';
import type { SiteOrder } from './forwarding-site.ts';
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

/** What a centre has beside its folder: the ways it takes bytes by, its bucket, where its site may be fetched from. */
export interface CentreWays {
  readonly route: RouteName;
  readonly bucketPort?: number;
  readonly pullPort?: number;
}

/** The built program as a centre of its own; answers the process and the file with its public keys. */
export async function startCentre(
  scene: Scene,
  broker: Broker,
  { route, bucketPort, pullPort }: CentreWays = { route: 'B' },
): Promise<{ child: Child; keys: string }> {
  const folder = await scene.newFolder();
  const centre = join(folder, 'centre');
  const config = join(folder, 'centre.yaml');
  const bucket = { endpoint: `http://127.0.0.1:${bucketPort}`, bucket: 'evidence', login: 'bucket' };
  const ways = {
    routes: [route],
    ...(bucketPort === undefined ? {} : { store: bucket }),
    ...(pullPort === undefined ? {} : { pullFrom: { [SITE]: [`http://127.0.0.1:${pullPort}`] } }),
  };
  const text = stringify({ centre: { folder: centre, ...ways }, mqtt: { url: broker.url }, secrets: 'secrets.yaml' });
  await writeFile(config, text);
  const logins = { bucket: { user: 'bench', password: 'not looked at' } };
  await writeFile(join(folder, 'secrets.yaml'), stringify({ logins }), { mode: 0o600 });
  const flags = scene.options.nodeFlags;
  const child = Child.start(scene, process.execPath, [...flags, scene.program, 'central', '--config', config]);
  await child.untilSaid('ready ');
  return { child, keys: publicKeysFileOf(centre) };
}

/** The store that stands behind route C and the bare PUT (bucket.ts). */
export async function startBucket(scene: Scene): Promise<{ child: Child; port: number }> {
  const order: BucketOrder = { folder: await scene.newFolder() };
  const child = Child.node(scene, 'bucket.js', order);
  return { child, port: Number((await child.until('port'))['port']) };
}

/** The site with a data folder; it does not connect before it is told `begin`. `bytesPerS`: its way to the broker is no faster. */
export async function startSite(
  scene: Scene,
  broker: Broker,
  order: Pick<SiteOrder, 'data' | 'keys'> & { readonly pullPort?: number; readonly bytesPerS?: number },
): Promise<Child> {
  const { data, keys, pullPort, bytesPerS } = order;
  let url = broker.url;
  if (bytesPerS !== undefined) {
    const slow = await slowWayTo(broker.port, bytesPerS);
    scene.atEnd(async () => slow.close());
    url = slow.url;
  }
  const given: SiteOrder = { data, site: SITE, broker: url, keys };
  const child = Child.node(scene, 'forwarding-site.js', pullPort === undefined ? given : { ...given, pullPort });
  await child.until('ready');
  return child;
}
