/** The check before opening: what was found, and playing it back on the spot. It warns and asks; it never stands in the way. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { CheckFindingView, CheckView } from '../../controller/api/contract-docket.ts';
import { Icon } from '../shell/icon.tsx';
import { sayHeard } from '../wire/clerk-rest.ts';
import { newPressId } from '../wire/press-id.ts';
import { say } from '../words/language.ts';
import { runCheck } from './acts.ts';
import { playOnce } from './check-player.ts';
import type { ClerkDesk } from './clerk-desk.ts';
import { checkFor } from './next-step.ts';
import { Press } from './press.ts';
import { Sheet } from './sheet.tsx';

export function CheckSheet({ desk }: { readonly desk: ClerkDesk }) {
  const view = desk.view.value;
  const check = view === null ? null : checkFor(view, desk.entry.value);
  if (check === null) return null;
  return <Check key={check.id} desk={desk} check={check} />;
}

function Check({ desk, check }: { readonly desk: ClerkDesk; readonly check: CheckView }) {
  const press = useMemo(() => new Press<'save'>(), []);
  const [said, setSaid] = useState<ReadonlyMap<string, boolean>>(new Map());
  const [playing, setPlaying] = useState<string | null>(null);
  const { findings, playlists, heard } = check;
  const isDone = check.state !== 'running';
  const isAllSaid = playlists.every(({ stream }) => said.has(stream));
  const submit = (everythingGood: boolean) => {
    const streams = playlists.map(({ stream }) => ({ stream, good: everythingGood || said.get(stream) === true }));
    const request = { press: newPressId(), streams };
    void press
      .run('save', () => sayHeard(check.id, request))
      .then((isSaved) => {
        if (isSaved) desk.shut();
      });
  };
  const isBad = (stream: string) => findings.some((one) => one.stream === stream && one.good === false);
  const isMixed = [...said.values()].some((good) => !good);
  const finish =
    isDone && heard === null && playlists.length > 0
      ? {
          label: say(isMixed ? 'check.submit' : 'check.all-good'),
          // What the check found bad is judged by somebody by itself, not in passing.
          isShut: (isMixed && !isAllSaid) || playlists.some(({ stream }) => isBad(stream) && !said.has(stream)),
          act: () => submit(!isMixed),
        }
      : undefined;
  // What is well with the machine needs no words here; what is not has its line.
  const roomFindings = findings.filter(({ stream, good }) => stream === null && good !== true);
  return (
    <Sheet
      name="check"
      title={say(isDone ? 'check.title' : 'check.running')}
      onShut={() => desk.shut()}
      press={press}
      {...(finish === undefined ? {} : { finish })}
      extra={
        isDone && (
          <button type="button" class="sheet-out" data-check-again onClick={() => runCheck(desk)}>
            {say('check.again')}
          </button>
        )
      }
    >
      <div class="check-line">
        {roomFindings.map((finding) => (
          <Finding key={finding.what} finding={finding} />
        ))}
        {heard !== null && (
          <span class="finding" data-good="true">
            {say('check.heard-by', { by: heard.by })}
          </span>
        )}
      </div>
      <div class="check-tiles">
        {playlists.map(({ stream, name, playlist }) => (
          <Tile
            key={stream}
            stream={stream}
            name={name}
            playlist={isDone ? playlist : null}
            findings={findings.filter((one) => one.stream === stream)}
            isPlaying={playing === stream}
            good={heard?.streams.find((one) => one.stream === stream)?.good ?? said.get(stream) ?? null}
            onPlay={() => setPlaying(playing === stream ? null : stream)}
            onEnded={() => setPlaying(null)}
            onSay={heard === null ? (good) => setSaid(new Map([...said, [stream, good]])) : null}
          />
        ))}
      </div>
    </Sheet>
  );
}

function Finding({ finding }: { readonly finding: CheckFindingView }) {
  const { what, good, detail } = finding;
  const verdict = good === null ? 'unknown' : good ? 'good' : 'bad';
  return (
    <span class="finding" data-good={String(good)} title={detail}>
      <Icon name={good === null ? 'dots' : good ? 'check' : 'cross'} />
      {say(`finding.${what}`)}
      <span class="unseen">{say(`finding.is-${verdict}`)}</span>
    </span>
  );
}

interface TileProps {
  readonly stream: string;
  readonly name: string;
  /** Null while there is nothing to play. */
  readonly playlist: string | null;
  readonly findings: readonly CheckFindingView[];
  readonly isPlaying: boolean;
  readonly good: boolean | null;
  readonly onPlay: () => void;
  readonly onEnded: () => void;
  readonly onSay: ((good: boolean) => void) | null;
}

function Tile({ stream, name, playlist, findings, isPlaying, good, onPlay, onEnded, onSay }: TileProps) {
  const video = useRef<HTMLVideoElement>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    const media = video.current;
    if (!isPlaying || media === null || playlist === null) return;
    setFailed(false);
    return playOnce(media, playlist, () => setFailed(true));
  }, [isPlaying, playlist]);
  return (
    <article class="check-tile" data-check-stream={stream} data-good={String(good)}>
      <button
        type="button"
        class="check-play"
        data-playing={isPlaying}
        aria-pressed={isPlaying}
        aria-disabled={playlist === null}
        aria-label={`${say(isPlaying ? 'player.pause' : 'player.play')} ${name}`}
        onClick={() => {
          if (playlist !== null) onPlay();
        }}
      >
        {/* biome-ignore lint/a11y/useMediaCaption: what was just recorded has no captions. */}
        <video ref={video} playsInline onEnded={onEnded} tabIndex={-1} />
        {!isPlaying && <Icon name="play" />}
        {failed && <span class="check-failed">{say('player.failed')}</span>}
        <span class="check-name">{name}</span>
      </button>
      <p class="check-findings">
        {findings.map((finding) => (
          <Finding key={finding.what} finding={finding} />
        ))}
      </p>
      <fieldset class="check-say" aria-label={name}>
        <button
          type="button"
          data-say="good"
          aria-pressed={good === true}
          aria-disabled={onSay === null}
          onClick={() => onSay?.(true)}
        >
          {say('check.good')}
        </button>
        <button
          type="button"
          data-say="bad"
          aria-pressed={good === false}
          aria-disabled={onSay === null}
          onClick={() => onSay?.(false)}
        >
          {say('check.bad')}
        </button>
      </fieldset>
    </article>
  );
}
