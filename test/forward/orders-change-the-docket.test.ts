/** Orders of the centre over a real broker, into a real docket: done once, never late, never because something lay at the broker. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { MqttClient } from 'mqtt';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { topicsOf } from '../../controller/core/hrc.ts';
import { publicKeyOf, signJws } from '../../controller/core/jws.ts';
import { ulid } from '../../controller/core/ulid.ts';
import { docketCommands } from '../../controller/forward/commands/docket-commands.ts';
import { PLAN, Stage } from '../site/stage.ts';
import { MemoryArchive } from './memory-archive.ts';
import { Scene, until } from './scene.ts';

const SITE = PLAN.site.id;
const { privateKey } = generateKeyPairSync('ed25519');
const publicKey = publicKeyOf(privateKey);
const topics = topicsOf(SITE);
const HOUR_S = 3_600;

interface Answer {
  readonly id: string;
  readonly status: string;
  readonly docket?: { readonly session: string; readonly state: string };
  readonly err?: { readonly code: string; readonly msg: string; readonly fields: readonly { field: string }[] };
}

let stage: Stage;
let scene: Scene;
let centre: MqttClient;
let answers: Answer[];
let url: string;

beforeEach(async () => {
  stage = await Stage.open();
  scene = new Scene(SITE);
  ({ url } = await scene.broker('aedes'));
  centre = await scene.client(url);
  answers = [];
  centre.on('message', (_topic, payload) => answers.push(JSON.parse(payload.toString()) as Answer));
  await centre.subscribeAsync(`hrc/1/${SITE}/up/rsp/#`, { qos: 1 });
});
afterEach(async () => {
  await scene.end();
  await stage.close();
});

async function connected(): Promise<void> {
  let isUp = false;
  const seen = await scene.client(url);
  seen.on('message', () => {
    isUp = true;
  });
  await seen.subscribeAsync(topics.state, { qos: 1 });
  const { clock } = stage;
  scene.forwarder(url, {
    site: SITE,
    trust: { keys: [publicKey] },
    archive: new MemoryArchive(scene.outbox),
    commands: [docketCommands(stage.site.orders)],
    clock,
  });
  await until('the site is there', () => isUp);
}

const newId = (): string => ulid(stage.clock.now().wallMs, randomBytes(10));
const nowS = (): number => Math.floor(stage.clock.now().wallMs / 1_000);

function order(type: string, docket: object, more: object = {}): { readonly id: string; readonly jws: string } {
  const id = newId();
  const payload = { v: 1, id, site: SITE, type, iat: nowS(), exp: nowS() + HOUR_S, docket, ...more };
  return { id, jws: signJws('hrc-cmd', publicKey.kid, payload, privateKey) };
}

async function sent({ id, jws }: { readonly id: string; readonly jws: string }, retain = false): Promise<Answer> {
  const before = answers.length;
  await centre.publishAsync(topics.order(id), jws, { qos: 1, retain });
  await until('an answer', () => answers.length > before);
  return answers.at(-1) as Answer;
}

const tomorrow = () => {
  const from = stage.clock.now().wallMs + 86_400_000;
  return { from, to: from + 3_600_000 };
};
const create = (more: object = {}) =>
  order('docket.create', {
    reference: '冀税听〔2026〕7',
    room: 'r1',
    kind: 'hearing',
    matter: '案',
    planned: tomorrow(),
    ...more,
  });
const scheduled = async () => (await stage.facts()).filter((fact) => fact.type === 'session-scheduled');

describe('an order that is well', () => {
  beforeEach(connected);

  test('makes an entry, changes it and cancels it, by the name that the centre gave it', async () => {
    const made = await sent(create());
    expect(made).toMatchObject({ status: 'successful', docket: { state: 'scheduled' } });
    const id = made.docket?.session ?? '';
    expect(stage.store.session(id)).toMatchObject({ matter: '案', source: 'centre', createdBy: 'centre' });
    const entry = { reference: '冀税听〔2026〕7' };
    expect(await sent(order('docket.amend', { ...entry, matter: '新案', room: 'r2' }))).toMatchObject({
      status: 'successful',
      docket: { session: id },
    });
    expect(stage.store.session(id)).toMatchObject({ matter: '新案', room: 'r2' });
    expect(await sent(order('docket.cancel', { session: id, reason: '撤回申请' }))).toMatchObject({
      docket: { session: id, state: 'cancelled' },
    });
    expect(stage.store.session(id)).toMatchObject({ state: 'cancelled', reason: '撤回申请' });
  });

  test('is done once however often it comes, and always answered the same', async () => {
    const one = create();
    const first = await sent(one);
    const again = await sent(one);
    expect(again).toMatchObject({ status: 'successful', docket: { session: first.docket?.session } });
    expect(await scheduled()).toHaveLength(1);
  });

  test('is answered as it was when it comes again after its end', async () => {
    const one = create({ planned: tomorrow() });
    const first = await sent(one);
    stage.clock.advance(2 * HOUR_S * 1_000);
    expect(await sent(one)).toMatchObject({ status: 'successful', docket: first.docket });
    expect(await scheduled()).toHaveLength(1);
  });

  test('for an entry that the centre has already sent under another id is that entry', async () => {
    const first = await sent(create());
    expect(await sent(create())).toMatchObject({ docket: { session: first.docket?.session } });
    expect(await scheduled()).toHaveLength(1);
  });
});

describe('an order is refused', () => {
  beforeEach(connected);
  const expectRefused = async (one: { id: string; jws: string }, status: string, code: string): Promise<Answer> => {
    const answer = await sent(one);
    expect(answer).toMatchObject({ id: one.id, status, err: { code } });
    expect(await scheduled()).toHaveLength(0);
    return answer;
  };

  test('behind its end, and from a clock that runs far ahead', async () => {
    const late = order('docket.create', { room: 'r1', kind: 'hearing', planned: tomorrow() }, { exp: nowS() - 1 });
    expect(await sent(late)).toMatchObject({ status: 'expired', err: { code: 'HRC-EXP' } });
    const early = order(
      'docket.create',
      { room: 'r1', kind: 'hearing', planned: tomorrow() },
      { iat: nowS() + HOUR_S },
    );
    expect(await sent(early)).toMatchObject({ status: 'expired', err: { code: 'HRC-EXP' } });
    expect(await scheduled()).toHaveLength(0);
  });

  test('for a room or kind that is not here, naming every fault', async () => {
    const answer = await expectRefused(
      create({ room: 'cellar', planned: { from: 5, to: 4 } }),
      'rejected',
      'bad-request',
    );
    expect(answer.err?.fields.map(({ field }) => field)).toEqual(['room', 'planned.from', 'planned.to']);
    await expectRefused(create({ kind: 'party' }), 'rejected', 'kind-unknown');
  });

  test('that cannot be read, or whose id is not that of its topic', async () => {
    await expectRefused(order('docket.create', { room: 7 }), 'rejected', 'bad-request');
    await expectRefused(order('docket.burn', {}), 'rejected', 'bad-request');
    await expectRefused({ id: newId(), jws: create().jws }, 'rejected', 'HRC-BAD');
    await expectRefused(order('docket.cancel', { reference: 'nobody' }), 'rejected', 'session-unknown');
  });

  test('for another site', async () => {
    const docket = { room: 'r1', kind: 'hearing', planned: tomorrow() };
    await expectRefused(order('docket.create', docket, { site: 'elsewhere-01' }), 'rejected', 'HRC-BAD');
  });

  test('under an id that was another order', async () => {
    const made = create();
    await sent(made);
    const payload = { v: 1, id: made.id, site: SITE, type: 'docket.cancel', iat: nowS(), exp: nowS() + HOUR_S };
    const other = signJws(
      'hrc-cmd',
      publicKey.kid,
      { ...payload, docket: { reference: '冀税听〔2026〕7' } },
      privateKey,
    );
    expect(await sent({ id: made.id, jws: other })).toMatchObject({ status: 'rejected', err: { code: 'HRC-REPLAY' } });
    expect((await stage.facts()).filter((fact) => fact.type === 'session-cancelled')).toHaveLength(0);
  });

  test('for an entry that was opened meanwhile', async () => {
    const made = await sent(create());
    const id = made.docket?.session ?? '';
    await stage.desk.hearings.openPlanned(stage.caller('clerk'), id, 'press-open-1');
    const cancel = order('docket.cancel', { session: id, reason: '' });
    expect(await sent(cancel)).toMatchObject({ status: 'rejected', err: { code: 'session-already-open' } });
    expect(stage.store.session(id)?.state).toBe('opening');
  });
});

describe('nobody answers, and nothing is done', () => {
  test('when the order lay retained at the broker', async () => {
    const { id, jws } = create();
    await centre.publishAsync(topics.order(id), jws, { qos: 1, retain: true });
    await connected();
    await until('it was seen', () => scene.siteEar.said.some(({ message }) => message.includes('retained')));
    expect(await scheduled()).toHaveLength(0);
    expect(answers).toEqual([]);
  });

  test('when somebody else signed it', async () => {
    await connected();
    const mallory = generateKeyPairSync('ed25519').privateKey;
    const id = newId();
    const payload = { v: 1, id, site: SITE, type: 'docket.create', iat: nowS(), exp: nowS() + HOUR_S, docket: {} };
    for (const [kid, typ] of [
      [publicKey.kid, 'hrc-cmd'],
      [publicKeyOf(mallory).kid, 'hrc-cmd'],
    ] as const) {
      await centre.publishAsync(topics.order(id), signJws(typ, kid, payload, mallory), { qos: 1 });
    }
    // A receipt's signature is no order's.
    await centre.publishAsync(topics.order(id), signJws('hrc-receipt', publicKey.kid, payload, privateKey), { qos: 1 });
    await until(
      'all were seen',
      () => scene.siteEar.said.filter(({ message }) => message.includes('not signed')).length === 3,
    );
    expect(answers).toEqual([]);
    expect(await scheduled()).toHaveLength(0);
  });
});
