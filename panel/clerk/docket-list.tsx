/** The docket of the day: what was held, what runs, what is to come, what was cancelled, and what is wrong with any of it. */
import { useEffect, useRef } from 'preact/hooks';
import type { DocketEntry } from '../../controller/api/contract-docket.ts';
import type { SessionState, SessionWarningKind } from '../../controller/api/contract-session.ts';
import { Icon, type IconName } from '../shell/icon.tsx';
import { kindName } from '../shell/rules.ts';
import { say } from '../words/language.ts';
import type { ClerkDesk } from './clerk-desk.ts';
import { minuteText } from './clock-words.ts';
import { isAwaited } from './docket-order.ts';

const STATE_ICONS: Readonly<Record<SessionState, IconName>> = {
  scheduled: 'asleep',
  checking: 'waiting',
  ready: 'ready',
  cancelled: 'cross',
  opening: 'waiting',
  open: 'recording',
  closing: 'saving',
  closed: 'done',
  'handed-over': 'done',
};
/** What a docket says before anything else, the more pressing first; other warnings belong to a session that runs. */
const SHOWN = ['late-start', 'next-booking'] as const satisfies readonly SessionWarningKind[];

export function DocketList({ desk }: { readonly desk: ClerkDesk }) {
  const docket = desk.view.value?.docket ?? [];
  if (docket.length === 0) return <p class="docket-none">{say('docket.none')}</p>;
  return (
    <ul class="docket" aria-label={say('before.docket')}>
      {docket.map((entry) => (
        <Row key={entry.id} entry={entry} desk={desk} />
      ))}
    </ul>
  );
}

function Row({ entry, desk }: { readonly entry: DocketEntry; readonly desk: ClerkDesk }) {
  const isChosen = desk.entryDue.value?.id === entry.id;
  const row = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (isChosen) row.current?.scrollIntoView({ block: 'nearest' });
  }, [isChosen]);
  const choose = () => {
    if (isAwaited(entry)) desk.chosen.value = entry.id;
    else if (entry.state !== 'cancelled') desk.sheet.value = { is: 'held', session: entry.id };
  };
  const showMore = () => {
    desk.sheet.value = entry.openedAt === null ? { is: 'entry', entry: entry.id } : { is: 'held', session: entry.id };
  };
  const from = entry.planned?.from ?? entry.openedAt;
  const to = entry.planned === null ? entry.closedAt : entry.planned.to;
  return (
    <li ref={row} class="docket-row" data-entry={entry.id} data-state={entry.state} data-chosen={isChosen}>
      <button
        type="button"
        class="docket-choose"
        aria-pressed={isAwaited(entry) ? isChosen : undefined}
        aria-disabled={entry.state === 'cancelled'}
        onClick={choose}
      >
        <span class="docket-time tabular">
          {from === null ? '' : minuteText(from)}
          <small>{to === null ? '' : `–${minuteText(to)}`}</small>
        </span>
        <span class="docket-what">
          <b>{kindName(entry.kind)}</b> {entry.matter === '' ? <i>{say('fact.no-matter')}</i> : entry.matter}
        </span>
        <span class="docket-state" data-grave={entry.warnings.some(({ level }) => level === 'alarm')}>
          <Icon name={STATE_ICONS[entry.state]} />
          {stateWords(entry)}
        </span>
      </button>
      <button
        type="button"
        class="docket-more"
        aria-label={say('docket.more', { what: entry.matter })}
        onClick={showMore}
      >
        <Icon name="dots" />
      </button>
    </li>
  );
}

/** The most pressing thing to be said in a few words. */
function stateWords(entry: DocketEntry): string {
  if (!isAwaited(entry)) {
    const owed = entry.debts.length > 0 && entry.closedAt !== null;
    return owed ? say('docket.debts', { n: entry.debts.length }) : say(`docket.${entry.state}`);
  }
  const why = SHOWN.find((one) => entry.warnings.some((warning) => warning.why === one));
  if (why !== undefined) return say(`docket.${why}`);
  if (entry.check?.state === 'warned') return say('docket.check-warned');
  if (entry.warnings.some((warning) => warning.why === 'adjacent')) return say('docket.adjacent');
  return say(`docket.${entry.state}`);
}
