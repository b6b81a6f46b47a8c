/** A hearing goes on, and the centre fetches a range of it that ends in the future: each segment is there seconds after it was recorded. */
import { randomBytes } from 'node:crypto';
import mqtt from 'mqtt';
import { expect, onTestFinished, test } from 'vitest';
import type { SessionView } from '../../controller/api/contract-session.ts';
import { receiptKeyFileOf } from '../../controller/central/folders.ts';
import { loadConfig } from '../../controller/config/load.ts';
import type { SegmentFact } from '../../controller/core/facts.ts';
import { topicsOf } from '../../controller/core/hrc.ts';
import type { CommandAnswer } from '../../controller/core/hrc-command.ts';
import { signJws } from '../../controller/core/jws.ts';
import { ulid } from '../../controller/core/ulid.ts';
import { openKeyFile } from '../../controller/ledger/key-file.ts';
import { hashFile } from '../../controller/ledger/segment-file.ts';
import { until } from '../recorder/rig.ts';
import { ApiPanel } from './api-panel.ts';
import { centreFiles, type House, segmentsOf, siteFiles, startHouse } from './house.ts';

const SITE = 'court-1';
const STREAM = 'panorama';
const BACK_MS = 3_000;
const AHEAD_MS = 6_000;
/** From the end of a segment to its receipt; a segment is two seconds long here. */
const BEHIND_MS_MAX = 5_000;

/** The centre's voice, with its own key: gives commands and hears what becomes of them. */
class Voice {
  readonly answers: CommandAnswer[] = [];
  readonly #house: House;
  readonly #client: mqtt.MqttClient;

  private constructor(house: House, client: mqtt.MqttClient) {
    this.#house = house;
    this.#client = client;
    client.on('message', (_topic, payload) => this.answers.push(JSON.parse(payload.toString()) as CommandAnswer));
  }

  static async of(house: House): Promise<Voice> {
    const client = await mqtt.connectAsync(loadConfig(house.configFile).mqtt?.url ?? '', { protocolVersion: 5 });
    onTestFinished(() => client.endAsync(true));
    await client.subscribeAsync(topicsOf(SITE).answer('+'), { qos: 1 });
    return new Voice(house, client);
  }

  async give(type: string, body: object): Promise<string> {
    const key = openKeyFile(receiptKeyFileOf(this.#house.centre));
    const id = ulid(Date.now(), randomBytes(10));
    const iat = Math.floor(Date.now() / 1_000);
    const command = { v: 1, id, site: SITE, type, iat, exp: iat + 600, actor: 'custodian', reason: 'appeal', ...body };
    const jws = signJws('hrc-cmd', key.publicKey.kid, command, key.privateKey);
    await this.#client.publishAsync(topicsOf(SITE).order(id), jws, { qos: 1 });
    return id;
  }

  of(id: string): readonly CommandAnswer[] {
    return this.answers.filter((answer) => answer.id === id);
  }
}

test('a range that ends in the future is fetched to its end while it is being recorded', async () => {
  const house = await startHouse();
  const panel = new ApiPanel(house);
  await panel.enter(house, 'clerk');
  const opened = await panel.post<SessionView>('/rooms/hearing-1/sessions', { press: 'open-0001', kind: 'hearing' });
  await until(async () => segmentsOf(await house.recorderFacts(), STREAM).length >= 1);

  const voice = await Voice.of(house);
  const from = Date.now() - BACK_MS;
  const to = Date.now() + AHEAD_MS;
  const id = await voice.give('fetch', { select: { streams: [STREAM], from, to }, deliver: { priority: 7 } });
  await until(() => voice.of(id).some(({ status }) => status === 'accepted'));
  const planned = voice.of(id)[0]?.plan?.segs ?? 0;
  await until(() => voice.of(id).some(({ status }) => !['accepted', 'executing'].includes(status)), 40_000);
  const endedMs = Date.now();

  // The hearing goes on all the while.
  expect((await panel.get<SessionView>(`/sessions/${opened.id}`)).state).toBe('open');
  const recorded = segmentsOf(await house.recorderFacts(), STREAM);
  const wanted = recorded.filter((segment) => segment.to.wallMs > from && segment.from.wallMs < to);
  const last = voice.of(id).at(-1);
  expect(last).toMatchObject({ status: 'successful', done: { segs: wanted.length } });
  expect(last?.items?.map(({ seg }) => seg).sort()).toEqual(wanted.map(({ seg }) => seg).sort());
  expect(wanted.length, 'more than there was when the centre asked').toBeGreaterThan(planned);
  expect(wanted.at(-1)?.to.wallMs).toBeGreaterThanOrEqual(to);
  expect(endedMs - (wanted.at(-1)?.to.wallMs ?? 0)).toBeLessThan(BEHIND_MS_MAX);

  // What the centre has are the same bytes, and it had each of them seconds after it was recorded.
  const here = await hashesOf(siteFiles(house, await house.recorderFacts(), STREAM));
  const there = await hashesOf(await centreFiles(house, STREAM));
  for (const { sha256 } of wanted) expect([here.has(sha256), there.has(sha256)]).toEqual([true, true]);
  for (const segment of wanted) expect(await behindMs(house, segment)).toBeLessThan(BEHIND_MS_MAX);
}, 120_000);

async function hashesOf(files: readonly string[]): Promise<ReadonlySet<string>> {
  return new Set(await Promise.all(files.map(hashFile)));
}

/** From the end of a segment to its receipt in the journal of the site. */
async function behindMs(house: House, { seg, to }: SegmentFact): Promise<number> {
  const entry = (await house.siteEntries()).find(({ fact }) => fact.type === 'receipted' && fact.seg === seg);
  return (entry?.at.monoMs ?? Number.POSITIVE_INFINITY) - to.monoMs;
}
