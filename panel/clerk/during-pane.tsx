/** While a session runs: what is owed or wrong, the tools, and the marks. Each has its place and keeps it. */
import type { RoomView, Trouble } from '../../controller/api/contract.ts';
import type { SessionView } from '../../controller/api/contract-session.ts';
import { timeText } from '../shell/clock.ts';
import { Icon } from '../shell/icon.tsx';
import { kindName, kindOf, wordOf } from '../shell/rules.ts';
import { say, sayCause, sayTroubleText } from '../words/language.ts';
import type { ClerkDesk } from './clerk-desk.ts';
import { holeWords, minuteText } from './clock-words.ts';
import { holesOf, mandatoryCount, unproven } from './face.ts';
import { MarkRow, NewestMark } from './marks.tsx';
import { stopWarning } from './next-step.ts';

export function DuringPane({ desk }: { readonly desk: ClerkDesk }) {
  const view = desk.view.value;
  const session = desk.session.value;
  if (view === null || session === null) return <section class="pane" />;
  const open = (is: 'fields' | 'time') => {
    desk.sheet.value = is === 'time' ? { is } : { is, session: session.id };
  };
  return (
    <section class="pane" data-pane="during" aria-label={say('during.title')}>
      <Task desk={desk} view={view} session={session} />
      <div class="tools">
        <NewestMark desk={desk} session={session} />
        {view.may.annotate && (
          <button
            type="button"
            class="tool"
            data-tool="fields"
            data-owed={session.debts.length > 0}
            onClick={() => open('fields')}
          >
            <Icon name="pen" />
            {session.debts.length === 0 ? say('tool.fields') : say('tool.fields-owed', { n: session.debts.length })}
          </button>
        )}
        {view.may.extend && (
          <button type="button" class="tool" data-tool="time" onClick={() => open('time')}>
            <Icon name="asleep" />
            {say('tool.time')}
          </button>
        )}
      </div>
      <MarkRow desk={desk} session={session} />
    </section>
  );
}

interface TaskProps {
  readonly desk: ClerkDesk;
  readonly view: RoomView;
  readonly session: SessionView;
}

/** What is most pressing: what is wrong comes before what is owed, what is owed before what is merely so. */
function Task({ desk, view, session }: TaskProps) {
  const step = desk.step.value;
  const isFault = session.state === 'open' && !session.confirmed;
  if (step.is === 'proving' || isFault) return <Reasons view={view} isStarting={step.is === 'proving'} />;
  if (step.is === 'tell') return <Notice session={session} />;
  if (step.is === 'explain') {
    const { from, to, streams, causes } = step.interruption;
    const names = streams.map((id) => session.streams.find((one) => one.id === id)?.name ?? id).join(say('list.comma'));
    return (
      <div class="task" data-task="explain" role="alert">
        <p class="task-title">
          <Icon name="fault" />
          {say('explain.happened', { names, length: holeWords((to ?? desk.now.value) - from) })}
        </p>
        <p class="tabular">
          {timeText(from)} – {to === null ? '' : timeText(to)} · {causes.map(sayCause).join(say('list.comma'))}
        </p>
        <p>{say('explain.what-now')}</p>
      </div>
    );
  }
  if (step.is === 'extend') {
    const { why } = step.warning;
    return (
      <div class="task" data-task="extend" role="alert" data-grave={step.warning.level === 'alarm'}>
        <p class="task-title">
          <Icon name="asleep" />
          {say(`warn.${why as 'planned-end' | 'silence' | 'ceiling'}`)}
        </p>
        <p>{say('warn.goes-on')}</p>
        <Booking session={session} view={view} />
      </div>
    );
  }
  return <Facts desk={desk} view={view} session={session} />;
}

