import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { verifyJws } from '../../controller/core/jws.ts';
import { SITE, until } from '../forward/scene.ts';
import { DeskStage, FROM, topics } from './desk-stage.ts';

/** Commands are asked for again after so long without a word. */
const QUICKLY = { commands: { askAgainMs: 300, lookEveryMs: 50 } };

const DIST = new URL('../../dist/controller/', import.meta.url).pathname;
/** The built centre, which dies the moment its command is on the disk. */
const DYING = `
const { Archive } = await import(${JSON.stringify(`${DIST}central/archive.js`)});
const { Centre } = await import(${JSON.stringify(`${DIST}central/centre.js`)});
const { SystemClock } = await import(${JSON.stringify(`${DIST}ledger/system-clock.js`)});
const [url, folder, site] = process.argv.slice(1);
const log = { info() {}, warn() {}, error() {} };
const keep = Archive.prototype.keep;
Archive.prototype.keep = async function (...facts) {
  await keep.apply(this, facts);
  const given = facts.find(({ type }) => type === 'command-given');
  if (given !== undefined) { process.stdout.write(given.command, () => process.kill(process.pid, 'SIGKILL')); await new Promise(() => {}); }
};
const centre = new Centre({ url, folder, siteKeys: { mode: 'first-sight' }, clock: new SystemClock(), log });
await centre.start();
const secrets = { hash: async (text) => text, verify: async (hash, text) => hash === text };
const { desk } = await centre.openDesk(secrets);
const caller = { login: 'x', person: { id: 'x', name: 'killed', role: 'administrator' } };
const from = { panelToken: null, address: 'here', isLocal: true, agent: '' };
await desk.give(caller, { press: 'killed', site, type: 'fetch', session: 's', streams: null, from: null, to: null, target: null, reason: null }, from);
`;

/** Gives a command at a centre that is killed right behind it; answers the command's id. */
async function givenAndKilled({ broker, scene }: DeskStage): Promise<string> {
  const args = ['--input-type=module', '-e', DYING, '--', broker.url, scene.centreFolder, SITE];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (bytes) => {
    said += String(bytes);
  });
  const signal = await new Promise((resolve) => child.once('exit', (_code, by) => resolve(by)));
  expect(signal).toBe('SIGKILL');
  return said;
}

let stage: DeskStage;
const open = async (...args: Parameters<typeof DeskStage.open>) => {
  stage = await DeskStage.open(...args);
  await stage.siteComes();
  await until('the site is known', () => stage.desk.sites(stage.caller).length === 1);
};
afterEach(() => stage.close());

describe('a site that is away', () => {
  beforeEach(() => open());

  test('is asked when it comes, signed and with its end, and the command is followed to its end', async () => {
    await stage.siteGoes();
    await until('the site is away', () => stage.desk.site(stage.caller, SITE).isOnline === false);
    const { id, status } = await stage.give();
    expect(status).toBe('given');
    expect(stage.came).toEqual([]);
    const { publicKey } = stage.centre;
    await stage.siteComes();
    await until('the command', () => stage.came.length === 1);
    expect(stage.came[0]).toMatchObject({
      ...{ v: 1, id, site: SITE, type: 'fetch', actor: 'admin', reason: '案卷评查' },
      ...{ select: { streams: ['cam-02'], from: 1_000, to: 61_000 }, deliver: { priority: 7 } },
    });
    expect(publicKey).not.toBeNull();
    await stage.answer(id, { status: 'accepted', plan: { segs: 4, bytes: 4_000 } });
    await stage.reaches(id, 'accepted');
    await stage.answer(id, { status: 'executing', plan: { segs: 4, bytes: 4_000 }, done: { segs: 2, bytes: 2_000 } });
    await stage.reaches(id, 'executing');
    expect(stage.desk.command(stage.caller, id)).toMatchObject({
      plan: { segments: 4, bytes: 4_000 },
      done: { segments: 2, bytes: 2_000 },
      endedAt: null,
    });
    const items = [1, 2, 3].map((n) => ({ seg: `s${n}`, st: n === 3 ? 'missing' : 'sent' }));
    await stage.answer(id, { status: 'partial', items });
    await stage.reaches(id, 'partial');
    expect(stage.desk.command(stage.caller, id).items).toEqual({ sent: 2, missing: 1 });
    // What came before is no news any more.
    const late = { v: 1, id, n: 1, at: 1, status: 'executing' };
    await stage.site?.publishAsync(topics.answer(id), JSON.stringify(late), { qos: 1 });
    for (const status of ['executing', 'failed']) await stage.answer(id, { status });
    const next = await stage.give();
    await until('the next command', () => stage.came.some((one) => one.id === next.id));
    expect(stage.status(id)).toBe('partial');
  });
});

