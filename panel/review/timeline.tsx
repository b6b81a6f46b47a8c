/** The claim's time from end to end: one row for each stream, recorded stretches solid, gaps hatched, the playhead over all. */
import { useRef, useState } from 'preact/hooks';
import type { GapView } from '../../controller/api/contract-session.ts';
import { lengthText, timeText } from '../shell/clock.ts';
import { say, sayCause } from '../words/language.ts';
import { coverage, rulerMarks } from './coverage.ts';
import type { Shown, ShownStream } from './shown.ts';
import type { Transport } from './transport.ts';

const ARROW_MS = 5_000;
const PAGE_MS = 60_000;
const FILL = { here: '#2f6f9f', centre: '#8fb6d3' } as const;

export function gapText(name: string, gap: GapView): string {
  const [from, cause] = [timeText(gap.from), sayCause(gap.cause)];
  if (gap.to === null) return say('timeline.gap-open', { stream: name, from, cause });
  return say('timeline.gap', { stream: name, from, to: timeText(gap.to), length: gapLength(gap.to - gap.from), cause });
}

/** Tenths below a minute: of a gap of half a second both ends read the same. */
function gapLength(lengthMs: number): string {
  return lengthMs < 60_000 ? say('timeline.seconds', { n: (lengthMs / 1_000).toFixed(1) }) : lengthText(lengthMs);
}

function hintOf({ streams }: Shown): string {
  const isSomeAway = streams.some(({ segments }) => segments.some(({ place }) => place === 'centre'));
  return isSomeAway ? `${say('timeline.hint')} ${say('timeline.hint-centre')}` : say('timeline.hint');
}

export function Timeline({ review, transport }: { readonly review: Shown; readonly transport: Transport }) {
  const [told, tell] = useState<string | null>(null);
  const track = useRef<HTMLDivElement>(null);
  const { from, to } = review;
  const share = (wallMs: number) => ((wallMs - from) / Math.max(1, to - from)) * 100;

  const seekTo = (event: PointerEvent) => {
    const box = track.current?.getBoundingClientRect();
    if (box === undefined || box.width === 0) return;
    transport.seek(from + ((event.clientX - box.left) / box.width) * (to - from));
  };
  const onPointerDown = (event: PointerEvent) => {
    if (event.button !== 0 || track.current === null) return;
    track.current.setPointerCapture(event.pointerId);
    seekTo(event);
  };
  const onPointerMove = (event: PointerEvent) => {
    if (track.current?.hasPointerCapture(event.pointerId)) seekTo(event);
  };

  return (
    <section class="timeline">
      <div class="timeline-names">
        <span class="timeline-name" />
        {review.streams.map((stream) => (
          <span key={stream.id} class="timeline-name" title={stream.name}>
            {stream.name}
          </span>
        ))}
      </div>
      <div class="timeline-track" ref={track} onPointerDown={onPointerDown} onPointerMove={onPointerMove}>
        <svg class="timeline-ruler" width="100%" height="100%" aria-hidden="true">
          {rulerMarks(from, to).map((mark) => (
            <g key={mark}>
              <rect x={`${share(mark)}%`} y="60%" width="1" height="40%" fill="#6b7680" />
              <text
                x={`${share(mark)}%`}
                y="50%"
                text-anchor={share(mark) > 94 ? 'end' : share(mark) < 6 ? 'start' : 'middle'}
              >
                {timeText(mark)}
              </text>
            </g>
          ))}
        </svg>
        {review.streams.map((stream) => (
          <Row key={stream.id} stream={stream} to={to} share={share} tell={tell} seek={(at) => transport.seek(at)} />
        ))}
        <Playhead transport={transport} share={share} />
      </div>
      <p class="timeline-told" role="status">
        {told ?? hintOf(review)}
      </p>
    </section>
  );
}

interface RowProps {
  readonly stream: ShownStream;
  readonly to: number;
  readonly share: (wallMs: number) => number;
  readonly tell: (text: string | null) => void;
  readonly seek: (wallMs: number) => void;
}

function Row({ stream, to, share, tell, seek }: RowProps) {
  const hatch = `hatch-${stream.id.replace(/\W/g, '_')}`;
  return (
    <svg class="timeline-row" width="100%" height="100%" data-row={stream.id}>
      <title>{stream.name}</title>
      <defs>
        <pattern id={hatch} width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <rect width="8" height="8" fill="#fde9e8" />
          <rect width="3" height="8" fill="#a5161d" />
        </pattern>
      </defs>
      {coverage(stream.segments).map((part) => (
        <rect
          key={part.from}
          data-place={part.place}
          x={`${share(part.from)}%`}
          width={`${share(part.to) - share(part.from)}%`}
          y="12%"
          height="76%"
          fill={FILL[part.place]}
        />
      ))}
      {stream.gaps.map((gap) => {
        const text = gapText(stream.name, gap);
        return (
          // biome-ignore lint/a11y/useSemanticElements: SVG has no button.
          <rect
            key={gap.from}
            class="timeline-gap"
            data-gap={gap.cause}
            role="button"
            aria-label={text}
            tabIndex={0}
            x={`${share(gap.from)}%`}
            y="4%"
            height="92%"
            // A gap of half a second in eight hours must still be seen.
            style={{ width: `max(5px, ${share(gap.to ?? to) - share(gap.from)}%)` }}
            fill={`url(#${hatch})`}
            stroke="#a5161d"
            onPointerEnter={() => tell(text)}
            onPointerLeave={() => tell(null)}
            onKeyDown={(event) => {
              if (event.key === 'Enter') seek(gap.from);
            }}
            onFocus={() => tell(text)}
            onBlur={() => tell(null)}
          >
            <title>{text}</title>
          </rect>
        );
      })}
    </svg>
  );
}

function Playhead({ transport, share }: { readonly transport: Transport; readonly share: (wallMs: number) => number }) {
  const at = transport.position.value;
  const { from, to } = transport.range.value;
  const onKeyDown = (event: KeyboardEvent) => {
    const position = transport.position.peek();
    const moves: Readonly<Record<string, number>> = {
      ArrowLeft: position - ARROW_MS,
      ArrowRight: position + ARROW_MS,
      PageUp: position - PAGE_MS,
      PageDown: position + PAGE_MS,
      Home: from,
      End: to,
    };
    const move = moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    transport.seek(move);
  };
  return (
    <div
      class="playhead"
      role="slider"
      tabIndex={0}
      aria-label={say('player.seek')}
      aria-valuemin={0}
      aria-valuemax={Math.round((to - from) / 1000)}
      aria-valuenow={Math.round((at - from) / 1000)}
      aria-valuetext={say('player.position', {
        time: timeText(at),
        length: lengthText(to - from),
        at: lengthText(at - from),
      })}
      style={{ left: `${share(at)}%` }}
      onKeyDown={onKeyDown}
    />
  );
}
