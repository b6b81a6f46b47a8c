/** Who brings the same files from here to there, each once: the product by each of its routes, and what it is compared with. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReadyFile } from '../forward/backlog.ts';
import { freePort } from '../forward/scene.ts';
import type { BareMqttOrder } from './bare-mqtt.ts';
import type { BarePutOrder } from './bare-put.ts';
import { Child } from './child.ts';
import { startBroker, startBucket, startCentre, startSite } from './forward-line.ts';
import { backlogOf } from './forward-load.ts';
import { cpuSeconds, forgetPeak, peakBytes } from './processes.ts';
import type { Scene } from './scene.ts';

const TURN_MS_MAX = 1_800_000;

/** What one contender needed for the files. */
export interface Turn {
  readonly contender: string;
  readonly seconds: number;
  readonly bytes: number;
  readonly processes: readonly { readonly name: string; readonly cpuS: number; readonly peakBytes: number }[];
}

export interface Contender {
  readonly name: string;
  run(scene: Scene, files: readonly ReadyFile[]): Promise<Turn>;
}

interface Working {
  readonly [name: string]: Child;
}

/** Takes the time and the processors' time from `begin` to the end of `done`. */
async function measured(
  contender: string,
  files: readonly ReadyFile[],
  working: Working,
  begin: () => void,
  done: () => Promise<unknown>,
): Promise<Turn> {
  const children = Object.entries(working);
  for (const [, { pid }] of children) await forgetPeak(pid);
  const before = await Promise.all(children.map(([, { pid }]) => cpuSeconds(pid)));
  const began = performance.now();
  begin();
  await done();
  const seconds = (performance.now() - began) / 1_000;
  const after = await Promise.all(children.map(([, { pid }]) => cpuSeconds(pid)));
  const peaks = await Promise.all(children.map(([, { pid }]) => peakBytes(pid)));
  return {
    ...{ contender, seconds, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) },
    processes: children.map(([name], at) => ({
      name,
      cpuS: (after[at] ?? Number.NaN) - (before[at] ?? Number.NaN),
      peakBytes: peaks[at] ?? Number.NaN,
    })),
  };
}

/** From the site's first word to the receipt of its last segment. */
function drained(
  name: string,
  files: readonly ReadyFile[],
  working: Working & { readonly site: Child },
): Promise<Turn> {
  const { site } = working;
  return measured(
    name,
    files,
    working,
    () => site.ask({ begin: true }),
    () => site.until('empty', TURN_MS_MAX),
  );
}

/** The product by route B: verified, synced, journaled, and the signed receipt checked and journaled at the site. */
export const OURS: Contender = {
  name: 'route B',
  async run(scene, files) {
    const data = await backlogOf(scene, files);
    const broker = await startBroker(scene);
    const centre = await startCentre(scene, broker);
    const site = await startSite(scene, broker, { data, keys: centre.keys });
    return drained(OURS.name, files, { site, broker: broker.child, centre: centre.child });
  },
};

/** The product by route C: the site puts each file into the bucket, and the centre signs for what the bucket says it has. */
export const ROUTE_C: Contender = {
  name: 'route C',
  async run(scene, files) {
    const data = await backlogOf(scene, files);
    const broker = await startBroker(scene);
    const bucket = await startBucket(scene);
    const centre = await startCentre(scene, broker, { route: 'C', bucketPort: bucket.port });
    const site = await startSite(scene, broker, { data, keys: centre.keys });
    return drained('route C', files, { site, broker: broker.child, bucket: bucket.child, centre: centre.child });
  },
};

/** The product by route D: the centre fetches each file from the site into its folder. */
export const ROUTE_D: Contender = {
  name: 'route D',
  async run(scene, files) {
    const data = await backlogOf(scene, files);
    const broker = await startBroker(scene);
    const pullPort = await freePort();
    const centre = await startCentre(scene, broker, { route: 'D', pullPort });
    const site = await startSite(scene, broker, { data, keys: centre.keys, pullPort });
    return drained('route D', files, { site, broker: broker.child, centre: centre.child });
  },
};

export const BARE_MQTT: Contender = {
  name: 'bare MQTT',
  async run(scene, files) {
    const broker = await startBroker(scene);
    const folder = await scene.newFolder();
    const order: Omit<BareMqttOrder, 'role'> = { broker: broker.url, files, folder };
    const subscriber = Child.node(scene, 'bare-mqtt.js', { ...order, role: 'subscriber' });
    const publisher = Child.node(scene, 'bare-mqtt.js', { ...order, role: 'publisher' });
    await subscriber.until('ready');
    await publisher.until('ready');
    return measured(
      BARE_MQTT.name,
      files,
      { publisher, broker: broker.child, subscriber },
      () => publisher.ask({ begin: true }),
      () => subscriber.until('done', TURN_MS_MAX),
    );
  },
};

export const BARE_HTTP: Contender = {
  name: 'bare HTTP PUT',
  async run(scene, files) {
    const bucket = await startBucket(scene);
    const order: BarePutOrder = { files, port: bucket.port };
    const client = Child.node(scene, 'bare-put.js', order);
    await client.until('ready');
    return measured(
      BARE_HTTP.name,
      files,
      { client, bucket: bucket.child },
      () => client.ask({ begin: true }),
      () => client.until('done', TURN_MS_MAX),
    );
  },
};

/** What a person would type. The shell waits for all three, so that their time is its own. */
const COPY = 'read go; cp -- "$@" . && sha256sum -- * >/dev/null && sync -f . && echo \'{"done":true}\'; read end';
export const COPY_AND_HASH: Contender = {
  name: 'cp, sha256sum, sync',
  async run(scene, files) {
    const folder = join(await scene.newFolder(), 'copy');
    await mkdir(folder);
    const names = files.map(({ path }) => path);
    const shell = Child.start(scene, 'env', ['-C', folder, 'sh', '-c', COPY, 'copy', ...names]);
    return measured(
      COPY_AND_HASH.name,
      files,
      { shell },
      () => shell.ask({ begin: true }),
      () => shell.until('done', TURN_MS_MAX),
    );
  },
};
