/** Comma-separated text (RFC 4180) as spreadsheets write it: quotes, line breaks within quotes, a mark of order at the front, and tabs or semicolons in place of commas. */

export interface CsvRow {
  /** Line of the file, from 1, where the row begins. */
  readonly line: number;
  readonly cells: readonly string[];
}

/** Every row that has something in it. What follows an unclosed quote is one cell: nothing is lost, and the row is seen to be wrong. */
export function readCsv(text: string): readonly CsvRow[] {
  const source = text.startsWith('\u{feff}') ? text.slice(1) : text;
  const separator = separatorOf(source);
  const rows: CsvRow[] = [];
  let cells: string[] = [];
  let cell = '';
  let isQuoted = false;
  let line = 1;
  let begins = 1;
  const endRow = (): void => {
    cells.push(cell);
    if (cells.some((one) => one.trim() !== '')) rows.push({ line: begins, cells });
    cells = [];
    cell = '';
  };
  for (let i = 0; i < source.length; i++) {
    const char = source.charAt(i);
    if (isQuoted) {
      if (char === '"' && source.charAt(i + 1) === '"') {
        cell += '"';
        i += 1;
      } else if (char === '"') isQuoted = false;
      else cell += char;
      if (char === '\n') line += 1;
    } else if (char === '"' && cell === '') isQuoted = true;
    else if (char === separator) {
      cells.push(cell);
      cell = '';
    } else if (char === '\n') {
      endRow();
      line += 1;
      begins = line;
    } else if (char !== '\r') cell += char;
  }
  endRow();
  return rows;
}

/** The one that the first line has most of. */
function separatorOf(source: string): string {
  const first = source.split('\n', 1)[0] ?? '';
  const counted = [',', '\t', ';', '，'].map((char) => ({ char, count: first.split(char).length }));
  return counted.reduce((a, b) => (b.count > a.count ? b : a)).char;
}
