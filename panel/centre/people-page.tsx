/** `/people`: who may log in at the centre, where they are logged in, and who did what. For administrators. */
import '../people/people.css';
import { useState } from 'preact/hooks';
import type { CentrePeople } from '../../controller/api/contract-centre.ts';
import { browserName } from '../people/browser-name.ts';
import { ConfirmDialog, type Question } from '../people/confirm-dialog.tsx';
import { ToldDialog } from '../people/told-dialog.tsx';
import { waitText } from '../shell/clock.ts';
import { say } from '../words/language.ts';
import { type Asked, useAsked } from './asked.ts';
import { Frame, momentText } from './frame.tsx';
import { addPerson, endLogin, getPeople, getTrail, giveSecret, removePerson, unlockPerson } from './rest.ts';
import { trailWord } from './trail-words.ts';

type Person = CentrePeople['people'][number];
interface Told {
  readonly title: string;
  readonly text: string;
}

export function PeoplePage() {
  const { value, note, act } = useAsked(getPeople);
  const trail = useAsked(getTrail);
  const [question, ask] = useState<Question | null>(null);
  const [told, tell] = useState<Told | null>(null);
  return (
    <Frame path={[[say('centre.people'), '/people']]} note={note}>
      <h1>{say('centre.people')}</h1>
      <NewPerson act={act} tell={tell} />
      <ul class="staff">
        {value?.people.map((person) => (
          <Card key={person.id} person={person} act={act} ask={ask} tell={tell} />
        ))}
      </ul>
      <h2>{say('trail.title')}</h2>
      <div class="table-scroll">
        <table class="lines lines-short" data-trail>
          <tbody>
            {trail.value?.lines.map((line) => (
              <tr
                key={line.seq}
                data-line={line.did}
                data-grave={line.did === 'login-refused' || line.did === 'locked'}
              >
                <td class="tabular">{momentText(line.at)}</td>
                <td>{line.who ?? say('trail.nobody')}</td>
                <td>{trailWord(line.did)}</td>
                <td>{[line.site, line.object].filter(Boolean).join(' · ')}</td>
                <td>{line.source ?? ''}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {question !== null && <ConfirmDialog question={question} onClose={() => ask(null)} />}
      {told !== null && <ToldDialog title={told.title} text={told.text} onClose={() => tell(null)} />}
    </Frame>
  );
}

function NewPerson({ act, tell }: { readonly act: Asked<unknown>['act']; readonly tell: (told: Told) => void }) {
  const [name, setName] = useState('');
  const [role, setRole] = useState<'reader' | 'administrator'>('reader');
  const submit = async (event: Event) => {
    event.preventDefault();
    const secret = (await act(() => addPerson({ name: name.trim(), role })))?.secret;
    if (secret === undefined) return;
    setName('');
    tell({ title: say('centre.secret-of', { name: name.trim() }), text: secret });
  };
  return (
    <form class="new-panel" data-new-person onSubmit={(event) => void submit(event)}>
      <h2>{say('centre.add-person')}</h2>
      <label>
        {say('centre.name')}
        <input data-new-name maxLength={40} value={name} onInput={(event) => setName(event.currentTarget.value)} />
      </label>
      <label>
        {say('centre.role')}
        <select
          value={role}
          onChange={(event) => setRole(event.currentTarget.value === 'reader' ? 'reader' : 'administrator')}
        >
          <option value="reader">{say('centre.role-reader')}</option>
          <option value="administrator">{say('centre.role-administrator')}</option>
        </select>
      </label>
      <button type="submit" class="button button-main" disabled={name.trim() === ''}>
        {say('centre.add')}
      </button>
    </form>
  );
}

interface CardProps {
  readonly person: Person;
  readonly act: Asked<unknown>['act'];
  readonly ask: (question: Question) => void;
  readonly tell: (told: Told) => void;
}

function Card({ person, act, ask, tell }: CardProps) {
  const { id, name, role, lockedForMs, logins } = person;
  const renew = async () => {
    const secret = (await act(() => giveSecret(id)))?.secret;
    if (secret !== undefined) tell({ title: say('centre.secret-of', { name }), text: secret });
  };
  return (
    <li class="person-card" data-person={name}>
      <div class="person-row">
        <h3>
          {name} <span class="panel-room">{say(`centre.role-${role}`)}</span>
          {lockedForMs > 0 && (
            <span class="badge badge-bad">{say('staff.locked', { time: waitText(lockedForMs) })}</span>
          )}
        </h3>
        <div class="card-buttons">
          {lockedForMs > 0 && (
            <button type="button" class="button" data-unlock={id} onClick={() => void act(() => unlockPerson(id))}>
              {say('staff.unlock')}
            </button>
          )}
          <button
            type="button"
            class="button"
            data-give-secret={id}
            onClick={() =>
              ask({
                title: say('staff.secret-title', { name }),
                text: say('staff.give-text'),
                yes: say('staff.yes'),
                onYes: () => void renew(),
              })
            }
          >
            {say('staff.new-secret')}
          </button>
          <button
            type="button"
            class="button"
            data-remove={id}
            onClick={() =>
              ask({
                title: say('centre.remove-title', { name }),
                text: say('centre.remove-text'),
                yes: say('centre.remove'),
                onYes: () => void act(() => removePerson(id)),
              })
            }
          >
            {say('centre.remove')}
          </button>
        </div>
      </div>
      {logins.length > 0 && (
        <div class="table-scroll">
          <table class="lines">
            <tbody>
              {logins.map((login) => (
                <tr key={login.id} data-login={login.id} data-mine={login.isMine}>
                  <td>{login.address}</td>
                  <td class="tabular">{momentText(login.since)}</td>
                  <td class="tabular">{momentText(login.lastUseAt)}</td>
                  <td title={login.agent}>{browserName(login.agent) || say('logins.unknown')}</td>
                  <td>
                    {login.isMine ? (
                      say('logins.mine')
                    ) : (
                      <button
                        type="button"
                        class="quiet"
                        data-end={login.id}
                        onClick={() => void act(() => endLogin(login.id))}
                      >
                        {say('logins.end')}
                      </button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </li>
  );
}
