/** A centre with its desk over a real broker, and a site that speaks word by word. */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import type { MqttClient } from 'mqtt';
import { argonPins } from '../../controller/api/pin-hasher.ts';
import type { Centre, CentreOptions, OpenDesk } from '../../controller/central/centre.ts';
import { indexFolderOf } from '../../controller/central/folders.ts';
import type { CentreCaller, CentreDesk, CommandWish } from '../../controller/core/centre-desk.ts';
import { topicsOf } from '../../controller/core/hrc.ts';
import { payloadOf } from '../../controller/core/jws.ts';
import type { Origin } from '../../controller/core/origin.ts';
import type { BrokerKind, TestBroker } from '../forward/scene.ts';
import { Scene, SITE, until } from '../forward/scene.ts';

export const FROM: Origin = { panelToken: null, address: '10.0.0.7', isLocal: false, agent: 'test' };
export const topics = topicsOf(SITE);

/** A command as a site reads it. */
export interface Came {
  readonly id: string;
  readonly type: string;
  readonly iat: number;
  readonly exp: number;
  readonly [more: string]: unknown;
}

interface House {
  readonly centre: Centre;
  readonly desk: CentreDesk;
  readonly caller: CentreCaller;
}

export class DeskStage {
  readonly scene: Scene;
  readonly broker: TestBroker;
  /** The first administrator's. */
  readonly secret: string;
  readonly came: Came[] = [];
  site: MqttClient | null = null;
  #house: House;
  #n = 0;

  private constructor(scene: Scene, broker: TestBroker, house: House, secret: string) {
    this.scene = scene;
    this.broker = broker;
    this.#house = house;
    this.secret = secret;
  }

  static async open(kind: BrokerKind = 'aedes', change: Partial<CentreOptions> = {}): Promise<DeskStage> {
    const scene = new Scene();
    const broker = await scene.broker(kind);
    const { house, secret } = await openHouse(scene, broker.url, null, change);
    return new DeskStage(scene, broker, house, secret);
  }

  get centre(): Centre {
    return this.#house.centre;
  }

  get desk(): CentreDesk {
    return this.#house.desk;
  }

  get caller(): CentreCaller {
    return this.#house.caller;
  }

  /** The centre ends and another one goes on from its folder. */
  async restartCentre(change: Partial<CentreOptions> = {}): Promise<void> {
    await this.centre.close();
    this.#house = (await openHouse(this.scene, this.broker.url, this.secret, change)).house;
  }

  /** The same, and the administrator gets a new secret. */
  async renew(name: string): Promise<OpenDesk['first']> {
    await this.centre.close();
    const centre = await this.scene.centre(this.broker.url);
    try {
      return (await centre.openDesk(argonPins, name)).first;
    } finally {
      await centre.close();
    }
  }

  /** The same, and its index is gone. */
  async loseIndex(): Promise<void> {
    await this.centre.close();
    rmSync(indexFolderOf(this.scene.centreFolder), { recursive: true });
    this.#house = (await openHouse(this.scene, this.broker.url, this.secret, {})).house;
  }

  /** The text of the next command, as it travels. */
  async nextCommand(act: () => Promise<unknown>): Promise<string> {
    const texts: string[] = [];
    this.site?.on('message', (topic, payload) => {
      if (topic.startsWith(topics.orders)) texts.push(payload.toString());
    });
    await act();
    await until('a command', () => texts.length > 0);
    return texts[0] ?? '';
  }

  /** The site comes, and answers what `answer` says to each command. */
  async siteComes(answer: (command: Came) => object | null = () => null): Promise<MqttClient> {
    const site = await this.scene.client(this.broker.url);
    this.site = site;
    site.on('message', (topic, payload) => {
      if (!topic.startsWith(topics.orders)) return;
      const command = payloadOf(payload.toString()) as Came;
      this.came.push(command);
      const said = answer(command);
      if (said !== null) void this.answer(command.id, said);
    });
    await site.subscribeAsync(topics.downFilter, { qos: 1 });
    const { publicKey } = this.scene.signer;
    const birth = { v: 1, online: true, site: SITE, at: 1, keys: [publicKey], siteSeq: { last: 0 } };
    await site.publishAsync(topics.state, JSON.stringify(birth), { qos: 1, retain: true });
    return site;
  }

  async siteGoes(): Promise<void> {
    const { site } = this;
    this.site = null;
    if (site === null) return;
    await site.publishAsync(topics.state, JSON.stringify({ v: 1, online: false }), { qos: 1, retain: true });
    await site.endAsync();
  }

  answer(id: string, said: object): Promise<unknown> {
    this.#n += 1;
    const answer = { v: 1, id, n: this.#n, at: Date.now(), ...said };
    return this.site?.publishAsync(topics.answer(id), JSON.stringify(answer), { qos: 1 }) ?? Promise.resolve();
  }

  give(change: Partial<CommandWish> = {}) {
    const wish: CommandWish = {
      ...{ press: randomBytes(8).toString('hex'), site: SITE, type: 'fetch', session: null, streams: ['cam-02'] },
      ...{ from: 1_000, to: 61_000, target: null, reason: '案卷评查' },
      ...change,
    };
    return this.desk.give(this.caller, wish, FROM);
  }

  status(id: string): string {
    return this.desk.command(this.caller, id).status;
  }

  reaches(id: string, status: string): Promise<void> {
    return until(`command ${id} is ${status}`, () => this.status(id) === status);
  }

  async close(): Promise<void> {
    await this.scene.end();
  }
}

async function openHouse(scene: Scene, url: string, known: string | null, change: Partial<CentreOptions>) {
  const isConnected = () => scene.centreEar.said.filter(({ message }) => message === 'the centre is connected').length;
  const before = isConnected();
  const centre = await scene.centre(url, change);
  const { desk, first } = await centre.openDesk(argonPins);
  await until('the centre is connected', () => isConnected() > before);
  const secret = known ?? first?.secret ?? '';
  const { caller } = await desk.door.login('admin', secret, FROM);
  return { house: { centre, desk, caller }, secret };
}
