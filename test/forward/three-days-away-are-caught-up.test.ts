import { afterEach, beforeEach, expect, test } from 'vitest';
import { PlainCentre } from './plain-centre.ts';
import { Scene, until } from './scene.ts';

let scene: Scene;
beforeEach(() => {
  scene = new Scene();
});
afterEach(() => scene.end());

test('three days offline, clock stepped meanwhile: everything announced without gaps, each delivered once, newest soon', async () => {
  const { url } = await scene.broker('mosquitto', ['set_tcp_nodelay true']);
  const DAY_MS = 86_400_000;
  const count = 259;
  // One segment for each quarter of an hour or so of three days, compressed; the wall clock jumps back in the middle.
  for (let i = 0; i < count; i++) {
    const jump = i > count / 2 ? -DAY_MS : 0;
    const wallMs = 1_795_276_800_000 + i * 1_000_000 + jump;
    const from = { wallMs, monoMs: i * 1_000_000, boot: 'b' };
    await scene.outbox.seal(400, { from, to: { ...from, wallMs: wallMs + 10_000, monoMs: from.monoMs + 10_000 } });
  }
  const centre = await PlainCentre.begin(scene, url);
  const order: number[] = [];
  centre.onEnd = (seg) => {
    order.push(scene.outbox.item(seg)?.siteSeq ?? 0);
    // A receipt that is late, one that comes twice, and one that never comes by itself.
    if (order.length % 50 === 7) centre.held.add(seg);
    else centre.sign(seg);
    if (order.length % 3 === 0) centre.sign(seg);
  };
  await centre.introduce({ announce: 'all' });
  scene.forwarder(url, { trust: centre.trust });
  await until('the newest is there', () => order.includes(count), 10_000);
  expect(order.length).toBeLessThan(10);
  await scene.delivered(50_000);
  const numbers = new Set(centre.announced.map(({ siteSeq }) => siteSeq));
  expect(numbers.size).toBe(count);
  expect(new Set(order).size).toBe(count);
  expect(order).toHaveLength(count);
  for (const list of scene.outbox.receipts.values()) expect(list).toHaveLength(1);
  expect(scene.siteEar.alarms('receipt-refused')).toEqual([]);
});
