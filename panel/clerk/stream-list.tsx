/** One card for each device: a small picture, its sound, its state in words, and when something is wrong, why and what to do. */
import type { StreamState, StreamView } from '../../controller/api/contract.ts';
import { Icon, type IconName } from '../shell/icon.tsx';
import { say, sayStop, sayTrouble } from '../words/language.ts';
import type { ClerkDesk } from './clerk-desk.ts';
import { Meter } from './meter.tsx';
import { Still } from './still.tsx';

const STATE_ICONS: Readonly<Record<StreamState, IconName>> = {
  off: 'asleep',
  connecting: 'waiting',
  armed: 'ready',
  starting: 'waiting',
  recording: 'recording',
  lost: 'lost',
  refused: 'refused',
};
/** A picture that came in longer ago is not shown as one of now. */
const OLD_MS = 10_000;

export function StreamList({ desk }: { readonly desk: ClerkDesk }) {
  const view = desk.view.value;
  return (
    <aside class="streams" aria-label={say('streams.title')} data-stale={desk.stale.value}>
      {view !== null && view.streams.length === 0 && <p>{say('streams.none')}</p>}
      {view?.streams.map((stream) => (
        <StreamCard key={stream.id} stream={stream} desk={desk} />
      ))}
    </aside>
  );
}

function StreamCard({ stream, desk }: { readonly stream: StreamView; readonly desk: ClerkDesk }) {
  const { trouble, state } = stream;
  const words = trouble === null ? null : sayTrouble(trouble);
  const view = desk.glance.view.value;
  const glance = view?.streams.find(({ id }) => id === stream.id) ?? null;
  const isGone = state === 'lost' || state === 'refused';
  const isOld =
    isGone || desk.stale.value || view === null || glance?.seenAt == null || view.at - glance.seenAt > OLD_MS;
  return (
    <article class="stream" data-stream={stream.id} data-state={state} data-trouble={trouble?.code ?? ''}>
      <div class="stream-still">
        {stream.kind === 'camera' && !isGone ? (
          <Still name={stream.name} glance={glance} isOld={isOld} />
        ) : (
          <span class="still still-sound">
            <Icon name={stream.kind} />
          </span>
        )}
        {stream.mandatory && <span class="stream-mandatory">{say('stream.mandatory')}</span>}
      </div>
      <div class="stream-words">
        <h2 class="stream-name" title={`${say(`stream.${stream.kind}`)} ${stream.name}`}>
          {stream.name}
        </h2>
        <p class="stream-state">
          <Icon name={STATE_ICONS[state]} />
          {say(`stream.${state}`)}
        </p>
        {words === null ? (
          stream.hasAudio ? (
            <Meter desk={desk} name={stream.name} glance={glance} />
          ) : (
            <p class="stream-below">{say(stream.hasVideo ? 'stream.no-sound' : 'stream.none-yet')}</p>
          )
        ) : (
          <p class="stream-below stream-trouble" title={words.what + sayStop() + words.todo}>
            <b>
              {words.what}
              {sayStop()}
            </b>
            {words.todo}
          </p>
        )}
      </div>
    </article>
  );
}
