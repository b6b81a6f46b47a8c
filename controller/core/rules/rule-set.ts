/**
 * A rule set: what one agency's regulation asks, as data. Which kinds of session there are and what each needs, what the parties are
 * told, by when a recording is handed over, how long it is kept, what holds it longer; each with the clause it comes from. The files
 * beside this one are rule sets; README.md here says how to write one; check-rule-set.ts refuses a bad one. No clause number and no
 * period stands anywhere in code.
 */
import type { Duty } from './duties.ts';

/** A text in both languages of the screens. */
export interface Words {
  readonly zh: string;
  readonly en: string;
}

/**
 * `binding`: the clause covers fixed rooms and halls as it is written. `by-analogy`: it speaks of something else (body-worn recorders,
 * paper) and is applied here because the same duty makes sense; whoever shows it says so.
 */
export type Force = 'binding' | 'by-analogy';

/** Where a thing comes from: an id of `clauses`. Its force is the clause's. */
export type ClauseId = string;

/** `id` is article, paragraph and item: `15`, `15.1`, `62(1)`, `11.2(3)`. */
export interface Clause extends Words {
  readonly id: ClauseId;
  readonly force: Force;
  /** What of the product answers it; empty when the office answers it by other means (paper, purchases, its own procedure). */
  readonly serves: readonly Duty[];
}

/** A length of time as regulations count it. Days, months and years are those of the calendar; working days are the State Council's. */
export interface Period {
  readonly unit: 'hours' | 'working-days' | 'days' | 'months' | 'years';
  readonly count: number;
}

/**
 * How a field is filled. `automatic`: by the product (time, place, the course itself), never owed. `text`: one line. `note`: several
 * lines. `people`: names with what they are there for. `officers`: names with certificate numbers, both needed.
 */
export type FieldForm = 'automatic' | 'text' | 'note' | 'people' | 'officers';

/** Something that a record has to show. */
export interface Field extends Words {
  readonly id: string;
  readonly form: FieldForm;
  readonly clauses: readonly ClauseId[];
}

/** A kind of session. Its id stays in facts for good. */
export interface Kind extends Words {
  readonly id: string;
  /** Other names under which case systems know it, beside id, `zh` and `en`. No two kinds share a name. */
  readonly also: readonly string[];
  /** `optional`: the clause leaves it to the officers whether sound and picture are recorded. */
  readonly recording: 'mandatory' | 'optional';
  readonly clauses: readonly ClauseId[];
  /** Fields whose absence is a debt; ids of `fields`, in the order in which they are shown. */
  readonly required: readonly string[];
  /** Fields that are offered and never owed. */
  readonly offered: readonly string[];
  /** Id of the notice that the parties are told; its newest version is used. */
  readonly notice: string;
  /** Id of the retention class. */
  readonly retention: string;
}

/** What people are told, word by word. A changed text is a new version below the old one; no version is ever edited or taken out. */
export interface Notice extends Words {
  readonly id: string;
  readonly version: number;
  readonly clauses: readonly ClauseId[];
}

/** By when a recording has to be in the system, counted from the press that closed it. */
export interface HandOver {
  readonly clause: ClauseId;
  readonly period: Period;
  /** When the last day of a period counted in days is over, in Shanghai: `24:00`, or the end of office hours where that counts. */
  readonly dayEndsAt: string;
}

/** How long something is kept at least. */
export interface RetentionClass extends Words {
  readonly id: string;
  readonly clauses: readonly ClauseId[];
  /** The least, counted from the end; null where only the written file counts. */
  readonly atLeast: Period | null;
  /** As long as the written file of the matter: without word of the file's own period there is no end. */
  readonly withFile: boolean;
}

/** A reason to keep something beyond every period. */
export interface HoldClass extends Words {
  readonly id: string;
  readonly clauses: readonly ClauseId[];
}

