/** A broker that acknowledges and throws away: the centre misses parts, or hears of no end, and everything comes again. */
import { createServer } from 'node:net';
import { Aedes } from 'aedes';
import { describe, expect, test } from 'vitest';
import { indexOf } from './centre-index.ts';
import { freePort, Scene } from './scene.ts';

const DROPPED = 3;

/** A broker that drops the first messages of a kind on their way to whoever listens. */
async function dropping(topic: RegExp): Promise<{ url: string; dropped: () => number; close: () => void }> {
  let dropped = 0;
  const broker = await Aedes.createBroker({
    authorizeForward: (_client, packet) => {
      if (!topic.test(packet.topic) || dropped === DROPPED) return packet;
      dropped += 1;
      return null;
    },
  });
  const server = createServer(broker.handle);
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const close = () => {
    broker.close();
    server.close();
  };
  return { url: `mqtt://127.0.0.1:${port}`, dropped: () => dropped, close };
}

// They mostly wait: all at once.
describe.concurrent('what a broker acknowledges and drops costs time and loses nothing', () => {
  test.each<[string, RegExp]>([
    ['openings', /\/ft\/[^/]+\/init$/],
    ['chunks', /\/ft\/[^/]+\/\d+\//],
    ['ends', /\/ft\/[^/]+\/fin\//],
    ['announcements', /\/up\/seg$/],
    ['receipts', /\/dn\/receipt$/],
    ['results', /\/dn\/ftr$/],
    ['questions', /\/up\/req\//],
  ])('%s', async (_what, topic) => {
    const scene = new Scene();
    const { url, dropped, close } = await dropping(topic);
    try {
      await scene.centre(url, { limits: { chunkBytesMax: 16_384 } });
      await scene.outbox.sealMany(3, 40_000);
      scene.forwarder(url, { timing: { finResultMs: 300, receiptMs: 200, responseMs: 300 } });
      await scene.delivered(60_000);
      const stored = (await indexOf(scene.centreFolder)).flatMap((fact) => (fact.type === 'stored' ? fact.seg : []));
      expect(stored.sort()).toEqual(scene.outbox.items.map(({ segment }) => segment.seg).sort());
      expect(dropped()).toBeGreaterThan(0);
    } finally {
      await scene.end();
      close();
    }
  });
});
