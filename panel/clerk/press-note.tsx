/** What became of a press that was not simply done: repeated, refused, not delivered. It lies over the foot of the page: it moves nothing and covers no mark. */
import type { ComponentChildren } from 'preact';
import { Icon } from '../shell/icon.tsx';
import { say, sayTroubleText } from '../words/language.ts';
import type { ClerkDesk } from './clerk-desk.ts';
import type { PressPhase } from './press.ts';

export function PressNote({ desk }: { readonly desk: ClerkDesk }) {
  const found = noteOf(desk);
  return (
    <div class="act-note" role="status" data-note={found?.note ?? 'rest'}>
      {found !== null && (
        <>
          <Icon name="fault" />
          <p>{found.words}</p>
          {found.dismiss !== null && (
            <button type="button" class="button" data-dismiss onClick={found.dismiss}>
              {say('act.dismiss')}
            </button>
          )}
        </>
      )}
    </div>
  );
}

interface Note {
  readonly note: PressPhase<string>['at'];
  readonly words: ComponentChildren;
  readonly dismiss: (() => void) | null;
}

function noteOf(desk: ClerkDesk): Note | null {
  for (const press of [desk.press, desk.checking, desk.extending]) {
    const phase: PressPhase<string> = press.phase.value;
    const dismiss = () => press.dismiss();
    if (phase.at === 'asking' && phase.tries > 1) {
      return { note: 'asking', words: say('act.retrying', { n: phase.tries }), dismiss: null };
    }
    if (phase.at === 'undelivered') {
      const words = say(
        phase.act === 'start' || phase.act === 'stop' ? `act.undelivered-${phase.act}` : 'act.undelivered',
      );
      return { note: 'undelivered', words, dismiss };
    }
    if (phase.at === 'refused') return { note: 'refused', words: sayTroubleText(phase.refusal), dismiss };
  }
  for (const item of desk.outbox.items.value) {
    const dismiss = () => desk.outbox.dismiss(item.id);
    const what = say(`out.${item.what}`);
    if (item.state.at === 'refused') {
      return { note: 'refused', words: `${what}${say('out.refused')}${sayTroubleText(item.state.refusal)}`, dismiss };
    }
    if (item.state.at === 'given-up') return { note: 'undelivered', words: `${what}${say('out.given-up')}`, dismiss };
    if (item.state.at === 'sending' && item.state.tries > 1) {
      return { note: 'asking', words: say('out.waiting', { n: desk.outbox.items.value.length }), dismiss: null };
    }
  }
  const view = desk.view.value;
  if (view === null || desk.session.value !== null || view.may.open || desk.face.value === 'asleep') return null;
  const words =
    view.recorder === 'away'
      ? sayTroubleText({ code: 'recorder-away', message: '', hint: '' })
      : say('act.may-not-start');
  return { note: 'refused', words, dismiss: null };
}
