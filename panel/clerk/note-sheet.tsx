/** A note to a mark, and the page of the written record it belongs to. Nothing that was written is changed: notes are added. */
import { useMemo, useState } from 'preact/hooks';
import type { MarkKind } from '../../controller/api/contract-session.ts';
import { markNotesPath } from '../wire/clerk-rest.ts';
import { newPressId } from '../wire/press-id.ts';
import { ask } from '../wire/rest.ts';
import { say } from '../words/language.ts';
import type { ClerkDesk } from './clerk-desk.ts';
import { noteOf } from './marks.tsx';
import { Press } from './press.ts';
import { Sheet } from './sheet.tsx';

const NOTE_MAX_CHARACTERS = 500;
const PAGE_MAX_CHARACTERS = 20;

interface Props {
  readonly desk: ClerkDesk;
  readonly mark: string;
  readonly kind: MarkKind;
}

export function NoteSheet({ desk, mark, kind }: Props) {
  const press = useMemo(() => new Press<'save'>(), []);
  const id = useMemo(newPressId, []);
  const [note, setNote] = useState('');
  const [page, setPage] = useState('');
  const session = desk.session.value;
  if (session === null) return null;
  const known = session.marks.newest.find((one) => one.id === mark);
  const before = known === undefined ? '' : noteOf(known);
  const isEmpty = note.trim() === '' && page.trim() === '';
  const save = () => {
    const body = { press: id, note: note.trim(), ...(page.trim() === '' ? {} : { page: page.trim() }) };
    const send = () =>
      // A note to a mark that is still on its way waits for it.
      desk.outbox.items.peek().some((item) => item.id === mark && item.state.at === 'sending')
        ? Promise.resolve({ outcome: 'unreachable' as const })
        : ask<unknown>('POST', markNotesPath(session.id, mark), body);
    void press.run('save', send).then((isDone) => {
      if (isDone && desk.sheet.peek()?.is === 'note') desk.shut();
    });
  };
  return (
    <Sheet
      name="note"
      title={say('note.title', { mark: say(`mark.${kind}`) })}
      onShut={() => desk.shut()}
      press={press}
      finish={{ label: say('sheet.save'), isShut: isEmpty, act: save }}
    >
      {before !== '' && <p class="note-before">{before}</p>}
      <div class="note">
        <label class="field">
          <span>{say('note.note')}</span>
          <textarea
            class="line"
            data-focus=""
            rows={3}
            maxLength={NOTE_MAX_CHARACTERS}
            value={note}
            onInput={(event) => setNote(event.currentTarget.value)}
          />
        </label>
        <label class="field">
          <span>{say('note.page')}</span>
          <input
            class="line"
            type="text"
            inputMode="numeric"
            maxLength={PAGE_MAX_CHARACTERS}
            autocomplete="off"
            value={page}
            onInput={(event) => setPage(event.currentTarget.value)}
          />
        </label>
      </div>
    </Sheet>
  );
}
