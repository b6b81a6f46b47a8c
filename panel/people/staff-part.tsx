/** Everybody: who is logged in where, who is locked out, and new PINs and secrets. */
import { useState } from 'preact/hooks';
import type { StaffView } from '../../controller/api/contract-people.ts';
import { leftUntil } from '../login/lock.ts';
import { waitText } from '../shell/clock.ts';
import { useLooking } from '../shell/looking.ts';
import { me } from '../shell/who.ts';
import { endLogin, getStaff, givePin, giveSecret, logOutPerson, unlockPerson } from '../wire/people-rest.ts';
import { nameOf, say } from '../words/language.ts';
import { ConfirmDialog, type Question } from './confirm-dialog.tsx';
import { LoginTable } from './login-table.tsx';
import { ToldDialog } from './told-dialog.tsx';

interface Told {
  readonly title: string;
  readonly text: string;
}

export function StaffPart() {
  const { value, arrivedMono, note, act } = useLooking(getStaff);
  const [question, ask] = useState<Question | null>(null);
  const [told, tell] = useState<Told | null>(null);
  const mayGive = me.value?.may.give === true;
  const give = (person: StaffView, what: 'pin' | 'secret') => {
    const { id, name } = person;
    const doing = async () => {
      const text = what === 'pin' ? (await act(() => givePin(id)))?.pin : (await act(() => giveSecret(id)))?.secret;
      if (text !== undefined) tell({ title: say(`staff.told-${what}`, { name }), text });
    };
    ask({
      title: say(`staff.${what}-title`, { name }),
      text: say('staff.give-text'),
      yes: say('staff.yes'),
      onYes: () => void doing(),
    });
  };
  return (
    <>
      <p class="people-note" role="status">
        {note}
      </p>
      {!mayGive && <p class="soft">{say('staff.give-needs-secret')}</p>}
      <ul class="staff">
        {value?.people.map((person) => (
          <PersonCard
            key={person.id}
            person={person}
            arrivedMono={arrivedMono}
            mayGive={mayGive}
            onGive={(what) => give(person, what)}
            onUnlock={() => void act(() => unlockPerson(person.id))}
            onEnd={(login) => void act(() => endLogin(login))}
            onLogOut={() =>
              ask({
                title: say('staff.logout-title', { name: person.name }),
                text: say('staff.logout-text'),
                yes: say('staff.logout'),
                onYes: () => void act(() => logOutPerson(person.id)),
              })
            }
          />
        ))}
      </ul>
      {question !== null && <ConfirmDialog question={question} onClose={() => ask(null)} />}
      {told !== null && <ToldDialog title={told.title} text={told.text} onClose={() => tell(null)} />}
    </>
  );
}

interface CardProps {
  readonly person: StaffView;
  readonly arrivedMono: number;
  readonly mayGive: boolean;
  readonly onGive: (what: 'pin' | 'secret') => void;
  readonly onUnlock: () => void;
  readonly onEnd: (login: string) => void;
  readonly onLogOut: () => void;
}

function PersonCard({ person, arrivedMono, mayGive, onGive, onUnlock, onEnd, onLogOut }: CardProps) {
  const [open, setOpen] = useState(false);
  const lockedMs = person.lockedForMs === 0 ? 0 : leftUntil(arrivedMono + person.lockedForMs);
  const { id, name, role, rooms, logins } = person;
  return (
    <li class="person-card" data-staff={id}>
      <div class="person-row">
        <div class="person-who">
          <h3>
            {name} {name !== say(`role.${role}`) && <span class="panel-room">{say(`role.${role}`)}</span>}
            {person.hasSecret && <span class="badge">{say('staff.has-secret')}</span>}
            {lockedMs > 0 && <span class="badge badge-bad">{say('staff.locked', { time: waitText(lockedMs) })}</span>}
          </h3>
          <p class="soft">
            {rooms === null ? say('staff.all-rooms') : rooms.map(nameOf).join(say('people.comma'))}
            {' · '}
            {logins.length === 0 ? say('staff.no-logins') : say('staff.logins', { n: logins.length })}
          </p>
        </div>
        <div class="card-buttons">
          {lockedMs > 0 && (
            <button type="button" class="button" data-unlock={id} onClick={onUnlock}>
              {say('staff.unlock')}
            </button>
          )}
          {logins.length > 0 && (
            <button type="button" class="button" data-show={id} aria-expanded={open} onClick={() => setOpen(!open)}>
              {say(open ? 'staff.hide' : 'staff.show')}
            </button>
          )}
          {mayGive && (
            <>
              <button type="button" class="button" data-give-pin={id} onClick={() => onGive('pin')}>
                {say('staff.new-pin')}
              </button>
              <button type="button" class="button" data-give-secret={id} onClick={() => onGive('secret')}>
                {say('staff.new-secret')}
              </button>
            </>
          )}
        </div>
      </div>
      {open && logins.length > 0 && (
        <>
          <LoginTable logins={logins} onEnd={onEnd} />
          <button type="button" class="button" data-log-out={id} onClick={onLogOut}>
            {say('staff.logout')}
          </button>
        </>
      )}
    </li>
  );
}
