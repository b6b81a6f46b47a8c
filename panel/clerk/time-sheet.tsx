/** More time for a session that runs, or going on another day. There is no pause: to adjourn is to close and to plan what continues. */
import { useMemo, useState } from 'preact/hooks';
import type { SessionView } from '../../controller/api/contract-session.ts';
import { Icon } from '../shell/icon.tsx';
import { adjournSession } from '../wire/clerk-rest.ts';
import { newPressId } from '../wire/press-id.ts';
import { say } from '../words/language.ts';
import { extend } from './acts.ts';
import type { ClerkDesk } from './clerk-desk.ts';
import { dayText, minuteText, shanghaiMs } from './clock-words.ts';
import { Sheet } from './sheet.tsx';
import { DayPick, MinutePick, roundedUp } from './when.tsx';

const EXTEND_MINUTES = [15, 30, 60, 120] as const;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const REASON_MAX_CHARACTERS = 200;

export function TimeSheet({ desk }: { readonly desk: ClerkDesk }) {
  const [adjourning, setAdjourning] = useState(false);
  const session = desk.session.value;
  if (session === null || (session.state !== 'open' && session.state !== 'opening')) return null;
  if (adjourning) return <Adjourn desk={desk} session={session} />;
  return (
    <Sheet name="time" title={say('time.title')} onShut={() => desk.shut()}>
      <p class="sheet-line tabular">
        {session.until === null ? say('fact.no-until') : say('time.until', { time: minuteText(session.until) })}
      </p>
      <div class="big-choices">
        {EXTEND_MINUTES.map((minutes, index) => (
          <button
            key={minutes}
            type="button"
            class="big-choice"
            data-extend={minutes}
            data-focus={index === 1 ? '' : undefined}
            onClick={() => {
              extend(desk, minutes * MINUTE_MS);
              desk.shut();
            }}
          >
            <span>{say('time.extend', { n: minutes })}</span>
            <small class="tabular">
              {say('time.then', { time: minuteText(desk.now.value + minutes * MINUTE_MS) })}
            </small>
          </button>
        ))}
      </div>
      <div class="sheet-row">
        <p>{say('time.no-pause')}</p>
        {desk.view.value?.may.extend === true && (
          <button type="button" class="tool" data-adjourn onClick={() => setAdjourning(true)}>
            <Icon name="done" />
            {say('time.adjourn')}
          </button>
        )}
      </div>
    </Sheet>
  );
}

function Adjourn({ desk, session }: { readonly desk: ClerkDesk; readonly session: SessionView }) {
  const tomorrow = shanghaiMs(dayText(desk.now.peek() + DAY_MS), '09:00');
  const [from, setFrom] = useState(tomorrow);
  const [reason, setReason] = useState('');
  const id = useMemo(newPressId, []);
  const isPast = from <= desk.now.value;
  const choices = [
    { name: 'hour', at: roundedUp(desk.now.peek() + 60 * MINUTE_MS), words: say('time.in-an-hour') },
    { name: 'tomorrow', at: tomorrow, words: say('time.tomorrow') },
  ] as const;
  const adjourn = () => {
    const request = { press: id, planned: { from, to: null }, reason: reason.trim() };
    desk.shut();
    void desk.press.run(
      'adjourn',
      () => adjournSession(session.id, request),
      () => desk.view.peek()?.session?.requested !== 'record' || desk.view.peek()?.session?.id !== session.id,
    );
  };
  return (
    <Sheet
      name="adjourn"
      title={say('adjourn.title')}
      onShut={() => desk.shut()}
      finish={{ label: say('adjourn.do'), isShut: isPast, act: adjourn }}
    >
      <p class="sheet-line">{isPast ? say('adjourn.past') : say('adjourn.what')}</p>
      <div class="form-grid form-when">
        <div class="chips">
          {choices.map((one) => (
            <button
              key={one.name}
              type="button"
              class="chip"
              data-when={one.name}
              aria-pressed={from === one.at}
              onClick={() => setFrom(one.at)}
            >
              {one.words}
            </button>
          ))}
        </div>
        <DayPick label={say('when.day')} now={desk.now.value} value={from} onChange={setFrom} />
        <MinutePick label={say('when.from')} name="from" value={from} day={from} onChange={setFrom} />
        <label class="field">
          <span>{say('adjourn.reason')}</span>
          <input
            class="line"
            type="text"
            maxLength={REASON_MAX_CHARACTERS}
            autocomplete="off"
            value={reason}
            onInput={(event) => setReason(event.currentTarget.value)}
          />
        </label>
      </div>
    </Sheet>
  );
}
