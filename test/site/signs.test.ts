/** Displays, the spoken notice, lamps and glances on a whole site: what is shown is journaled, what fails is said, nothing waits. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { DisplayFact } from '../../controller/core/display-facts.ts';
import type { SiteFact } from '../../controller/core/facts.ts';
import type { PaintedPress } from '../../controller/core/sign-desk.ts';
import { PLAN, Stage } from './stage.ts';

const DISPLAYS = [
  { id: 'door', name: '门', shows: 'room', room: 'r1', loudspeaker: false, darkAfterS: 10, mandatory: true },
  { id: 'inside', name: '内', shows: 'room', room: 'r1', loudspeaker: true, darkAfterS: 10, mandatory: true },
  { id: 'hall', name: '厅', shows: 'hall', room: null, loudspeaker: false, darkAfterS: 10, mandatory: true },
] as const;
const INDICATORS = [
  { id: 'lamp', room: 'r1', name: '灯', drive: { mqtt: { topic: 'l', on: 'on', off: 'off' } }, login: null },
] as const;

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open((one) => {
    one.plan = { ...PLAN, displays: DISPLAYS, indicators: INDICATORS };
    one.voice = { speechOf: async () => ({ path: '/dev/null', mediaType: 'audio/wav', how: 'synthesised' }) };
  });
});
afterEach(async () => {
  await stage.close();
});

const clerk = () => stage.caller('clerk');
const press = { press: 'press-1', kind: 'hearing', matter: '秘密', fields: {} } as const;

/** What a page of this display paints when it does as it is asked. */
function page(id: string, more: Partial<PaintedPress> = {}): PaintedPress {
  const { key, face, notice } = stage.desk.signs.display(id);
  const lines = [`face ${face}`, ...(notice === null ? [] : [notice.zh, notice.en])];
  return {
    ...{ holder: `page-of-${id}`, key, face, lines, heldMs: 0, isWhole: true },
    ...{ width: 1024, height: 600, address: '192.0.2.5', isKept: null },
    ...more,
  };
}

async function paint(...ids: readonly string[]): Promise<void> {
  for (const id of ids) await stage.desk.signs.painted(id, page(id));
  await stage.site.idle();
}

/** Time passes; the displays named go on acknowledging every two seconds. */
async function passWith(ms: number, ...ids: readonly string[]): Promise<void> {
  for (let left = ms; left > 0; left -= 2_000) {
    for (const id of ids) await stage.desk.signs.painted(id, page(id, { heldMs: 3_600_000 }));
    await stage.pass(Math.min(2_000, left));
  }
}

const log = async (): Promise<DisplayFact[]> =>
  (await stage.facts()).filter((fact): fact is DisplayFact => fact.type.startsWith('display-'));
const factsOf = async <T extends SiteFact['type']>(type: T): Promise<Extract<SiteFact, { type: T }>[]> =>
  (await stage.facts()).filter((fact): fact is Extract<SiteFact, { type: T }> => fact.type === type);
const alarms = () => stage.desk.room(clerk(), 'r1').alarms.map(({ code, level }) => `${code} ${level}`);

describe('a hearing on the wall', () => {
  test('is shown as it goes, each change once in the log, and its notice as a fact of the session', async () => {
    await paint('door', 'inside', 'hall');
    const { session } = await stage.desk.open(clerk(), 'r1', press);
    await paint('door');
    await stage.pass(900);
    await paint('door', 'inside');
    await passWith(30_000, 'door', 'inside', 'hall');
    expect(
      (await log()).map((fact) => `${fact.display} ${fact.type === 'display-shown' ? fact.face : fact.why}`),
    ).toEqual(['door idle', 'inside idle', 'hall hall', 'door starting', 'door notice', 'inside notice']);
    const shown = await factsOf('notice-shown');
    expect(shown).toMatchObject([
      { session: session.id, display: 'door', notice: 'recording', version: 1 },
      { session: session.id, display: 'inside' },
    ]);
    expect(stage.desk.room(clerk(), 'r1').session?.notice).toMatchObject({
      owed: true,
      shown: { display: expect.stringMatching(/door|inside/) },
    });
    // What it is about stands in no log of a wall.
    expect(JSON.stringify(await log())).not.toContain('秘密');
  });

  test('is not taken for shown when the words are cut off, missing, or of another face', async () => {
    await stage.desk.open(clerk(), 'r1', press);
    await stage.pass(900);
    await stage.desk.signs.painted('door', page('door', { isWhole: false }));
    await stage.desk.signs.painted('door', page('door', { lines: ['正在录音录像'] }));
    await stage.desk.signs.painted('door', page('door', { key: 'old' }));
    await stage.site.idle();
    expect(await factsOf('notice-shown')).toEqual([]);
  });
});

