/** How far a segment is that lies at the centre: asked for while a player waits for it, and never otherwise. */
import { useEffect, useState } from 'preact/hooks';
import type { RecallView } from '../../controller/api/contract.ts';
import { getRecall } from '../wire/rest.ts';
import type { Follower } from './follower.ts';
import type { ShownStream } from './shown.ts';
import type { Transport } from './transport.ts';

const LOOK_AGAIN_MS = 1_000;
/** Nothing came for so long: the other streams go on without this one. */
const STALLED_MS = 15_000;

/**
 * What is known of the segment under the playhead of a stream that is not playing; null when it plays, or nothing is known yet. The follower
 * is told whether waiting makes sense.
 */
export function useRecall(stream: ShownStream, follower: Follower | null, transport: Transport): RecallView | null {
  const state = follower?.state.value ?? 'loading';
  const waits = state === 'loading' || state === 'failed';
  // Read only while it waits, so that a tile that plays is not drawn anew ten times a second.
  const at = waits ? transport.position.value : null;
  const wanted = at === null ? undefined : stream.segments.find(({ from, to }) => at >= from && at < to);
  const id = wanted?.id ?? null;
  const isAway = wanted?.place === 'centre';
  const [known, setKnown] = useState<{ readonly id: string; readonly recall: RecallView } | null>(null);

  useEffect(() => {
    if (id === null) return;
    let current = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let grew = { bytes: -1, mono: 0 };
    const look = async () => {
      const answer = await getRecall(id);
      if (!current) return;
      if (answer.outcome === 'ok') {
        const { bytesHere } = answer.value;
        const mono = performance.now();
        if (bytesHere > grew.bytes) grew = { bytes: bytesHere, mono };
        setKnown({ id, recall: answer.value });
        if (follower !== null) follower.isComing = isComing(answer.value) && mono - grew.mono < STALLED_MS;
      }
      timer = setTimeout(() => void look(), LOOK_AGAIN_MS);
    };
    // What should be here is here in a moment; only when it is not is anybody asked.
    timer = setTimeout(() => void look(), isAway ? 0 : LOOK_AGAIN_MS);
    return () => {
      current = false;
      clearTimeout(timer);
      if (follower !== null) follower.isComing = false;
    };
  }, [id, isAway, follower]);

  return known !== null && known.id === id ? known.recall : null;
}

function isComing({ state, trouble }: RecallView): boolean {
  return (state === 'coming' || state === 'away') && trouble === null;
}
