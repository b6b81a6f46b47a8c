import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { StoredFact } from '../../controller/central/facts.ts';
import { sha256 } from '../../controller/core/chain.ts';
import { indexOf } from './centre-index.ts';
import { Scene, SITE, until } from './scene.ts';

let scene: Scene;
beforeEach(() => {
  scene = new Scene();
});
afterEach(() => scene.end());

describe.each(['aedes', 'mosquitto'] as const)('over %s', (kind) => {
  test('thirty segments arrive whole, each once, each with a receipt that was checked', async () => {
    const { url } = await scene.broker(kind);
    await scene.outbox.sealMany(30, 700_000);
    await scene.centre(url);
    const forwarder = scene.forwarder(url);
    await scene.delivered();
    await until('the link is connected', () => forwarder.link().state === 'connected');
    const stored = (await indexOf(scene.centreFolder)).filter((fact): fact is StoredFact => fact.type === 'stored');
    expect(stored.map(({ seg }) => seg).sort()).toEqual(scene.outbox.items.map(({ segment }) => segment.seg).sort());
    for (const { segment } of scene.outbox.items) {
      const fact = stored.find(({ seg }) => seg === segment.seg);
      expect(fact?.path.startsWith(`${SITE}/cam-02/${segment.run}/cam-02_`)).toBe(true);
      expect(sha256(readFileSync(join(scene.centreFolder, fact?.path ?? '')))).toBe(segment.sha256);
      expect(scene.outbox.receipts.get(segment.seg)).toEqual([fact?.receipt]);
    }
    expect(scene.siteEar.said.filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('from sealed to receipt takes well below a second when idle', async () => {
    const { url } = await scene.broker(kind);
    await scene.centre(url);
    const forwarder = scene.forwarder(url);
    await until('the link is connected', () => forwarder.link().state === 'connected');
    const tookMs: number[] = [];
    for (let i = 0; i < 5; i++) {
      const begun = performance.now();
      await scene.outbox.seal(2_000_000);
      await scene.delivered();
      tookMs.push(performance.now() - begun);
    }
    expect(Math.min(...tookMs)).toBeLessThan(800);
  });
});