describe('a dark display', () => {
  test('is a warning while nothing is recorded, an alarm while something is, and nothing once it is back', async () => {
    await paint('door', 'inside', 'hall');
    await passWith(12_000, 'door', 'hall');
    expect(alarms()).toContain('sign-dark warning');
    await stage.desk.open(clerk(), 'r1', press);
    await passWith(4_000, 'door', 'hall');
    expect(alarms()).toContain('sign-dark alarm');
    expect(stage.desk.signs.signs(clerk(), 'r1').displays).toMatchObject([
      { id: 'door', state: 'lit', face: 'notice', address: '192.0.2.5' },
      { id: 'inside', state: 'dark', why: 'silent', face: null },
    ]);
    await paint('inside');
    expect(alarms().filter((one) => one.startsWith('sign-dark'))).toEqual([]);
    const dark = (await log()).filter((fact) => fact.type === 'display-dark');
    expect(dark).toMatchObject([{ display: 'inside', why: 'silent' }]);
  });

  test('of a hall is told in every room', async () => {
    await paint('door', 'inside', 'hall');
    await passWith(12_000, 'door', 'inside');
    expect(stage.desk.room(stage.caller('clerk2'), 'r2').alarms.map(({ code }) => code)).toContain('sign-dark');
  });

  test('that is not mandatory is no alarm', async () => {
    await stage.stop();
    stage.plan = { ...stage.plan, displays: DISPLAYS.map((one) => ({ ...one, mandatory: false })) };
    await stage.start();
    await stage.pass(12_000);
    expect(stage.desk.signs.signs(clerk(), 'r1').displays[0]).toMatchObject({ state: 'dark', why: 'silent' });
    expect(alarms().filter((one) => one.startsWith('sign-dark'))).toEqual([]);
  });

  test('of nobody who has not had the time to say anything is told', async () => {
    await stage.pass(8_000);
    expect(alarms().filter((one) => one.startsWith('sign-dark'))).toEqual([]);
    await stage.pass(3_000);
    expect(alarms()).toContain('sign-dark warning');
  });
});

describe('the log', () => {
  test('has an end and a beginning where the controller was away, and can be asked', async () => {
    await paint('hall');
    await passWith(10_000, 'hall');
    const lastAt = stage.clock.now();
    await stage.stop();
    stage.clock.advance(60_000);
    await stage.start();
    await stage.desk.signs.painted('hall', page('hall', { heldMs: 75_000 }));
    await stage.site.idle();
    const facts = (await log()).filter((fact) => fact.display === 'hall');
    expect(facts.map((fact) => fact.type)).toEqual(['display-shown', 'display-dark', 'display-shown']);
    expect(facts[1]).toMatchObject({ why: 'controller-away' });
    const dark = facts[1];
    if (dark?.type !== 'display-dark' || dark.lastAt === null) throw new Error('no end');
    expect(Math.abs(dark.lastAt.wallMs - lastAt.wallMs)).toBeLessThan(3_000);
    const stretches = stage.desk.signs.displayLog(stage.caller('technician'), 'hall', 0, stage.desk.now() + 1);
    expect(stretches).toMatchObject([
      { to: Math.round(dark.lastAt.wallMs), dark: 'controller-away', face: 'hall' },
      { to: null, dark: null, heldMs: 75_000 },
    ]);
  });

  test('is the same in an index that is built anew', async () => {
    await paint('door', 'hall');
    await stage.desk.open(clerk(), 'r1', press);
    await stage.pass(900);
    await paint('door');
    const before = stage.dump()['display_stretch'];
    await stage.stop();
    const { rm } = await import('node:fs/promises');
    await rm(stage.layout.index, { force: true });
    await stage.start();
    // Only what start-up itself ended differs.
    expect(stage.dump()['display_stretch']?.length).toBe(before?.length);
  });

  test('of a page that goes wild stops growing', async () => {
    for (let i = 0; i < 400; i++) await stage.desk.signs.painted('door', page('door', { lines: [`line ${i}`] }));
    await stage.site.idle();
    expect((await log()).length).toBeLessThanOrEqual(120);
  });
});

