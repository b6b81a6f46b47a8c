/** The language of this screen: Chinese unless the person switched, remembered in this browser. */
import { effect, signal } from '@preact/signals';
import type { Trouble } from '../../controller/api/contract.ts';
import { causeSentence, type Fill, type Language, sentence, stopMark, troubleSentence, troubleText } from './say.ts';
import type { TroubleWords } from './troubles.ts';
import type { WordKey } from './zh.ts';

const STORAGE_KEY = 'quancheng.language';

export const language = signal<Language>(remembered());

function remembered(): Language {
  try {
    return localStorage.getItem(STORAGE_KEY) === 'en' ? 'en' : 'zh';
  } catch {
    // Storage can be forbidden by policy; the panel works without a memory.
    return 'zh';
  }
}

export function switchLanguage(): void {
  language.value = language.value === 'zh' ? 'en' : 'zh';
  try {
    localStorage.setItem(STORAGE_KEY, language.value);
  } catch {
    // See remembered().
  }
}

/** Keeps `<html lang>` true, which chooses the glyphs of Chinese characters and the voice of a screen reader. */
export function followLanguage(): void {
  effect(() => {
    document.documentElement.lang = language.value === 'zh' ? 'zh-CN' : 'en';
  });
}

/** The sentence of `key` in the language of the screen; a component that calls it follows the switch. */
export function say<K extends WordKey>(key: K, ...fill: Fill<K>): string {
  return sentence(language.value, key, ...fill);
}

export function sayTrouble(trouble: Trouble): TroubleWords {
  return troubleSentence(language.value, trouble);
}

/** What happened and what to do, as one text. */
export function sayTroubleText(trouble: Trouble): string {
  return troubleText(language.value, sayTrouble(trouble));
}

export function sayStop(): string {
  return stopMark(language.value);
}

export function sayCause(cause: string): string {
  return causeSentence(language.value, cause);
}

/** The name in the language of the screen. */
export function nameOf(named: { readonly name: string; readonly nameEn: string }): string {
  return language.value === 'en' && named.nameEn !== '' ? named.nameEn : named.name;
}
