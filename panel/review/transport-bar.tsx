/** Play, pause, step, speed and sound for all streams at once. */
import { dateText, timeText } from '../shell/clock.ts';
import { Icon } from '../shell/icon.tsx';
import { say } from '../words/language.ts';
import type { ShownStream } from './shown.ts';
import { RATES, type Transport } from './transport.ts';

const STEP_MS = 10_000;

interface Props {
  readonly transport: Transport;
  readonly streams: readonly ShownStream[];
  readonly sound: string | null;
  readonly onSound: (stream: string | null) => void;
}

export function TransportBar({ transport, streams, sound, onSound }: Props) {
  const playing = transport.playing.value;
  const at = transport.position.value;
  return (
    <div class="bar">
      <button
        type="button"
        class="button bar-step"
        onClick={() => transport.seek(transport.position.peek() - STEP_MS)}
        aria-label={say('player.back')}
      >
        −10 s
      </button>
      <button type="button" class="bar-play" data-play={playing} onClick={() => transport.toggle()}>
        <Icon name={playing ? 'pause' : 'play'} />
        {say(playing ? 'player.pause' : 'player.play')}
      </button>
      <button
        type="button"
        class="button bar-step"
        onClick={() => transport.seek(transport.position.peek() + STEP_MS)}
        aria-label={say('player.forward')}
      >
        +10 s
      </button>
      <p class="bar-clock tabular" data-playhead={Math.round(at)}>
        <span class="bar-date">{dateText(at)}</span> {timeText(at)}
        <span class="bar-waiting">{transport.waiting.value ? say('player.loading') : ''}</span>
      </p>
      <fieldset class="bar-rates">
        <legend class="unseen">{say('player.speed')}</legend>
        {RATES.map((rate) => (
          <label key={rate}>
            <input
              type="radio"
              name="rate"
              checked={transport.rate.value === rate}
              onChange={() => {
                transport.rate.value = rate;
              }}
            />
            <span class="tabular">{rate}×</span>
          </label>
        ))}
      </fieldset>
      <label class="bar-sound">
        <Icon name="sound" />
        <span class="unseen">{say('player.sound')}</span>
        <select value={sound ?? ''} onChange={(event) => onSound(event.currentTarget.value || null)}>
          {streams.map((stream) => (
            <option key={stream.id} value={stream.id}>
              {stream.name}
            </option>
          ))}
          <option value="">{say('player.no-sound')}</option>
        </select>
      </label>
    </div>
  );
}
