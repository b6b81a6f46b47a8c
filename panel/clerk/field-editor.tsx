/** Fields of a kind as the rule set has them: a line, several lines, people, or officers with certificate numbers. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { FieldView } from '../../controller/api/contract-docket.ts';
import type { FieldValue, FieldValues, NamedPerson } from '../../controller/api/contract-session.ts';
import { Icon } from '../shell/icon.tsx';
import { fieldsToFill, wordOf } from '../shell/rules.ts';
import { say } from '../words/language.ts';

const TEXT_MAX_CHARACTERS = 200;
const NOTE_MAX_CHARACTERS = 2_000;
const PEOPLE_MAX = 50;

interface Props {
  /** What stands before the fields, and behind them. */
  readonly lead?: ComponentChildren;
  readonly tail?: ComponentChildren;
  readonly kind: string;
  readonly values: FieldValues;
  /** Ids of fields that are owed. */
  readonly owed: readonly string[];
  readonly onChange: (field: string, value: FieldValue) => void;
}

/** `matter` is one of the fields here, wherever it is kept. Owed ones come first. */
export function FieldEditor({ lead, tail, kind, values, owed, onChange }: Props) {
  // Owed ones first, as they were when the sheet was opened: nothing moves under the hand that fills it.
  const [first] = useState(owed);
  const all = fieldsToFill(kind);
  const fields = [...all.filter(({ id }) => first.includes(id)), ...all.filter(({ id }) => !first.includes(id))];
  return (
    <div class="form-grid">
      {lead}
      {fields.map((field) => (
        <OneField
          key={field.id}
          field={field}
          value={values[field.id]}
          isOwed={owed.includes(field.id)}
          onChange={(value) => onChange(field.id, value)}
        />
      ))}
      {tail}
    </div>
  );
}

interface OneProps {
  readonly field: FieldView;
  readonly value: FieldValue | undefined;
  readonly isOwed: boolean;
  readonly onChange: (value: FieldValue) => void;
}

function OneField({ field, value, isOwed, onChange }: OneProps) {
  const name = wordOf(field);
  if (field.form === 'people' || field.form === 'officers') {
    return <PeopleField field={field} name={name} isOwed={isOwed} people={peopleOf(value)} onChange={onChange} />;
  }
  const text = typeof value === 'string' ? value : '';
  const id = `field-${field.id}`;
  const attributes = { id, class: 'line', value: text, autocomplete: 'off', 'data-field': field.id } as const;
  return (
    <div class={field.form === 'note' ? 'field field-wide' : 'field'} data-owed={isOwed}>
      <label for={id}>
        {name} {isOwed && <b class="field-owed">{say('field.owed')}</b>}
      </label>
      {field.form === 'note' ? (
        <textarea
          {...attributes}
          rows={2}
          maxLength={NOTE_MAX_CHARACTERS}
          onInput={(event) => onChange(event.currentTarget.value)}
        />
      ) : (
        <input
          {...attributes}
          type="text"
          maxLength={TEXT_MAX_CHARACTERS}
          onInput={(event) => onChange(event.currentTarget.value)}
        />
      )}
    </div>
  );
}

interface PeopleProps {
  readonly field: FieldView;
  readonly name: string;
  readonly isOwed: boolean;
  readonly people: readonly NamedPerson[];
  readonly onChange: (value: readonly NamedPerson[]) => void;
}

/** One row for each person, and always an empty one to type the next into. */
function PeopleField({ field, name, isOwed, people, onChange }: PeopleProps) {
  const isOfficers = field.form === 'officers';
  const rows = people.length < PEOPLE_MAX ? [...people, { name: '' }] : people;
  const set = (index: number, change: Partial<NamedPerson>) => {
    const next = rows.map((one, at) => (at === index ? { ...one, ...change } : one));
    onChange(next.filter((one, at) => !isEmptyPerson(one) || at < next.length - 1));
  };
  return (
    <fieldset class="field field-people" data-owed={isOwed} data-field={field.id}>
      <legend>
        {name} {isOwed && <b class="field-owed">{say('field.owed')}</b>}
      </legend>
      {rows.map((one, index) => (
        <div class="person-row" key={index}>
          <input
            class="line"
            type="text"
            aria-label={`${name} ${index + 1} ${say('field.name')}`}
            placeholder={say('field.name')}
            maxLength={TEXT_MAX_CHARACTERS}
            autocomplete="off"
            data-person-name={index}
            value={one.name}
            onInput={(event) => set(index, { name: event.currentTarget.value })}
          />
          <input
            class="line"
            type="text"
            aria-label={`${name} ${index + 1} ${say(isOfficers ? 'field.certificate' : 'field.capacity')}`}
            placeholder={say(isOfficers ? 'field.certificate' : 'field.capacity')}
            maxLength={TEXT_MAX_CHARACTERS}
            autocomplete="off"
            data-person-more={index}
            value={(isOfficers ? one.certificate : one.capacity) ?? ''}
            onInput={(event) =>
              set(
                index,
                isOfficers ? { certificate: event.currentTarget.value } : { capacity: event.currentTarget.value },
              )
            }
          />
          <button
            type="button"
            class="person-out"
            aria-label={`${say('field.remove')} ${one.name}`}
            aria-disabled={index >= people.length}
            onClick={() => onChange(people.filter((_, at) => at !== index))}
          >
            <Icon name="cross" />
          </button>
        </div>
      ))}
    </fieldset>
  );
}

export function peopleOf(value: FieldValue | undefined): readonly NamedPerson[] {
  return value === undefined || typeof value === 'string' ? [] : value;
}

function isEmptyPerson({ name, capacity = '', certificate = '' }: NamedPerson): boolean {
  return name === '' && capacity === '' && certificate === '';
}

/** What is sent: names without blanks around them, nobody without a name. */
export function tidied(value: FieldValue): FieldValue {
  if (typeof value === 'string') return value.trim();
  return value
    .map(({ name, capacity = '', certificate = '' }) => ({
      name: name.trim(),
      ...(capacity.trim() === '' ? {} : { capacity: capacity.trim() }),
      ...(certificate.trim() === '' ? {} : { certificate: certificate.trim() }),
    }))
    .filter(({ name }) => name !== '');
}
