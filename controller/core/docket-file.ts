/**
 * A docket as other systems write it, CSV or ICS, read row by row (pure). A good row becomes an entry; a bad one is listed with its
 * line and every fault, and costs no other row.
 */
import { momentOn } from './calendar/shanghai.ts';
import { type CsvRow, readCsv } from './csv.ts';
import type { FieldFault } from './errors.ts';
import { durationOf, type IcsEvent, type IcsFile, isDay, readIcs, textOf, timeOf } from './ics.ts';
import { MATTER } from './rules/field-values.ts';
import { type Field, type Kind, kindMeantBy, type RuleSet } from './rules/rule-set.ts';
import type { FieldValue, FieldValues, NamedPerson, Planned, SessionKind } from './session-facts.ts';
import type { RoomPlan } from './site-plan.ts';

export interface DocketRow {
  readonly line: number;
  /** How its own system calls it; without such a name, what tells it from others. */
  readonly reference: string;
  readonly isCancelled: boolean;
  readonly room: string;
  readonly kind: SessionKind;
  readonly matter: string;
  readonly planned: Planned;
  readonly fields: FieldValues;
}

export interface BadRow {
  readonly line: number;
  /** What stood there, shortened. */
  readonly row: string;
  readonly faults: readonly FieldFault[];
}

export interface DocketFile {
  readonly rows: readonly DocketRow[];
  readonly bad: readonly BadRow[];
}

export interface DocketFileContext {
  readonly rooms: readonly RoomPlan[];
  readonly rules: RuleSet;
  /** For rows that do not say. */
  readonly room: string | null;
  readonly kind: SessionKind | null;
}

/** More rows than this are a mistake; those behind it are refused. */
export const ROWS_MAX = 1_000;
const EXCERPT_CHARACTERS = 120;

/** Names of columns, in the order in which a template would have them. */
const COLUMNS: { readonly [column: string]: readonly string[] } = {
  id: ['id', '编号', '案号', 'number'],
  room: ['room', '房间', '地点', '场所'],
  kind: ['kind', '类型', '类别'],
  matter: ['matter', '事项', '案由', '案件名称'],
  date: ['date', '日期'],
  start: ['start', '开始', '开始时间', '时间'],
  end: ['end', '结束', '结束时间'],
  status: ['status', '状态'],
};
const CANCELLED = ['cancelled', 'canceled', '取消', '已取消', '撤销'];

/** Reads a whole file. */
export function readDocketFile(format: 'csv' | 'ics', text: string, context: DocketFileContext): DocketFile {
  const read = format === 'csv' ? readCsvDocket(text, context) : readIcsDocket(readIcs(text), context);
  const first = new Map<string, number>();
  const rows: DocketRow[] = [];
  const bad = [...read.bad];
  for (const row of read.rows) {
    const before = first.get(row.reference);
    if (rows.length >= ROWS_MAX) {
      bad.push({
        line: row.line,
        row: row.matter,
        faults: [{ field: 'file', message: `has more than ${ROWS_MAX} rows` }],
      });
    } else if (before !== undefined) {
      const message = `is that of line ${before} already (value: "${row.reference}")`;
      bad.push({ line: row.line, row: row.matter, faults: [{ field: 'id', message }] });
    } else {
      first.set(row.reference, row.line);
      rows.push(row);
    }
  }
  return { rows, bad: bad.sort((a, b) => a.line - b.line) };
}

function readCsvDocket(text: string, context: DocketFileContext): DocketFile {
  const [header, ...rows] = readCsv(text);
  if (header === undefined)
    return { rows: [], bad: [{ line: 1, row: '', faults: [{ field: 'file', message: 'is empty' }] }] };
  const names = header.cells.map((cell) => columnOf(cell, context.rules));
  const unknown = header.cells.filter((cell, i) => names[i] === null && cell.trim() !== '');
  const faults: FieldFault[] = unknown.map((name) => ({
    field: name.trim(),
    message: 'is no column that is known here',
  }));
  if (!names.includes('start'))
    faults.push({ field: 'start', message: 'is missing: no column says when a row begins' });
  if (faults.length > 0)
    return { rows: [], bad: [{ line: header.line, row: excerpt(header.cells.join(',')), faults }] };
  return collect(
    rows,
    (row) => ({ line: row.line, row: excerpt(row.cells.join(',')) }),
    (row) => csvRow(row, names, context),
  );
}

