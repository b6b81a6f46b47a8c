/** The table of roles: every role against every act, written out once more by hand, and what must hold for any table. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { hasRoom, mayAtSite, mayDo } from '../../controller/core/authority.ts';
import { ROLES, ROOM_ACTS, type RoomAct, SITE_ACTS, type SiteAct } from '../../controller/core/roles.ts';
import type { PersonPlan, Role } from '../../controller/core/site-plan.ts';

const ALL_ROLES: readonly Role[] = [
  ...['clerk', 'presider', 'custodian', 'approver', 'auditor', 'technician', 'administrator'],
] as Role[];
/** Acts from left to right as in ROOM_ACTS, then SITE_ACTS; x: may. */
const TABLE: { readonly [role in Role]: string } = {
  //              look wake check schedule record annotate review hold export approve remove | panels people trail
  clerk: '         x    x    x     x        x      x        x      .    .      .       .        .      .      .',
  presider: '      x    x    x     x        x      x        x      .    .      .       .        .      .      .',
  custodian: '     x    .    .     .        .      .        x      x    x      .       x        .      .      .',
  approver: '      x    .    .     .        .      .        x      .    .      x       .        .      .      .',
  auditor: '       x    .    .     .        .      .        x      .    .      .       .        .      .      x',
  technician: '    x    x    x     .        .      .        .      .    .      .       .        x      .      .',
  administrator: ' x    x    .     .        .      .        .      .    .      .       .        x      x      x',
};

const person = (role: Role, rooms: PersonPlan['rooms']): PersonPlan => ({ id: 'p', name: 'p', role, rooms });

test('every role may do exactly what the table says, in rooms of its own', () => {
  expect(Object.keys(ROLES).sort()).toEqual([...ALL_ROLES].sort());
  for (const role of ALL_ROLES) {
    const marks = TABLE[role].trim().split(/\s+/);
    expect(marks).toHaveLength(ROOM_ACTS.length + SITE_ACTS.length);
    ROOM_ACTS.forEach((act, i) => {
      expect([role, act, mayDo(person(role, ['r1']), act, 'r1')]).toEqual([role, act, marks[i] === 'x']);
      expect([role, act, mayDo(person(role, 'all'), act, 'r9')]).toEqual([role, act, marks[i] === 'x']);
      expect([role, act, mayDo(person(role, ['r1']), act, 'r2')], 'in a room of somebody else').toEqual([
        role,
        act,
        false,
      ]);
    });
    SITE_ACTS.forEach((act, i) => {
      const may = marks[ROOM_ACTS.length + i] === 'x';
      expect([role, act, mayAtSite(person(role, []), act)]).toEqual([role, act, may]);
    });
  }
});

test('authority over rooms is by name, or over all', () => {
  expect(hasRoom(person('clerk', ['r1', 'r2']), 'r2')).toBe(true);
  expect(hasRoom(person('clerk', ['r1', 'r2']), 'r')).toBe(false);
  expect(hasRoom(person('clerk', []), 'r1')).toBe(false);
  expect(hasRoom(person('auditor', 'all'), 'anything')).toBe(true);
});

describe('for every role', () => {
  const MAKES: readonly RoomAct[] = ['schedule', 'record', 'annotate'];
  const has = (role: Role, acts: readonly RoomAct[]) => ROLES[role].room.some((act) => acts.includes(act));

  test('whoever makes a recording or adds to it can neither remove nor release it', () => {
    for (const role of ALL_ROLES) {
      expect([role, has(role, MAKES) && has(role, ['remove', 'hold', 'approve', 'export'])]).toEqual([role, false]);
    }
  });

  test('whoever approves a copy does not hand it out', () => {
    for (const role of ALL_ROLES)
      expect([role, has(role, ['approve']) && has(role, ['export'])]).toEqual([role, false]);
  });

  test('whoever pairs panels or gives PINs sees no recording and makes none', () => {
    const GIVES: readonly SiteAct[] = ['panels', 'people'];
    for (const role of ALL_ROLES) {
      const gives = ROLES[role].site.some((act) => GIVES.includes(act));
      expect([role, gives && has(role, [...MAKES, 'review', 'hold', 'export', 'approve', 'remove'])]).toEqual([
        role,
        false,
      ]);
    }
  });

  test('whoever may do anything in a room may look at it', () => {
    for (const role of ALL_ROLES) expect([role, ROLES[role].room.includes('look')]).toEqual([role, true]);
  });

  test('every act has somebody whose office it is', () => {
    for (const act of ROOM_ACTS)
      expect([act, ALL_ROLES.some((role) => ROLES[role].room.includes(act))]).toEqual([act, true]);
    for (const act of SITE_ACTS)
      expect([act, ALL_ROLES.some((role) => ROLES[role].site.includes(act))]).toEqual([act, true]);
  });
});

test('the table in controller/site/README.md says the same', () => {
  const acts = [...ROOM_ACTS, ...SITE_ACTS];
  const rows = [
    `| role | ${acts.join(' | ')} |`,
    `${'|---'.repeat(acts.length + 1)}|`,
    ...Object.entries(ROLES).map(([role, { room, site }]) => {
      const own: readonly string[] = [...room, ...site];
      return `| ${role} | ${acts.map((act) => (own.includes(act) ? 'yes' : '')).join(' | ')} |`;
    }),
  ];
  const readme = readFileSync(new URL('../../controller/site/README.md', import.meta.url), 'utf8');
  expect(readme).toContain(`<!-- table of roles -->\n\n${rows.join('\n')}\n`);
});
