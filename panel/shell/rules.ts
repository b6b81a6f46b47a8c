/** The rule set of this site as the screen needs it: names of kinds and fields. Asked for once; old kinds keep their id as a name. */
import { signal } from '@preact/signals';
import type { FieldView, KindView, RulesView, WordsView } from '../../controller/api/contract-docket.ts';
import { getRules } from '../wire/clerk-rest.ts';
import { language } from '../words/language.ts';

const ASK_AGAIN_MS = 3_000;

export const rules = signal<RulesView | null>(null);
let asking = false;

/** Learns the rules, and keeps trying in the background until the controller has answered. */
export function learnRules(): void {
  if (asking || rules.peek() !== null) return;
  asking = true;
  void (async () => {
    for (;;) {
      const answer = await getRules();
      if (answer.outcome === 'ok') rules.value = answer.value;
      // No login any more: the next page that needs the rules asks anew.
      if (answer.outcome === 'ok' || (answer.outcome === 'refused' && answer.status === 401)) break;
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
    }
    asking = false;
  })();
}

export function wordOf(words: WordsView): string {
  return language.value === 'en' && words.en !== '' ? words.en : words.zh;
}

export function kindOf(id: string): KindView | null {
  return rules.value?.kinds.find((kind) => kind.id === id) ?? null;
}

export function kindName(id: string): string {
  const kind = kindOf(id);
  return kind === null ? id : wordOf(kind);
}

/** Fields of a kind that people fill, in their order. */
export function fieldsToFill(kind: string): readonly FieldView[] {
  return kindOf(kind)?.fields.filter(({ form }) => form !== 'automatic') ?? [];
}

export function fieldName(kind: string, field: string): string {
  const found = kindOf(kind)?.fields.find(({ id }) => id === field);
  return found === undefined ? field : wordOf(found);
}
