/** After the press to close: what was kept, what is still owed, and until when it must be handed over. */
import type { DeadlineView, KeepView, SessionView } from '../../controller/api/contract-session.ts';
import { lengthText } from '../shell/clock.ts';
import { Icon } from '../shell/icon.tsx';
import { fieldName, kindName } from '../shell/rules.ts';
import { language, say } from '../words/language.ts';
import { putAside } from './acts.ts';
import type { ClerkDesk } from './clerk-desk.ts';
import { dayMinuteText, dayText, minuteText, spanWords } from './clock-words.ts';
import { elapsedMs, holesOf } from './face.ts';

export function AfterPane({ desk }: { readonly desk: ClerkDesk }) {
  const session = desk.session.value;
  if (session === null) return <section class="pane" />;
  const isOver = session.state !== 'closing';
  const step = desk.step.value;
  const isBack = step.is === 'over' && step.first === 'back';
  return (
    <section class="pane" data-pane="after" aria-label={say('after.title')}>
      <div class="task task-tall" data-task="after">
        <Summary session={session} now={desk.now.value} />
      </div>
      <div class="tools">
        {isOver && (
          <>
            <a class="tool" href={`/review/${encodeURIComponent(session.id)}`}>
              <Icon name="play" />
              {say('after.review')}
            </a>
            <button
              type="button"
              class="tool"
              data-tool="fields"
              data-owed={session.debts.length > 0}
              onClick={() => {
                desk.sheet.value = { is: 'fields', session: session.id };
              }}
            >
              <Icon name="pen" />
              {session.debts.length === 0 ? say('tool.fields') : say('tool.fields-owed', { n: session.debts.length })}
            </button>
            {!isBack && (
              <button type="button" class="tool" data-tool="back" onClick={() => putAside(desk)}>
                {say('step.back')}
              </button>
            )}
          </>
        )}
      </div>
    </section>
  );
}

/** The same lines for the session that just ended and for one opened from the docket. */
export function Summary({ session, now }: { readonly session: SessionView; readonly now: number }) {
  const unexplained = session.interruptions.filter(({ owed }) => owed.length > 0).length;
  const { done, total } = session.handOver;
  const holes = holesOf(session);
  const { told } = session.notice;
  return (
    <dl class="summary">
      <Line name={kindName(session.kind)} words={session.matter === '' ? say('fact.no-matter') : session.matter} />
      <Line
        name={say('sub.closed')}
        words={`${lengthText(elapsedMs(session, now))} · ${minuteText(session.openedAt)}–${session.closedAt === null ? '' : minuteText(session.closedAt)}`}
      />
      <Line
        name={say('fact.gaps')}
        words={
          holes === 0
            ? say('fact.no-gaps')
            : `${say('fact.gap-count', { n: holes })}${unexplained === 0 ? '' : ` · ${say('after.unexplained', { n: unexplained })}`}`
        }
        warn={unexplained > 0}
      />
      <Line
        name={say('fact.told')}
        words={told === null ? say('fact.not-told') : `${minuteText(told.at)} ${say(`answer.${told.answer}`)}`}
        warn={told === null}
      />
      <Line name={say('marks.title')} words={String(session.marks.count)} />
      <Line
        name={say('after.debts')}
        words={
          session.debts.length === 0
            ? say('fact.no-gaps')
            : session.debts.map((id) => fieldName(session.kind, id)).join(say('list.comma'))
        }
        warn={session.debts.length > 0}
      />
      <Line name={say('after.handed-name')} words={say('after.handed', { n: done, m: total })} />

      {session.deadline !== null && <Deadline deadline={session.deadline} now={now} />}
      {session.keep !== null && <Line name={say('keep.title')} words={keepWords(session.keep)} isWide />}
    </dl>
  );
}

function keepWords({ until, because }: KeepView): string {
  if (because === 'file-not-known') return say('keep.file');
  return until === null ? say('keep.for-ever') : say('keep.until', { day: dayText(until) });
}

interface LineProps {
  readonly name: string;
  readonly words: string;
  readonly warn?: boolean;
  readonly isWide?: boolean;
}

function Line({ name, words, warn = false, isWide = false }: LineProps) {
  return (
    <div class={isWide ? 'summary-line summary-whole' : 'summary-line'}>
      <dt>{name}</dt>
      <dd class="tabular" data-warn={warn} title={words}>
        {words}
      </dd>
    </div>
  );
}

/** The clock to hand-over, with the clause that asks for it and whether it binds as written. */
function Deadline({ deadline, now }: { readonly deadline: DeadlineView; readonly now: number }) {
  const { dueAt, clause, force, overdue, kept, uncertain } = deadline;
  const due = dayMinuteText(dueAt);
  const state =
    kept === true
      ? say('deadline.kept')
      : kept === false
        ? say('deadline.missed')
        : overdue
          ? say('deadline.overdue', { time: spanWords(now - dueAt) })
          : say('deadline.left', { time: spanWords(dueAt - now) });
  const cited = language.value === 'en' && clause.en !== '' ? clause.en : clause.zh;
  return (
    <div class="summary-line summary-wide" data-deadline={overdue || kept === false ? 'missed' : 'kept'}>
      <dt>{say('deadline.title')}</dt>
      <dd class="tabular" data-warn={overdue || kept === false}>
        {say('deadline.due', { time: due })} · {state}
        <small>
          {cited} · {say(`deadline.${force}`)}
          {uncertain && ` · ${say('deadline.uncertain')}`}
        </small>
      </dd>
    </div>
  );
}
