/** 取回: what is missing here of a stretch, the button that fetches it, and how far that is. The place it takes never changes. */
import { useMemo, useState } from 'preact/hooks';
import type { CommandView, StretchView } from '../../controller/api/contract-centre.ts';
import { sizeText } from '../shell/clock.ts';
import { Icon } from '../shell/icon.tsx';
import { say } from '../words/language.ts';
import { type Asked, useAsked } from './asked.ts';
import { Progress } from './command-table.tsx';
import { getCommands, giveCommand } from './rest.ts';
import { commandState, commandTrouble } from './session-words.ts';
import type { Meant } from './stretch-page.tsx';
import { me } from './who.ts';

interface Props {
  readonly meant: Meant;
  readonly range: StretchView['range'];
  readonly act: Asked<unknown>['act'];
}

export function Fetching({ meant, range, act }: Props) {
  const { site } = meant;
  const askCommands = useMemo(() => () => getCommands(site), [site]);
  const commands = useAsked(askCommands);
  const [chosen, choose] = useState<readonly string[] | null>(null);
  const [isGiving, setGiving] = useState(false);
  const mine = (commands.value?.commands ?? []).filter((command) => isAbout(command, meant));
  const newest = mine.find(({ type }) => type === 'fetch') ?? null;
  const isHeldBack = mine.some(
    ({ type, status }) => type === 'hold' && !['failed', 'rejected', 'expired'].includes(status),
  );
  const isUnderWay = newest !== null && newest.endedAt === null;
  const held = range.streams.reduce((sum, stream) => sum + stream.held.segments, 0);
  const known = range.streams.reduce((sum, stream) => sum + stream.expected.segments, 0);
  const missing = range.streams.reduce((sum, stream) => sum + stream.expected.bytes - stream.held.bytes, 0);
  const isWhole = known > 0 && held === known && !range.isGrowing;
  const which = 'session' in meant ? { session: meant.session } : { from: meant.from, to: meant.to };
  const give = async (type: 'fetch' | 'hold') => {
    setGiving(true);
    await act(() => giveCommand(site, { type, ...which, streams: type === 'fetch' ? chosen : null }));
    await commands.act(() => getCommands(site));
    setGiving(false);
  };
  return (
    <section class="fetching" data-fetching={isUnderWay ? 'under-way' : isWhole ? 'whole' : 'open'}>
      <div class="fetching-told">
        <p class="fetching-word">
          <Icon name={isWhole ? 'done' : isUnderWay ? 'saving' : 'centre'} />
          {isWhole
            ? say('fetch.whole', { n: held })
            : known === 0
              ? say('fetch.nothing')
              : say('fetch.part', { n: held, total: known, size: sizeText(missing) })}
        </p>
        <p class="fetching-state" role="status">
          {newest === null ? (
            <span class="soft">{say(isWhole ? 'fetch.not-needed' : 'fetch.how')}</span>
          ) : (
            <>
              <span data-status={newest.status}>
                {commandState(newest)} {commandTrouble(newest)}
              </span>
              <Progress command={newest} />
            </>
          )}
        </p>
        <fieldset class="fetching-streams">
          <legend class="unseen">{say('centre.streams')}</legend>
          {range.streams.map(({ stream }) => (
            <label key={stream}>
              <input
                type="checkbox"
                data-choose={stream}
                checked={chosen === null || chosen.includes(stream)}
                onChange={(event) => {
                  const all = range.streams.map((one) => one.stream);
                  const now = new Set(chosen ?? all);
                  if (event.currentTarget.checked) now.add(stream);
                  else now.delete(stream);
                  choose(now.size === all.length ? null : [...now]);
                }}
              />
              <span>{stream}</span>
            </label>
          ))}
        </fieldset>
      </div>
      <div class="fetching-acts">
        <button
          type="button"
          class="button button-main fetching-act"
          data-fetch
          disabled={isGiving || isUnderWay || isWhole || chosen?.length === 0}
          onClick={() => void give('fetch')}
        >
          {say('fetch.act')}
        </button>
        {me.value?.role === 'administrator' && (
          <button
            type="button"
            class="button"
            data-hold
            disabled={isGiving || isHeldBack}
            onClick={() => void give('hold')}
          >
            {say(isHeldBack ? 'fetch.held' : 'command.type-hold')}
          </button>
        )}
      </div>
    </section>
  );
}

function isAbout(command: CommandView, meant: Meant): boolean {
  if ('session' in meant) return command.session === meant.session;
  return command.from === meant.from && command.to === meant.to;
}
