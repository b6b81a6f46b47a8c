/** What was not known at the start, or of a session that is over. Saved whenever somebody gets to it; nothing waits for it. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { FieldValue, FieldValues, SessionView } from '../../controller/api/contract-session.ts';
import { kindName, rules, wordOf } from '../shell/rules.ts';
import { fillSession, getSession } from '../wire/clerk-rest.ts';
import { newPressId } from '../wire/press-id.ts';
import { say } from '../words/language.ts';
import type { ClerkDesk } from './clerk-desk.ts';
import { apart, type Draft, draftOf, keepDraft, withMatter } from './draft.ts';
import { FieldEditor, tidied } from './field-editor.tsx';
import { Press } from './press.ts';
import { Sheet } from './sheet.tsx';

export function FieldsSheet({ desk, id }: { readonly desk: ClerkDesk; readonly id: string }) {
  const shown = desk.session.value;
  const [asked, setAsked] = useState<SessionView | null>(null);
  const isShown = shown?.id === id;
  useEffect(() => {
    if (isShown) return;
    let current = true;
    void getSession(id).then((answer) => {
      if (current && answer.outcome === 'ok') setAsked(answer.value);
    });
    return () => {
      current = false;
    };
  }, [id, isShown]);
  const session = isShown ? shown : asked;
  if (session === null) return null;
  return <Fields desk={desk} session={session} />;
}

function Fields({ desk, session }: { readonly desk: ClerkDesk; readonly session: SessionView }) {
  const press = useMemo(() => new Press<'save'>(), []);
  const [draft, setDraft] = useState<Draft>(() => draftOf(session.id));
  const kind = draft.kind ?? session.kind;
  const change = (next: Draft) => {
    setDraft(next);
    keepDraft(session.id, next);
  };
  const isEmpty = Object.keys(draft.fields).length === 0 && draft.kind === undefined;
  const save = () => {
    const fields: FieldValues = Object.fromEntries(
      Object.entries(draft.fields).map(([field, value]): [string, FieldValue] => [field, tidied(value)]),
    );
    const request = {
      press: newPressId(),
      ...apart(fields),
      ...(draft.kind === undefined ? {} : { kind: draft.kind }),
    };
    void press
      .run('save', () => fillSession(session.id, request))
      .then((isDone) => {
        if (!isDone) return;
        keepDraft(session.id, null);
        desk.shut();
      });
  };
  return (
    <Sheet
      name="fields"
      title={say('fields.title')}
      onShut={() => desk.shut()}
      press={press}
      finish={{ label: say('sheet.save'), isShut: isEmpty, act: save }}
    >
      <FieldEditor
        tail={<KindPick value={kind} onChange={(to) => change({ ...draft, kind: to })} />}
        kind={kind}
        values={{ ...withMatter(session.fields, session.matter), ...draft.fields }}
        owed={session.debts}
        onChange={(field, value) => change({ ...draft, fields: { ...draft.fields, [field]: value } })}
      />
    </Sheet>
  );
}

export function KindPick({ value, onChange }: { readonly value: string; readonly onChange: (kind: string) => void }) {
  const kinds = rules.value?.kinds ?? [];
  return (
    <label class="field">
      <span>{say('ready.kind')}</span>
      <select class="line" data-kind-pick value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {!kinds.some(({ id }) => id === value) && <option value={value}>{kindName(value)}</option>}
        {kinds.map((kind) => (
          <option key={kind.id} value={kind.id}>
            {wordOf(kind)}
          </option>
        ))}
      </select>
    </label>
  );
}
