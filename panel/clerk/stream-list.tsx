/** One card for each device of the room: its state in words, and when something is wrong, why and what to do. */
import type { RoomView, StreamState, StreamView } from '../../controller/api/contract.ts';
import { timeText } from '../shell/clock.ts';
import { Icon, type IconName } from '../shell/icon.tsx';
import { say, sayStop, sayTrouble } from '../words/language.ts';

const STATE_ICONS: Readonly<Record<StreamState, IconName>> = {
  off: 'asleep',
  connecting: 'waiting',
  armed: 'ready',
  starting: 'waiting',
  recording: 'recording',
  lost: 'lost',
  refused: 'refused',
};

export function StreamList({ view, stale }: { readonly view: RoomView | null; readonly stale: boolean }) {
  return (
    <aside class="streams" aria-label={say('streams.title')} data-stale={stale}>
      {view !== null && view.streams.length === 0 && <p>{say('streams.none')}</p>}
      {view?.streams.map((stream) => (
        <StreamCard key={stream.id} stream={stream} />
      ))}
    </aside>
  );
}

function StreamCard({ stream }: { readonly stream: StreamView }) {
  const { trouble, state } = stream;
  const words = trouble === null ? null : sayTrouble(trouble);
  return (
    <article class="stream" data-stream={stream.id} data-state={state} data-trouble={trouble?.code ?? ''}>
      <Icon name={stream.kind} class="stream-kind" />
      <h2 class="stream-name" title={`${say(`stream.${stream.kind}`)} ${stream.name}`}>
        {stream.name}
      </h2>
      {stream.mandatory && <span class="stream-mandatory">{say('stream.mandatory')}</span>}
      <span class="stream-state">
        <Icon name={STATE_ICONS[state]} />
        {say(`stream.${state}`)}
      </span>
      {words === null ? (
        <p class="stream-below">
          <Tracks stream={stream} />{' '}
          <span class="tabular">{say('stream.since', { time: timeText(stream.since) })}</span>
        </p>
      ) : (
        <p class="stream-below stream-trouble" title={words.what + sayStop() + words.todo}>
          <b>
            {words.what}
            {sayStop()}
          </b>
          {words.todo}
        </p>
      )}
    </article>
  );
}

function Tracks({ stream }: { readonly stream: StreamView }) {
  if (!stream.hasVideo && !stream.hasAudio) return <span>{say('stream.none-yet')}</span>;
  return (
    <span class="stream-tracks">
      {stream.hasVideo && (
        <span>
          <Icon name="check" />
          {say('stream.picture')}
        </span>
      )}
      {stream.hasAudio && (
        <span>
          <Icon name="check" />
          {say('stream.sound')}
        </span>
      )}
    </span>
  );
}
