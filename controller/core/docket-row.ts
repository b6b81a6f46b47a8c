/** A row of a docket from elsewhere: what it becomes, and what rows of every format have in common. */
import type { FieldFault } from './errors.ts';
import { type Kind, kindMeantBy, type RuleSet } from './rules/rule-set.ts';
import type { FieldValues, Planned, SessionKind } from './session-facts.ts';
import type { RoomPlan } from './site-plan.ts';

export interface DocketRow {
  readonly line: number;
  /** How its own system calls it; without such a name, what tells it from others. */
  readonly reference: string;
  readonly isCancelled: boolean;
  readonly room: string;
  readonly kind: SessionKind;
  readonly matter: string;
  readonly planned: Planned;
  readonly fields: FieldValues;
}

export interface BadRow {
  readonly line: number;
  /** What stood there, shortened. */
  readonly row: string;
  readonly faults: readonly FieldFault[];
}

export interface DocketFile {
  readonly rows: readonly DocketRow[];
  readonly bad: readonly BadRow[];
}

export interface DocketFileContext {
  readonly rooms: readonly RoomPlan[];
  readonly rules: RuleSet;
  /** For rows that do not say. */
  readonly room: string | null;
  readonly kind: SessionKind | null;
}

const EXCERPT_CHARACTERS = 120;
const MATTER_CHARACTERS_MAX = 200;
const REFERENCE_CHARACTERS_MAX = 200;

/** Reads each item; `shown` says where it stands and what stood there when it is bad. */
export function collect<T>(
  items: readonly T[],
  shown: (item: T) => { readonly line: number; readonly row: string },
  read: (item: T) => DocketRow | FieldFault[],
): DocketFile {
  const rows: DocketRow[] = [];
  const bad: BadRow[] = [];
  for (const item of items) {
    const found = read(item);
    if (Array.isArray(found)) bad.push({ ...shown(item), faults: found });
    else rows.push(found);
  }
  return { rows, bad };
}

/** The id of the room that is named, or the one for rows that do not say; else a fault. */
export function roomOf(name: string, { rooms, room }: DocketFileContext, faults: FieldFault[]): string | null {
  if (name === '' && room !== null) return room;
  const found = rooms.find((one) => [one.id, one.name, one.nameEn].includes(name));
  if (found !== undefined) return found.id;
  faults.push({
    field: 'room',
    message: name === '' ? 'is missing' : `is no room of this site (value: "${excerpt(name)}")`,
  });
  return null;
}

/** The same for the kind. */
export function kindNamed(name: string, { rules, kind }: DocketFileContext, faults: FieldFault[]): Kind | null {
  const wanted = name === '' && kind !== null ? kind : name;
  const found = kindMeantBy(rules, wanted);
  if (found !== null) return found;
  const known = rules.kinds.map((one) => one.zh).join('、');
  faults.push({
    field: 'kind',
    message: wanted === '' ? 'is missing' : `must be one of ${known} (value: "${excerpt(wanted)}")`,
  });
  return null;
}

/** Faults of texts that are too long to be meant. */
export function checkTexts(matter: string, reference: string, faults: FieldFault[]): void {
  if (matter.length > MATTER_CHARACTERS_MAX) {
    faults.push({ field: 'matter', message: `must be at most ${MATTER_CHARACTERS_MAX} characters` });
  }
  if (reference.length > REFERENCE_CHARACTERS_MAX) {
    faults.push({ field: 'id', message: `must be at most ${REFERENCE_CHARACTERS_MAX} characters` });
  }
}

/** The beginning of what stood there, on one line. */
export function excerpt(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length <= EXCERPT_CHARACTERS ? line : `${line.slice(0, EXCERPT_CHARACTERS)}…`;
}