describe('a site that is there', () => {
  test('is asked again when an answer was lost, and says again what it said', async () => {
    await open('aedes', QUICKLY);
    const { id } = await stage.give();
    await until('it comes twice', () => stage.came.filter((one) => one.id === id).length >= 2);
    const [first, second] = stage.came;
    // The same content, dated anew: a site knows it as the same command.
    expect({ ...second, iat: 0 }).toEqual({ ...first, iat: 0 });
    await stage.answer(id, { status: 'successful' });
    await stage.reaches(id, 'successful');
    const count = stage.came.length;
    await stage.siteGoes();
    await stage.siteComes();
    const next = await stage.give();
    await until('the next one', () => stage.came.some((one) => one.id === next.id));
    expect(stage.came.slice(count).map((one) => one.id)).not.toContain(id);
  });

  test('that has too much to do is asked again when it said so', async () => {
    await open('aedes', { commands: { askAgainMs: 60_000, lookEveryMs: 50 } });
    const { id } = await stage.give();
    await until('it comes', () => stage.came.length === 1);
    await stage.answer(id, { status: 'rejected', err: { code: 'HRC-BUSY', retryS: 0 } });
    await until('it comes again', () => stage.came.length >= 2);
    expect(stage.status(id)).toBe('given');
  });

  test('gets one command for a press that is sent twice, and another person’s press is another one', async () => {
    await open();
    const press = randomBytes(8).toString('hex');
    const [one, two] = await Promise.all([stage.give({ press }), stage.give({ press })]);
    expect(two.id).toBe(one.id);
    expect((await stage.give({ press })).id).toBe(one.id);
    const { secret } = await stage.desk.door.add(stage.caller, '王芳', 'reader');
    const { caller } = await stage.desk.door.login('王芳', secret, FROM);
    const wish = { press, site: SITE, type: 'fetch', session: 's1', streams: null, from: null, to: null } as const;
    const other = await stage.desk.give(caller, { ...wish, target: null, reason: null }, FROM);
    expect(other.id).not.toBe(one.id);
  });

  test('is given up at the named end, with the reason; a last word that comes later still counts', async () => {
    await open('aedes', { commands: { askAgainMs: 60_000, lookEveryMs: 50, goodForMs: { fetch: 400 } } });
    const silent = await stage.give();
    const slow = await stage.give();
    await until('both come', () => stage.came.length === 2);
    await stage.answer(slow.id, { status: 'executing' });
    await stage.reaches(silent.id, 'given-up');
    await stage.reaches(slow.id, 'given-up');
    expect(stage.desk.command(stage.caller, silent.id).trouble).toEqual({ code: 'not-answered', message: null });
    expect(stage.desk.command(stage.caller, slow.id).trouble).toEqual({ code: 'not-finished', message: null });
    await stage.answer(slow.id, { status: 'successful' });
    await stage.reaches(slow.id, 'successful');
    expect(stage.status(silent.id)).toBe('given-up');
  });

  test('answers to somebody else’s command, or unreadably, change nothing', async () => {
    await open();
    const { id } = await stage.give();
    await until('it comes', () => stage.came.length === 1);
    const other = topics.answer(id).replace(SITE, 'court-0999');
    const whole = JSON.stringify({ v: 1, id, n: 9, at: 9, status: 'successful' });
    await stage.site?.publishAsync(other, whole, { qos: 1 });
    for (const text of ['', '{', '[]', '{"v":1}', whole.replace('successful', 'done'), whole.replace(id, id.slice(1))])
      await stage.site?.publishAsync(topics.answer(id), text, { qos: 1 });
    await stage.answer(id, { status: 'accepted' });
    await stage.reaches(id, 'accepted');
  });
});

