/** What happened at the door and to screens and people, newest first: who, what, to whom, where. */
import { useRef, useState } from 'preact/hooks';
import type { TrailView } from '../../controller/api/contract-people.ts';
import { useLooking } from '../shell/looking.ts';
import { getTrail } from '../wire/people-rest.ts';
import { nameOf, say } from '../words/language.ts';
import { momentText } from './login-table.tsx';

/** Lines that somebody who guesses leaves. */
const GRAVE: readonly TrailView['did'][] = ['login-refused', 'locked', 'pairing-refused', 'pin-change-refused'];

/** As many as are asked for at once. */
const PAGE_LINES = 100;

const newest = () => getTrail(null);

export function TrailPart() {
  const { value, note, act } = useLooking(newest);
  // By number: the newest lines move on while somebody reads further back, and none may fall in between.
  const seen = useRef(new Map<number, TrailView>());
  const [isAll, setAll] = useState(false);
  for (const line of value?.lines ?? []) seen.current.set(line.seq, line);
  const lines = [...seen.current.values()].sort((a, b) => b.seq - a.seq);
  const more = async () => {
    const last = lines.at(-1);
    const answer = last === undefined ? null : await act(() => getTrail(last.seq));
    if (answer === null) return;
    for (const line of answer.lines) seen.current.set(line.seq, line);
    setAll(answer.lines.length < PAGE_LINES);
  };
  return (
    <>
      <p class="people-note" role="status">
        {note}
      </p>
      <h2>{say('trail.title')}</h2>
      {value !== null && lines.length === 0 && <p>{say('trail.none')}</p>}
      <div class="table-scroll">
        <table class="lines lines-short">
          <thead>
            <tr>
              <th>{say('trail.when')}</th>
              <th>{say('trail.who')}</th>
              <th>{say('trail.what')}</th>
              <th>{say('trail.object')}</th>
              <th>{say('trail.where')}</th>
            </tr>
          </thead>
          <tbody>
            {lines.map((line) => (
              <tr key={line.seq} data-line={line.did} data-grave={GRAVE.includes(line.did)}>
                <td class="tabular">{momentText(line.at)}</td>
                <td>{line.who ?? say('trail.nobody')}</td>
                <td>{say(`trail.${line.did}`)}</td>
                <td>{line.object ?? ''}</td>
                <td>{[line.where, line.room === null ? null : nameOf(line.room)].filter(Boolean).join(' · ')}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {!isAll && lines.length >= PAGE_LINES && (
        <button type="button" class="button" data-earlier onClick={() => void more()}>
          {say('trail.earlier')}
        </button>
      )}
    </>
  );
}
