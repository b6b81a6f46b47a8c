/** Events of a site over real brokers: told in order, once, whatever is lost on the way. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CentreFact } from '../../controller/central/facts.ts';
import { topicsOf } from '../../controller/core/hrc.ts';
import type { EventJournal, EventSource, HrcEvent } from '../../controller/core/hrc-events.ts';
import { payloadOf, publicKeyOf, signJws } from '../../controller/core/jws.ts';
import { type Policy, readPolicy } from '../../controller/core/policy.ts';
import type { PolicyBook } from '../../controller/core/site-archive.ts';
import { ulid } from '../../controller/core/ulid.ts';
import { indexOf } from './centre-index.ts';
import { PlainCentre } from './plain-centre.ts';
import { clock, Scene, SITE, until } from './scene.ts';

type ToldFact = Extract<CentreFact, { type: 'site-told' }>;

/** Events as the index would have them; numbers have holes, because most entries are no events. */
class Diary implements EventSource {
  readonly #events: { readonly [journal in EventJournal]: HrcEvent[] } = { site: [], recorder: [] };
  readonly #listeners: (() => void)[] = [];

  happen(journal: EventJournal, count = 1): void {
    for (let i = 0; i < count; i++) {
      const seq = (this.#events[journal].at(-1)?.seq ?? 0) + 3;
      this.#events[journal].push({ type: 'session-confirmed', session: `${journal}-${seq}`, seq, at: 1_000 + seq });
    }
    for (const listener of this.#listeners) listener();
  }

  last(journal: EventJournal): number {
    return this.#events[journal].at(-1)?.seq ?? 0;
  }

  sessions(journal: EventJournal): string[] {
    return this.#events[journal].flatMap((event) => ('session' in event ? event.session : []));
  }

  events(journal: EventJournal, after: number, limit: number): readonly HrcEvent[] {
    return this.#events[journal].filter(({ seq }) => seq > after).slice(0, limit);
  }

  onEvent(listener: () => void): void {
    this.#listeners.push(listener);
  }
}

let scene: Scene;
let diary: Diary;
beforeEach(() => {
  scene = new Scene();
  diary = new Diary();
});
afterEach(() => scene.end());

/** What a centre wrote down, list by list. */
async function told(): Promise<ToldFact[]> {
  return (await indexOf(scene.centreFolder)).filter((fact): fact is ToldFact => fact.type === 'site-told');
}

const itemsOf = ({ jws }: ToldFact): HrcEvent[] => (payloadOf(jws) as { readonly items: HrcEvent[] }).items;

async function allTold(journal: EventJournal): Promise<void> {
  await until(`everything of ${journal} is told`, async () =>
    (await told()).some((fact) => fact.journal === journal && fact.upTo === diary.last(journal)),
  );
}

test('events are told in order and in bounded lists, go on behind a centre and a site that were away, and once each', async () => {
  const { url } = await scene.broker('mosquitto');
  const first = await scene.centre(url);
  diary.happen('site', 120);
  diary.happen('recorder', 2);
  const site = scene.forwarder(url, { events: diary });
  await allTold('site');
  await allTold('recorder');
  await first.close();
  diary.happen('site', 3);
  await scene.centre(url);
  await allTold('site');
  await site.close();
  diary.happen('recorder', 2);
  scene.forwarder(url, { events: diary });
  await allTold('recorder');
  const lists = await told();
  for (const list of lists) expect(itemsOf(list).length).toBeLessThanOrEqual(50);
  for (const journal of ['site', 'recorder'] as const) {
    const items = lists.filter((list) => list.journal === journal).flatMap(itemsOf);
    expect(items.flatMap((item) => ('session' in item ? item.session : []))).toEqual(diary.sessions(journal));
  }
});

test('small packets make small lists', async () => {
  const { url } = await scene.broker('mosquitto', ['max_packet_size 8192']);
  await scene.centre(url, { limits: { chunkBytesMax: 4_096 } });
  diary.happen('site', 120);
  scene.forwarder(url, { events: diary });
  await allTold('site');
  expect((await told()).length).toBeGreaterThan(2);
});

test('a list that the broker acknowledged and dropped, and an answer that was lost, cost nothing and double nothing', async () => {
  const { url } = await scene.broker('mosquitto');
  const centre = await PlainCentre.begin(scene, url);
  const known = { site: 0, recorder: 0 };
  const taken: string[] = [];
  let asked = 0;
  centre.onRequest = (id, { type, jws }) => {
    if (type !== 'events') return;
    asked += 1;
    // The first two are dropped on the way to the centre; of the third the answer is lost.
    if (asked <= 2) return;
    const { journal, after, items } = payloadOf(String(jws)) as {
      readonly journal: EventJournal;
      readonly after: number;
      readonly items: readonly HrcEvent[];
    };
    if (after <= known[journal])
      for (const item of items) {
        if (item.seq <= known[journal]) continue;
        if ('session' in item) taken.push(item.session);
        known[journal] = item.seq;
      }
    if (asked !== 4) centre.respond(id, { type: 'events', upTo: known });
  };
  diary.happen('site', 2);
  scene.forwarder(url, { trust: centre.trust, events: diary, timing: { responseMs: 150, eventRetryMs: 50 } });
  await centre.introduce();
  await until('all is taken', () => taken.length === 2);
  diary.happen('site');
  await until('what came later too', () => taken.length === 3);
  expect(taken).toEqual(diary.sessions('site'));
});

test('what another key signed, another site says, or begins behind what is known, is not taken', async () => {
  const { url } = await scene.broker('mosquitto');
  await scene.centre(url);
  diary.happen('site', 2);
  scene.forwarder(url, { events: diary });
  await allTold('site');
  const client = await scene.client(url);
  const answers = new Map<string, { readonly err?: { readonly code: string }; readonly upTo?: object }>();
  client.on('message', (topic, payload) => answers.set(topic.split('/').at(-1) ?? '', JSON.parse(payload.toString())));
  await client.subscribeAsync(topicsOf(SITE).response('+'), { qos: 1 });
  const stranger = generateKeyPairSync('ed25519').privateKey;
  const list = (change: object) => ({
    ...{ v: 1, site: SITE, journal: 'site', after: diary.last('site'), items: [] as object[] },
    ...change,
  });
  const event = { type: 'session-cancelled', session: 's', seq: 100, at: 1 };
  const ask = async (jws: unknown) => {
    const id = ulid(clock.now().wallMs, randomBytes(10));
    await client.publishAsync(topicsOf(SITE).request(id), JSON.stringify({ v: 1, type: 'events', jws }), { qos: 1 });
    await until('an answer', () => answers.has(id));
    return answers.get(id);
  };
  const signed = (payload: object) => scene.signer.sign('hrc-event', payload);
  const before = await told();
  expect(await ask(signJws('hrc-event', publicKeyOf(stranger).kid, list({ items: [event] }), stranger))).toMatchObject({
    err: { code: 'HRC-SIG' },
  });
  expect(await ask(scene.signer.sign('hrc-seg', list({ items: [event] })))).toMatchObject({ err: { code: 'HRC-BAD' } });
  expect(await ask(signed(list({ site: 'court-0418', items: [event] })))).toMatchObject({ err: { code: 'HRC-BAD' } });
  expect(await ask(7)).toMatchObject({ err: { code: 'HRC-BAD' } });
  const upTo = { site: diary.last('site'), recorder: 0 };
  expect(await ask(signed(list({ after: 99, items: [event] })))).toMatchObject({ upTo });
  expect(await told()).toEqual(before);
});

test('a policy of the centre is kept as it was signed, is taken once, and only a newer one of our centre replaces it', async () => {
  const { url } = await scene.broker('mosquitto');
  const centre = await PlainCentre.begin(scene, url);
  const kept: string[] = [];
  const policies: PolicyBook = {
    policy: () => readPolicy(payloadOf(kept.at(-1) ?? '')),
    keepPolicy: async (jws) => void kept.push(jws),
  };
  const said = (change: Partial<Policy>, by = centre) => by.jws('hrc-policy', { v: 1, site: SITE, iat: 10, ...change });
  const retained = (jws: string) => centre.leave(topicsOf(SITE).policy, jws);
  const first = said({ uplinkMbps: 3 });
  retained(first);
  await centre.introduce();
  const minDurability = () => policies.policy()?.minDurability ?? 'stored';
  const site = scene.forwarder(url, { trust: centre.trust, policies, minDurability });
  await until('it is kept', () => kept.length === 1);
  await site.close();
  scene.forwarder(url, { trust: centre.trust, policies, minDurability });
  const refused = () => scene.siteEar.alarms('receipt-refused').length;
  retained(said({ uplinkMbps: 3, iat: 11 }));
  retained(said({ uplinkMbps: 9, iat: 9 }));
  retained('');
  const stranger = await PlainCentre.begin(scene, url);
  retained(said({ iat: 12 }, stranger));
  retained(said({ iat: 12, site: 'court-0418' }));
  await until('two are refused', () => refused() === 2);
  expect(kept).toEqual([first]);
  // Which a receipt has to meet from then on.
  retained(said({ minDurability: 'locked', iat: 13 }));
  await until('the newer one is kept', () => kept.length === 2);
  await scene.outbox.seal(1_000);
  await until('a weak receipt is refused', () => refused() > 2);
  expect(scene.outbox.receipts.size).toBe(0);
});

test('the reference centre leaves its policy for a site at the broker', async () => {
  const { url } = await scene.broker('mosquitto');
  await scene.centre(url, { policies: { [SITE]: { keepDays: 60 } } });
  const kept: string[] = [];
  scene.forwarder(url, { policies: { policy: () => null, keepPolicy: async (jws) => void kept.push(jws) } });
  await until('it is taken', () => kept.length > 0);
  expect(readPolicy(payloadOf(kept[0] ?? ''))).toMatchObject({ site: SITE, keepDays: 60, uplinkMbps: null });
});