describe('a cancel', () => {
  beforeEach(() => open());

  test('reaches a command under way, whose last word is the site’s', async () => {
    const { id } = await stage.give();
    await stage.answer(id, { status: 'accepted' });
    await stage.reaches(id, 'accepted');
    const cancel = await stage.desk.cancel(stage.caller, id, 'press-12345678', FROM);
    await until('the cancel', () => stage.came.some((one) => one.id === cancel.id));
    expect(stage.came.at(-1)).toMatchObject({ type: 'cancel', target: id });
    await stage.answer(id, { status: 'cancelled' });
    await stage.answer(cancel.id, { status: 'successful' });
    await stage.reaches(id, 'cancelled');
    await stage.reaches(cancel.id, 'successful');
    await expect(stage.desk.cancel(stage.caller, id, 'press-87654321', FROM)).rejects.toMatchObject({
      code: 'command-over',
    });
  });

  test('of what the site never heard of is the end of it: the site hears of it no more', async () => {
    await stage.siteGoes();
    await until('the site is away', () => stage.desk.site(stage.caller, SITE).isOnline === false);
    const { id } = await stage.give();
    await stage.desk.cancel(stage.caller, id, 'press-12345678', FROM);
    await stage.siteComes(({ type }) =>
      type === 'cancel' ? { status: 'failed', err: { code: 'HRC-NOSEG', msg: 'unknown' } } : null,
    );
    await stage.reaches(id, 'cancelled');
    expect(stage.desk.command(stage.caller, id).trouble).toEqual({ code: 'never-begun', message: null });
    expect(stage.came.map(({ type }) => type)).toEqual(['cancel']);
  });
});

describe('a centre that starts anew', () => {
  test('asks for what was journaled and not said, and still knows who wanted it', async () => {
    await open('mosquitto');
    await stage.siteGoes();
    await until('the site is away', () => stage.desk.site(stage.caller, SITE).isOnline === false);
    const { id } = await stage.give();
    await stage.restartCentre();
    expect(stage.desk.command(stage.caller, id)).toMatchObject({ status: 'given', actor: 'admin' });
    await stage.siteComes(() => ({ status: 'successful' }));
    await stage.reaches(id, 'successful');
    const trail = stage.desk.door.trail(stage.caller, 50, null);
    expect(trail.find(({ did }) => did === 'fetch')).toMatchObject({ who: 'admin', object: id, site: SITE });
  });

  test('after a kill between journal and message asks for it all the same', async () => {
    await open('mosquitto');
    await stage.siteGoes();
    await stage.centre.close();
    const id = await givenAndKilled(stage);
    await stage.restartCentre();
    expect(stage.desk.command(stage.caller, id)).toMatchObject({ status: 'given', actor: 'killed' });
    await stage.siteComes(() => ({ status: 'successful' }));
    await stage.reaches(id, 'successful');
  });

  test('and lost its index finds the command in its journal', async () => {
    await open();
    const { id } = await stage.give();
    await until('it comes', () => stage.came.length === 1);
    await stage.answer(id, { status: 'successful' });
    await stage.reaches(id, 'successful');
    await stage.loseIndex();
    expect(stage.desk.command(stage.caller, id)).toMatchObject({ status: 'successful', reason: '案卷评查' });
  });

  test('tells a new secret to whoever may start it, and the lost one counts no more', async () => {
    await open();
    await stage.desk.door.add(stage.caller, '王芳', 'reader');
    const before = stage.secret;
    const first = await stage.renew('admin');
    expect(first).toMatchObject({ name: 'admin' });
    expect(first?.secret).not.toBe(before);
    await expect(stage.renew('王芳')).rejects.toMatchObject({ code: 'name-taken' });
    expect(await stage.renew('second')).toMatchObject({ name: 'second' });
  });

  test('its commands are signed by the key of its receipts', async () => {
    await open();
    const jws = await stage.nextCommand(() => stage.give());
    const { publicKey } = stage.centre;
    expect(verifyJws(jws, 'hrc-cmd', publicKey === null ? [] : [publicKey]).ok).toBe(true);
  });
});
