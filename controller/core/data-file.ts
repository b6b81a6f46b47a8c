/**
 * Reads a file of data that somebody wrote by hand, field by field, and notes every fault with its path, what is wrong and what to do.
 * After a fault reading goes on with something harmless, so that one look at the file finds all of them.
 */
import type { FieldFault } from './errors.ts';

const TEXT_MAX_CHARACTERS = 2_000;
const LIST_MAX_ENTRIES = 500;
const VALUE_SHOWN_MAX = 60;
const ID_PATTERN = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/;
const DATE_PATTERN = /^\d{4}-\d{2}-\d{2}$/;

/** What a file was found to be: something usable, or every fault in it. */
export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly faults: readonly FieldFault[] };

/** A mapping of the file: each field is asked for by name, and `end` finds those that nobody asked for. */
export class Reading {
  readonly #value: Readonly<Record<string, unknown>>;
  readonly #path: string;
  readonly #faults: FieldFault[];
  readonly #asked = new Set<string>();
  readonly #isMapping: boolean;

  /** `path` is empty for the whole file. Faults go into `faults`. */
  constructor(value: unknown, path: string, faults: FieldFault[]) {
    this.#path = path;
    this.#faults = faults;
    this.#isMapping = typeof value === 'object' && value !== null && !Array.isArray(value);
    this.#value = this.#isMapping ? (value as Record<string, unknown>) : {};
    if (!this.#isMapping) this.fault('', 'must be a mapping of names to values; see the example in README.md');
  }

  /** Where a field stands: `kinds[2].required`. */
  at(key: string): string {
    if (key === '') return this.#path === '' ? '(whole file)' : this.#path;
    return this.#path === '' ? key : `${this.#path}.${key}`;
  }

  fault(key: string, message: string): void {
    this.#faults.push({ field: this.at(key), message });
  }

  has(key: string): boolean {
    this.#asked.add(key);
    return Object.hasOwn(this.#value, key) && this.#value[key] !== null && this.#value[key] !== undefined;
  }

  /** A text of one or more characters. */
  text(key: string): string {
    const value = this.#take(key);
    if (value === undefined) return '';
    // A number without quotation marks is the text that was written.
    const text = typeof value === 'number' ? String(value) : value;
    if (typeof text !== 'string') return this.#refuse(key, 'must be a text', '');
    const trimmed = text.trim();
    if (trimmed === '') return this.#refuse(key, 'must not be empty: write the text, or take the field out', '');
    if (trimmed.length > TEXT_MAX_CHARACTERS) {
      return this.#refuse(key, `must be at most ${TEXT_MAX_CHARACTERS} characters: shorten it`, '');
    }
    return trimmed;
  }

  id(key: string): string {
    const text = this.text(key);
    if (text === '' || ID_PATTERN.test(text)) return text;
    return this.#refuse(key, `must be 1 to 40 small letters, digits and hyphens${shown(text)}`, '');
  }

  matching(key: string, pattern: RegExp, what: string): string {
    const text = this.text(key);
    return text === '' || pattern.test(text) ? text : this.#refuse(key, `must be ${what}${shown(text)}`, '');
  }

  /** A day as `2026-02-14` that is in the calendar. */
  date(key: string): string {
    const text = this.text(key);
    if (text === '' || isDate(text)) return text;
    return this.#refuse(key, `must be a day written like 2026-02-14${shown(text)}`, '');
  }

  count(key: string, min: number, max: number): number {
    const text = this.text(key);
    if (text === '') return min;
    const count = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (count >= min && count <= max) return count;
    return this.#refuse(key, `must be a whole number from ${min} to ${max}${shown(text)}`, min);
  }

  flag(key: string): boolean {
    const value = this.#take(key);
    if (value === undefined || value === true || value === 'true') return value !== undefined;
    return value === false || value === 'false'
      ? false
      : this.#refuse(key, `must be true or false${shown(value)}`, false);
  }

  choice<T extends string>(key: string, choices: readonly [T, ...T[]]): T {
    const text = this.text(key);
    const chosen = choices.find((choice) => choice === text);
    if (chosen !== undefined || text === '') return chosen ?? choices[0];
    return this.#refuse(key, `must be ${inWords(choices)}${shown(text)}`, choices[0]);
  }

  /** A mapping within this one. */
  part(key: string): Reading | null {
    const value = this.#take(key);
    return value === undefined ? null : new Reading(value, this.at(key), this.#faults);
  }

  /** The mappings of a list; empty when the field is not there and need not be. */
  parts<T>(key: string, least: number, read: (part: Reading, at: string) => T): T[] {
    return this.#list(key, least).map((value, i) => {
      const at = `${this.at(key)}[${i}]`;
      return read(new Reading(value, at, this.#faults), at);
    });
  }

  /** A list of short texts without repetition; empty when the field is not there and need not be. */
  texts(key: string, least: number): string[] {
    const texts = this.#list(key, least).flatMap((value, i) => {
      const text = typeof value === 'number' ? String(value) : value;
      if (typeof text === 'string' && text.trim() !== '') return [text.trim()];
      this.fault(`${key}[${i}]`, 'must be a text');
      return [];
    });
    for (const [i, text] of texts.entries()) {
      if (texts.indexOf(text) < i) this.fault(`${key}[${i}]`, `stands here twice: take one out${shown(text)}`);
    }
    return [...new Set(texts)];
  }

  /** Notes every field that nobody asked for, because a misspelt field that is ignored is a rule that is ignored. */
  end(): void {
    for (const key of Object.keys(this.#value)) {
      if (this.#asked.has(key)) continue;
      this.fault(key, `is not a known field: take it out, or write one of ${[...this.#asked].join(', ')}`);
    }
  }

  #list(key: string, least: number): readonly unknown[] {
    if (least === 0 && !this.has(key)) return [];
    const value = this.#take(key);
    if (value === undefined) return [];
    if (!Array.isArray(value)) return this.#refuse(key, 'must be a list: begin each entry with "- "', []);
    if (value.length < least)
      return this.#refuse(key, `must hold at least ${least === 1 ? 'one entry' : `${least} entries`}`, []);
    if (value.length <= LIST_MAX_ENTRIES) return value;
    return this.#refuse(key, `must hold at most ${LIST_MAX_ENTRIES} entries`, []);
  }

  #take(key: string): unknown {
    if (this.has(key)) return this.#value[key];
    // What is no mapping at all is one fault, not one for each field.
    if (this.#isMapping) this.fault(key, 'is missing: write it; README.md beside the rule sets says what it means');
    return undefined;
  }

  #refuse<T>(key: string, message: string, instead: T): T {
    this.fault(key, message);
    return instead;
  }
}

/** True for a day that is in the calendar, written `2026-02-14`. */
export function isDate(text: string): boolean {
  if (!DATE_PATTERN.test(text)) return false;
  const ms = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text);
}

/** a, b or c. */
export function inWords(choices: readonly string[]): string {
  const last = choices.at(-1) ?? '';
  return choices.length < 2 ? last : `${choices.slice(0, -1).join(', ')} or ${last}`;
}

/** The offending value in brackets. Rule files hold no secrets. */
export function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return ` (value: "${text.length > VALUE_SHOWN_MAX ? `${text.slice(0, VALUE_SHOWN_MAX)}…` : text}")`;
}
