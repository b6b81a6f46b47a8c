/**
 * A docket as other systems write it, CSV or ICS, read row by row (pure). A good row becomes an entry; a bad one is listed with its
 * line and every fault, and costs no other row.
 */
import { readCsvDocket } from './docket-csv.ts';
import { readIcsDocket } from './docket-ics.ts';
import type { DocketFile, DocketFileContext, DocketRow } from './docket-row.ts';
import { readIcs } from './ics.ts';

/** More rows than this are a mistake; those behind it are refused. */
export const ROWS_MAX = 1_000;

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