describe('a display', () => {
  test('is one browser at a time, until that one is silent', async () => {
    await paint('door');
    const other = page('door', { holder: 'somebody-else' });
    await expect(stage.desk.signs.painted('door', other)).rejects.toMatchObject({ code: 'display-taken' });
    stage.clock.advance(5_100);
    await stage.desk.signs.painted('door', other);
    await expect(stage.desk.signs.painted('door', page('door'))).rejects.toMatchObject({ code: 'display-taken' });
  });

  test('that the site does not have is unknown', async () => {
    expect(() => stage.desk.signs.display('nope')).toThrow('no display');
    await expect(stage.desk.signs.painted('nope', { ...page('door') })).rejects.toMatchObject({
      code: 'display-unknown',
    });
  });
});

describe('the notice', () => {
  const speaking = () => stage.desk.signs.display('inside').speak;
  const speech = () => stage.desk.signs.signs(clerk(), 'r1').speech;

  test('is spoken once, by the display with the loudspeaker, when the recording is proven', async () => {
    await paint('door', 'inside');
    const { session } = await stage.desk.open(clerk(), 'r1', press);
    const gone = { code: 'camera-unreachable', detail: 'no answer' } as const;
    await stage.pass(2_700, { cam: gone, mic: gone, side: gone });
    await paint('inside');
    await stage.site.idle();
    expect(stage.desk.signs.display('inside').face).toBe('starting');
    expect(speaking()).toBeNull();
    await stage.pass(900);
    await paint('inside');
    await vi.waitFor(() => expect(speaking()).not.toBeNull(), 2_000);
    expect(stage.desk.signs.display('door').speak).toBeNull();
    const order = speaking();
    if (order === null) throw new Error('nothing to speak');
    await stage.desk.signs.spoken('inside', 'page-of-inside', order.id, 'begun');
    expect(speech()).toBe('speaking');
    await stage.desk.signs.spoken('inside', 'page-of-inside', order.id, 'ended');
    await stage.desk.signs.spoken('inside', 'page-of-inside', order.id, 'ended');
    expect(speech()).toBe('ended');
    expect(await factsOf('notice-spoken')).toMatchObject([
      { session: session.id, display: 'inside', how: 'synthesised', notice: 'recording' },
    ]);
    // A controller that comes back does not break into the hearing.
    await stage.stop();
    await stage.start();
    await paint('inside');
    await stage.pass(3_000);
    expect(speaking()).toBeNull();
    expect(speech()).toBe('ended');
    // Only when a person asks for it.
    await stage.desk.signs.speak(clerk(), 'r1');
    await vi.waitFor(() => expect(speaking()?.id).not.toBe(order.id), 2_000);
  });

  test('that the browser blocks, or nobody plays, is an alarm and ends nothing', async () => {
    await paint('inside');
    await stage.desk.open(clerk(), 'r1', press);
    await stage.pass(900);
    await paint('inside');
    await vi.waitFor(() => expect(speaking()).not.toBeNull(), 2_000);
    await stage.desk.signs.spoken('inside', 'page-of-inside', speaking()?.id ?? '', 'blocked');
    expect(speech()).toBe('blocked');
    expect(alarms()).toContain('notice-unspoken warning');
    await stage.desk.signs.speak(clerk(), 'r1');
    await passWith(20_000, 'inside');
    expect(speech()).toBe('failed');
    expect(stage.desk.room(clerk(), 'r1').session?.confirmed).toBe(true);
  });

  test('without a voice is said, and without a loudspeaker too', async () => {
    stage.voice = { speechOf: () => Promise.reject(new Error('no espeak')) };
    await paint('inside');
    await stage.desk.open(clerk(), 'r1', press);
    await stage.pass(900);
    await paint('inside');
    await vi.waitFor(() => expect(speech()).toBe('no-voice'), 2_000);
    expect(alarms()).toContain('speech-missing warning');
    expect(() => stage.desk.signs.signs(stage.caller('clerk2'), 'r1')).toThrow('may not look');
    await expect(stage.desk.signs.speak(stage.caller('auditor'), 'r1')).rejects.toThrow('may not');
    await expect(stage.desk.signs.speak(stage.caller('clerk2'), 'r2')).rejects.toMatchObject({
      code: 'notice-unspoken',
    });
  });

  test('that comes too late is not spoken into the hearing', async () => {
    await stage.desk.open(clerk(), 'r1', press);
    await stage.pass(70_000);
    await paint('inside');
    await stage.pass(2_000);
    expect(speaking()).toBeNull();
    expect(speech()).toBe('failed');
  });
});

