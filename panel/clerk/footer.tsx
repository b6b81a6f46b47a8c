/** The health of the machine in one line: disk, recorder, centre, alarms. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { RoomView } from '../../controller/api/contract.ts';
import { sizeText, timeText } from '../shell/clock.ts';
import { Icon, type IconName } from '../shell/icon.tsx';
import { say, sayTrouble } from '../words/language.ts';

/** Fewer hours than this on the disk and the footer says so in warning colours. */
const FEW_HOURS = 24;
/** More than this is enough, and how much exactly is a guess. */
const HOURS_SHOWN_MAX = 999;

type Health = 'good' | 'warn' | 'bad';

function Item({ icon, health, name, text }: { icon: IconName; health: Health; name: string; text: string }) {
  return (
    <span class="foot-item" data-health={health} data-foot={name}>
      <Icon name={icon} />
      {text}
    </span>
  );
}

export function Footer({ view, stale }: { readonly view: RoomView | null; readonly stale: boolean }) {
  const [open, setOpen] = useState(false);
  if (view === null) return <footer class="foot" />;
  const { disk, recorder, centre, alarms } = view;
  const worst = alarms[0];
  return (
    <footer class="foot" data-stale={stale}>
      <Item icon="disk" name="disk" health={diskHealth(disk.hoursLeft)} text={diskText(disk)} />
      <Item
        icon="recorder"
        name="recorder"
        health={recorder === 'away' ? 'bad' : 'good'}
        text={say(`foot.recorder-${recorder}`)}
      />
      <Item icon="centre" name="centre" health={centre.state === 'away' ? 'warn' : 'good'} text={centreText(centre)} />
      {worst === undefined ? (
        <Item icon="bell" name="alarms" health="good" text={say('foot.no-alarms')} />
      ) : (
        <button
          type="button"
          class="foot-item foot-alarms"
          data-foot="alarms"
          data-health={worst.level === 'alarm' ? 'bad' : 'warn'}
          onClick={() => setOpen(true)}
        >
          <Icon name="bell" />
          {say('foot.alarms', { n: alarms.length })}
          <span class="foot-worst">{sayTrouble(worst).what}</span>
        </button>
      )}
      {open && <AlarmDialog view={view} onClose={() => setOpen(false)} />}
    </footer>
  );
}

function diskHealth(hoursLeft: number | null): Health {
  if (hoursLeft === null) return 'good';
  return hoursLeft < 1 ? 'bad' : hoursLeft < FEW_HOURS ? 'warn' : 'good';
}

function diskText(disk: RoomView['disk']): string {
  if (disk.hoursLeft === null) return say('foot.disk-unknown', { size: sizeText(disk.freeBytes) });
  if (disk.hoursLeft < 1) return say('foot.disk-under-hour');
  const hours =
    disk.hoursLeft > HOURS_SHOWN_MAX
      ? say('foot.hours-many', { n: HOURS_SHOWN_MAX })
      : say('foot.hours', { n: Math.floor(disk.hoursLeft) });
  return say('foot.disk', { hours });
}

function centreText(centre: RoomView['centre']): string {
  if (centre.state === 'not-configured') return say('foot.centre-none');
  const state = say(`foot.centre-${centre.state}`);
  return centre.waitingSegments === 0 ? state : `${state} · ${say('foot.waiting', { n: centre.waitingSegments })}`;
}

function AlarmDialog({ view, onClose }: { readonly view: RoomView; readonly onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const nameOfStream = (id: string | null) => view.streams.find((stream) => stream.id === id)?.name;
  return (
    <dialog ref={dialog} class="alarm-dialog" aria-labelledby="alarm-title" onClose={onClose}>
      <h2 id="alarm-title">{say('alarms.title')}</h2>
      <ul>
        {view.alarms.length === 0 && <li>{say('foot.no-alarms')}</li>}
        {view.alarms.map((alarm) => {
          const words = sayTrouble(alarm);
          return (
            <li key={`${alarm.code} ${alarm.stream ?? ''}`} data-health={alarm.level === 'alarm' ? 'bad' : 'warn'}>
              <span class="alarm-level">{say(`alarms.level-${alarm.level}`)}</span>
              <span class="alarm-words">
                <b>
                  {nameOfStream(alarm.stream)} {words.what}
                </b>
                <br />
                {words.todo}{' '}
                <span class="tabular alarm-since">{say('alarms.since', { time: timeText(alarm.since) })}</span>
              </span>
            </li>
          );
        })}
      </ul>
      <button type="button" class="button" onClick={onClose}>
        {say('alarms.close')}
      </button>
    </dialog>
  );
}
