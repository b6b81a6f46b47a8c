/** The zone between state and button: what to record before a session, what is going on and what is wrong during it. */
import type { RoomView, Trouble } from '../../controller/api/contract.ts';
import type { SessionView } from '../../controller/api/contract-session.ts';
import { say, sayTroubleText } from '../words/language.ts';
import { actOf, faceOf, mandatoryCount, unproven } from './face.ts';
import type { Press } from './press.ts';
import { MATTER_MAX_CHARACTERS, SESSION_KINDS, type SessionForm } from './session-form.ts';

interface Props {
  readonly view: RoomView | null;
  readonly press: Press;
  readonly form: SessionForm;
}

export function Middle({ view, press, form }: Props) {
  if (view === null) return <section class="middle" />;
  const { session } = view;
  const face = faceOf(view);
  return (
    <section class="middle" data-middle={face}>
      {session !== null && (face === 'starting' || face === 'fault') && (
        <Reasons view={view} starting={face === 'starting'} />
      )}
      {session !== null && (face === 'recording' || face === 'closing') && <Facts view={view} session={session} />}
      {actOf(view) === 'start' && <Form press={press} form={form} />}
    </section>
  );
}

function Form({ press, form }: { readonly press: Press; readonly form: SessionForm }) {
  const shut = press.underWay;
  return (
    <>
      <fieldset class="kinds" disabled={shut}>
        <legend class="unseen">{say('ready.kind')}</legend>
        {SESSION_KINDS.map((kind) => (
          <label key={kind} class="kind" data-kind={kind}>
            <input
              type="radio"
              name="kind"
              value={kind}
              checked={form.kind.value === kind}
              onChange={() => {
                form.kind.value = kind;
              }}
            />
            <span>{say(`kind.${kind}`)}</span>
          </label>
        ))}
      </fieldset>
      <input
        class="matter"
        type="text"
        aria-label={say('ready.matter')}
        placeholder={say('ready.matter')}
        title={say('ready.matter-example')}
        maxLength={MATTER_MAX_CHARACTERS}
        autocomplete="off"
        disabled={shut}
        value={form.matter.value}
        onInput={(event) => {
          form.matter.value = event.currentTarget.value;
        }}
      />
    </>
  );
}

/** Which required device is the reason, why, and what to do about it. */
function Reasons({ view, starting }: { readonly view: RoomView; readonly starting: boolean }) {
  const missing = unproven(view);
  const rooms = view.alarms.filter((alarm) => alarm.stream === null && alarm.level === 'alarm');
  return (
    <div class="reasons" data-reasons role={starting ? undefined : 'alert'}>
      <p class="reasons-title">{say(starting ? 'why.starting' : 'why.fault')}</p>
      <ul>
        {view.recorder === 'away' && !rooms.some((alarm) => alarm.code === 'recorder-away') && (
          <Reason name={null} trouble={{ code: 'recorder-away', message: '', hint: '' }} />
        )}
        {rooms.map((alarm) => (
          <Reason key={alarm.code} name={null} trouble={alarm} />
        ))}
        {missing.map((stream) =>
          stream.trouble === null ? (
            <li key={stream.id}>
              <b>{stream.name}</b> {say(`stream.${stream.state}`)}
            </li>
          ) : (
            <Reason key={stream.id} name={stream.name} trouble={stream.trouble} />
          ),
        )}
        {missing.length + rooms.length === 0 && view.recorder === 'connected' && <li>{say('why.unknown')}</li>}
      </ul>
    </div>
  );
}

function Reason({ name, trouble }: { readonly name: string | null; readonly trouble: Trouble }) {
  return (
    <li>
      {name !== null && <b>{name}</b>} {sayTroubleText(trouble)}
    </li>
  );
}

function Facts({ view, session }: { readonly view: RoomView; readonly session: SessionView }) {
  const { written, all } = mandatoryCount(view);
  const gaps = session.gaps.length;
  return (
    <dl class="facts">
      <div class="fact-wide">
        <dt>{say(`kind.${session.kind}`)}</dt>
        <dd class="fact-matter" title={session.matter}>
          {session.matter === '' ? say('fact.no-matter') : session.matter}
        </dd>
      </div>
      <div>
        <dt>{say('fact.mandatory')}</dt>
        <dd class="tabular" data-warn={written < all}>
          {say('fact.mandatory-written', { n: written, m: all })}
        </dd>
      </div>
      <div>
        <dt>{say('fact.gaps')}</dt>
        <dd class="tabular" data-warn={gaps > 0}>
          {gaps === 0 ? say('fact.no-gaps') : say('fact.gap-count', { n: gaps })}
        </dd>
      </div>
      <div>
        <dt>{say('fact.handed-over')}</dt>
        <dd class="tabular">
          {session.handOver.done} / {session.handOver.total}
        </dd>
      </div>
    </dl>
  );
}