/** Which required device is the reason, why, and what to do about it. */
function Reasons({ view, isStarting }: { readonly view: RoomView; readonly isStarting: boolean }) {
  // A recorder that does not answer is said once, not for each device.
  const missing = unproven(view).filter(({ trouble }) => view.recorder !== 'away' || trouble?.code !== 'recorder-away');
  const rooms = view.alarms.filter((alarm) => alarm.stream === null && alarm.level === 'alarm');
  return (
    <div class="task" data-task={isStarting ? 'proving' : 'fault'} data-reasons role={isStarting ? undefined : 'alert'}>
      <p class="task-title">{say(isStarting ? 'why.starting' : 'why.fault')}</p>
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
        {missing.length + rooms.length === 0 && view.recorder === 'connected' && (
          <li>{say(isStarting ? 'why.writing' : 'why.unknown')}</li>
        )}
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

/** What is to be read out, and what the sign has done of it. */
function Notice({ session }: { readonly session: SessionView }) {
  const notice = kindOf(session.kind)?.notice;
  return (
    <div class="task" data-task="tell">
      <p class="notice-text">{notice === undefined ? '' : wordOf(notice)}</p>
      <p class="notice-signs">
        <NoticeSign done={session.notice.shown?.at ?? null} yes="notice.shown" no="notice.not-shown" />
        <NoticeSign done={session.notice.spoken?.at ?? null} yes="notice.spoken" no="notice.not-spoken" />
      </p>
    </div>
  );
}

interface NoticeSignProps {
  readonly done: number | null;
  readonly yes: 'notice.shown' | 'notice.spoken';
  readonly no: 'notice.not-shown' | 'notice.not-spoken';
}

export function NoticeSign({ done, yes, no }: NoticeSignProps) {
  return (
    <span class="notice-sign" data-done={done !== null}>
      <Icon name={done === null ? 'dots' : 'check'} />
      {done === null ? say(no) : say(yes, { time: timeText(done) })}
    </span>
  );
}

function Facts({ view, session }: TaskProps) {
  const { written, all } = mandatoryCount(view);
  const { notice } = session;
  const holes = holesOf(session);
  return (
    <div class="task" data-task="facts">
      <p class="task-title fact-matter" title={session.matter}>
        {kindName(session.kind)} · {session.matter === '' ? say('fact.no-matter') : session.matter}
      </p>
      <dl class="facts">
        <Fact name={say('fact.mandatory')} warn={written < all}>
          {say('fact.mandatory-written', { n: written, m: all })}
        </Fact>
        <Fact name={say('fact.gaps')} warn={holes > 0}>
          {holes === 0 ? say('fact.no-gaps') : say('fact.gap-count', { n: holes })}
        </Fact>
        <Fact name={say('fact.told')} warn={false}>
          {notice.told === null
            ? say('fact.not-asked')
            : `${minuteText(notice.told.at)} ${say(`answer.${notice.told.answer}`)}`}
        </Fact>
        <Fact name={say('fact.until')} warn={stopWarning(session) !== null}>
          {session.until === null ? say('fact.no-until') : minuteText(session.until)}
        </Fact>
      </dl>
      <Booking session={session} view={view} />
    </div>
  );
}

interface FactProps {
  readonly name: string;
  readonly warn: boolean;
  readonly children: string;
}

function Fact({ name, warn, children }: FactProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class="tabular" data-warn={warn}>
        {children}
      </dd>
    </div>
  );
}

/** The next entry of this room, when this one runs into it. Nothing is ever cut for it. */
function Booking({ session, view }: { readonly session: SessionView; readonly view: RoomView }) {
  const warning = session.warnings.find(({ why }) => why === 'next-booking' || why === 'adjacent');
  const next = view.docket.find(({ id }) => id === warning?.other);
  if (warning === undefined || next?.planned == null) return null;
  return (
    <p class="booking" data-booking data-grave={warning.level === 'alarm'}>
      <Icon name="bell" />
      {say('warn.next-booking', { time: minuteText(next.planned.from), what: `${kindName(next.kind)} ${next.matter}` })}
    </p>
  );
}
