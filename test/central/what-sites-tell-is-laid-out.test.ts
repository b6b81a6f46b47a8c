import { afterEach, beforeEach, expect, test } from 'vitest';
import { Archive } from '../../controller/central/archive.ts';
import { CHAPTERS } from '../../controller/central/chapters.ts';
import type { EventJournal, HrcEvent } from '../../controller/core/hrc-events.ts';
import { clock, Ear, Scene, SITE } from '../forward/scene.ts';

let scene: Scene;
let archive: Archive;
beforeEach(async () => {
  scene = new Scene();
  archive = new Archive({ folder: scene.centreFolder, chapters: CHAPTERS, clock, log: new Ear() });
  await archive.open();
});
afterEach(async () => {
  await archive.close();
  await scene.end();
});

async function tell(journal: EventJournal, ...items: readonly HrcEvent[]): Promise<void> {
  const jws = scene.signer.sign('hrc-event', { v: 1, site: SITE, journal, after: 0, items });
  await archive.keep({ type: 'site-told', site: SITE, journal, upTo: items.at(-1)?.seq ?? 0, jws });
}

const rows = (sql: string) => archive.sql.all(sql);
const session = (id: string) => rows(`SELECT * FROM session WHERE id = '${id}'`)[0];
const missing = { gap: 'site-5-mic', stream: 'mic', from: 10, to: 90, cause: 'not-armed' };
const due = { ms: 500, clause: 'hebei-31', force: 'binding', basis: 'published' };
const streams = [{ stream: 'cam', mandatory: true }];

/** A hearing from the docket to the hand-over, adjourned at its end. */
const HEARING: readonly HrcEvent[] = [
  {
    ...{ type: 'session-scheduled', seq: 1, at: 1, session: 's', room: 'r', kind: 'hearing' },
    ...{ plannedFrom: 10, plannedTo: 60, continues: null },
  },
  {
    ...{ type: 'session-amended', seq: 2, at: 2, session: 's', room: 'r2' },
    ...{ kind: null, plannedFrom: null, plannedTo: null },
  },
  {
    ...{ type: 'session-opened', seq: 3, at: 11, session: 's', room: 'r2', kind: 'hearing', rules: 'hebei' },
    ...{ opened: 12, from: 10, streams },
  },
  { type: 'session-confirmed', seq: 4, at: 13, session: 's' },
  { type: 'session-filled', seq: 5, at: 14, session: 's', kind: 'inquiry' },
  { type: 'session-extended', seq: 6, at: 15, session: 's', until: 70 },
  {
    ...{ type: 'session-closing', seq: 7, at: 80, session: 's', closed: 80, to: 85, due },
    adjourned: { session: 't', plannedFrom: 1_000, plannedTo: null },
  },
  { type: 'session-closed', seq: 8, at: 90, session: 's', missing: [missing] },
  { type: 'interruption-explained', seq: 9, at: 91, session: 's', gaps: ['recorder-4'], spoken: true, typed: false },
  { type: 'interruption-explained', seq: 10, at: 92, session: 's', gaps: ['recorder-4'], spoken: false, typed: true },
  { type: 'session-handed-over', seq: 11, at: 100, session: 's' },
];

test('a session is a row with everything that was told of it, and so is the one it goes on as', async () => {
  await tell('site', ...HEARING);
  expect(session('s')).toMatchObject({
    ...{
      site: SITE,
      state: 'handed-over',
      room: 'r2',
      kind: 'inquiry',
      rules: 'hebei',
      streams: JSON.stringify(streams),
    },
    ...{ planned_from_ms: 10, planned_to_ms: 60, opened_ms: 12, from_ms: 10, confirmed_ms: 13, extended_to_ms: 70 },
    ...{ closed_ms: 80, to_ms: 85, ended_ms: 90, handed_over_ms: 100, cancelled_ms: null },
    ...{ due_ms: 500, due_clause: 'hebei-31', due_force: 'binding', due_basis: 'published', continued_by: 't' },
  });
  expect(session('t')).toMatchObject({
    ...{ state: 'scheduled', room: 'r2', kind: 'inquiry', continues: 's', planned_from_ms: 1_000, planned_to_ms: null },
  });
  await tell('site', { type: 'session-cancelled', seq: 12, at: 101, session: 't' });
  expect(session('t')).toMatchObject({ state: 'cancelled', cancelled_ms: 101 });
});

test('gaps are known with their sessions, explained or not, in whichever order they were told', async () => {
  await tell('site', ...HEARING);
  await tell('recorder', {
    ...{ type: 'gap', seq: 4, at: 70, gap: 'recorder-4', stream: 'cam', from: 20, to: 30, cause: 'camera-stalled' },
    claims: ['s', 'check-1'],
  });
  const sql = `SELECT id, stream, from_ms, to_ms, cause, is_spoken, is_typed FROM gap_claim AS c
    JOIN gap ON gap.site = c.site AND gap.id = c.gap LEFT JOIN gap_explained USING (site, gap)
    WHERE claim = 's' ORDER BY id`;
  expect(rows(sql)).toEqual([
    {
      ...{ id: 'recorder-4', stream: 'cam', from_ms: 20, to_ms: 30, cause: 'camera-stalled' },
      ...{ is_spoken: 1, is_typed: 1 },
    },
    {
      ...{ id: missing.gap, stream: 'mic', from_ms: 10, to_ms: 90, cause: 'not-armed' },
      ...{ is_spoken: null, is_typed: null },
    },
  ]);
});

test('alarms, holds and segments that are gone are rows', async () => {
  await tell(
    'site',
    { type: 'alarm-begun', seq: 1, at: 1, alarm: 'a', code: 'disk-full', level: 'alarm', room: null, stream: null },
    {
      type: 'alarm-begun',
      seq: 2,
      at: 2,
      alarm: 'b',
      code: 'camera-stalled',
      level: 'warning',
      room: 'r',
      stream: 'c',
    },
    { type: 'alarm-ended', seq: 3, at: 3, alarm: 'a' },
    { type: 'held', seq: 4, at: 4, hold: 'h' },
    { type: 'released', seq: 5, at: 5, hold: 'h' },
    { type: 'segment-lost', seq: 6, at: 6, seg: 'x', stream: 'c' },
    { type: 'purged', seq: 7, at: 7, seg: 'y', stream: 'c', keepDays: 30 },
  );
  expect(rows('SELECT id, began_ms, ended_ms FROM alarm ORDER BY id')).toEqual([
    { id: 'a', began_ms: 1, ended_ms: 3 },
    { id: 'b', began_ms: 2, ended_ms: null },
  ]);
  expect(rows('SELECT hold, held_ms, released_ms FROM site_hold')).toEqual([{ hold: 'h', held_ms: 4, released_ms: 5 }]);
  expect(rows('SELECT seg, why, at_ms FROM absent_segment ORDER BY seg')).toEqual([
    { seg: 'x', why: 'lost', at_ms: 6 },
    { seg: 'y', why: 'purged', at_ms: 7 },
  ]);
});

test('a list that overlaps one before it changes nothing that came later', async () => {
  await tell('site', ...HEARING);
  const before = session('s');
  await tell('site', ...HEARING.slice(0, 4));
  expect(session('s')).toEqual(before);
  expect(rows('SELECT journal, up_to FROM event_progress')).toEqual([{ journal: 'site', up_to: 11 }]);
});
