/** Guessing PINs: at one person, at many, over many connections, over restarts and stepped clocks. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { addressKey, TryBook } from '../../controller/core/try-book.ts';
import { codeOf, DoorStage, WRONG_PIN } from './door-stage.ts';

const MINUTE_MS = 60_000;
let stage: DoorStage;
beforeEach(async () => {
  stage = await DoorStage.open();
});
afterEach(async () => {
  await stage.close();
});

const times = (n: number, code: string): string[] => Array.from({ length: n }, () => code);
const leftOf = (id: string, from: Parameters<DoorStage['tryOften']>[2]): number =>
  stage.door.people(from).find((one) => one.id === id)?.lockedForMs ?? -1;

test('five wrong tries lock one person for a minute, then two, even for the right PIN; others log in', async () => {
  for (const lockMs of [MINUTE_MS, 2 * MINUTE_MS]) {
    const panel = await stage.panel();
    expect(await stage.tryOften(6, 'clerk', panel)).toEqual([...times(5, 'wrong-pin'), 'too-many-tries']);
    const locked = await stage.login('clerk', panel).catch((error: unknown) => error);
    expect(locked).toMatchObject({ code: 'too-many-tries' });
    const { retryAfterMs } = locked as { retryAfterMs: number };
    expect(retryAfterMs).toBeGreaterThan(lockMs - 5_000);
    expect(retryAfterMs).toBeLessThanOrEqual(lockMs);
    expect(Math.abs(leftOf('clerk', panel) - retryAfterMs), 'and the pad knows before anybody types').toBeLessThan(
      5_000,
    );
    await stage.login('presider', panel);
    stage.clock.advance(lockMs + 1);
  }
  await stage.login('clerk');
  expect(await stage.audits()).toContain('clerk locked person clerk');
});

test('the lock of a person holds at every panel', async () => {
  const [one, other] = [await stage.panel(), await stage.panel()];
  await stage.tryOften(3, 'clerk', one);
  expect(await stage.tryOften(3, 'clerk', other)).toEqual(['wrong-pin', 'wrong-pin', 'too-many-tries']);
  expect(await codeOf(stage.login('clerk', one))).toBe('too-many-tries');
});

test('whoever guesses over many names is locked out at that panel, and not at others', async () => {
  const panel = await stage.panel();
  const names = ['clerk', 'presider', 'technician', 'technician1'];
  const codes: string[] = [];
  for (let i = 0; i < 16; i++) codes.push(...(await stage.tryOften(1, names[i % 4] ?? '', panel)));
  expect(codes).toEqual([...times(12, 'wrong-pin'), ...times(4, 'too-many-tries')]);
  expect(await codeOf(stage.login('administrator', panel)), 'nobody comes in there now').toBe('too-many-tries');
  expect(stage.door.here(panel).lockedForMs).toBeGreaterThan(MINUTE_MS - 5_000);
  await stage.login('administrator', await stage.panel());
});

test('names that nobody has count at the panel too', async () => {
  const panel = await stage.panel();
  const codes: string[] = [];
  for (let i = 0; i < 13; i++) codes.push(...(await stage.tryOften(1, `nobody-${i}`, panel)));
  expect(codes).toEqual([...times(12, 'wrong-pin'), 'too-many-tries']);
});

test('a PIN of one’s own, typed between guesses at others, does not clear the panel', async () => {
  const panel = await stage.panel();
  let wrong = 0;
  const victims = ['clerk', 'presider', 'technician1', 'administrator'];
  for (let i = 0; i < 16; i++) {
    wrong += (await stage.tryOften(1, victims[i % 4] ?? '', panel)).filter((code) => code === 'wrong-pin').length;
    await codeOf(stage.login('technician', panel));
  }
  expect(await codeOf(stage.login('technician', panel))).toBe('too-many-tries');
  expect(wrong).toBeLessThanOrEqual(12);
});

test('guessing over many connections at once is counted like guessing over one', async () => {
  const panel = await stage.panel();
  const codes = await Promise.all(
    Array.from({ length: 60 }, () => codeOf(stage.door.login('clerk', WRONG_PIN, panel))),
  );
  expect(codes.filter((code) => code === 'wrong-pin').length).toBeLessThanOrEqual(5);
  expect(codes.filter((code) => code === 'in')).toEqual([]);
  const spread = await Promise.all(
    Array.from({ length: 10 }, async () => stage.panel()).map(async (one) => {
      const from = await one;
      return Promise.all(Array.from({ length: 3 }, () => codeOf(stage.door.login('presider', WRONG_PIN, from))));
    }),
  );
  expect(spread.flat().filter((code) => code === 'wrong-pin').length).toBeLessThanOrEqual(5);
});

test('a flood at one panel does not keep others from logging in', async () => {
  const [flooded, quiet] = [await stage.panel(), await stage.panel()];
  const flood = Array.from({ length: 200 }, () => codeOf(stage.door.login('nobody', '1', flooded)));
  await stage.login('clerk', quiet);
  const codes = await Promise.all(flood);
  expect(codes.filter((code) => code === 'too-many-tries').length).toBeGreaterThan(180);
});

test('a restart of the controller opens no lock and forgets no try', async () => {
  const panel = await stage.panel();
  await stage.tryOften(3, 'presider', panel);
  await stage.tryOften(5, 'clerk', panel);
  await stage.restart();
  expect(await codeOf(stage.login('clerk', panel))).toBe('too-many-tries');
  expect(await stage.tryOften(3, 'presider', panel)).toEqual(['wrong-pin', 'wrong-pin', 'too-many-tries']);
});

test('setting the wall clock opens no lock and makes none longer', async () => {
  const panel = await stage.panel();
  await stage.tryOften(5, 'clerk', panel);
  stage.clock.stepWall(24 * 60 * MINUTE_MS);
  expect(await codeOf(stage.login('clerk', panel))).toBe('too-many-tries');
  stage.clock.stepWall(-48 * 60 * MINUTE_MS);
  expect(leftOf('clerk', panel)).toBeLessThanOrEqual(MINUTE_MS);
  stage.clock.advance(MINUTE_MS);
  await stage.login('clerk', panel);
});

test('an administrator ends the lock of a person and of a panel', async () => {
  const panel = await stage.panel();
  await stage.tryOften(5, 'clerk', panel);
  await stage.staff.unlockPerson(stage.caller('administrator'), 'clerk');
  await stage.login('clerk', panel);
  for (const id of ['clerk', 'presider', 'technician']) await stage.tryOften(4, id, panel);
  expect(stage.door.here(panel).lockedForMs).toBeGreaterThan(0);
  const id = stage.door.here(panel).panel?.id ?? '';
  await stage.staff.unlockPanel(stage.caller('administrator'), id);
  await stage.login('presider', panel);
});

test('networks are counted one by one, a whole IPv6 network as one', async () => {
  for (let i = 0; i < 12; i++) {
    expect(await codeOf(stage.door.loginBySecret('x', stage.browser({ address: `2001:db8:1:2::${i}` })))).toBe(
      'wrong-secret',
    );
  }
  const locked = (address: string) => codeOf(stage.door.loginBySecret('x', stage.browser({ address })));
  expect(await locked('2001:db8:1:2:ffff::1')).toBe('too-many-tries');
  expect(await locked('2001:db8:1:3::1')).toBe('wrong-secret');
  expect(await locked('192.0.2.1')).toBe('wrong-secret');
});

test('a thousand addresses push neither a person nor a panel out of the count', async () => {
  const panel = await stage.panel();
  await stage.tryOften(5, 'clerk', panel);
  const clock = { now: () => stage.clock.now(), state: () => stage.clock.state() };
  const book = new TryBook(stage.store.people, clock, {
    info: () => undefined,
    warn: () => undefined,
    error: () => undefined,
  });
  book.start();
  stage.store.sql.transaction(() => {
    for (let i = 0; i < 2_500; i++) book.wrong(addressKey(`10.0.${i >> 8}.${i & 255}`));
  });
  expect(stage.store.people.allTries().size).toBeLessThan(1_200);
  await stage.restart();
  expect(await codeOf(stage.login('clerk', panel))).toBe('too-many-tries');
});
