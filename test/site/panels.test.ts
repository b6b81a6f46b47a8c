/** Pairing: a code for one browser and some minutes; revoking; who may look after panels and people. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Origin } from '../../controller/core/origin.ts';
import { reindex } from '../../controller/store/open-index.ts';
import { codeOf, DoorStage } from './door-stage.ts';

const MINUTE_MS = 60_000;
let stage: DoorStage;
beforeEach(async () => {
  stage = await DoorStage.open();
});
afterEach(async () => {
  await stage.close();
});

const idOf = (from: Origin): string => stage.door.here(from).panel?.id ?? '';

describe('a code', () => {
  test('of twelve digits makes one browser a panel of its room', async () => {
    const code = await stage.staff.makeCode(stage.caller('technician'), 'r1', '东墙');
    expect(code.code).toMatch(/^\d{12}$/);
    const { token, panel } = await stage.door.pair(` ${code.code.slice(0, 4)} ${code.code.slice(4)}`, stage.browser());
    expect(panel).toMatchObject({ name: '东墙', room: { id: 'r1' } });
    expect(stage.door.here(stage.browser({ panelToken: token }))).toMatchObject({
      panel: { name: '东墙' },
      pins: true,
    });
    expect(JSON.stringify(await stage.facts())).not.toContain(token);
    expect(JSON.stringify(await stage.facts())).not.toContain(code.code);
  });

  test('works once: replayed, and raced by two browsers, it makes one panel', async () => {
    const { code } = await stage.staff.makeCode(stage.caller('technician'), 'r1', '一');
    const codes = await Promise.all(Array.from({ length: 4 }, () => codeOf(stage.door.pair(code, stage.browser()))));
    expect(codes.sort()).toEqual(['in', 'wrong-code', 'wrong-code', 'wrong-code']);
    expect(stage.staff.panels(stage.caller('technician'))).toHaveLength(1);
    await stage.restart();
    expect(await codeOf(stage.door.pair(code, stage.browser()))).toBe('wrong-code');
  });

  test('ends after ten minutes, however the wall clock is set', async () => {
    const make = async () => (await stage.staff.makeCode(stage.caller('technician'), 'r1', '一')).code;
    const [late, early] = [await make(), await make()];
    stage.clock.stepWall(86_400_000);
    await stage.door.pair(early, stage.browser());
    stage.clock.stepWall(-2 * 86_400_000);
    stage.clock.advance(10 * MINUTE_MS + 1);
    expect(await codeOf(stage.door.pair(late, stage.browser()))).toBe('wrong-code');
  });

  test('that was guessed wrong twelve times locks that address for a minute, and no other', async () => {
    const { code } = await stage.staff.makeCode(stage.caller('technician'), 'r1', '一');
    const guess = (address: string) => codeOf(stage.door.pair('000000000000', stage.browser({ address })));
    for (let i = 0; i < 12; i++) expect(await guess('192.0.2.66')).toBe('wrong-code');
    expect(await codeOf(stage.door.pair(code, stage.browser({ address: '192.0.2.66' })))).toBe('too-many-tries');
    await stage.door.pair(code, stage.browser({ address: '192.0.2.67' }));
    expect((await stage.audits()).filter((line) => line.endsWith('pairing-refused code'))).toHaveLength(12);
    expect(await stage.audits()).toContain('nobody locked address 192.0.2.66');
  });

  test('is made by technicians for their rooms and by administrators', async () => {
    const make = (id: string, room: string) => codeOf(stage.staff.makeCode(stage.caller(id), room, '一'));
    expect(await make('technician1', 'r1')).toBe('in');
    expect(await make('technician1', 'r2')).toBe('not-your-room');
    expect(await make('administrator', 'r2')).toBe('in');
    expect(await make('administrator', 'nope')).toBe('room-unknown');
    for (const id of ['clerk', 'presider']) expect(await make(id, 'r1')).toBe('not-your-role');
  });
});

describe('a panel', () => {
  test('stays paired over restarts and a rebuild of the index', async () => {
    const panel = await stage.panel();
    await stage.stop();
    await reindex(stage.folder, { info: () => undefined, warn: () => undefined, error: () => undefined });
    await stage.start();
    await stage.login('clerk', panel);
  });

  test('that is revoked takes no PIN, and what was logged in at it has ended: both stolen cookies are worth nothing', async () => {
    const [panel, other] = [await stage.panel(), await stage.panel()];
    const stolen = await stage.login('clerk', panel);
    const elsewhere = await stage.login('clerk', other);
    await stage.staff.revokePanel(stage.caller('administrator'), idOf(panel));
    expect(stage.door.callerOf(stolen.token, panel.panelToken)).toBeNull();
    expect(stage.ended).toEqual([stolen.caller.login]);
    expect(await codeOf(stage.login('clerk', panel))).toBe('panel-not-paired');
    expect(stage.door.here(panel)).toMatchObject({ panel: null, pins: false });
    expect(stage.door.callerOf(elsewhere.token, other.panelToken), 'the other panel goes on').not.toBeNull();
    await stage.restart();
    expect(await codeOf(stage.login('clerk', panel))).toBe('panel-not-paired');
    expect((await stage.facts()).filter((fact) => fact.type === 'panel-revoked')).toMatchObject([
      { by: 'administrator' },
    ]);
  });

  test('that is paired again stops being what it was', async () => {
    const before = await stage.panel('r1');
    const login = await stage.login('clerk', before);
    const { code } = await stage.staff.makeCode(stage.caller('technician'), 'r2', '换');
    const { token } = await stage.door.pair(code, before);
    expect(stage.door.here(before).panel).toBeNull();
    expect(stage.door.callerOf(login.token, before.panelToken)).toBeNull();
    expect(stage.ended, 'its sockets are closed too').toEqual([login.caller.login]);
    expect(stage.door.here(stage.browser({ panelToken: token })).panel?.room.id).toBe('r2');
    expect(stage.staff.panels(stage.caller('technician'))).toHaveLength(1);
  });

  test('of a room that left the configuration is no panel any more', async () => {
    const panel = await stage.panel('r2');
    stage.rooms = stage.rooms.filter(({ id }) => id !== 'r2');
    await stage.restart();
    expect(stage.door.here(panel).panel).toBeNull();
    expect(stage.staff.panels(stage.caller('technician'))).toEqual([]);
  });

  test('is listed with who is logged in at it, when and from where it was used', async () => {
    const panel = await stage.panel();
    await stage.login('clerk', { ...panel, address: '192.0.2.77' });
    const [one] = stage.staff.panels(stage.caller('technician1'));
    expect(one).toMatchObject({
      name: '屏-r1',
      pairedBy: '名-technician',
      people: ['名-clerk'],
      address: '192.0.2.77',
    });
    expect(one?.lastUseAt).toBeGreaterThanOrEqual(one?.pairedAt ?? Number.POSITIVE_INFINITY);
    await stage.panel('r2');
    expect(stage.staff.panels(stage.caller('technician1')), 'rooms of one’s own only').toHaveLength(1);
    expect(stage.staff.panels(stage.caller('administrator'))).toHaveLength(2);
  });
});

describe('the trail', () => {
  test('tells who came in, who was refused and what was changed, in names, to administrators and auditors', async () => {
    const panel = await stage.panel();
    await stage.tryOften(5, 'clerk', panel);
    await codeOf(stage.door.pair('000000000000', stage.browser({ address: '192.0.2.66' })));
    await stage.staff.unlockPerson(stage.caller('administrator'), 'clerk');
    const { caller } = await stage.login('clerk', panel);
    await stage.staff.revokePanel(stage.caller('administrator'), caller.panel ?? '');
    const lines = stage.staff.trail(stage.caller('administrator'), 100, null);
    const told = lines.map(({ who, did, object, where }) => [who, did, object, where].join(' | ')).reverse();
    expect(told).toEqual([
      '名-technician | pairing-code-made | 屏-r1 | ',
      '名-technician | panel-paired | 屏-r1 | 屏-r1',
      ...Array.from({ length: 5 }, () => ' | login-refused | 名-clerk | 屏-r1'),
      ' | locked | 名-clerk | 屏-r1',
      ' | pairing-refused |  | 192.0.2.66',
      '名-administrator | unlocked | 名-clerk | ',
      '名-clerk | login | 名-clerk | 屏-r1',
      '名-administrator | panel-revoked | 屏-r1 | 屏-r1',
    ]);
    const [newest, second] = lines;
    expect(stage.staff.trail(stage.caller('administrator'), 1, newest?.seq ?? 0)).toEqual([second]);
    for (const id of ['clerk', 'presider', 'technician']) {
      expect(() => stage.staff.trail(stage.caller(id), 1, null)).toThrow(
        expect.objectContaining({ code: 'not-your-role' }),
      );
    }
    await stage.stop();
    await reindex(stage.folder, { info: () => undefined, warn: () => undefined, error: () => undefined });
    await stage.start();
    expect(stage.staff.trail(stage.caller('administrator'), 100, null)).toEqual(lines);
  });
});

describe('people', () => {
  test('are listed for an administrator with their logins: where, since when, and how', async () => {
    const { caller } = await stage.login('clerk');
    const people = stage.staff.people(stage.caller('administrator'));
    expect(people.map(({ id }) => id)).toEqual(stage.everybody.map(({ id }) => id));
    expect(people.find(({ id }) => id === 'administrator')?.hasSecret).toBe(true);
    expect(people[0]).toMatchObject({
      ...{ id: 'clerk', rooms: [{ id: 'r1' }], hasSecret: false, lockedForMs: 0 },
      logins: [{ id: caller.login, how: 'pin', panel: { room: { id: 'r1' } }, address: '192.0.2.10', isMine: false }],
    });
  });

  test('get a new PIN or secret only from an administrator who logged in with a secret; what they had ends', async () => {
    const { token, from } = await stage.login('clerk');
    const before = stage.pins.get('clerk') ?? '';
    for (const id of ['clerk', 'presider', 'technician']) {
      expect(await codeOf(stage.staff.givePin(stage.caller(id), 'clerk'))).toBe('not-your-role');
      expect(await codeOf(stage.staff.giveSecret(stage.caller(id), id))).toBe('not-your-role');
    }
    const byPin = stage.caller('administrator', 'pin');
    expect(await codeOf(stage.staff.givePin(byPin, 'clerk'))).toBe('secret-needed');
    expect(await codeOf(stage.staff.giveSecret(byPin, 'administrator'))).toBe('secret-needed');
    expect(stage.door.callerOf(token, from.panelToken)).not.toBeNull();
    const pin = await stage.staff.givePin(stage.caller('administrator'), 'clerk');
    expect(stage.door.callerOf(token, from.panelToken)).toBeNull();
    // Six digits may fall on the old ones once in a million times.
    if (pin !== before) expect(await codeOf(stage.door.login('clerk', before, from))).toBe('wrong-pin');
    await stage.door.login('clerk', pin, from);
    expect(await codeOf(stage.staff.givePin(stage.caller('administrator'), 'stranger'))).toBe('not-found');
  });

  test('are logged out one login at a time, everywhere, or by themselves', async () => {
    const panel = await stage.panel();
    const logins = [
      await stage.login('clerk', panel),
      await stage.login('clerk', panel),
      await stage.login('clerk', panel),
    ];
    const [first, second, third] = logins.map(({ caller }) => caller);
    if (first === undefined || second === undefined || third === undefined) throw new Error('three logins');
    const presider = (await stage.login('presider', panel)).caller;
    expect(await codeOf(stage.staff.endLogin(presider, first.login))).toBe('not-your-role');
    await stage.staff.endLogin(stage.caller('administrator'), first.login);
    await stage.staff.endLogin(second, third.login);
    expect(stage.ended).toEqual([first.login, third.login]);
    expect(await codeOf(stage.staff.endLogin(second, third.login)), 'ended is ended').toBe('not-your-role');
    await stage.staff.endOwnLogins(second);
    expect(stage.logins.all().map(({ person }) => person)).toEqual(['presider']);
    expect(await codeOf(stage.staff.endLoginsOf(second, 'presider'))).toBe('not-your-role');
    await stage.staff.endLoginsOf(stage.caller('administrator'), 'presider');
    expect(stage.logins.all()).toEqual([]);
  });

  test('are looked after by administrators only, and everything is in the audit trail', async () => {
    const panel = await stage.panel();
    const id = idOf(panel);
    for (const role of ['clerk', 'presider', 'technician']) {
      const caller = stage.caller(role);
      expect(() => stage.staff.people(caller)).toThrow(expect.objectContaining({ code: 'not-your-role' }));
      expect(await codeOf(stage.staff.unlockPerson(caller, 'clerk'))).toBe('not-your-role');
      expect(await codeOf(stage.staff.endLoginsOf(caller, 'clerk'))).toBe('not-your-role');
      expect(await codeOf(stage.staff.unlockPanel(caller, id))).toBe('not-your-role');
    }
    expect(() => stage.staff.panels(stage.caller('clerk'))).toThrow(expect.objectContaining({ code: 'not-your-role' }));
    expect(await codeOf(stage.staff.revokePanel(stage.caller('clerk'), id))).toBe('not-your-role');
    const boss = stage.caller('administrator');
    await stage.staff.givePin(boss, 'clerk');
    await stage.staff.giveSecret(boss, 'clerk');
    await stage.staff.unlockPerson(boss, 'clerk');
    await stage.staff.unlockPanel(boss, id);
    await stage.staff.endLoginsOf(boss, 'clerk');
    expect(await stage.audits()).toEqual([
      'technician pairing-code-made 屏-r1',
      'administrator pin-given clerk',
      'administrator secret-given clerk',
      'administrator unlocked person clerk',
      `administrator unlocked panel ${id}`,
      'administrator logins-ended clerk',
    ]);
  });
});
