/** `/review/:session`: all streams of one session side by side and in step, their gaps, and the proof of what was kept. */
import './review.css';
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { ReviewView } from '../../controller/api/contract.ts';
import type { OpenedState } from '../../controller/api/contract-session.ts';
import { dateText, lengthText, timeText } from '../shell/clock.ts';
import { Header } from '../shell/header.tsx';
import { PlainPage } from '../shell/notice.tsx';
import { kindName, learnRules } from '../shell/rules.ts';
import { getReview, type Refusal } from '../wire/rest.ts';
import { say, sayTroubleText } from '../words/language.ts';
import { canPlayHere } from './follower.ts';
import { GapList } from './gap-list.tsx';
import { SegmentTable } from './segment-table.tsx';
import { StreamTile } from './stream-tile.tsx';
import { Timeline } from './timeline.tsx';
import { Transport } from './transport.ts';
import { TransportBar } from './transport-bar.tsx';

/** How soon the page looks again: the session grows, then receipts come in, then nothing changes any more. */
const LOOK_AGAIN_MS: Readonly<Record<OpenedState, number | null>> = {
  opening: 5_000,
  open: 5_000,
  closing: 2_000,
  closed: 10_000,
  'handed-over': null,
};
const RETRY_MS = 3_000;

export function ReviewPage({ session }: { readonly session: string }) {
  useEffect(learnRules, []);
  const transport = useMemo(() => new Transport(), []);
  const [review, setReview] = useState<ReviewView | null>(null);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [unreachable, setUnreachable] = useState(false);
  const [sound, setSound] = useState<string | null | undefined>(undefined);

  useEffect(() => {
    transport.start();
    return () => transport.close();
  }, [transport]);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let current = true;
    const look = async () => {
      const answer = await getReview(session);
      if (!current) return;
      setUnreachable(answer.outcome === 'unreachable');
      if (answer.outcome === 'refused') return setRefusal(answer.refusal);
      let againMs: number | null = RETRY_MS;
      if (answer.outcome === 'ok') {
        setReview(answer.value);
        transport.setRange(answer.value.from, answer.value.to);
        againMs = LOOK_AGAIN_MS[answer.value.session.state];
      }
      if (againMs !== null) timer = setTimeout(() => void look(), againMs);
    };
    void look();
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [session, transport]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const on = event.target;
      if (event.key !== ' ' || (on instanceof Element && on.closest('button, a, select, input') !== null)) return;
      event.preventDefault();
      transport.toggle();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [transport]);

  if (refusal !== null) return <PlainPage text={sayTroubleText(refusal)} home />;
  if (review === null) return <PlainPage text={say(unreachable ? 'load.unreachable' : 'load.waiting')} />;
  const { streams } = review;
  const audible = sound === undefined ? (streams.find((one) => one.kind === 'microphone') ?? streams[0])?.id : sound;
  return (
    <div class="review">
      <Header serverNow={null}>
        <nav class="header-nav">
          <a href="/review">{say('nav.back-to-list')}</a>
        </nav>
      </Header>
      <main class="review-main">
        <Title review={review} />
        {canPlayHere() ? (
          <div class="tiles" data-count={Math.min(4, streams.length)}>
            {streams.map((stream) => (
              <StreamTile key={stream.id} stream={stream} transport={transport} audible={stream.id === audible} />
            ))}
          </div>
        ) : (
          <p role="alert">{say('player.unsupported')}</p>
        )}
        <TransportBar transport={transport} streams={streams} sound={audible ?? null} onSound={setSound} />
        <Timeline review={review} transport={transport} />
        <GapList review={review} transport={transport} />
        <SegmentTable review={review} transport={transport} />
      </main>
    </div>
  );
}

function Title({ review }: { readonly review: ReviewView }) {
  const { session, to, streams } = review;
  const away = streams.flatMap(({ segments }) => segments).filter(({ place }) => place === 'centre').length;
  return (
    <h1 class="review-title">
      <span class="tabular">
        {dateText(session.openedAt)} {timeText(session.openedAt)}
      </span>
      <span>{kindName(session.kind)}</span>
      <span class="review-matter">{session.matter === '' ? say('fact.no-matter') : session.matter}</span>
      <span class="tabular">{lengthText((session.closedAt ?? to) - session.openedAt)}</span>
      <span data-session-state={session.state}>{say(`state.${session.state}`)}</span>
      {away > 0 && <span class="review-away">{say('review.at-centre', { n: away })}</span>}
      {session.state !== 'handed-over' && (
        <span class="tabular">
          {say('review.handed-over')} {session.handOver.done} / {session.handOver.total}
        </span>
      )}
    </h1>
  );
}
