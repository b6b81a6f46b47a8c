/** `/review`: the sessions of one's own rooms, newest first. */
import './review.css';
import { useCallback, useEffect, useState } from 'preact/hooks';
import type { SessionView } from '../../controller/api/contract-session.ts';
import { dateText, lengthText, timeText } from '../shell/clock.ts';
import { Header } from '../shell/header.tsx';
import { kindName, learnRules } from '../shell/rules.ts';
import { me } from '../shell/who.ts';
import { getSessions } from '../wire/rest.ts';
import { nameOf, say, sayTrouble } from '../words/language.ts';

const LIMIT = 50;
const LOOK_AGAIN_MS = 10_000;

export function SessionsPage() {
  useEffect(learnRules, []);
  const rooms = me.value?.rooms ?? [];
  const [room, setRoom] = useState<string | null>(null);
  const [sessions, setSessions] = useState<readonly SessionView[] | null>(null);
  const [note, setNote] = useState('');
  const look = useCallback(async () => {
    const answer = await getSessions(room, LIMIT);
    if (answer.outcome === 'ok') setSessions(answer.value.sessions);
    setNote(
      answer.outcome === 'ok'
        ? ''
        : answer.outcome === 'refused'
          ? sayTrouble(answer.refusal).what
          : say('load.unreachable'),
    );
  }, [room]);
  useEffect(() => {
    void look();
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') void look();
    }, LOOK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [look]);
  const roomName = (id: string) => {
    const known = rooms.find((one) => one.id === id);
    return known === undefined ? id : nameOf(known);
  };
  const only = rooms.length === 1 ? rooms[0] : undefined;
  return (
    <div class="review">
      <Header serverNow={null}>
        <nav class="header-nav">
          <a href={only === undefined ? '/' : `/room/${encodeURIComponent(only.id)}`}>{say('nav.record')}</a>
        </nav>
      </Header>
      <main class="review-main">
        <div class="sessions-bar">
          <h1>{say('review.title')}</h1>
          {rooms.length > 1 && (
            <select
              aria-label={say('review.room')}
              value={room ?? ''}
              onChange={(event) => setRoom(event.currentTarget.value || null)}
            >
              <option value="">{say('review.all-rooms')}</option>
              {rooms.map((one) => (
                <option key={one.id} value={one.id}>
                  {nameOf(one)}
                </option>
              ))}
            </select>
          )}
          <button type="button" class="button" onClick={() => void look()}>
            {say('review.refresh')}
          </button>
          <p role="status" class="sessions-note">
            {note}
          </p>
        </div>
        {sessions === null && note === '' && <p>{say('load.waiting')}</p>}
        {sessions?.length === 0 && <p>{say('review.none')}</p>}
        {sessions !== null && sessions.length > 0 && (
          <table class="sessions">
            <thead>
              <tr>
                <th>{say('review.date')}</th>
                <th>{say('review.kind')}</th>
                <th>{say('review.matter')}</th>
                {rooms.length > 1 && <th>{say('review.room')}</th>}
                <th>{say('review.duration')}</th>
                <th>{say('review.state')}</th>
                <th>{say('review.handed-over')}</th>
                <th>{say('review.gaps')}</th>
              </tr>
            </thead>
            <tbody>
              {sessions.map((session) => (
                <tr key={session.id} data-session={session.id}>
                  <td class="tabular">
                    <a class="sessions-link" href={`/review/${encodeURIComponent(session.id)}`}>
                      {dateText(session.openedAt)} {timeText(session.openedAt)}
                    </a>
                  </td>
                  <td>{kindName(session.kind)}</td>
                  <td class="sessions-matter">{session.matter === '' ? '—' : session.matter}</td>
                  {rooms.length > 1 && <td>{roomName(session.room)}</td>}
                  <td class="tabular">
                    {session.closedAt === null
                      ? say('review.running')
                      : lengthText(session.closedAt - session.openedAt)}
                  </td>
                  <td data-session-state={session.state}>{say(`state.${session.state}`)}</td>
                  <td class="tabular">
                    {session.handOver.done} / {session.handOver.total}
                  </td>
                  <td class="tabular" data-warn={session.gaps.length > 0}>
                    {session.gaps.length}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </main>
    </div>
  );
}
