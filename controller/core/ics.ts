/** Calendar files (RFC 5545) as far as a docket needs them: events with their properties, unfolded and unescaped. */
import { momentOn } from './calendar/shanghai.ts';

export interface IcsProperty {
  readonly value: string;
  /** Parameters by name in capitals, for example TZID. */
  readonly params: ReadonlyMap<string, string>;
}

export interface IcsEvent {
  /** Line of the file, from 1, where the event begins. */
  readonly line: number;
  /** By name in capitals; of several with one name the first. */
  readonly properties: ReadonlyMap<string, IcsProperty>;
}

export interface IcsFile {
  /** METHOD of the calendar in capitals, or empty. */
  readonly method: string;
  readonly events: readonly IcsEvent[];
}

/** The zones in which every time of this product is, as calendars name them. */
const SHANGHAI_ZONES = ['Asia/Shanghai', 'Asia/Chongqing', 'Asia/Urumqi', 'China Standard Time', 'PRC', 'Asia/Beijing'];

/** Events of a calendar. What is not between BEGIN:VEVENT and END:VEVENT, and parts within events (alarms), are passed over. */
export function readIcs(text: string): IcsFile {
  const events: IcsEvent[] = [];
  let method = '';
  let event: { line: number; properties: Map<string, IcsProperty> } | null = null;
  let depth = 0;
  for (const { line, content } of unfolded(text)) {
    const read = propertyOf(content);
    if (read === null) continue;
    const [name, property] = read;
    const what = property.value.trim().toUpperCase();
    if (name === 'BEGIN' && event === null && what === 'VEVENT') {
      event = { line, properties: new Map() };
      depth = 0;
    } else if (name === 'BEGIN') depth += 1;
    else if (name === 'END' && event !== null && depth === 0) {
      events.push(event);
      event = null;
    } else if (name === 'END') depth = Math.max(0, depth - 1);
    else if (event !== null && depth === 0) {
      if (!event.properties.has(name)) event.properties.set(name, property);
    } else if (name === 'METHOD') method = what;
  }
  // A file that was cut off: the event is listed, so that it is missed.
  if (event !== null) events.push(event);
  return { method, events };
}

/** A text value: `\n`, `\,`, `\;` and `\\` are what they stand for. */
export function textOf(property: IcsProperty | undefined): string {
  return (property?.value ?? '')
    .replaceAll(/\\([nN,;\\])/g, (_, char: string) => (char === 'n' || char === 'N' ? '\n' : char))
    .trim();
}

/** UTC ms of a date and time; or why it is none. Without a zone, and in the zone of Shanghai, it is the time of Shanghai. */
export function timeOf(property: IcsProperty): number | string {
  const value = property.value.trim();
  const found = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})(Z?)$/.exec(value);
  if (found === null) return /^\d{8}$/.test(value) ? 'is a day without a time' : 'is no date and time';
  const [, year, month, day, hours, minutes, seconds, zulu] = found;
  const date = `${year}-${month}-${day}`;
  if (!isDay(date) || Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return 'is no date and time';
  if (zulu === 'Z') return Date.parse(`${date}T${hours}:${minutes}:${seconds}Z`);
  const zone = property.params.get('TZID');
  if (zone !== undefined && !SHANGHAI_ZONES.includes(zone.replaceAll('"', ''))) {
    return `is in the zone ${zone}, which this site does not know`;
  }
  return momentOn(date, `${hours}:${minutes}`) + Number(seconds) * 1_000;
}

/** Milliseconds of a DURATION such as PT1H30M or P1D; null when it is none. */
export function durationOf(value: string): number | null {
  const found = /^\+?P(?:(\d+)W|(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?)$/.exec(value.trim());
  if (found === null) return null;
  const [weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = found.slice(1).map((part) => Number(part ?? 0));
  const ms = ((((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60 + seconds) * 1_000;
  return ms > 0 ? ms : null;
}

/** True for a day that the calendar has. */
export function isDay(day: string): boolean {
  const ms = Date.parse(`${day}T00:00:00Z`);
  return Number.isFinite(ms) && new Date(ms).toISOString().slice(0, 10) === day;
}

/** Lines with what was folded onto the next put back. */
function unfolded(text: string): readonly { line: number; content: string }[] {
  const lines: { line: number; content: string }[] = [];
  text.split(/\r?\n/).forEach((raw, i) => {
    const last = lines.at(-1);
    if ((raw.startsWith(' ') || raw.startsWith('\t')) && last !== undefined) last.content += raw.slice(1);
    else lines.push({ line: i + 1, content: raw });
  });
  return lines;
}

/** `NAME;PARAM=value;PARAM="va:lue":content`. */
function propertyOf(content: string): [string, IcsProperty] | null {
  const found = /^([A-Za-z0-9-]+)((?:;[A-Za-z0-9-]+=(?:"[^"]*"|[^";:,]*)(?:,(?:"[^"]*"|[^";:,]*))*)*):(.*)$/s.exec(
    content,
  );
  if (found === null) return null;
  const [, name = '', rest = '', value = ''] = found;
  const params = new Map<string, string>();
  for (const [, key = '', param = ''] of rest.matchAll(/;([A-Za-z0-9-]+)=("[^"]*"|[^;]*)/g)) {
    params.set(key.toUpperCase(), param.replaceAll('"', ''));
  }
  return [name.toUpperCase(), { value, params }];
}
