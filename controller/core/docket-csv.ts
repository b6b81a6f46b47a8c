/** A docket as a CSV table: columns by their names in Chinese or English, fields of the rules by theirs. */
import { momentOn } from './calendar/shanghai.ts';
import { type CsvRow, readCsv } from './csv.ts';
import {
  checkTexts,
  collect,
  type DocketFile,
  type DocketFileContext,
  type DocketRow,
  excerpt,
  kindNamed,
  roomOf,
} from './docket-row.ts';
import type { FieldFault } from './errors.ts';
import { isDay } from './ics.ts';
import { MATTER } from './rules/field-values.ts';
import type { Field, RuleSet } from './rules/rule-set.ts';
import type { FieldValue, NamedPerson } from './session-facts.ts';

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

/** Without headings that are known nothing of it is read: a column that is passed over is a column that is missed. */
export function readCsvDocket(text: string, context: DocketFileContext): DocketFile {
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
  const matter = cellOf('matter');
  const named = cellOf('id');
  checkTexts(matter, named, faults);
  if (faults.length > 0 || room === null || kind === null || fromMs === null) return faults;
  return {
    line,
    reference: named === '' ? `csv:${room}/${fromMs}/${matter}` : `csv:${named}`,
    isCancelled: CANCELLED.includes(cellOf('status').toLowerCase()),
    ...{ room, kind: kind.id, matter, planned: { fromMs, toMs }, fields },
  };
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