/** The column that a heading names: one of {@link COLUMNS}, or `field:<id>`; null when nothing is called so. */
function columnOf(heading: string, rules: RuleSet): string | null {
  const name = heading.trim().toLowerCase();
  const known = Object.entries(COLUMNS).find(([, names]) => names.includes(name));
  if (known !== undefined) return known[0];
  const field = rules.fields.find((one) => [one.id, one.zh, one.en.toLowerCase()].includes(name));
  if (field === undefined) return null;
  return field.id === MATTER ? 'matter' : `field:${field.id}`;
}

function csvRow(
  { line, cells }: CsvRow,
  names: readonly (string | null)[],
  context: DocketFileContext,
): DocketRow | FieldFault[] {
  const cellOf = (column: string): string => (cells[names.indexOf(column)] ?? '').trim();
  const faults: FieldFault[] = [];
  const room = roomOf(cellOf('room'), context, faults);
  const kind = kindNamed(cellOf('kind'), context, faults);
  const date = cellOf('date');
  const fromMs = momentOf(date, cellOf('start'), 'start', faults);
  const end = cellOf('end');
  const toMs = end === '' ? null : momentOf(date, end, 'end', faults);
  if (toMs !== null && fromMs !== null && toMs <= fromMs) faults.push({ field: 'end', message: 'is not after start' });
  const fields: { [field: string]: FieldValue } = {};
  names.forEach((name, i) => {
    const cell = (cells[i] ?? '').trim();
    if (name === null || !name.startsWith('field:') || cell === '' || kind === null) return;
    const id = name.slice('field:'.length);
    const field = context.rules.fields.find((one) => one.id === id);
    // A table has the same columns for all kinds; what a kind does not ask for is not kept.
    if (field === undefined || ![...kind.required, ...kind.offered].includes(id)) return;
    fields[id] = readValue(cell, field);
  });
  if (faults.length > 0 || room === null || kind === null || fromMs === null) return faults;
  const matter = cellOf('matter');
  const named = cellOf('id');
  return {
    line,
    reference: named === '' ? `csv:${room}/${fromMs}/${matter}` : `csv:${named}`,
    isCancelled: CANCELLED.includes(cellOf('status').toLowerCase()),
    ...{ room, kind: kind.id, matter, planned: { fromMs, toMs }, fields },
  };
}

function readIcsDocket({ method, events }: IcsFile, context: DocketFileContext): DocketFile {
  if (events.length === 0) {
    return { rows: [], bad: [{ line: 1, row: '', faults: [{ field: 'file', message: 'holds no event' }] }] };
  }
  const shown = (event: IcsEvent) => ({ line: event.line, row: excerpt(textOf(event.properties.get('SUMMARY'))) });
  return collect(events, shown, (event) => icsRow(event, method, context));
}

function icsRow({ line, properties }: IcsEvent, method: string, context: DocketFileContext): DocketRow | FieldFault[] {
  const faults: FieldFault[] = [];
  const room = roomOf(textOf(properties.get('LOCATION')), context, faults);
  const kind = kindNamed(textOf(properties.get('CATEGORIES')), context, faults);
  const matter = textOf(properties.get('SUMMARY'));
  const uid = textOf(properties.get('UID'));
  if (uid === '') faults.push({ field: 'UID', message: 'is missing' });
  if (properties.has('RRULE') || properties.has('RDATE')) {
    faults.push({ field: 'RRULE', message: 'repeats: each entry of a docket stands by itself' });
  }
  const begins = properties.get('DTSTART');
  const fromMs = begins === undefined ? 'is missing' : timeOf(begins);
  if (typeof fromMs === 'string') faults.push({ field: 'DTSTART', message: fromMs });
  const toMs = endOf(properties, typeof fromMs === 'string' ? 0 : fromMs, faults);
  if (faults.length > 0 || room === null || kind === null || typeof fromMs === 'string') return faults;
  const one = textOf(properties.get('RECURRENCE-ID'));
  const status = textOf(properties.get('STATUS')).toUpperCase();
  return {
    line,
    reference: one === '' ? `ics:${uid}` : `ics:${uid}#${one}`,
    isCancelled: status === 'CANCELLED' || method === 'CANCEL',
    ...{ room, kind: kind.id, matter, planned: { fromMs, toMs }, fields: {} },
  };
}

