/**
 * `/login`: at a paired panel, choose a name, then type the PIN on the pad or on the keyboard. Any other browser is told that it is
 * not paired, and what can be done.
 */
import './login.css';
import { useCallback, useEffect, useState } from 'preact/hooks';
import type { HereView, PersonAtDoor } from '../../controller/api/contract-people.ts';
import { waitText } from '../shell/clock.ts';
import { SiteName } from '../shell/header.tsx';
import { Icon } from '../shell/icon.tsx';
import { LanguageSwitch } from '../shell/language-switch.tsx';
import { goTo } from '../shell/route.ts';
import { learnMe, loginEnded, me } from '../shell/who.ts';
import { getHere, getPeople } from '../wire/people-rest.ts';
import { nameOf, say } from '../words/language.ts';
import { laterOf, leftUntil, openAt } from './lock.ts';
import { LockNote } from './lock-note.tsx';
import { PinPad } from './pin-pad.tsx';
import { SecretForm } from './secret-form.tsx';

const ASK_AGAIN_MS = 2_000;
/** Locks and revocations are noticed without anybody touching the screen. */
const LOOK_AGAIN_MS = 10_000;

interface AtDoor {
  readonly here: HereView;
  readonly people: readonly (PersonAtDoor & { readonly lockedUntil: number | null })[];
  readonly lockedUntil: number | null;
}

export function LoginPage({ next }: { readonly next: string }) {
  const [door, setDoor] = useState<AtDoor | null>(null);
  const [unreachable, setUnreachable] = useState(false);
  const [person, setPerson] = useState<string | null>(null);
  const [bySecret, setBySecret] = useState(false);
  /** A lock that a try was refused with, until the next look says what is so. */
  const [toldLock, setToldLock] = useState<number | null>(null);

  const look = useCallback(async () => {
    const [here, people] = await Promise.all([getHere(), getPeople()]);
    const isThere = here.outcome === 'ok' && people.outcome === 'ok';
    setUnreachable(!isThere);
    if (!isThere) return false;
    setToldLock(null);
    setDoor({
      here: here.value,
      people: people.value.map((one) => ({ ...one, lockedUntil: openAt(one.lockedForMs) })),
      lockedUntil: openAt(here.value.lockedForMs),
    });
    return true;
  }, []);
  useEffect(() => {
    let timer = 0;
    let current = true;
    const again = async () => {
      const isThere = await look();
      if (current) timer = window.setTimeout(() => void again(), isThere ? LOOK_AGAIN_MS : ASK_AGAIN_MS);
    };
    void again();
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [look]);

  const entered = async () => {
    loginEnded.value = false;
    if (!(await learnMe(setUnreachable))) return;
    // A panel hangs in a room: whoever wanted nothing else wants that one.
    const room = me.peek()?.panel?.room.id;
    goTo(next === '/' && room !== undefined ? `/room/${encodeURIComponent(room)}` : next, 'replace');
  };
  const chosen = door?.people.find((one) => one.id === person);
  return (
    <div class="login" data-paired={door === null ? undefined : door.here.panel !== null}>
      <header class="header">
        <SiteName />
        <span class="header-space" />
        {door?.here.panel != null && (
          <span class="header-panel">
            {say('login.panel', { room: nameOf(door.here.panel.room), name: door.here.panel.name })}
          </span>
        )}
        <LanguageSwitch />
      </header>
      <main class="login-main">
        <p class="login-note" role="status">
          {unreachable ? say('load.unreachable') : loginEnded.value ? say('login.ended') : ''}
        </p>
        {bySecret ? (
          <SecretForm onEntered={() => void entered()} onBack={() => setBySecret(false)} />
        ) : door === null ? (
          !unreachable && <p>{say('load.waiting')}</p>
        ) : !door.here.pins ? (
          <Unpaired onSecret={() => setBySecret(true)} />
        ) : chosen === undefined ? (
          <Names door={door} onChoose={setPerson} onSecret={() => setBySecret(true)} />
        ) : (
          <PinPad
            person={chosen}
            lockedUntil={laterOf(laterOf(chosen.lockedUntil, door.lockedUntil), toldLock)}
            onEntered={() => void entered()}
            onOther={() => {
              setPerson(null);
              void look();
            }}
            onRefused={(lockedForMs) => {
              if (lockedForMs !== null) setToldLock(openAt(lockedForMs));
              void look();
            }}
          />
        )}
      </main>
    </div>
  );
}

function Names({
  door,
  onChoose,
  onSecret,
}: {
  readonly door: AtDoor;
  readonly onChoose: (person: string) => void;
  readonly onSecret: () => void;
}) {
  const isLocked = leftUntil(door.lockedUntil) > 0;
  return (
    <>
      <h1>{door.people.length === 0 ? say('login.nobody') : say('login.who')}</h1>
      {isLocked && (
        <p class="login-locked" role="alert">
          <LockNote until={door.lockedUntil} here />
        </p>
      )}
      <div class="people">
        {door.people.map((choice) => (
          <button
            key={choice.id}
            type="button"
            class="person"
            data-person={choice.id}
            onClick={() => onChoose(choice.id)}
          >
            <Icon name={leftUntil(choice.lockedUntil) > 0 ? 'refused' : 'person'} />
            <span class="person-name">{choice.name}</span>
            <PersonNote person={choice} />
          </button>
        ))}
      </div>
      <div class="login-ways">
        <button type="button" class="quiet" data-way="secret" onClick={onSecret}>
          {say('login.by-secret')}
        </button>
        {door.here.panel === null && (
          <a class="quiet" href="/pair">
            {say('login.pair')}
          </a>
        )}
      </div>
    </>
  );
}

function PersonNote({ person }: { readonly person: AtDoor['people'][number] }) {
  const leftMs = leftUntil(person.lockedUntil);
  const role = say(`role.${person.role}`);
  if (leftMs > 0) {
    return <span class="person-locked tabular">{say('login.locked-person', { time: waitText(leftMs) })}</span>;
  }
  return person.name === role ? null : <span class="person-role">{role}</span>;
}

function Unpaired({ onSecret }: { readonly onSecret: () => void }) {
  return (
    <div class="unpaired" data-unpaired>
      <Icon name="unlinked" />
      <h1>{say('login.unpaired')}</h1>
      <p>{say('login.unpaired-why')}</p>
      <div class="unpaired-ways">
        <a class="button button-main" href="/pair" data-way="pair">
          {say('login.pair')}
        </a>
        <button type="button" class="button" data-way="secret" onClick={onSecret}>
          {say('login.by-secret')}
        </button>
      </div>
    </div>
  );
}
