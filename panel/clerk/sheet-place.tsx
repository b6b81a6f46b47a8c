/** Where sheets lie: over the middle of the page, below the state and above the buttons that start and stop. */
import { CheckSheet } from './check-sheet.tsx';
import type { ClerkDesk, Sheet } from './clerk-desk.ts';
import { EntrySheet } from './entry-sheet.tsx';
import { ExplainSheet } from './explain-sheet.tsx';
import { FieldsSheet } from './fields-sheet.tsx';
import { HeldSheet } from './held-sheet.tsx';
import { ImportSheet } from './import-sheet.tsx';
import { MarksSheet } from './marks-sheet.tsx';
import { NoteSheet } from './note-sheet.tsx';
import { TimeSheet } from './time-sheet.tsx';
import { ToldSheet } from './told-sheet.tsx';

export function SheetPlace({ desk }: { readonly desk: ClerkDesk }) {
  const sheet = desk.sheet.value;
  return sheet === null ? null : <Shown desk={desk} sheet={sheet} />;
}

function Shown({ desk, sheet }: { readonly desk: ClerkDesk; readonly sheet: Sheet }) {
  switch (sheet.is) {
    case 'told':
      return <ToldSheet desk={desk} pressedMono={sheet.pressedMono} />;
    case 'explain':
      return <ExplainSheet desk={desk} id={sheet.session} />;
    case 'fields':
      return <FieldsSheet key={sheet.session} desk={desk} id={sheet.session} />;
    case 'note':
      return <NoteSheet key={sheet.mark} desk={desk} mark={sheet.mark} kind={sheet.kind} />;
    case 'marks':
      return <MarksSheet desk={desk} />;
    case 'time':
      return <TimeSheet desk={desk} />;
    case 'check':
      return <CheckSheet desk={desk} />;
    case 'entry':
      return <EntrySheet key={sheet.entry ?? ''} desk={desk} id={sheet.entry} />;
    case 'held':
      return <HeldSheet key={sheet.session} desk={desk} id={sheet.session} />;
    case 'import':
      return <ImportSheet desk={desk} />;
  }
}
