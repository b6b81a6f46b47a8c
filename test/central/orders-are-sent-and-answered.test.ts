/** The reference centre orders a hearing at a site: over its own broker, signed with its own key, answered by the site. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { publicKeysFileOf } from '../../controller/central/folders.ts';
import { sendOrder } from '../../controller/central/order-desk.ts';
import { topicsOf } from '../../controller/core/hrc.ts';
import { docketCommands } from '../../controller/forward/commands/docket-commands.ts';
import { MemoryArchive } from '../forward/memory-archive.ts';
import { Scene, until } from '../forward/scene.ts';
import { PLAN, Stage } from '../site/stage.ts';

const SITE = PLAN.site.id;
let stage: Stage;
let scene: Scene;
let url: string;

beforeEach(async () => {
  stage = await Stage.open();
  scene = new Scene(SITE);
  ({ url } = await scene.broker('aedes'));
  await scene.centre(url);
});
afterEach(async () => {
  await scene.end();
  await stage.close();
});

async function siteIsThere(): Promise<void> {
  const watcher = await scene.client(url);
  let isThere = false;
  watcher.on('message', () => {
    isThere = true;
  });
  await watcher.subscribeAsync(topicsOf(SITE).state, { qos: 1 });
  const { clock } = stage;
  scene.forwarder(url, {
    site: SITE,
    trust: { file: publicKeysFileOf(scene.centreFolder) },
    archive: new MemoryArchive(scene.outbox),
    commands: [docketCommands(stage.site.orders)],
    clock,
  });
  await until('the site is there', () => isThere);
}

const letter = (more: object = {}) => {
  const from = stage.clock.now().wallMs + 86_400_000;
  const docket = { reference: '7', room: 'r1', kind: 'hearing', matter: '案', planned: { from, to: null } };
  return { url, folder: scene.centreFolder, site: SITE, type: 'docket.create', docket, clock: stage.clock, ...more };
};

test('and the same order sent again is the same hearing; the centre itself takes the answers in its stride', async () => {
  await siteIsThere();
  const one = letter();
  const first = await sendOrder(one);
  expect(first).toMatchObject({ status: 'successful', docket: { state: 'scheduled' } });
  expect(await sendOrder({ ...one, id: first.id })).toMatchObject({ id: first.id, docket: first['docket'] });
  const cancelled = await sendOrder(letter({ type: 'docket.cancel', docket: { reference: '7', reason: '撤回' } }));
  expect(cancelled).toMatchObject({ status: 'successful', docket: { state: 'cancelled' } });
  expect(await sendOrder(letter({ docket: { room: 'cellar' } }))).toMatchObject({ status: 'rejected' });
  expect(scene.centreEar.said.filter(({ level }) => level !== 'info')).toEqual([]);
});

test('without a broker, or without a centre here, nobody is left waiting', async () => {
  await expect(sendOrder(letter({ url: 'mqtt://127.0.0.1:1' }))).rejects.toMatchObject({ code: 'broker-away' });
  await expect(sendOrder(letter({ folder: scene.root }))).rejects.toMatchObject({ code: 'not-found' });
});
