/** The one big button and the line above it that says what became of the last press. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { RoomView } from '../../controller/api/contract.ts';
import { Icon } from '../shell/icon.tsx';
import { closeSession, openSession } from '../wire/rest.ts';
import { say, sayStop, sayTrouble, sayTroubleText } from '../words/language.ts';
import { type Act, actOf, isRunning } from './face.ts';
import { newPressId, type Press, type PressPhase } from './press.ts';
import { emptyForm, type SessionForm } from './session-form.ts';
import { StopDialog } from './stop-dialog.tsx';

/** For so long after the button changed its meaning it is deaf: the second half of a double press must not mean the new thing. */
const DEAF_AFTER_CHANGE_MS = 800;

interface Props {
  readonly view: RoomView | null;
  readonly press: Press;
  readonly form: SessionForm;
  readonly serverNow: number | null;
}

export function ActButton({ view, press, form, serverNow }: Props) {
  const act = actOf(view);
  const deaf = useDeaf(act);
  const [asking, setAsking] = useState(false);
  const latest = useRef(view);
  latest.current = view;
  const phase = press.phase.value;
  const underWay = press.underWay;
  const allowed = view !== null && (act === 'start' ? view.may.open : act === 'stop' && view.may.close);

  useEffect(() => {
    if (act !== 'stop') setAsking(false);
  }, [act]);

  const start = () => {
    if (view === null || underWay || deaf) return;
    const matter = form.matter.value.trim();
    const request = { press: newPressId(), kind: form.kind.value, ...(matter === '' ? {} : { matter }) };
    const before = view.session?.id;
    void press
      .run(
        'start',
        () => openSession(view.room.id, request),
        () => isRunning(latest.current?.session ?? null) && latest.current?.session?.id !== before,
      )
      .then(() => {
        if (isRunning(latest.current?.session ?? null)) emptyForm(form);
      });
  };
  const stop = () => {
    setAsking(false);
    const session = view?.session;
    if (session === undefined || session === null) return;
    void press.run(
      'stop',
      () => closeSession(session.id),
      () => latest.current?.session?.id !== session.id || latest.current.session.requested === 'stop',
    );
  };

  return (
    <section class="act">
      <p class="act-note" role="status" data-note={phase.at}>
        <PressNote
          phase={phase}
          refusedBy={view !== null && !allowed && act !== 'busy' && !underWay ? act : null}
          view={view}
        />
      </p>
      <button
        type="button"
        class="act-button"
        data-act={act}
        data-busy={underWay}
        // aria-disabled, not disabled: the focus of somebody working by keyboard must stay on the button.
        aria-disabled={!allowed || underWay || act === 'busy'}
        onClick={() => {
          press.dismiss();
          if (!allowed || underWay || deaf || act === 'busy') return;
          if (act === 'start') start();
          else setAsking(true);
        }}
      >
        <Icon name={underWay || act === 'busy' ? 'waiting' : act} />
        <span>{label(act, phase, view)}</span>
      </button>
      {asking && view?.session && (
        <StopDialog
          session={view.session}
          serverNow={serverNow ?? view.at}
          onKeep={() => setAsking(false)}
          onStop={stop}
        />
      )}
    </section>
  );
}

function label(act: Act, phase: PressPhase, view: RoomView | null): string {
  if (phase.at === 'asking' || phase.at === 'settling')
    return say(phase.act === 'start' ? 'act.starting' : 'act.stopping');
  if (act === 'busy') return say(view === null ? 'act.wait' : 'act.closing');
  return say(`act.${act}`);
}

function useDeaf(act: Act): boolean {
  const [deaf, setDeaf] = useState(false);
  useEffect(() => {
    setDeaf(true);
    const timer = setTimeout(() => setDeaf(false), DEAF_AFTER_CHANGE_MS);
    return () => clearTimeout(timer);
  }, [act]);
  return deaf;
}

interface NoteProps {
  readonly phase: PressPhase;
  readonly refusedBy: Act | null;
  readonly view: RoomView | null;
}

function PressNote({ phase, refusedBy, view }: NoteProps) {
  if (phase.at === 'asking' && phase.tries > 1) return <>{say('act.retrying', { n: phase.tries })}</>;
  if (phase.at === 'undelivered') return <>{say(`act.undelivered-${phase.act}`)}</>;
  if (phase.at === 'refused') {
    const words = sayTrouble(phase.refusal);
    return (
      <>
        <b>
          {words.what}
          {sayStop()}
        </b>
        {words.todo}
      </>
    );
  }
  if (refusedBy === 'start' && view?.recorder === 'away') {
    return <>{sayTroubleText({ code: 'recorder-away', message: '', hint: '' })}</>;
  }
  if (refusedBy === 'start') return <>{say('act.may-not-start')}</>;
  if (refusedBy === 'stop') return <>{say('act.may-not-stop')}</>;
  return null;
}
