/** A line of the docket: made, changed, or taken out with a reason, as long as nobody opened it. */
import { useMemo, useState } from 'preact/hooks';
import type { DocketEntry } from '../../controller/api/contract-docket.ts';
import type { FieldValue, FieldValues } from '../../controller/api/contract-session.ts';
import { Icon } from '../shell/icon.tsx';
import { amendEntry, cancelEntry, scheduleEntry } from '../wire/clerk-rest.ts';
import { newPressId } from '../wire/press-id.ts';
import { say } from '../words/language.ts';
import type { ClerkDesk } from './clerk-desk.ts';
import { dayText, minuteText, shanghaiMs } from './clock-words.ts';
import { isAwaited } from './docket-order.ts';
import { apart, withMatter } from './draft.ts';
import { FieldEditor, tidied } from './field-editor.tsx';
import { KindPick } from './fields-sheet.tsx';
import { Press } from './press.ts';
import { Sheet } from './sheet.tsx';
import { kindMeant } from './walk-in-form.ts';
import { DayPick, MinutePick, roundedUp } from './when.tsx';

const REASON_MAX_CHARACTERS = 200;

export function EntrySheet({ desk, id }: { readonly desk: ClerkDesk; readonly id: string | null }) {
  const [cancelling, setCancelling] = useState(false);
  const entry = desk.view.value?.docket.find((one) => one.id === id) ?? null;
  if (id !== null && entry === null) return null;
  if (entry !== null && (!isAwaited(entry) || desk.view.value?.may.schedule !== true))
    return <Seen desk={desk} entry={entry} />;
  if (cancelling && entry !== null) return <Cancelling desk={desk} entry={entry} />;
  return <Form desk={desk} entry={entry} onCancel={() => setCancelling(true)} />;
}

interface FormProps {
  readonly desk: ClerkDesk;
  readonly entry: DocketEntry | null;
  readonly onCancel: () => void;
}

function Form({ desk, entry, onCancel }: FormProps) {
  const press = useMemo(() => new Press<'save'>(), []);
  const id = useMemo(newPressId, []);
  const [kind, setKind] = useState(entry?.kind ?? kindMeant(desk.walkIn));
  const [from, setFrom] = useState(entry?.planned?.from ?? roundedUp(desk.now.peek() + 1));
  const [to, setTo] = useState<number | null>(entry?.planned?.to ?? null);
  const [typed, setTyped] = useState<FieldValues>({});
  // An end before its beginning is what somebody gets who moves only the beginning.
  const isBackwards = to !== null && to <= from;
  const moveDay = (day: number) => {
    if (to !== null) setTo(shanghaiMs(dayText(day), minuteText(to)));
    setFrom(day);
  };
  const save = () => {
    const room = desk.view.peek()?.room.id;
    if (room === undefined) return;
    const fields = Object.fromEntries(
      Object.entries(typed).map(([field, value]): [string, FieldValue] => [field, tidied(value)]),
    );
    const request = { kind, planned: { from, to }, ...apart(fields) };
    const change = { ...request, press: entry === null ? id : newPressId() };
    const send = () => (entry === null ? scheduleEntry({ ...change, room }) : amendEntry(entry.id, change));
    void press.run('save', send).then((isDone) => {
      if (!isDone) return;
      desk.tab.value = 'docket';
      desk.shut();
    });
  };
  return (
    <Sheet
      name="entry"
      title={say(entry === null ? 'entry.new' : 'entry.change')}
      onShut={() => desk.shut()}
      press={press}
      finish={{ label: say('sheet.save'), isShut: isBackwards, act: save }}
    >
      <div class="form-grid form-when">
        <DayPick label={say('when.day')} now={desk.now.value} value={from} onChange={moveDay} />
        <MinutePick label={say('when.from')} name="from" value={from} day={from} onChange={setFrom} />
        <MinutePick label={say('when.to')} name="to" value={to} day={from} onChange={setTo} />
        {entry !== null && (
          <button type="button" class="tool" data-cancel-entry onClick={onCancel}>
            <Icon name="cross" />
            {say('entry.cancel')}
          </button>
        )}
      </div>
      {isBackwards && <p class="sheet-warn">{say('entry.backwards')}</p>}
      <FieldEditor
        lead={<KindPick value={kind} onChange={setKind} />}
        kind={kind}
        values={{ ...withMatter(entry?.fields ?? {}, entry?.matter ?? ''), ...typed }}
        owed={[]}
        onChange={(field, value) => setTyped({ ...typed, [field]: value })}
      />
    </Sheet>
  );
}

function Cancelling({ desk, entry }: { readonly desk: ClerkDesk; readonly entry: DocketEntry }) {
  const press = useMemo(() => new Press<'save'>(), []);
  const id = useMemo(newPressId, []);
  const [reason, setReason] = useState('');
  const cancel = () => {
    void press
      .run('save', () => cancelEntry(entry.id, { press: id, reason: reason.trim() }))
      .then((isDone) => {
        if (isDone) desk.shut();
      });
  };
  return (
    <Sheet
      name="cancel"
      title={say('entry.cancel')}
      onShut={() => desk.shut()}
      press={press}
      finish={{ label: say('entry.cancel'), isShut: reason.trim() === '', act: cancel }}
    >
      <p class="sheet-line">{say('entry.cancel-what')}</p>
      <label class="field field-wide">
        <span>{say('entry.reason')}</span>
        <input
          class="line"
          type="text"
          data-focus=""
          maxLength={REASON_MAX_CHARACTERS}
          autocomplete="off"
          value={reason}
          onInput={(event) => setReason(event.currentTarget.value)}
        />
      </label>
    </Sheet>
  );
}

/** What nobody may change any more, or not this person. */
function Seen({ desk, entry }: { readonly desk: ClerkDesk; readonly entry: DocketEntry }) {
  return (
    <Sheet name="entry" title={entry.matter === '' ? say('fact.no-matter') : entry.matter} onShut={() => desk.shut()}>
      {entry.planned !== null && (
        <p class="sheet-line tabular">
          {minuteText(entry.planned.from)}–{entry.planned.to === null ? '' : minuteText(entry.planned.to)} ·{' '}
          {entry.createdBy}
        </p>
      )}
      {entry.cancelled !== null && (
        <p class="sheet-line">
          {say('docket.cancelled')} · {entry.cancelled.reason} · {entry.cancelled.by} {minuteText(entry.cancelled.at)}
        </p>
      )}
    </Sheet>
  );
}
