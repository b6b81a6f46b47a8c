/** Times and lengths as people read them: the wall clock of Asia/Shanghai, hours and minutes, bytes. Pure. */

const ZONE = 'Asia/Shanghai';
const SECOND_MS = 1_000;

const timeFormat = new Intl.DateTimeFormat('zh-CN', {
  timeZone: ZONE,
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});
const dateParts = new Intl.DateTimeFormat('en-CA', {
  timeZone: ZONE,
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
});

/** `10:31:02` in Asia/Shanghai, from UTC milliseconds. */
export function timeText(utcMs: number): string {
  return timeFormat.format(utcMs);
}

/** `2026-11-21` in Asia/Shanghai. */
export function dateText(utcMs: number): string {
  return dateParts.format(utcMs);
}

/** A length as `hh:mm:ss`, whole seconds only; hours grow beyond 24. Nothing is shown as less than zero. */
export function lengthText(lengthMs: number): string {
  const seconds = Math.max(0, Math.floor(lengthMs / SECOND_MS));
  const two = (n: number) => String(n).padStart(2, '0');
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

/** A waiting time as `m:ss`, rounded up, so that it reads 0:00 only when it is over. */
export function waitText(lengthMs: number): string {
  const seconds = Math.max(0, Math.ceil(lengthMs / SECOND_MS));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** Bytes in decimal units, three digits at most before the unit. */
export function sizeText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** How much of a whole is there, both in the unit of the whole, so that the text keeps its width while it grows. */
export function sizePair(bytes: number, whole: number): { readonly n: string; readonly m: string } {
  const [value = '', unit = ''] = sizeText(whole).split(' ');
  const step = 1_000 ** (UNITS as readonly string[]).indexOf(unit);
  return { n: (bytes / step).toFixed(value.includes('.') ? 1 : 0), m: `${value} ${unit}` };
}