describe('a lamp', () => {
  const lamp = () => stage.desk.signs.signs(clerk(), 'r1').lamps[0];

  test('is on only while the recording is proven, and off in every doubt', async () => {
    await vi.waitFor(() => expect(stage.lamps).toEqual(['lamp off']), 2_000);
    const { session } = await stage.desk.open(clerk(), 'r1', press);
    await vi.waitFor(() => expect(lamp()).toMatchObject({ asked: false, shown: false }), 2_000);
    await stage.pass(900);
    await vi.waitFor(() => expect(stage.lamps).toEqual(['lamp off', 'lamp on']), 2_000);
    // The proof grows old: nobody knows any more.
    stage.clock.advance(2_100);
    await vi.waitFor(() => expect(stage.lamps.at(-1)).toBe('lamp off'), 2_000);
    await stage.pass(900);
    await vi.waitFor(() => expect(stage.lamps.at(-1)).toBe('lamp on'), 2_000);
    await stage.desk.close(clerk(), session.id);
    await stage.pass(7_000);
    await vi.waitFor(() => expect(stage.lamps.at(-1)).toBe('lamp off'), 2_000);
    await stage.stop();
    expect(stage.lamps.at(-1)).toBe('lamp closed');
    await stage.start();
  });

  test('that does not answer is said and tried again', async () => {
    stage.lampsAreGone = true;
    await vi.waitFor(() => expect(alarms()).toContain('indicator-unreachable warning'), 8_000);
    expect(lamp()).toMatchObject({ shown: null });
    stage.lampsAreGone = false;
    await vi.waitFor(() => expect(lamp()).toMatchObject({ shown: false }), 8_000);
    expect(alarms()).not.toContain('indicator-unreachable warning');
  });
});

describe('a glance', () => {
  const answer = (index: number) =>
    stage.recorder.peeked({ stream: 'cam', run: 'run-1', index, at: stage.clock.now(), media: 'AAAA' });
  beforeEach(() => {
    stage.decoder = {
      decode: async () => ({
        jpeg: Uint8Array.of(0xff, 0xd8),
        thumb: new Uint8Array(32 * 18).fill(9),
        pcm: new Uint8Array(3_200),
      }),
    };
  });

  test('is taken when somebody looks, once in a few seconds however many look, and audited once', async () => {
    const first = stage.desk.signs.glance(clerk(), 'r1');
    const second = stage.desk.signs.glance(clerk(), 'r1');
    await vi.waitFor(() => expect(stage.recorder.peeks).toEqual(['cam', 'mic', 'side']), 1_000);
    answer(1);
    for (const stream of ['mic', 'side']) {
      stage.recorder.peeked({ stream, run: 'run-2', index: 4, at: stage.clock.now(), media: 'AAAA' });
    }
    expect((await first).streams[0]).toMatchObject({
      id: 'cam',
      still: 'run-1-1',
      isDark: true,
      sound: { isDigitalZero: true, levels: [-90] },
    });
    expect((await second).streams).toHaveLength(3);
    expect(stage.recorder.peeks).toHaveLength(3);
    expect(await stage.desk.signs.still(clerk(), 'r1', 'cam')).toEqual(Uint8Array.of(0xff, 0xd8));
    const audits = (await factsOf('audit')).filter((fact) => fact.did === 'glance');
    expect(audits).toMatchObject([{ who: 'clerk', object: 'r1', room: 'r1' }]);
  });

  test('before a hearing is for those who check the devices, in a hearing for those who hold it, and in one’s own rooms', async () => {
    const asks = (who: string) => stage.desk.signs.still(stage.caller(who), 'r1', 'cam');
    for (const who of ['clerk2', 'auditor', 'custodian', 'administrator']) {
      await expect(asks(who)).rejects.toThrow('may not');
    }
    const looked = asks('technician');
    await vi.waitFor(() => expect(stage.recorder.peeks).toContain('cam'), 1_000);
    answer(1);
    await looked;
    await stage.desk.open(clerk(), 'r1', press);
    await expect(asks('technician')).rejects.toThrow('may not');
    await asks('clerk');
    await expect(stage.desk.signs.still(clerk(), 'r1', 'cam2')).rejects.toMatchObject({ code: 'not-found' });
  });
});