/** The service hall: what its sign says and how long its recordings are kept. */
export interface Hall extends Words {
  readonly clauses: readonly ClauseId[];
  readonly notice: string;
  readonly retention: string;
}

/** By when the file of a matter goes to the archive, counted from the matter's end. */
export interface Archive {
  readonly clause: ClauseId;
  readonly period: Period;
}

export interface RuleSet {
  readonly id: string;
  /** Grows with each change of the file, so that a fact can say which one it followed. */
  readonly version: number;
  readonly title: Words;
  /** Short enough to stand before a clause: 河北地税办法. */
  readonly short: Words;
  readonly document: {
    /** As printed: 冀地税发〔2017〕35号; null for a text that has none. */
    readonly number: string | null;
    readonly issuer: Words;
    /** Dates as `2017-07-01`. */
    readonly inForceFrom: string;
    /** The last day, or null while nobody has said. */
    readonly inForceUntil: string | null;
  };
  /** What a reader should know about this set, or null. */
  readonly note: Words | null;
  readonly clauses: readonly Clause[];
  readonly fields: readonly Field[];
  readonly kinds: readonly Kind[];
  readonly notices: readonly Notice[];
  /** Where several are given, the one that is due first counts. */
  readonly handOver: readonly HandOver[];
  readonly retention: readonly RetentionClass[];
  readonly holds: readonly HoldClass[];
  readonly hall: Hall | null;
  readonly archive: Archive | null;
}

/** What a fact keeps of the set that it followed. */
export interface RuleSetRef {
  readonly id: string;
  readonly version: number;
}

/** The kind with this id, or null: an old session may be of a kind that this set does not know. */
export function kindOf(set: RuleSet, id: string): Kind | null {
  return set.kinds.find((kind) => kind.id === id) ?? null;
}

/** The kind that somebody means by a word: its id, its name in either language, or another of its names; null when none is meant. */
export function kindMeantBy(set: RuleSet, word: string): Kind | null {
  const wanted = word.trim().toLowerCase();
  return set.kinds.find((kind) => namesOf(kind).includes(wanted)) ?? null;
}

/** Everything a kind is called, in small letters. */
export function namesOf(kind: Kind): readonly string[] {
  return [...new Set([kind.id, kind.zh, kind.en, ...kind.also].map((name) => name.toLowerCase()))];
}

/** The clause with this id. Throws for an id that the check would have refused. */
export function clauseOf(set: RuleSet, id: ClauseId): Clause {
  return found(set.clauses, id, 'clause');
}

/** The fields of a kind that are owed while they are empty, in order; automatic ones are not among them. */
export function owedFieldsOf(set: RuleSet, kind: Kind): readonly Field[] {
  return kind.required.map((id) => found(set.fields, id, 'field')).filter((field) => field.form !== 'automatic');
}

/** All fields of a kind in the order in which they are shown, with whether each is required. */
export function fieldsOf(set: RuleSet, kind: Kind): readonly (Field & { readonly required: boolean })[] {
  return [
    ...kind.required.map((id) => ({ ...found(set.fields, id, 'field'), required: true })),
    ...kind.offered.map((id) => ({ ...found(set.fields, id, 'field'), required: false })),
  ];
}

/** The retention class with this id. Throws for an id that the check would have refused. */
export function retentionClassOf(set: RuleSet, id: string): RetentionClass {
  return found(set.retention, id, 'retention class');
}

/** The clauses that answer for something the product does or shows, those that bind first. */
export function clausesFor(set: RuleSet, duty: Duty): readonly Clause[] {
  const serving = set.clauses.filter((clause) => clause.serves.includes(duty));
  return [
    ...serving.filter(({ force }) => force === 'binding'),
    ...serving.filter(({ force }) => force === 'by-analogy'),
  ];
}

function found<T extends { readonly id: string }>(list: readonly T[], id: string, what: string): T {
  const one = list.find((entry) => entry.id === id);
  if (one === undefined) throw new Error(`the rule set has no ${what} ${id}`);
  return one;
}
