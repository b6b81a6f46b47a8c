/** A form for any stretch of a site's time, in the clock of Asia/Shanghai: it leads to the page on which it is fetched and played. */
import { useState } from 'preact/hooks';
import { dateText, timeText } from '../shell/clock.ts';
import { say } from '../words/language.ts';
import { rangeAddress } from './address.ts';
import { goTo } from './route.ts';

const HOUR_MS = 3_600_000;
/** A day at once is enough; more is asked for in parts. */
const RANGE_MS_MAX = 24 * HOUR_MS;
/** Asia/Shanghai has no summer time. */
const ZONE = '+08:00';

/** `2026-11-21T10:31:02`, as the field wants it. */
function fieldOf(utcMs: number): string {
  return `${dateText(utcMs)}T${timeText(utcMs)}`;
}

function momentOf(field: string): number {
  return Date.parse(`${field.length === 16 ? `${field}:00` : field}${ZONE}`);
}

export function RangeForm({ site, now }: { readonly site: string; readonly now: number }) {
  const [from, setFrom] = useState(() => fieldOf(now - HOUR_MS));
  const [to, setTo] = useState(() => fieldOf(now));
  const [fromMs, toMs] = [momentOf(from), momentOf(to)];
  const fault =
    Number.isNaN(fromMs) || Number.isNaN(toMs)
      ? say('range.incomplete')
      : fromMs >= toMs
        ? say('range.backwards')
        : toMs - fromMs > RANGE_MS_MAX
          ? say('range.long')
          : '';
  return (
    <form
      class="range-form"
      data-range-form
      onSubmit={(event) => {
        event.preventDefault();
        if (fault === '') goTo(rangeAddress(site, fromMs, toMs));
      }}
    >
      <h2>{say('range.title')}</h2>
      <label>
        {say('range.from')}
        <input
          type="datetime-local"
          step="1"
          data-from
          value={from}
          onInput={(event) => setFrom(event.currentTarget.value)}
        />
      </label>
      <label>
        {say('range.to')}
        <input
          type="datetime-local"
          step="1"
          data-to
          value={to}
          onInput={(event) => setTo(event.currentTarget.value)}
        />
      </label>
      <button type="submit" class="button button-main" disabled={fault !== ''}>
        {say('range.show')}
      </button>
      <p class="range-fault" role="status">
        {fault}
      </p>
    </form>
  );
}
