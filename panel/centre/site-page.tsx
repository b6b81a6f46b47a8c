/** `/sites/ID`: a site, its sessions with the overdue ones first, a form for any stretch of its time, and its commands. */
import { useMemo } from 'preact/hooks';
import type { SiteRow, SiteSession } from '../../controller/api/contract-centre.ts';
import { lengthText, sizeText } from '../shell/clock.ts';
import { PlainPage } from '../shell/notice.tsx';
import { say } from '../words/language.ts';
import { sessionAddress, siteAddress } from './address.ts';
import { useAsked } from './asked.ts';
import { CommandTable } from './command-table.tsx';
import { Frame, momentText } from './frame.tsx';
import { RangeForm } from './range-form.tsx';
import { getCommands, getSite } from './rest.ts';
import { kindWord, sessionState } from './session-words.ts';
import { OnlineMark, troublesOf } from './site-words.tsx';

export function SitePage({ site }: { readonly site: string }) {
  const askSite = useMemo(() => () => getSite(site), [site]);
  const askCommands = useMemo(() => () => getCommands(site), [site]);
  const { value, note, isNowhere } = useAsked(askSite);
  const commands = useAsked(askCommands);
  if (isNowhere) return <PlainPage text={note} home />;
  return (
    <Frame path={[[site, siteAddress(site)]]} note={note || commands.note}>
      {value === null ? (
        <p>{say('load.waiting')}</p>
      ) : (
        <>
          <Facts site={value.site} />
          <section>
            <h2>{say('centre.sessions')}</h2>
            {value.sessions.length === 0 ? <p>{say('centre.no-sessions')}</p> : <Sessions sessions={value.sessions} />}
          </section>
          <RangeForm site={site} now={value.at} />
          <section>
            <h2>{say('centre.commands')}</h2>
            <CommandTable commands={commands.value?.commands ?? []} act={commands.act} />
          </section>
        </>
      )}
    </Frame>
  );
}

function Facts({ site }: { readonly site: SiteRow }) {
  const troubles = troublesOf(site);
  const { waiting, held, software, clock, hoursLeft } = site;
  return (
    <section class="facts" data-facts={site.site}>
      <h1>{site.site}</h1>
      <OnlineMark site={site} />
      <dl>
        <div>
          <dt>{say('centre.waiting')}</dt>
          <dd class="tabular">
            {waiting === null ? '—' : say('centre.amount', { n: waiting.segments, size: sizeText(waiting.bytes) })}
          </dd>
        </div>
        <div>
          <dt>{say('centre.held')}</dt>
          <dd class="tabular">{say('centre.amount', { n: held.segments, size: sizeText(held.bytes) })}</dd>
        </div>
        <div>
          <dt>{say('centre.disk')}</dt>
          <dd class="tabular">{hoursLeft === null ? '—' : say('centre.hours', { n: Math.floor(hoursLeft) })}</dd>
        </div>
        <div>
          <dt>{say('centre.software')}</dt>
          <dd>{software ?? '—'}</dd>
        </div>
        <div>
          <dt>{say('centre.clock')}</dt>
          <dd data-grave={clock === 'free'}>{clock === null ? '—' : say(clockWord(clock))}</dd>
        </div>
      </dl>
      {troubles.length > 0 && (
        <ul class="facts-troubles">
          {troubles.map((text) => (
            <li key={text}>{text}</li>
          ))}
        </ul>
      )}
    </section>
  );
}

function clockWord(clock: string) {
  if (clock === 'ntp') return 'centre.clock-ntp';
  return clock === 'free' ? 'centre.clock-free' : 'centre.clock-unknown';
}

function Sessions({ sessions }: { readonly sessions: readonly SiteSession[] }) {
  return (
    <div class="table-scroll">
      <table class="rows" data-sessions>
        <thead>
          <tr>
            <th>{say('centre.opened')}</th>
            <th>{say('centre.room')}</th>
            <th>{say('centre.kind')}</th>
            <th>{say('centre.length')}</th>
            <th>{say('centre.state')}</th>
            <th>{say('centre.due')}</th>
            <th>{say('centre.here')}</th>
            <th>{say('centre.gaps')}</th>
          </tr>
        </thead>
        <tbody>
          {sessions.map((session) => (
            <tr key={session.session} data-session={session.session} data-overdue={session.isOverdue}>
              <td class="tabular">
                <a class="row-link" href={sessionAddress(session.site, session.session)}>
                  {momentText(session.openedAt)}
                </a>
              </td>
              <td>{session.room ?? '—'}</td>
              <td>{kindWord(session.kind)}</td>
              <td class="tabular">
                {session.openedAt === null || session.closedAt === null
                  ? '—'
                  : lengthText(session.closedAt - session.openedAt)}
              </td>
              <td data-session-state={session.state}>{sessionState(session.state)}</td>
              <td class="tabular" data-grave={session.isOverdue}>
                {session.isOverdue && <strong>{say('centre.overdue')} </strong>}
                {session.due === null ? '—' : momentText(session.due.at)}
              </td>
              <td class="tabular" data-held={session.held.segments}>
                {session.held.segments} / {session.expected.segments}
              </td>
              <td class="tabular" data-grave={session.gaps > 0}>
                {session.gaps}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
