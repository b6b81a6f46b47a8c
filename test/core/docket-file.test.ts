/** Dockets from files: what spreadsheets and calendars really write, good rows beside bad ones, each bad one with line and reason. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { momentOn } from '../../controller/core/calendar/shanghai.ts';
import { readCsv } from '../../controller/core/csv.ts';
import { ROWS_MAX, readDocketFile } from '../../controller/core/docket-file.ts';
import type { DocketFile, DocketFileContext } from '../../controller/core/docket-row.ts';
import { HEBEI } from '../site/rules.ts';

const CONTEXT: DocketFileContext = {
  rooms: [
    { id: 'hearing-1', name: '第一听证室', nameEn: 'Hearing Room 1' },
    { id: 'hearing-2', name: '第二听证室', nameEn: 'Hearing Room 2' },
  ],
  rules: HEBEI.set,
  room: null,
  kind: null,
};
const csv = (text: string, more: Partial<DocketFileContext> = {}): DocketFile =>
  readDocketFile('csv', text, { ...CONTEXT, ...more });
const ics = (text: string, more: Partial<DocketFileContext> = {}): DocketFile =>
  readDocketFile('ics', text.replaceAll('\n', '\r\n'), { ...CONTEXT, kind: 'hearing', ...more });
const at = (day: string, time: string): number => momentOn(day, time);
const faultsOf = (file: DocketFile) => file.bad.map(({ line, faults }) => [line, ...faults.map((one) => one.field)]);

describe('CSV', () => {
  test('with Chinese headings, as an office writes it', () => {
    const file = csv(
      '\u{feff}编号,房间,类型,案由,日期,开始时间,结束时间\r\n' +
        '听2026-7,第一听证室,听证,"行政处罚, 甲公司",2026-11-23,9:00,11:30\r\n' +
        '听2026-8,hearing-2,听证,乙公司,2026年11月23日,14：30,\r\n',
    );
    expect(file.bad).toEqual([]);
    expect(file.rows).toMatchObject([
      {
        ...{ line: 2, reference: 'csv:听2026-7', room: 'hearing-1', kind: 'hearing', matter: '行政处罚, 甲公司' },
        planned: { fromMs: at('2026-11-23', '09:00'), toMs: at('2026-11-23', '11:30') },
      },
      { line: 3, room: 'hearing-2', planned: { fromMs: at('2026-11-23', '14:30'), toMs: null } },
    ]);
  });

  test('the example in the README', () => {
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    const example = /```\n(编号,[\s\S]*?)```/.exec(readme)?.[1] ?? '';
    const file = csv(example);
    expect(file.bad).toEqual([]);
    expect(file.rows).toMatchObject([
      {
        ...{ reference: 'csv:听2026-7', room: 'hearing-1', kind: 'hearing', isCancelled: false },
        fields: {
          presider: [{ name: '张三' }],
          officers: [
            { name: '李四', certificate: '冀A12345' },
            { name: '王五', certificate: '冀A12346' },
          ],
        },
      },
    ]);
  });

  test('good rows go in, bad rows are listed with line and every reason', () => {
    const file = csv(
      [
        'id,room,kind,matter,date,start,end',
        'a,hearing-1,hearing,A,2026-11-23,9:00,10:00',
        'b,cellar,hearing,B,2026-11-23,9:00,10:00',
        'c,hearing-1,party,C,2026-02-30,9:00,10:00',
        '',
        'd,hearing-1,hearing,D,2026-11-23,25:00,10:00',
        'e,hearing-1,hearing,E,2026-11-23,11:00,10:00',
        'a,hearing-1,hearing,again,2026-11-24,9:00,',
        'f,,,"a line',
        'break",2026-11-23,,',
        'g,hearing-2,hearing,G,,2026-11-24 16:00,2026-11-24 17:00',
      ].join('\n'),
    );
    expect(file.rows.map((row) => [row.line, row.matter])).toEqual([
      [2, 'A'],
      [11, 'G'],
    ]);
    expect(faultsOf(file)).toEqual([
      [3, 'room'],
      [4, 'kind', 'date', 'date'],
      [6, 'start'],
      [7, 'end'],
      [8, 'id'],
      [9, 'room', 'kind', 'start'],
    ]);
    expect(file.bad[0]?.faults[0]?.message).toContain('cellar');
    expect(file.bad[4]?.faults[0]?.message).toContain('line 2');
  });

  test('people stand behind each other, officers with their certificates; columns that a kind does not ask for are not kept', () => {
    const kind = HEBEI.set.kinds.find((one) => one.id === 'hearing');
    if (kind === undefined) throw new Error('there is no hearing');
    const of = (form: string): string => {
      const id = [...kind.required, ...kind.offered].find(
        (one) => HEBEI.set.fields.find((field) => field.id === one)?.form === form,
      );
      if (id === undefined) throw new Error(`a hearing has no field of ${form}`);
      return id;
    };
    const [people, officers] = [of('people'), of('officers')];
    const file = csv(
      `房间,类型,案由,日期,开始,${people},${officers}\n` +
        '第一听证室,听证,甲,2026-11-23,9:00,张三/当事人；李四/代理人,王五/冀A12345;赵六\n',
    );
    expect(file.bad).toEqual([]);
    expect(file.rows[0]?.fields).toEqual({
      [people]: [
        { name: '张三', capacity: '当事人' },
        { name: '李四', capacity: '代理人' },
      ],
      [officers]: [{ name: '王五', certificate: '冀A12345' }, { name: '赵六' }],
    });
  });

  test('without a name of its own a row is known by room, time and matter', () => {
    const text = 'room,kind,matter,date,start\nhearing-1,hearing,甲,2026-11-23,9:00\n';
    expect(csv(text).rows[0]?.reference).toBe(csv(text).rows[0]?.reference);
    expect(csv(text.replace('甲', '乙')).rows[0]?.reference).not.toBe(csv(text).rows[0]?.reference);
  });

  test('room and kind of whoever imports stand in for rows that do not say', () => {
    const file = csv('matter,date,start\n甲,2026-11-23,9:00\n', { room: 'hearing-2', kind: 'hearing' });
    expect(file.rows).toMatchObject([{ room: 'hearing-2', kind: 'hearing' }]);
  });

  test('a text that nobody can mean is a fault', () => {
    const row = (id: string, matter: string) =>
      csv(`id,room,kind,matter,date,start\n${id},hearing-1,听证,${matter},2026-11-23,9:00\n`);
    expect(faultsOf(row('a', 'x'.repeat(201)))).toEqual([[2, 'matter']]);
    expect(faultsOf(row('a'.repeat(201), 'x'))).toEqual([[2, 'id']]);
  });

  test('a cancelled row says so', () => {
    const file = csv('id,room,kind,date,start,状态\na,hearing-1,听证,2026-11-23,9:00,已取消\n');
    expect(file.rows).toMatchObject([{ isCancelled: true }]);
  });

  test('tabs, semicolons, quotes in quotes, and an unclosed quote', () => {
    expect(readCsv('a\tb\n1\t2\n').map((row) => row.cells)).toEqual([
      ['a', 'b'],
      ['1', '2'],
    ]);
    expect(readCsv('a;b\n"x ""y""";2').at(-1)?.cells).toEqual(['x "y"', '2']);
    expect(readCsv('a,b\n"open,2\nrest,3')).toEqual([
      { line: 1, cells: ['a', 'b'] },
      { line: 2, cells: ['open,2\nrest,3'] },
    ]);
  });

  test('headings that nobody knows, no headings, nothing at all', () => {
    expect(faultsOf(csv('room,colour,start\nhearing-1,red,9:00\n'))).toEqual([[1, 'colour']]);
    expect(faultsOf(csv('hearing-1,hearing,9:00\n'))[0]).toContain('start');
    expect(faultsOf(csv(''))).toEqual([[1, 'file']]);
    expect(faultsOf(csv('\u{0}\u{1}\u{2}'))[0]?.[0]).toBe(1);
  });

  test('a file without end is cut off and says so', () => {
    const rows = Array.from({ length: ROWS_MAX + 2 }, (_, i) => `n${i},hearing-1,hearing,甲,2026-11-23,9:00`);
    const file = csv(`id,room,kind,matter,date,start\n${rows.join('\n')}`);
    expect(file.rows).toHaveLength(ROWS_MAX);
    expect(file.bad).toHaveLength(2);
  });
});

describe('ICS', () => {
  const event = (...lines: readonly string[]): string => ['BEGIN:VEVENT', ...lines, 'END:VEVENT'].join('\n');
  const calendar = (...events: readonly string[]): string =>
    ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//x//', ...events, 'END:VCALENDAR', ''].join('\n');

  test('an event with a zone, with UTC, and with a time of no zone are times of Shanghai', () => {
    const file = ics(
      calendar(
        event(
          'UID:1',
          'DTSTART;TZID=Asia/Shanghai:20261123T090000',
          'DTEND;TZID=Asia/Shanghai:20261123T103000',
          'LOCATION:第一听证室',
          'SUMMARY:甲\\, 乙\\n丙',
        ),
        event(
          'UID:2',
          'DTSTART:20261123T010000Z',
          'DURATION:PT1H30M',
          'LOCATION:hearing-2',
          'SUMMARY:一件很长的',
          ' 事情',
        ),
        event(
          'UID:3',
          'DTSTART:20261123T090000',
          'LOCATION:hearing-1',
          'SUMMARY:x',
          'BEGIN:VALARM',
          'SUMMARY:alarm',
          'END:VALARM',
        ),
      ),
    );
    expect(file.bad).toEqual([]);
    const fromMs = at('2026-11-23', '09:00');
    expect(file.rows).toMatchObject([
      { reference: 'ics:1', matter: '甲, 乙\n丙', room: 'hearing-1', planned: { fromMs, toMs: fromMs + 5_400_000 } },
      { reference: 'ics:2', matter: '一件很长的事情', planned: { fromMs, toMs: fromMs + 5_400_000 } },
      { reference: 'ics:3', matter: 'x', planned: { fromMs, toMs: null } },
    ]);
  });

  test('what cannot stand in a docket is listed: whole days, repetitions, other zones, no UID, backward ends', () => {
    const file = ics(
      calendar(
        event('UID:1', 'DTSTART;VALUE=DATE:20261123', 'LOCATION:hearing-1', 'SUMMARY:day'),
        event('UID:2', 'DTSTART:20261123T090000', 'RRULE:FREQ=DAILY', 'LOCATION:hearing-1', 'SUMMARY:daily'),
        event('UID:3', 'DTSTART;TZID=Europe/Berlin:20261123T090000', 'LOCATION:hearing-1', 'SUMMARY:far'),
        event('DTSTART:20261123T090000', 'LOCATION:hearing-1', 'SUMMARY:nameless'),
        event('UID:5', 'DTSTART:20261123T090000', 'DTEND:20261123T080000', 'LOCATION:hearing-1', 'SUMMARY:back'),
        event('UID:6', 'DTSTART:20261123T090000', 'LOCATION:nowhere', 'SUMMARY:lost'),
        event('UID:7', 'DTSTART:20261323T990000', 'LOCATION:hearing-1', 'SUMMARY:never'),
        event('UID:8', 'DTSTART:20261123T090000', 'LOCATION:hearing-1', 'SUMMARY:good'),
      ),
    );
    expect(file.rows.map((row) => row.matter)).toEqual(['good']);
    expect(file.bad.map(({ row, faults }) => [row, faults[0]?.field])).toEqual([
      ['day', 'DTSTART'],
      ['daily', 'RRULE'],
      ['far', 'DTSTART'],
      ['nameless', 'UID'],
      ['back', 'DTEND'],
      ['lost', 'room'],
      ['never', 'DTSTART'],
    ]);
    expect(file.bad.map(({ line }) => line)).toEqual([4, 10, 17, 23, 28, 35, 41]);
  });

  test('an event that was cancelled, and a calendar that cancels', () => {
    const one = event('UID:1', 'STATUS:CANCELLED', 'DTSTART:20261123T090000', 'LOCATION:hearing-1');
    expect(ics(calendar(one)).rows).toMatchObject([{ isCancelled: true }]);
    const two = event('UID:1', 'DTSTART:20261123T090000', 'LOCATION:hearing-1');
    expect(ics(calendar(two).replace('VERSION:2.0', 'METHOD:CANCEL')).rows).toMatchObject([{ isCancelled: true }]);
  });

  test('a file that was cut off lists what is left of its last event, and one without events says so', () => {
    const whole = calendar(event('UID:1', 'DTSTART:20261123T090000', 'LOCATION:hearing-1', 'SUMMARY:x'));
    expect(faultsOf(ics(whole.slice(0, whole.indexOf('DTSTART'))))).toEqual([[4, 'room', 'DTSTART']]);
    expect(faultsOf(ics(calendar()))).toEqual([[1, 'file']]);
    expect(faultsOf(ics('this is no calendar'))).toEqual([[1, 'file']]);
  });
});
