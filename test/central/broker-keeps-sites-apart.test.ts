import mqtt, { type MqttClient } from 'mqtt';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Broker, startBroker } from '../../controller/central/broker.ts';
import { AppError } from '../../controller/core/errors.ts';
import { topicsOf } from '../../controller/core/hrc.ts';
import { Scene, SITE, until } from '../forward/scene.ts';

const own = topicsOf(SITE);
const foreign = topicsOf('court-0418');

let broker: Broker;
let clients: MqttClient[] = [];
beforeEach(async () => {
  broker = await startBroker({
    port: 0,
    accounts: [
      { username: SITE, password: 'one', role: 'site' },
      { username: 'court-0418', password: 'two', role: 'site' },
      { username: 'centre', password: 'three', role: 'centre' },
    ],
  });
});
afterEach(async () => {
  for (const client of clients) await client.endAsync(true);
  clients = [];
  await broker.close();
  await broker.close();
});

async function login(username: string, password: string, clientId = username): Promise<MqttClient> {
  const options = { username, password, clientId, protocolVersion: 4, reconnectPeriod: 0 } as const;
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${broker.port}`, options, false);
  client.on('error', () => undefined);
  clients.push(client);
  return client;
}

test.each([
  [SITE, 'wrong', SITE],
  [SITE, '', SITE],
  ['nobody', 'one', 'nobody'],
  ['nobody', '', 'nobody'],
  [SITE, 'one', 'court-0418'],
  [SITE, 'one', 'court-0418-b'],
])('user %s with password "%s" and client id %s is refused', async (user, password, clientId) => {
  await expect(login(user, password, clientId)).rejects.toThrow(/refused|authorized/i);
});

describe('a site', () => {
  test('reads what is for it and for all, and nothing else', async () => {
    const site = await login(SITE, 'one');
    const wanted = [
      own.downFilter,
      own.piecesFilter,
      'hrc/1/all/dn/#',
      foreign.piecesFilter,
      'hrc/1/+/df/#',
      foreign.downFilter,
      'hrc/1/+/dn/#',
      '#',
      own.state,
      'hrc/1/all/#',
    ];
    const codes: number[] = [];
    for (const filter of wanted) {
      const granted = await site.subscribeAsync(filter, { qos: 1 }).catch(() => [{ qos: 128 }]);
      codes.push(Number(granted[0]?.qos));
    }
    expect(codes).toEqual([1, 1, 1, 128, 128, 128, 128, 128, 128, 128]);
  });

  test.each([
    [foreign.seg, false],
    [own.receipt, false],
    [own.piece('01KAJ9M3W6Z8Q4T1V7X2Y5N0BC', 'ab'.repeat(32)), false],
    ['hrc/1/all/dn/centre', false],
    ['hrc/1/all/dn/centre', true],
    [own.seg, true],
    ['x', false],
  ])('that publishes to %s (retained: %s) is thrown out and nobody hears it', async (topic, retain) => {
    const centre = await login('centre', 'three');
    const heard: string[] = [];
    centre.on('message', (name) => heard.push(name));
    await centre.subscribeAsync('#', { qos: 1 });
    const site = await login(SITE, 'one');
    const closed = new Promise<void>((resolve) => site.once('close', () => resolve()));
    site.publish(topic, 'x', { qos: 1, retain }, () => undefined);
    await closed;
    const again = await login(SITE, 'one', `${SITE}-b`);
    await again.publishAsync(own.seg, 'x', { qos: 1 });
    await again.publishAsync(own.init('x'), 'x', { qos: 1 });
    await again.publishAsync(own.state, 'x', { qos: 1, retain: true });
    await until('what it may say is heard', () => heard.length === 3);
    expect(heard).toEqual([own.seg, own.init('x'), own.state]);
  });
});

test('a port that is taken is said so', async () => {
  const error = await startBroker({ port: broker.port }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(AppError);
  expect(error).toMatchObject({ code: 'port-taken' });
});

test('a broker without accounts is not opened beyond loopback', async () => {
  await expect(startBroker({ host: '0.0.0.0', port: 0 })).rejects.toMatchObject({ code: 'bad-config' });
});

test('site and centre work through it with their accounts, and a wrong password is named', async () => {
  const scene = new Scene();
  try {
    const url = `mqtt://127.0.0.1:${broker.port}`;
    await scene.centre(url, { username: 'centre', password: 'three' });
    const wrong = scene.forwarder(url, { username: SITE, password: 'two' });
    await until('the trouble', () => wrong.link().trouble === 'the broker refused user or password');
    await wrong.close();
    scene.forwarder(url, { username: SITE, password: 'one' });
    await scene.outbox.sealMany(3, 100_000);
    await scene.delivered();
    expect(JSON.stringify([scene.siteEar.said, scene.centreEar.said])).not.toMatch(/"(?:one|two|three)"/);
  } finally {
    await scene.end();
  }
});
