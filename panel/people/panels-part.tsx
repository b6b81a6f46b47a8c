/** The paired screens: which there are, who is at them, revoking them, and codes for new ones. */
import { useState } from 'preact/hooks';
import type { CodeView, PanelView } from '../../controller/api/contract-people.ts';
import { groupedCode } from '../login/code-text.ts';
import { leftUntil, monoIn } from '../login/lock.ts';
import { waitText } from '../shell/clock.ts';
import { useLooking } from '../shell/looking.ts';
import { me } from '../shell/who.ts';
import { getPanels, makeCode, revokePanel, unlockPanel } from '../wire/people-rest.ts';
import { nameOf, say } from '../words/language.ts';
import { ConfirmDialog, type Question } from './confirm-dialog.tsx';
import { momentText } from './login-table.tsx';
import { ToldDialog } from './told-dialog.tsx';

interface Made {
  readonly code: CodeView;
  /** Monotonic moment at which it ends. */
  readonly endsMono: number;
}

export function PanelsPart() {
  const { value, arrivedMono, note, act } = useLooking(getPanels);
  const [question, ask] = useState<Question | null>(null);
  const [made, setMade] = useState<Made | null>(null);
  const make = async (room: string, name: string) => {
    const code = await act(() => makeCode({ room, name }));
    if (code !== null) setMade({ code, endsMono: monoIn(code.validForMs) });
  };
  return (
    <>
      <p class="people-note" role="status">
        {note}
      </p>
      <NewPanel onMake={(room, name) => void make(room, name)} />
      {value?.panels.length === 0 && <p>{say('panels.none')}</p>}
      <ul class="panels">
        {value?.panels.map((panel) => (
          <PanelCard
            key={panel.id}
            panel={panel}
            arrivedMono={arrivedMono}
            onUnlock={() => void act(() => unlockPanel(panel.id))}
            onRevoke={() =>
              ask({
                title: say('panels.revoke-title', { name: panel.name }),
                text: say('panels.revoke-text'),
                yes: say('panels.revoke'),
                onYes: () => void act(() => revokePanel(panel.id)),
              })
            }
          />
        ))}
      </ul>
      {question !== null && <ConfirmDialog question={question} onClose={() => ask(null)} />}
      {made !== null && <CodeDialog made={made} onClose={() => setMade(null)} />}
    </>
  );
}

function NewPanel({ onMake }: { readonly onMake: (room: string, name: string) => void }) {
  const rooms = me.value?.rooms ?? [];
  const [room, setRoom] = useState(rooms[0]?.id ?? '');
  const [name, setName] = useState('');
  const submit = (event: Event) => {
    event.preventDefault();
    const found = rooms.find(({ id }) => id === room);
    if (found === undefined) return;
    onMake(room, name.trim() === '' ? found.name : name.trim());
    setName('');
  };
  return (
    <form class="new-panel" onSubmit={submit} aria-label={say('panels.new')}>
      <h2>{say('panels.new')}</h2>
      <label>
        {say('panels.room')}
        <select data-new-panel="room" value={room} onChange={(event) => setRoom(event.currentTarget.value)}>
          {rooms.map((one) => (
            <option key={one.id} value={one.id}>
              {nameOf(one)}
            </option>
          ))}
        </select>
      </label>
      <label>
        {say('panels.name')}
        <input
          data-new-panel="name"
          maxLength={40}
          placeholder={say('panels.name-example')}
          value={name}
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </label>
      <button type="submit" class="button button-main" data-new-panel="make">
        {say('panels.make')}
      </button>
    </form>
  );
}

interface CardProps {
  readonly panel: PanelView;
  readonly arrivedMono: number;
  readonly onUnlock: () => void;
  readonly onRevoke: () => void;
}

function PanelCard({ panel, arrivedMono, onUnlock, onRevoke }: CardProps) {
  const lockedMs = panel.lockedForMs === 0 ? 0 : leftUntil(arrivedMono + panel.lockedForMs);
  const { name, room, pairedAt, pairedBy, lastUseAt, address, people } = panel;
  return (
    <li class="panel-card" data-panel={panel.id}>
      <div>
        <h3>
          {name} <span class="panel-room">{nameOf(room)}</span>
          {panel.isHere && <span class="badge">{say('panels.here')}</span>}
          {lockedMs > 0 && <span class="badge badge-bad">{say('staff.locked', { time: waitText(lockedMs) })}</span>}
        </h3>
        <p>
          {people.length === 0
            ? say('panels.nobody')
            : say('panels.logged-in', { people: people.join(say('people.comma')) })}
        </p>
        <p class="soft tabular">
          {say('panels.paired', { time: momentText(pairedAt), person: pairedBy })}
          {' · '}
          {lastUseAt === null
            ? say('panels.unused')
            : say('panels.used', { time: momentText(lastUseAt), address: address ?? say('logins.unknown') })}
        </p>
      </div>
      <div class="card-buttons">
        {lockedMs > 0 && me.value?.may.people === true && (
          <button type="button" class="button" data-unlock={panel.id} onClick={onUnlock}>
            {say('panels.unlock')}
          </button>
        )}
        <button type="button" class="button" data-revoke={panel.id} onClick={onRevoke}>
          {say('panels.revoke')}
        </button>
      </div>
    </li>
  );
}

function CodeDialog({ made, onClose }: { readonly made: Made; readonly onClose: () => void }) {
  const { room, name, code } = made.code;
  const leftMs = leftUntil(made.endsMono);
  return (
    <ToldDialog
      title={say('code.title', { room: nameOf(room), name })}
      text={leftMs > 0 ? groupedCode(code) : '—'}
      onClose={onClose}
    >
      <p>{say('code.how', { address: `${location.origin}/pair` })}</p>
      <p class="soft tabular">{leftMs > 0 ? say('code.left', { time: waitText(leftMs) }) : say('code.over')}</p>
    </ToldDialog>
  );
}
