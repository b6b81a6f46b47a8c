/**
 * What a session's fields hold, against what its kind asks: which are still owed, and whether values that came from outside fit. An
 * empty field is a debt that is shown, never a reason to wait.
 */
import type { Checked } from '../data-file.ts';
import type { FieldFault } from '../errors.ts';
import type { FieldValue, FieldValues, NamedPerson } from '../session-facts.ts';
import { type Field, fieldsOf, type Kind, kindOf, owedFieldsOf, type RuleSet } from './rule-set.ts';

/** The field that every session has of its own, beside the others. */
export const MATTER = 'matter';

const LINE_MAX_CHARACTERS = 200;
const NOTE_MAX_CHARACTERS = 4_000;
const PEOPLE_MAX = 50;

/** Ids of required fields that are still empty, in the order of the rule set. None for a kind that the set does not know. */
export function debtsOf(
  set: RuleSet,
  kind: string,
  filled: { readonly matter: string; readonly fields: FieldValues },
): readonly string[] {
  const known = kindOf(set, kind);
  if (known === null) return [];
  return owedFieldsOf(set, known)
    .filter((field) => !isFilled(field, field.id === MATTER ? filled.matter : filled.fields[field.id]))
    .map(({ id }) => id);
}

/** True when nothing is owed of it: text with a letter in it, a person with a name, officers each with a certificate number. */
export function isFilled(field: Field, value: FieldValue | undefined): boolean {
  if (field.form === 'automatic') return true;
  if (value === undefined) return false;
  if (typeof value === 'string') return value.trim() !== '';
  const named = value.filter(({ name }) => name.trim() !== '');
  if (named.length === 0) return false;
  return field.form !== 'officers' || named.every(({ certificate }) => (certificate ?? '').trim() !== '');
}

/** Values as they are kept: trimmed, people without a name left out. Or every fault: a field the kind has not, a text where people belong. */
export function checkFieldValues(set: RuleSet, kind: Kind, raw: unknown): Checked<FieldValues> {
  const faults: FieldFault[] = [];
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    return { ok: false, faults: [{ field: 'fields', message: 'must be a mapping of field to value' }] };
  }
  const known = new Map(fieldsOf(set, kind).map((field) => [field.id, field]));
  const values: { [field: string]: FieldValue } = {};
  for (const [id, value] of Object.entries(raw)) {
    const field = known.get(id);
    const at = `fields.${id}`;
    if (field === undefined || field.form === 'automatic' || id === MATTER) {
      const names = [...known.values()]
        .filter((one) => one.form !== 'automatic' && one.id !== MATTER)
        .map((one) => one.id);
      faults.push({ field: at, message: `is not a field that is filled in here: known are ${names.join(', ')}` });
    } else if (value === '') {
      // An empty text takes away what was there, whatever its form.
      values[id] = '';
    } else if (field.form === 'people' || field.form === 'officers') {
      values[id] = readPeople(value, at, faults);
    } else {
      values[id] = readText(value, at, field.form === 'note' ? NOTE_MAX_CHARACTERS : LINE_MAX_CHARACTERS, faults);
    }
  }
  return faults.length === 0 ? { ok: true, value: values } : { ok: false, faults };
}

function readText(value: unknown, at: string, max: number, faults: FieldFault[]): string {
  if (typeof value === 'string' && value.trim().length <= max) return value.trim();
  faults.push({
    field: at,
    message: typeof value === 'string' ? `must be at most ${max} characters` : 'must be a text',
  });
  return '';
}

function readPeople(value: unknown, at: string, faults: FieldFault[]): readonly NamedPerson[] {
  if (!Array.isArray(value) || value.length > PEOPLE_MAX) {
    faults.push({ field: at, message: `must be a list of at most ${PEOPLE_MAX} people, each with a name` });
    return [];
  }
  return value.flatMap((one: unknown, i) => {
    if (typeof one !== 'object' || one === null) {
      faults.push({ field: `${at}[${i}]`, message: 'must be a person with a name' });
      return [];
    }
    const stray = Object.keys(one).filter((key) => !['name', 'capacity', 'certificate'].includes(key));
    for (const key of stray) faults.push({ field: `${at}[${i}].${key}`, message: 'is not known of a person' });
    const { name, capacity, certificate } = one as { name?: unknown; capacity?: unknown; certificate?: unknown };
    const line = (key: string, text: unknown): string =>
      text === undefined ? '' : readText(text, `${at}[${i}].${key}`, LINE_MAX_CHARACTERS, faults);
    const person = { capacity: line('capacity', capacity), certificate: line('certificate', certificate) };
    const called = line('name', name);
    if (called === '') {
      if (person.capacity === '' && person.certificate === '') return [];
      faults.push({ field: `${at}[${i}].name`, message: 'is missing' });
      return [];
    }
    return [
      {
        name: called,
        ...(person.capacity === '' ? {} : { capacity: person.capacity }),
        ...(person.certificate === '' ? {} : { certificate: person.certificate }),
      },
    ];
  });
}
