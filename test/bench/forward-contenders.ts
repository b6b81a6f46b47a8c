/** Who brings the same files from here to there, each once: the product by each of its routes, and what it is compared with. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReadyFile } from '../forward/backlog.ts';
import type { BareHttpOrder } from './bare-http.ts';
import type { BareMqttOrder } from './bare-mqtt.ts';
import { Child } from './child.ts';
import { startBroker, startCentre, startPlainReceiver, startSite } from './forward-line.ts';
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

/** The product by route B: verified, synced, journaled, and the signed receipt checked and journaled at the site. */
export const OURS: Contender = {
  name: 'route B',
  async run(scene, files) {
    const data = await backlogOf(scene, files);
    const broker = await startBroker(scene);
    const centre = await startCentre(scene, broker);
    const site = await startSite(scene, broker, { data, keys: centre.keys });
    const working = { site, broker: broker.child, centre: centre.child };
    return measured(
      OURS.name,
      files,
      working,
      () => site.ask({ begin: true }),
      () => site.until('empty', TURN_MS_MAX),
    );
  },
};

/** Routes C and D towards a receiver of whole files. */
function byWholeFiles(route: 'C' | 'D'): Contender {
  const name = `route ${route}`;
  return {
    name,
    async run(scene, files) {
      const data = await backlogOf(scene, files);
      const broker = await startBroker(scene);
      const receiver = await startPlainReceiver(scene, broker, route);
      const site = await startSite(scene, broker, { data, keys: receiver.keys, pulls: route === 'D' });
      const working = { site, broker: broker.child, receiver: receiver.child };
      return measured(
        name,
        files,
        working,
        () => site.ask({ begin: true }),
        () => site.until('empty', TURN_MS_MAX),
      );
    },
  };
}
export const ROUTE_C = byWholeFiles('C');
export const ROUTE_D = byWholeFiles('D');

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
    const folder = await scene.newFolder();
    const order: BareHttpOrder = { role: 'server', files, folder, port: 0 };
    const server = Child.node(scene, 'bare-http.js', order);
    const { port } = await server.until('ready');
    const client = Child.node(scene, 'bare-http.js', { ...order, role: 'client', port });
    await client.until('ready');
    return measured(
      BARE_HTTP.name,
      files,
      { client, server },
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
