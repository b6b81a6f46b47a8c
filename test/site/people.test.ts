/** First PINs and secrets, logging in with either, logins that outlive a restart and end when they should. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pinFault } from '../../controller/core/pin-rules.ts';
import { reindex } from '../../controller/store/open-index.ts';
import { codeOf, DoorStage, EVERYBODY, WRONG_PIN } from './door-stage.ts';

let stage: DoorStage;
beforeEach(async () => {
  stage = await DoorStage.open();
});
afterEach(async () => {
  await stage.close();
});

const HOUR_MS = 3_600_000;

describe('at the first start', () => {
  test('everybody gets a PIN and every administrator a secret, told once and journaled only as hashes', async () => {
    expect([...stage.pins.keys()].sort()).toEqual(EVERYBODY.map(({ id }) => id).sort());
    for (const pin of stage.pins.values()) expect([pin, pin.length, pinFault(pin)]).toEqual([pin, 6, null]);
    expect([...stage.secrets.keys()]).toEqual(['administrator']);
    const text = JSON.stringify(await stage.facts());
    expect(text).toContain('$argon2id$');
    for (const pin of stage.pins.values()) expect(text).not.toContain(`"${pin}"`);
    const secret = stage.secrets.get('administrator') ?? '';
    expect(secret).toMatch(/^(\w{5}-){4}\w{5}$/);
    expect(text).not.toContain(secret);
    expect(text).not.toContain(secret.replaceAll('-', ''));
    const [pins, secrets] = [new Map(stage.pins), new Map(stage.secrets)];
    await stage.restart();
    expect([stage.pins, stage.secrets], 'the second start tells nothing new').toEqual([pins, secrets]);
    await stage.login('clerk');
    await stage.door.loginBySecret(secret, stage.browser());
  });

  test('no PIN is given that the rules refuse', async () => {
    const boss = stage.caller('administrator');
    // Of random PINs one in twelve is refused: so many without one are given by chance once in a hundred times.
    for (let i = 0; i < 50; i++) expect(pinFault(await stage.staff.givePin(boss, 'clerk'))).toBeNull();
  });

  test('an administrator who is named later gets a secret then', async () => {
    stage.everybody = [...EVERYBODY, { id: 'boss', name: '新', role: 'administrator', rooms: 'all' }];
    await stage.restart();
    expect([...stage.secrets.keys()]).toEqual(['administrator', 'boss']);
  });
});

describe('a PIN', () => {
  test('is taken at a paired panel, and the login says where', async () => {
    const panel = await stage.panel();
    const { caller } = await stage.login('clerk', panel);
    expect(caller).toMatchObject({ person: { id: 'clerk' }, how: 'pin' });
    expect(stage.staff.panelOf(caller)).toMatchObject({ name: '屏-r1', room: { id: 'r1' } });
    expect(stage.staff.ownLogins(caller)).toMatchObject([{ how: 'pin', address: '192.0.2.10', agent: 'Firefox' }]);
  });

  test('is not even looked at from any other browser, right or wrong', async () => {
    for (const from of [
      stage.browser(),
      stage.browser({ isLocal: true }),
      stage.browser({ panelToken: 'A'.repeat(43) }),
    ]) {
      expect(await codeOf(stage.door.login('clerk', stage.pins.get('clerk') ?? '', from))).toBe('panel-not-paired');
      expect(await stage.tryOften(8, 'clerk', from)).toEqual(Array.from({ length: 8 }, () => 'panel-not-paired'));
      expect(stage.door.people(from)).toEqual([]);
      expect(stage.door.here(from)).toEqual({ panel: null, pins: false, lockedForMs: 0 });
    }
    await stage.login('clerk');
  });

  test('is taken from an unpaired browser of this very machine where the site says so, and only there', async () => {
    stage.unpaired = 'pin';
    await stage.restart();
    const { token } = await stage.login('clerk', stage.browser({ isLocal: true, address: '127.0.0.1' }));
    expect(stage.door.callerOf(token, null)?.person.id).toBe('clerk');
    expect(await codeOf(stage.login('clerk', stage.browser()))).toBe('panel-not-paired');
    stage.unpaired = 'secret';
    await stage.restart();
    expect(stage.door.callerOf(token, null), 'the site changed its mind').toBeNull();
  });

  test('of somebody without authority over the room of the panel is refused after it was found right', async () => {
    const panel = await stage.panel('r1');
    expect(stage.door.people(panel).map(({ id }) => id)).toEqual([
      ...['clerk', 'presider', 'technician', 'technician1', 'administrator'],
    ]);
    expect(await codeOf(stage.door.login('clerk2', WRONG_PIN, panel))).toBe('wrong-pin');
    expect(await codeOf(stage.login('clerk2', panel))).toBe('not-your-room');
    await stage.login('clerk2', await stage.panel('r2'));
  });

  test('of somebody unknown is refused in the same words', async () => {
    expect(await codeOf(stage.door.login('nobody', '738164', await stage.panel()))).toBe('wrong-pin');
  });

  test('that one chooses oneself must be good and other than the old one, and ends one’s other logins', async () => {
    const other = await stage.login('clerk', await stage.panel());
    const { caller, token, from } = await stage.login('clerk');
    const old = stage.pins.get('clerk') ?? '';
    expect(await codeOf(stage.staff.changePin(caller, WRONG_PIN, '738164'))).toBe('wrong-pin');
    for (const weak of ['123456', '000000', '121212', '12345', '190101', old]) {
      expect([weak, await codeOf(stage.staff.changePin(caller, old, weak))]).toEqual([weak, 'weak-pin']);
    }
    const good = old === '738164' ? '738165' : '738164';
    await stage.staff.changePin(caller, old, good);
    expect(stage.door.callerOf(token, from.panelToken)).not.toBeNull();
    expect(stage.door.callerOf(other.token, other.from.panelToken)).toBeNull();
    expect(await codeOf(stage.door.login('clerk', old, from))).toBe('wrong-pin');
    await stage.door.login('clerk', good, from);
    expect(await stage.audits()).toContain('clerk pin-changed clerk');
  });
});

describe('a secret', () => {
  test('lets in from any browser, however it is typed, and only whose it is', async () => {
    const secret = stage.secrets.get('administrator') ?? '';
    for (const typed of [secret, secret.toLowerCase(), secret.replaceAll('-', ' ')]) {
      const { caller } = await stage.door.loginBySecret(typed, stage.browser());
      expect(caller).toMatchObject({ person: { id: 'administrator' }, how: 'secret', panel: null });
    }
    const wrong = secret.startsWith('A') ? `B${secret.slice(1)}` : `A${secret.slice(1)}`;
    expect(await codeOf(stage.door.loginBySecret(wrong, stage.browser()))).toBe('wrong-secret');
    expect(await codeOf(stage.door.loginBySecret('', stage.browser()))).toBe('wrong-secret');
  });

  test('that is right is let in even where somebody was locked out by guessing, because 125 bits cannot be guessed', async () => {
    const from = stage.browser();
    const codes: string[] = [];
    for (let i = 0; i < 14; i++) codes.push(await codeOf(stage.door.loginBySecret('x', from)));
    expect(codes).toEqual([...Array.from({ length: 12 }, () => 'wrong-secret'), 'too-many-tries', 'too-many-tries']);
    await stage.door.loginBySecret(stage.secrets.get('administrator') ?? '', from);
  });

  test('can be given to anybody, by an administrator who logged in with one', async () => {
    const secret = await stage.staff.giveSecret(stage.caller('administrator'), 'technician');
    expect((await stage.door.loginBySecret(secret, stage.browser())).caller.person.id).toBe('technician');
    const newer = await stage.staff.giveSecret(stage.caller('administrator'), 'technician');
    expect(await codeOf(stage.door.loginBySecret(secret, stage.browser()))).toBe('wrong-secret');
    await stage.door.loginBySecret(newer, stage.browser());
  });
});

describe('a login', () => {
  test('outlives a restart and a rebuild of the index, and ends at logout', async () => {
    const { token, from } = await stage.login('clerk');
    await stage.stop();
    await reindex(stage.folder, { info: () => undefined, warn: () => undefined, error: () => undefined });
    await stage.start();
    const caller = stage.door.callerOf(token, from.panelToken);
    if (caller === null) throw new Error('the login did not outlive the restart');
    await stage.door.logout(caller);
    expect(stage.door.callerOf(token, from.panelToken)).toBeNull();
    expect(stage.ended).toEqual([caller.login]);
    const tables = JSON.stringify(['login', 'panel'].map((table) => stage.store.sql.all(`SELECT * FROM ${table}`)));
    expect(tables).not.toContain(token);
    expect(tables).not.toContain(from.panelToken);
  });

  test('that was made at a panel holds nowhere else: a stolen cookie alone opens nothing', async () => {
    const { token, from } = await stage.login('clerk');
    const other = await stage.panel();
    for (const panelToken of [null, other.panelToken, 'A'.repeat(43)]) {
      expect(stage.door.callerOf(token, panelToken)).toBeNull();
    }
    expect(stage.door.callerOf(token, from.panelToken), 'and the thief ended nothing').not.toBeNull();
  });

  test('that nobody used for half a day has ended, and so has each after a day', async () => {
    const { token, from } = await stage.login('clerk');
    for (let hours = 0; hours < 22; hours += 11) {
      stage.clock.advance(11 * HOUR_MS);
      expect(stage.door.callerOf(token, from.panelToken)).not.toBeNull();
    }
    stage.clock.advance(3 * HOUR_MS);
    expect(stage.door.callerOf(token, from.panelToken), 'used until now, but a day old').toBeNull();
    const again = await stage.login('clerk', from);
    stage.clock.advance(12 * HOUR_MS + 1);
    expect(stage.door.callerOf(again.token, from.panelToken)).toBeNull();
  });

  test('ends by time even when nobody asks, so that its sockets are closed', async () => {
    const { caller } = await stage.login('clerk');
    stage.logins.sweep();
    expect(stage.ended).toEqual([]);
    stage.clock.advance(13 * HOUR_MS);
    stage.logins.sweep();
    expect(stage.ended).toEqual([caller.login]);
  });

  test('lives by the monotonic clock: setting the wall clock by a year ends none and keeps none alive', async () => {
    const { token, from } = await stage.login('clerk');
    for (const stepMs of [365 * 24 * HOUR_MS, -2 * 365 * 24 * HOUR_MS]) {
      stage.clock.stepWall(stepMs);
      expect(stage.door.callerOf(token, from.panelToken)).not.toBeNull();
    }
    stage.clock.advance(13 * HOUR_MS);
    expect(stage.door.callerOf(token, from.panelToken)).toBeNull();
  });

  test('of one person there are not more than twenty: the oldest ends', async () => {
    const panel = await stage.panel();
    const first = await stage.login('clerk', panel);
    for (let i = 0; i < 20; i++) await stage.login('clerk', panel);
    expect(stage.door.callerOf(first.token, panel.panelToken)).toBeNull();
    expect(stage.logins.all()).toHaveLength(20);
  });

  test('of people who leave the configuration ends; changed rooms are journaled without a new PIN', async () => {
    const { token, from } = await stage.login('clerk');
    stage.everybody = EVERYBODY.filter(({ id }) => id !== 'clerk').map((one) =>
      one.id === 'clerk2' ? { ...one, rooms: 'all' as const } : one,
    );
    await stage.restart();
    expect(stage.door.callerOf(token, from.panelToken)).toBeNull();
    expect(await codeOf(stage.login('clerk', from))).toBe('wrong-pin');
    await stage.login('clerk2', from);
    expect(stage.store.people.person('clerk2')?.rooms).toEqual(['*']);
  });
});

test('logins, refusals and logouts are audited with the panel they were made at', async () => {
  const panel = await stage.panel();
  await stage.tryOften(1, 'clerk', panel);
  await stage.tryOften(1, 'nobody-here', panel, '123456');
  const { caller } = await stage.login('clerk', panel);
  await stage.door.logout(caller);
  await codeOf(stage.door.loginBySecret('wrong', stage.browser({ address: '192.0.2.99' })));
  expect(await stage.audits()).toEqual([
    'technician pairing-code-made 屏-r1',
    'clerk login-refused clerk',
    'nobody login-refused nobody',
    'clerk login clerk',
    'clerk logout clerk',
    'nobody login-refused secret',
  ]);
  const sources = (await stage.facts()).flatMap((fact) => (fact.type === 'audit' ? [fact.source] : []));
  expect(sources.slice(1, 5), 'of refusals, login and logout').toEqual(Array.from({ length: 4 }, () => caller.panel));
  expect(sources.at(-1)).toBe('192.0.2.99');
  expect(JSON.stringify(await stage.facts()), 'what was typed as a name may have been a PIN').not.toContain(
    'nobody-here',
  );
});
