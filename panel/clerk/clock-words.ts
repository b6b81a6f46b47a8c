/** Times and lengths in the short forms of the clerk's page. */
import { say } from '../words/language.ts';

const SHANGHAI = 'Asia/Shanghai';
/** Shanghai has kept this offset without summer time since 1992; planned times are all later. */
const SHANGHAI_OFFSET = '+08:00';
const MINUTE_MS = 60_000;
const HOUR_MINUTES = 60;
const DAY_MINUTES = 24 * HOUR_MINUTES;

const minute = new Intl.DateTimeFormat('zh-CN', {
  ...{ timeZone: SHANGHAI, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
});
const day = new Intl.DateTimeFormat('en-CA', { timeZone: SHANGHAI, year: 'numeric', month: '2-digit', day: '2-digit' });
const weekday = new Intl.DateTimeFormat('en-GB', { timeZone: SHANGHAI, weekday: 'short' });

/** `09:30` in Asia/Shanghai. */
export function minuteText(utcMs: number): string {
  return minute.format(utcMs);
}

/** `2026-11-22` in Asia/Shanghai. */
export function dayText(utcMs: number): string {
  return day.format(utcMs);
}

/** `11-22 09:30` in Asia/Shanghai. */
export function dayMinuteText(utcMs: number): string {
  return `${dayText(utcMs).slice('2026-'.length)} ${minuteText(utcMs)}`;
}

/** UTC milliseconds of a day (`2026-11-22`) and a minute (`09:30`) of the clock on the wall in Shanghai. */
export function shanghaiMs(dayOfYear: string, minuteOfDay: string): number {
  return Date.parse(`${dayOfYear}T${minuteOfDay}:00${SHANGHAI_OFFSET}`);
}

/** The day, with its weekday in the language of the screen: `11-22 周日`. */
export function dayWords(utcMs: number): string {
  const short = weekday.format(utcMs).toLowerCase().slice(0, 3) as
    | 'mon'
    | 'tue'
    | 'wed'
    | 'thu'
    | 'fri'
    | 'sat'
    | 'sun';
  return `${dayText(utcMs).slice('2026-'.length)} ${say(`day.${short}`)}`;
}

/** A length in the two largest units people would say: days and hours, hours and minutes, minutes. */
export function spanWords(lengthMs: number): string {
  const minutes = Math.max(0, Math.floor(lengthMs / MINUTE_MS));
  if (minutes < HOUR_MINUTES) return say('span.minutes', { n: minutes });
  if (minutes < DAY_MINUTES) {
    return say('span.hours', { n: Math.floor(minutes / HOUR_MINUTES), m: minutes % HOUR_MINUTES });
  }
  return say('span.days', {
    n: Math.floor(minutes / DAY_MINUTES),
    m: Math.floor((minutes % DAY_MINUTES) / HOUR_MINUTES),
  });
}

/** The length of a hole: seconds while it is short. */
export function holeWords(lengthMs: number): string {
  return lengthMs < 2 * MINUTE_MS
    ? say('span.seconds', { n: Math.max(1, Math.round(lengthMs / 1_000)) })
    : spanWords(lengthMs);
}
