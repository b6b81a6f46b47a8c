/** A day and a minute in Asia/Shanghai, chosen by touch: plain lists that look the same in every browser and language. */
import { say } from '../words/language.ts';
import { dayText, dayWords, minuteText, shanghaiMs } from './clock-words.ts';

const DAY_MS = 24 * 60 * 60_000;
const DAYS_AHEAD = 60;
const STEP_MINUTES = 5;
const HOURS = Array.from({ length: 24 }, (_, hour) => String(hour).padStart(2, '0'));
const MINUTES = Array.from({ length: 60 / STEP_MINUTES }, (_, step) => String(step * STEP_MINUTES).padStart(2, '0'));

/** The next full five minutes from `utcMs` on. */
export function roundedUp(utcMs: number): number {
  const stepMs = STEP_MINUTES * 60_000;
  return Math.ceil(utcMs / stepMs) * stepMs;
}

interface DayProps {
  readonly label: string;
  readonly now: number;
  readonly value: number;
  readonly onChange: (utcMs: number) => void;
}

/** Changes the day and keeps the minute. */
export function DayPick({ label, now, value, onChange }: DayProps) {
  const days = Array.from({ length: DAYS_AHEAD }, (_, ahead) => now + ahead * DAY_MS);
  const chosen = dayText(value);
  const isListed = days.some((one) => dayText(one) === chosen);
  return (
    <label class="field">
      <span>{label}</span>
      <select
        class="line"
        value={chosen}
        onChange={(event) => onChange(shanghaiMs(event.currentTarget.value, minuteText(value)))}
      >
        {!isListed && <option value={chosen}>{dayWords(value)}</option>}
        {days.map((one) => (
          <option key={dayText(one)} value={dayText(one)}>
            {dayWords(one)}
          </option>
        ))}
      </select>
    </label>
  );
}

interface MinuteProps {
  readonly label: string;
  readonly name: string;
  /** Null: nobody said. */
  readonly value: number | null;
  /** The day that a minute is meant on. */
  readonly day: number;
  readonly onChange: (utcMs: number) => void;
}

export function MinutePick({ label, name, value, day, onChange }: MinuteProps) {
  const [hour = '', minute = ''] = value === null ? [] : minuteText(value).split(':');
  const change = (to: { readonly hour?: string; readonly minute?: string }) => {
    onChange(shanghaiMs(dayText(day), `${to.hour ?? (hour || '09')}:${to.minute ?? (minute || '00')}`));
  };
  return (
    <fieldset class="field minute-pick" data-pick={name}>
      <legend>{label}</legend>
      <select
        class="line tabular"
        aria-label={`${label} ${say('when.hour')}`}
        value={hour}
        onChange={(event) => change({ hour: event.currentTarget.value })}
      >
        {value === null && <option value="">--</option>}
        {HOURS.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </select>
      <span aria-hidden="true">:</span>
      <select
        class="line tabular"
        aria-label={`${label} ${say('when.minute')}`}
        value={minute}
        onChange={(event) => change({ minute: event.currentTarget.value })}
      >
        {value === null && <option value="">--</option>}
        {minute !== '' && !MINUTES.includes(minute) && <option>{minute}</option>}
        {MINUTES.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </select>
    </fieldset>
  );
}
