/** A docket as a calendar file: the room is its LOCATION, the kind its CATEGORIES, the matter its SUMMARY. */
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
import { durationOf, type IcsEvent, type IcsFile, textOf, timeOf } from './ics.ts';

export function readIcsDocket({ method, events }: IcsFile, context: DocketFileContext): DocketFile {
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
  checkTexts(matter, uid, faults);
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
