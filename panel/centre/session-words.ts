/** How the state of a session and of a command is said; one that is not known here is shown as it came. */
import type { CommandView } from '../../controller/api/contract-centre.ts';
import { say } from '../words/language.ts';
import { zhCentre } from '../words/zh-centre.ts';

type Key = keyof typeof zhCentre;

function known(key: string): key is Key {
  return Object.hasOwn(zhCentre, key);
}

export function sessionState(state: string): string {
  const key = `centre.session-${state}`;
  return known(key) ? say(key as 'centre.session-open') : state;
}

/** Kinds are words of the site's rule set; those that are not known here are shown as their id. */
export function kindWord(kind: string | null): string {
  const key = `centre.kind-${kind}`;
  return known(key) ? say(key as 'centre.kind-hearing') : (kind ?? '—');
}

export function commandState({ status }: CommandView): string {
  const key = `command.${status}`;
  return known(key) ? say(key as 'command.given') : status;
}

export function commandType(type: string): string {
  const key = `command.type-${type}`;
  return known(key) ? say(key as 'command.type-fetch') : type;
}

/** Why a command did not come to its end; nothing when it did. */
export function commandTrouble({ trouble }: CommandView): string {
  if (trouble === null) return '';
  const key = `command.why-${trouble.code}`;
  return known(key) ? say(key as 'command.why-HRC-BAD') : [trouble.code, trouble.message].filter(Boolean).join(' ');
}
