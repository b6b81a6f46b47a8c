/** Turns keys and trouble codes into sentences of one language. Pure, so that a test can read every sentence. */
import type { Trouble } from '../../controller/api/contract.ts';
import { en } from './en.ts';
import { type TroubleWords, troubles } from './troubles.ts';
import { type WordKey, zh } from './zh.ts';

export type Language = 'zh' | 'en';

type Holes<S extends string> = S extends `${string}{${infer Hole}}${infer Rest}` ? Hole | Holes<Rest> : never;

/** What a sentence needs beside its key: nothing, or a value for each of its holes. */
export type Fill<K extends WordKey> =
  Holes<(typeof zh)[K]> extends never ? [] : [Readonly<Record<Holes<(typeof zh)[K]>, string | number>>];

/** The sentence of `key` in `language`, with its holes filled. */
export function sentence<K extends WordKey>(language: Language, key: K, ...fill: Fill<K>): string {
  const text: string = language === 'zh' ? zh[key] : en[key];
  const values: Readonly<Record<string, string | number>> = fill[0] ?? {};
  return text.replace(/\{([a-z]+)\}/g, (whole, hole: string) => String(values[hole] ?? whole));
}

const known: Readonly<Record<string, Readonly<Record<Language, TroubleWords>>>> = troubles;

/**
 * What happened and what to do. An unknown code is never hidden: it is shown with the controller's own English message.
 */
export function troubleSentence(language: Language, trouble: Trouble): TroubleWords {
  const words = known[trouble.code]?.[language];
  if (words !== undefined) return words;
  const what = sentence(language, 'trouble.unknown', { code: trouble.code });
  const told = [trouble.message, trouble.hint].filter((part) => part !== '').join(' ');
  return { what, todo: told === '' ? sentence(language, 'trouble.ask') : told };
}

/** Both halves of a trouble as one text. */
export function troubleText(language: Language, words: TroubleWords): string {
  return words.what + stopMark(language) + words.todo;
}

/** The full stop between the halves, where they are set in different weights. */
export function stopMark(language: Language): string {
  return language === 'zh' ? '。' : '. ';
}

/** The short reason of a gap, which carries a code only. */
export function causeSentence(language: Language, cause: string): string {
  return known[cause]?.[language].what ?? cause;
}
