/** `/sites/ID/sessions/ID` and `/sites/ID/range`: what is here of a stretch of time, fetching the rest, and playing it. */
import '../review/review.css';
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { StretchView } from '../../controller/api/contract-centre.ts';
import { canPlayHere } from '../review/follower.ts';
import { GapList } from '../review/gap-list.tsx';
import type { Shown } from '../review/shown.ts';
import { StreamTile } from '../review/stream-tile.tsx';
import { Timeline } from '../review/timeline.tsx';
import { Transport } from '../review/transport.ts';
import { TransportBar } from '../review/transport-bar.tsx';
import { lengthText, sizeText } from '../shell/clock.ts';
import { PlainPage } from '../shell/notice.tsx';
import { say } from '../words/language.ts';
import { rangeAddress, sessionAddress, siteAddress } from './address.ts';
import { useAsked } from './asked.ts';
import { Fetching } from './fetching.tsx';
import { Frame, momentText } from './frame.tsx';
import { getRange, getSession } from './rest.ts';
import { kindWord, sessionState } from './session-words.ts';

export type Meant =
  | { readonly site: string; readonly session: string }
  | { readonly site: string; readonly from: number; readonly to: number };

export function StretchPage({ meant }: { readonly meant: Meant }) {
  const { site } = meant;
  const key = JSON.stringify(meant);
  const ask = useMemo(
    () => () => ('session' in meant ? getSession(site, meant.session) : getRange(site, meant.from, meant.to)),
    [key],
  );
  const { value, note, isNowhere, act } = useAsked(ask);
  if (isNowhere) return <PlainPage text={note} home />;
  const here =
    'session' in meant
      ? ([say('command.session'), sessionAddress(site, meant.session)] as const)
      : ([say('range.title'), rangeAddress(site, meant.from, meant.to)] as const);
  return (
    <Frame path={[[site, siteAddress(site)], here]} note={note}>
      {value === null ? (
        <p>{say('load.waiting')}</p>
      ) : (
        <>
          <Title view={value} />
          <Fetching meant={meant} range={value.range} act={act} />
          <Player key={key} meant={meant} view={value} />
          <Streams view={value} />
        </>
      )}
    </Frame>
  );
}

function Title({ view }: { readonly view: StretchView }) {
  const { session, range } = view;
  if (session === null)
    return (
      <h1 class="review-title tabular">
        {momentText(range.from)} – {momentText(range.to)}
      </h1>
    );
  return (
    <>
      <h1 class="review-title" data-session={session.session}>
        <span class="tabular">{momentText(session.openedAt)}</span>
        <span>{session.room ?? ''}</span>
        <span>{kindWord(session.kind)}</span>
        <span class="tabular">{lengthText(range.to - range.from)}</span>
        <span data-session-state={session.state}>{sessionState(session.state)}</span>
        <span class="soft tabular session-id">{session.session}</span>
      </h1>
      <p class="due" data-grave={session.isOverdue}>
        {session.isOverdue && <strong>{say('centre.overdue')} </strong>}
        {session.handedOverAt !== null
          ? say('centre.handed-over', { time: momentText(session.handedOverAt) })
          : session.due === null
            ? say('centre.no-due')
            : say('centre.due-by', { time: momentText(session.due.at), clause: session.due.clause ?? '—' })}
      </p>
    </>
  );
}

/** What can be played just now. A player that runs is not torn down because more has come: it takes it when it stands still. */
function Player({ meant, view }: { readonly meant: Meant; readonly view: StretchView }) {
  const transport = useMemo(() => new Transport(), []);
  const [sound, setSound] = useState<string | null | undefined>(undefined);
  const [version, setVersion] = useState('');
  const { range } = view;
  const held = range.streams.filter((stream) => stream.held.segments > 0);
  const now = held.map(({ stream, held: { segments } }) => `${stream}${segments}`).join();
  const isPlaying = transport.playing.value;
  useEffect(() => {
    transport.start();
    return () => transport.close();
  }, [transport]);
  useEffect(() => transport.setRange(range.from, range.to), [transport, range.from, range.to]);
  useEffect(() => {
    if (!isPlaying) setVersion(now);
  }, [isPlaying, now]);
  const shown = useMemo(() => shownOf(meant, view, version), [meant, view, version]);
  const playable = { ...shown, streams: shown.streams.filter(({ segments }) => segments.length > 0) };
  const audible =
    sound === undefined
      ? (playable.streams.find(({ kind }) => kind === 'microphone') ?? playable.streams[0])?.id
      : sound;
  return (
    <section class="player review" data-playable={playable.streams.length}>
      {playable.streams.length > 0 && canPlayHere() && version !== '' && (
        <>
          <div class="tiles" data-count={Math.min(4, playable.streams.length)}>
            {playable.streams.map((stream) => (
              <StreamTile key={stream.id} stream={stream} transport={transport} audible={stream.id === audible} />
            ))}
          </div>
          <TransportBar transport={transport} streams={playable.streams} sound={audible ?? null} onSound={setSound} />
        </>
      )}
      {!canPlayHere() && <p role="alert">{say('player.unsupported')}</p>}
      <Timeline review={shown} transport={transport} />
      <GapList review={shown} transport={transport} />
    </section>
  );
}

function shownOf(meant: Meant, { range }: StretchView, version: string): Shown {
  const which =
    'session' in meant ? `session=${encodeURIComponent(meant.session)}` : `from=${meant.from}&to=${meant.to}`;
  return {
    from: range.from,
    to: range.to,
    streams: range.streams.map((stream) => ({
      id: stream.stream,
      name: stream.stream,
      kind: stream.hasPicture ? ('camera' as const) : ('microphone' as const),
      playlist: `/api/v1/sites/${meant.site}/streams/${stream.stream}/playlist.m3u8?${which}&v=${encodeURIComponent(version)}`,
      segments: stream.stretches
        .filter(({ isHeld }) => isHeld)
        .map(({ from, to }) => ({ from, to, place: 'here' as const })),
      gaps: stream.gaps,
    })),
  };
}

function Streams({ view: { range } }: { readonly view: StretchView }) {
  return (
    <section>
      <h2>{say('centre.streams')}</h2>
      <div class="table-scroll">
        <table class="rows" data-streams>
          <thead>
            <tr>
              <th>{say('centre.stream')}</th>
              <th>{say('centre.here')}</th>
              <th>{say('centre.size')}</th>
              <th>{say('centre.gaps')}</th>
            </tr>
          </thead>
          <tbody>
            {range.streams.map(({ stream, held, expected, gaps }) => (
              <tr key={stream} data-stream={stream}>
                <td>{stream}</td>
                <td class="tabular" data-held={held.segments} data-expected={expected.segments}>
                  {held.segments} / {expected.segments}
                </td>
                <td class="tabular">
                  {sizeText(held.bytes)} / {sizeText(expected.bytes)}
                </td>
                <td class="tabular" data-grave={gaps.length > 0}>
                  {gaps.length}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {range.isCut && <p class="soft">{say('centre.cut')}</p>}
    </section>
  );
}
