/** One stream of the review: its picture, or a card when it has only sound, and what is missing at the playhead. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { RecallView } from '../../controller/api/contract.ts';
import { sizePair } from '../shell/clock.ts';
import { Icon } from '../shell/icon.tsx';
import { say, sayCause, sayTrouble } from '../words/language.ts';
import { Follower } from './follower.ts';
import { useRecall } from './recall-watch.ts';
import type { ShownStream } from './shown.ts';
import type { Transport } from './transport.ts';

interface Props {
  readonly stream: ShownStream;
  readonly transport: Transport;
  readonly audible: boolean;
}

export function StreamTile({ stream, transport, audible }: Props) {
  const media = useRef<HTMLMediaElement>(null);
  const [follower, setFollower] = useState<Follower | null>(null);
  useEffect(() => {
    if (media.current === null) return;
    const mine = new Follower(media.current, stream.playlist);
    transport.add(mine);
    setFollower(mine);
    return () => {
      transport.remove(mine);
      mine.close();
    };
  }, [stream.playlist, transport]);
  useEffect(() => {
    if (media.current !== null) media.current.muted = !audible;
  }, [audible, follower]);

  const state = follower?.state.value ?? 'loading';
  const recall = useRecall(stream, follower, transport);
  return (
    <figure class="tile" data-tile={stream.id} data-state={state} data-kind={stream.kind}>
      {stream.kind === 'camera' ? (
        // biome-ignore lint/a11y/useMediaCaption: a recording of a hearing has no captions; its text is the written record.
        <video ref={media as preact.RefObject<HTMLVideoElement>} playsInline disablePictureInPicture />
      ) : (
        <>
          <Icon name="microphone" class="tile-sound" />
          {/* biome-ignore lint/a11y/useMediaCaption: as above. */}
          <audio ref={media as preact.RefObject<HTMLAudioElement>} />
        </>
      )}
      <Overlay stream={stream} transport={transport} state={state} recall={recall} />
      <figcaption>
        {stream.name}
        {stream.kind === 'microphone' && <span class="tile-kind">{say('player.sound-only')}</span>}
        {audible && <Icon name="sound" />}
      </figcaption>
    </figure>
  );
}

function Overlay({
  stream,
  transport,
  state,
  recall,
}: {
  stream: ShownStream;
  transport: Transport;
  state: Follower['state']['value'];
  recall: RecallView | null;
}) {
  if (state === 'playing') return null;
  if (recall !== null && state !== 'gap' && recall.state !== 'here') return <AtTheCentre recall={recall} />;
  if (state === 'loading') return <p class="tile-over tile-loading">{say('player.loading')}</p>;
  if (state === 'failed') return <p class="tile-over">{say('player.failed')}</p>;
  const at = transport.position.value;
  const gap = stream.gaps.find((one) => at >= one.from && (one.to === null || at < one.to));
  return (
    <p class="tile-over tile-gap">
      {gap === undefined ? say('player.outside') : say('player.gap', { cause: sayCause(gap.cause) })}
    </p>
  );
}

/** It was deleted here and comes back from the centre: how far it is, or why it does not come. */
function AtTheCentre({ recall }: { readonly recall: RecallView }) {
  if (recall.trouble === null) {
    return (
      <p class="tile-over tile-recall tabular" data-recall={recall.state} role="status">
        {say('player.recalling', sizePair(recall.bytesHere, recall.bytes))}
        <progress class="tile-progress" max={recall.bytes} value={recall.bytesHere} aria-hidden="true" />
      </p>
    );
  }
  const { what, todo } = sayTrouble(recall.trouble);
  return (
    <p class="tile-over tile-recall" data-recall={recall.trouble.code} role="status">
      {recall.state === 'refused' ? what : say('player.at-centre', { trouble: what })}
      <small>{recall.state === 'refused' ? todo : say('player.at-centre-later')}</small>
    </p>
  );
}
