/** First PINs, logging in, locking out, logins that outlive a restart and end when they should. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { PLAN, Stage } from './stage.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
});
afterEach(async () => {
  await stage.close();
});

const pinOf = (id: string): string => stage.pins.get(id) ?? '';
const wrongOf = (id: string): string => (pinOf(id) === '000000' ? '000001' : '000000');

test('everybody gets six digits once, told once and journaled only as a hash', async () => {
  expect([...stage.pins.keys()].sort()).toEqual(PLAN.people.map((person) => person.id).sort());
  for (const pin of stage.pins.values()) expect(pin).toMatch(/^\d{6}$/);
  expect(stage.site.takeFirstPins()).toEqual([]);
  const text = JSON.stringify(await stage.facts());
  expect(text).toContain('$argon2id$');
  for (const pin of stage.pins.values()) expect(text).not.toContain(`"${pin}"`);
  await stage.stop();
  await stage.start();
  expect(stage.site.takeFirstPins()).toEqual([]);
  await expect(stage.desk.login('clerk', pinOf('clerk'))).resolves.toMatchObject({
    caller: { person: { id: 'clerk' } },
  });
});

test('a login outlives a restart, and ends at logout', async () => {
  const { token } = await stage.desk.login('clerk', pinOf('clerk'));
  await stage.stop();
  await stage.start();
  const ended: string[] = [];
  stage.desk.onLoginEnded((login) => ended.push(login));
  const caller = stage.desk.callerOf(token);
  if (caller === null) throw new Error('the login did not outlive the restart');
  await stage.desk.logout(caller);
  expect(stage.desk.callerOf(token)).toBeNull();
  expect(ended).toEqual([caller.login]);
  expect(stage.desk.callerOf('x'.repeat(43))).toBeNull();
  const tables = JSON.stringify(stage.store.sql.all('SELECT * FROM login'));
  expect(tables).not.toContain(token);
});

test('a login that nobody used for half a day has ended', async () => {
  const { token } = await stage.desk.login('clerk', pinOf('clerk'));
  stage.clock.advance(11 * 3_600_000);
  expect(stage.desk.callerOf(token)).not.toBeNull();
  stage.clock.advance(11 * 3_600_000);
  expect(stage.desk.callerOf(token)).not.toBeNull();
  stage.clock.advance(13 * 3_600_000);
  expect(stage.desk.callerOf(token)).toBeNull();
});

test('five wrong tries lock the login for a minute, then two, even for the right PIN, and nobody else', async () => {
  for (const lockMs of [60_000, 120_000]) {
    for (let i = 0; i < 5; i++) {
      await expect(stage.desk.login('clerk', wrongOf('clerk'))).rejects.toMatchObject({ code: 'wrong-pin' });
    }
    const locked = await stage.desk.login('clerk', pinOf('clerk')).catch((error: unknown) => error);
    expect(locked).toMatchObject({ code: 'too-many-tries' });
    const { retryAfterMs } = locked as { retryAfterMs: number };
    expect(retryAfterMs).toBeGreaterThan(lockMs - 5_000);
    expect(retryAfterMs).toBeLessThanOrEqual(lockMs);
    await stage.desk.login('presider', pinOf('presider'));
    stage.clock.advance(lockMs + 1);
  }
  await stage.desk.login('clerk', pinOf('clerk'));
  await expect(stage.desk.login('clerk', wrongOf('clerk'))).rejects.toMatchObject({ code: 'wrong-pin' });
});

test('somebody who is not known is refused in the same words', async () => {
  await expect(stage.desk.login('nobody', '123456')).rejects.toMatchObject({ code: 'wrong-pin' });
});

test('a new PIN ends the old one and the logins made with it', async () => {
  const { token } = await stage.desk.login('clerk', pinOf('clerk'));
  const { pin } = await stage.site.newPin('clerk');
  expect(stage.desk.callerOf(token)).toBeNull();
  if (pin !== pinOf('clerk')) {
    await expect(stage.desk.login('clerk', pinOf('clerk'))).rejects.toMatchObject({ code: 'wrong-pin' });
  }
  await stage.desk.login('clerk', pin);
  await expect(stage.site.newPin('nobody')).rejects.toMatchObject({ code: 'not-found' });
});

test('people who leave the configuration leave with their logins; changed rooms are journaled without a new PIN', async () => {
  const { token } = await stage.desk.login('clerk', pinOf('clerk'));
  await stage.stop();
  stage.plan = {
    ...PLAN,
    people: PLAN.people
      .filter((person) => person.id !== 'clerk')
      .map((person) => (person.id === 'clerk2' ? { ...person, rooms: 'all' as const } : person)),
  };
  await stage.start();
  expect(stage.desk.callerOf(token)).toBeNull();
  await expect(stage.desk.login('clerk', pinOf('clerk'))).rejects.toMatchObject({ code: 'wrong-pin' });
  await stage.desk.login('clerk2', pinOf('clerk2'));
  expect(stage.store.person('clerk2')?.rooms).toEqual(['*']);
});

test('logins and refusals are audited', async () => {
  await stage.desk.login('clerk', wrongOf('clerk')).catch(() => undefined);
  const { caller } = await stage.desk.login('clerk', pinOf('clerk'));
  await stage.desk.logout(caller);
  const audits = (await stage.facts()).filter((fact) => fact.type === 'audit');
  expect(audits.map((fact) => [fact.who, fact.did])).toEqual([
    ['clerk', 'login-refused'],
    ['clerk', 'login'],
    ['clerk', 'logout'],
  ]);
});

test('a flood of logins is refused beyond what can wait, and the door opens again', async () => {
  const flood = await Promise.allSettled(Array.from({ length: 60 }, () => stage.desk.login('nobody', '1')));
  const codes = flood.map((one) => (one.status === 'rejected' ? (one.reason as { code: string }).code : 'in'));
  expect(codes.filter((code) => code === 'too-many-tries').length).toBeGreaterThan(30);
  await stage.desk.login('clerk', pinOf('clerk'));
});
