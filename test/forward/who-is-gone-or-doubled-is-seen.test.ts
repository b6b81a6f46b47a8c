import { connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { topicsOf } from '../../controller/core/hrc.ts';
import { FORWARD_TIMING } from '../../controller/forward/timing.ts';
import { indexOf } from './centre-index.ts';
import { Ear, FileOutbox, Scene, SITE, until } from './scene.ts';

/** By then a centre has to know that a site is gone. */
const GONE_SEEN_MS = 30_000;
/** A broker waits half as long again as a client says it is silent at most (MQTT 5, 3.1.2.10). */
const PATIENCE = 1.5;
/** How often mosquitto looks for clients that are silent. */
const LOOKS_EVERY_MS = 5_000;

let scene: Scene;
beforeEach(() => {
  scene = new Scene();
});
afterEach(() => scene.end());

/** A way to a port that can go dead without a word, as a pulled cable does. */
async function wayTo(port: number): Promise<{ url: string; goDead: () => void; close: () => void }> {
  const sockets: Socket[] = [];
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) socket.on('error', () => undefined);
    sockets.push(near, far);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const own = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `mqtt://127.0.0.1:${own}`,
    goDead: () => {
      for (const socket of sockets) {
        socket.unpipe();
        socket.pause();
      }
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

test('a site whose cable is pulled is offline to everybody within 30 s', async () => {
  expect(FORWARD_TIMING.keepaliveS * 1_000 * PATIENCE + LOOKS_EVERY_MS).toBeLessThan(GONE_SEEN_MS);
  const { port, url } = await scene.broker('mosquitto');
  const watcher = await scene.client(url);
  let isOnline = false;
  watcher.on('message', (_topic, payload) => {
    isOnline = (JSON.parse(payload.toString()) as { readonly online: boolean }).online;
  });
  await watcher.subscribeAsync(topicsOf(SITE).state, { qos: 1 });
  const way = await wayTo(port);
  try {
    scene.forwarder(way.url, { timing: { keepaliveS: 1, backoffFirstMs: 60_000, backoffMaxMs: 60_000 } });
    await until('it is there', () => isOnline);
    way.goDead();
    const fromMs = performance.now();
    await until('it is gone', () => !isOnline, 15_000);
    expect(performance.now() - fromMs).toBeLessThan(1_000 * PATIENCE + LOOKS_EVERY_MS + 2_000);
  } finally {
    way.close();
  }
});

describe.each(['mosquitto', 'aedes'] as const)('two controllers under one id over %s', (kind) => {
  test('lose nothing, and are told, although this broker has no word for it', async () => {
    const { url } = await scene.broker(kind);
    await scene.centre(url);
    const other = { outbox: new FileOutbox(scene.root, scene.signer), log: new Ear() };
    await scene.outbox.sealMany(3, 30_000);
    await other.outbox.seal(30_000);
    await other.outbox.seal(30_000);
    // As with a disk that was copied: both are who they say. In a house a minute passes between two turns.
    const timing = { takenOverMs: 900, backoffFirstMs: 600, backoffMaxMs: 900 };
    scene.forwarder(url, { timing });
    scene.forwarder(url, { timing, ...other });
    await until('both delivered everything', () => {
      return [scene.outbox, other.outbox].every((outbox) => outbox.pending(0, 1).length === 0);
    });
    const ears = [scene.siteEar, other.log];
    await until('they are told', () =>
      ears.every((ear) => ear.alarms('broker-away').some(({ message }) => message.includes('another controller'))),
    );
    const segs = [...scene.outbox.items, ...other.outbox.items].map(({ segment }) => segment.seg);
    const stored = (await indexOf(scene.centreFolder)).flatMap((fact) => (fact.type === 'stored' ? fact.seg : []));
    expect(stored.sort()).toEqual(segs.sort());
  });
});
