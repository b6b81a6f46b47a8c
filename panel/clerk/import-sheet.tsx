/** A docket as a file (CSV, or a calendar): good rows go in, bad rows are listed with every reason. */
import { useMemo, useState } from 'preact/hooks';
import type { ImportResult } from '../../controller/api/contract-docket.ts';
import { importDocket } from '../wire/clerk-rest.ts';
import { newPressId } from '../wire/press-id.ts';
import { say } from '../words/language.ts';
import type { ClerkDesk } from './clerk-desk.ts';
import { Press } from './press.ts';
import { Sheet } from './sheet.tsx';
import { kindMeant } from './walk-in-form.ts';

export function ImportSheet({ desk }: { readonly desk: ClerkDesk }) {
  const press = useMemo(() => new Press<'save'>(), []);
  const [result, setResult] = useState<ImportResult | null>(null);
  const take = async (file: File | undefined) => {
    const room = desk.view.peek()?.room.id;
    if (file === undefined || room === undefined) return;
    setResult(null);
    const format = /\.ics$/i.test(file.name) ? 'ics' : 'csv';
    const request = {
      press: newPressId(),
      format,
      text: textOf(await file.arrayBuffer()),
      room,
      kind: kindMeant(desk.walkIn),
    } as const;
    void press.run('save', async () => {
      const answer = await importDocket(request);
      if (answer.outcome === 'ok') setResult(answer.value);
      return answer;
    });
  };
  return (
    <Sheet name="import" title={say('import.title')} onShut={() => desk.shut()} press={press}>
      <p class="sheet-line">{say('import.what')}</p>
      <label class="file">
        <input
          type="file"
          accept=".csv,.ics,text/csv,text/calendar"
          data-focus=""
          onChange={(event) => {
            void take(event.currentTarget.files?.[0]);
            event.currentTarget.value = '';
          }}
        />
        <span>{say('import.choose')}</span>
      </label>
      {result !== null && <Result result={result} />}
    </Sheet>
  );
}

/** Spreadsheets of an office in China write GB 18030 as often as UTF-8. What is not the one is the other. */
function textOf(bytes: ArrayBuffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('gb18030').decode(bytes);
  }
}

function Result({ result }: { readonly result: ImportResult }) {
  const { created, amended, unchanged, cancelled, refused } = result;
  return (
    <div data-import-result>
      <p class="sheet-line">
        {say('import.done', { n: created.length, m: amended.length, k: unchanged.length, c: cancelled.length })}
      </p>
      {refused.length > 0 && <p class="sheet-warn">{say('import.refused', { n: refused.length })}</p>}
      <ul class="mark-list">
        {refused.map(({ line, row, faults }) => (
          <li key={line} class="refused-row">
            <b class="tabular">{say('import.line', { n: line })}</b> <code>{row}</code>
            <p>{faults.map(({ field, message }) => `${field}: ${message}`).join('; ')}</p>
          </li>
        ))}
      </ul>
    </div>
  );
}