function endOf(properties: IcsEvent['properties'], fromMs: number, faults: FieldFault[]): number | null {
  const ends = properties.get('DTEND');
  const lasts = properties.get('DURATION');
  if (ends === undefined && lasts === undefined) return null;
  const toMs = ends === undefined ? (durationOf(lasts?.value ?? '') ?? Number.NaN) + fromMs : timeOf(ends);
  const field = ends === undefined ? 'DURATION' : 'DTEND';
  if (typeof toMs === 'string') faults.push({ field, message: toMs });
  else if (Number.isNaN(toMs)) faults.push({ field, message: 'is no length of time' });
  else if (toMs <= fromMs) faults.push({ field, message: 'is not after DTSTART' });
  else return toMs;
  return null;
}

function collect<T>(
  items: readonly T[],
  shown: (item: T) => { readonly line: number; readonly row: string },
  read: (item: T) => DocketRow | FieldFault[],
): DocketFile {
  const rows: DocketRow[] = [];
  const bad: BadRow[] = [];
  for (const item of items) {
    const found = read(item);
    if (Array.isArray(found)) bad.push({ ...shown(item), faults: found });
    else rows.push(found);
  }
  return { rows, bad };
}

function roomOf(name: string, { rooms, room }: DocketFileContext, faults: FieldFault[]): string | null {
  if (name === '' && room !== null) return room;
  const found = rooms.find((one) => [one.id, one.name, one.nameEn].includes(name));
  if (found !== undefined) return found.id;
  faults.push({
    field: 'room',
    message: name === '' ? 'is missing' : `is no room of this site (value: "${excerpt(name)}")`,
  });
  return null;
}

function kindNamed(name: string, { rules, kind }: DocketFileContext, faults: FieldFault[]): Kind | null {
  const wanted = name === '' && kind !== null ? kind : name;
  const found = kindMeantBy(rules, wanted);
  if (found !== null) return found;
  const known = rules.kinds.map((one) => one.zh).join('、');
  faults.push({
    field: 'kind',
    message: wanted === '' ? 'is missing' : `must be one of ${known} (value: "${excerpt(wanted)}")`,
  });
  return null;
}

/** `date` is used for a cell that says only a time of day. UTC ms, or a fault. */
function momentOf(date: string, cell: string, field: string, faults: FieldFault[]): number | null {
  const found =
    /^(?:(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?[ T]*)?(\d{1,2})[:：时点](\d{1,2})?(?:[:：]\d{2})?分?$/.exec(cell);
  if (found === null) {
    faults.push({ field, message: cell === '' ? 'is missing' : `is no time such as 9:00 (value: "${excerpt(cell)}")` });
    return null;
  }
  const [, year, month, day, hours = '', minutes = '0'] = found;
  const on = year === undefined ? dayOf(date) : dayOf(`${year}-${month}-${day}`);
  if (on === null) {
    faults.push({
      field: 'date',
      message: date === '' ? 'is missing' : `is no day such as 2026-11-23 (value: "${excerpt(date)}")`,
    });
    return null;
  }
  if (Number(hours) > 23 || Number(minutes) > 59) {
    faults.push({ field, message: `is no time of day (value: "${excerpt(cell)}")` });
    return null;
  }
  return momentOn(on, `${hours}:${minutes}`);
}

function dayOf(text: string): string | null {
  const found = /^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?$/.exec(text.trim());
  if (found === null) return null;
  const [, year = '', month = '', day = ''] = found;
  const written = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  return isDay(written) ? written : null;
}

/** People stand behind each other with a semicolon between: `name/capacity`, or for officers `name/certificate`. */
function readValue(cell: string, { form }: Field): FieldValue {
  if (form !== 'people' && form !== 'officers') return cell;
  return cell
    .split(/[;；\n]/)
    .map((one) => one.trim())
    .filter((one) => one !== '')
    .map((one): NamedPerson => {
      const [name = '', second = '', third = ''] = one.split(/[/／]/).map((part) => part.trim());
      const [capacity, certificate] = form === 'officers' && third === '' ? ['', second] : [second, third];
      return { name, ...(capacity === '' ? {} : { capacity }), ...(certificate === '' ? {} : { certificate }) };
    });
}

function excerpt(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length <= EXCERPT_CHARACTERS ? line : `${line.slice(0, EXCERPT_CHARACTERS)}…`;
}
