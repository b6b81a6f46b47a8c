/** After an interruption: the reason is spoken in the recording, and the moment marked; then it is typed. */
import { useMemo, useState } from 'preact/hooks';
import type { InterruptionView, SessionView } from '../../controller/api/contract-session.ts';
import { timeText } from '../shell/clock.ts';
import { Icon } from '../shell/icon.tsx';
import { explainInterruption, sessionPath } from '../wire/clerk-rest.ts';
import { newPressId } from '../wire/press-id.ts';
import { say, sayCause } from '../words/language.ts';
import type { ClerkDesk } from './clerk-desk.ts';
import { holeWords } from './clock-words.ts';
import { owedInterruption } from './next-step.ts';
import { Press } from './press.ts';
import { Sheet } from './sheet.tsx';

const REASON_MAX_CHARACTERS = 500;
/** What it mostly is, one tap each. */
const REASONS = ['power', 'camera', 'network', 'storage', 'program'] as const;

export function ExplainSheet({ desk, id }: { readonly desk: ClerkDesk; readonly id: string }) {
  const session = desk.session.value;
  if (session === null || session.id !== id) return null;
  const owed = owedInterruption(session);
  if (owed?.id == null) {
    return (
      <Sheet name="explain" title={say('explain.title')} onShut={() => desk.shut()}>
        <p class="told-done">
          <Icon name="check" />
          {say('explain.nothing')}
        </p>
      </Sheet>
    );
  }
  return <One key={owed.id} desk={desk} session={session} interruption={owed} id={owed.id} />;
}

interface Props {
  readonly desk: ClerkDesk;
  readonly session: SessionView;
  readonly interruption: InterruptionView;
  readonly id: string;
}

function One({ desk, session, interruption, id }: Props) {
  const press = useMemo(() => new Press<'save'>(), []);
  const [reason, setReason] = useState('');
  const { from, to, streams, causes, owed, spokenAt } = interruption;
  const names = streams.map((one) => session.streams.find((stream) => stream.id === one)?.name ?? one);
  const isSpeaking = desk.outbox.items.value.some((item) => item.what === 'spoken' && item.body['interruption'] === id);
  const canSpeak = session.state === 'open';
  const speak = () => {
    const out = newPressId();
    const body = { press: out, interruption: id, spoken: true };
    desk.outbox.put({
      id: out,
      path: sessionPath(session.id, 'explanations'),
      body,
      session: session.id,
      what: 'spoken',
    });
  };
  const save = () => {
    const request = { press: newPressId(), interruption: id, reason: reason.trim() };
    void press
      .run('save', () => explainInterruption(session.id, request))
      .then((isDone) => {
        // The moment in which it is spoken can still be marked after the reason was typed.
        if (isDone && (!owed.includes('spoken') || isSpeaking || !canSpeak)) desk.shut();
      });
  };
  return (
    <Sheet
      name="explain"
      title={say('explain.title')}
      onShut={() => desk.shut()}
      press={press}
      finish={{ label: say('explain.save'), isShut: reason.trim() === '' || !owed.includes('typed'), act: save }}
    >
      <p class="explain-what tabular">
        {say('explain.happened', { names: names.join(say('list.comma')), length: holeWords((to ?? from) - from) })}{' '}
        {timeText(from)}–{to === null ? '' : timeText(to)} · {causes.map(sayCause).join(say('list.comma'))}
      </p>
      <div class="explain">
        <div class="explain-step">
          <h3>{say('explain.one')}</h3>
          {owed.includes('spoken') && !isSpeaking ? (
            <button
              type="button"
              class="big-choice"
              data-speak-reason
              data-focus=""
              aria-disabled={!canSpeak}
              onClick={() => canSpeak && speak()}
            >
              <Icon name="sound" />
              {say(canSpeak ? 'explain.speak' : 'explain.too-late')}
            </button>
          ) : (
            <p class="told-done" data-spoken>
              <Icon name={spokenAt === null ? 'waiting' : 'check'} />
              {spokenAt === null ? say('marks.sending') : say('explain.spoken', { time: timeText(spokenAt) })}
            </p>
          )}
        </div>
        <div class="explain-step">
          <h3>{say('explain.two')}</h3>
          <div class="chips">
            {REASONS.map((one) => (
              <button
                key={one}
                type="button"
                class="chip"
                data-reason={one}
                onClick={() => setReason(say(`reason.${one}`))}
              >
                {say(`reason.${one}`)}
              </button>
            ))}
          </div>
          <input
            class="line"
            type="text"
            aria-label={say('explain.reason')}
            placeholder={say('explain.reason')}
            maxLength={REASON_MAX_CHARACTERS}
            autocomplete="off"
            value={reason}
            onInput={(event) => setReason(event.currentTarget.value)}
          />
        </div>
      </div>
    </Sheet>
  );
}
