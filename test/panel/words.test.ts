import { describe, expect, test } from 'vitest';
import { CATALOGUE } from '../../controller/core/errors.ts';
import { en } from '../../panel/words/en.ts';
import { causeSentence, sentence, troubleSentence } from '../../panel/words/say.ts';
import { troubles } from '../../panel/words/troubles.ts';
import { zh } from '../../panel/words/zh.ts';

/** Codes that only a technician at the command line or the log ever meets. */
const NOT_ON_SCREEN = new Set([
  'bad-config',
  'bad-usage',
  'recorder-already-runs',
  'controller-already-runs',
  'centre-already-runs',
  'port-taken',
  'data-not-writable',
]);

const holesOf = (text: string) => (text.match(/\{[a-z]+\}/g) ?? []).sort();
const isChinese = (text: string) => /\p{Script=Han}/u.test(text);

describe('words', () => {
  test('every key has words in both languages, with the same holes', () => {
    expect(Object.keys(en).sort()).toEqual(Object.keys(zh).sort());
    for (const key of Object.keys(zh) as (keyof typeof zh)[]) {
      expect(zh[key].trim(), key).not.toBe('');
      expect(en[key].trim(), key).not.toBe('');
      expect(holesOf(en[key]), key).toEqual(holesOf(zh[key]));
    }
  });

  test('no Chinese sentence is left in English, apart from the name of the other language', () => {
    const left = Object.entries(en).filter(([key, text]) => !key.startsWith('language.') && isChinese(text));
    expect(left).toEqual([]);
  });

  test('holes are filled, and a number of nought is shown', () => {
    expect(sentence('zh', 'act.retrying', { n: 3 })).toContain('第 3 次');
    expect(sentence('en', 'foot.hours', { n: 0 })).toBe('0 h');
  });
});

describe('troubles', () => {
  test('every code that can reach the screen says what happened and what to do, in both languages', () => {
    const known: Readonly<Record<string, unknown>> = troubles;
    expect(Object.keys(CATALOGUE).filter((code) => !NOT_ON_SCREEN.has(code) && known[code] === undefined)).toEqual([]);
    for (const [code, words] of Object.entries(troubles)) {
      for (const text of [words.zh.what, words.zh.todo]) expect(isChinese(text), code).toBe(true);
      for (const text of [words.en.what, words.en.todo]) expect(text !== '' && !isChinese(text), code).toBe(true);
    }
  });

  test('an unknown code is shown with what the controller said, never hidden', () => {
    const trouble = { code: 'new-thing', message: 'The thing broke.', hint: 'Mend it.' };
    expect(troubleSentence('zh', trouble)).toEqual({
      what: '出现问题（new-thing）',
      todo: 'The thing broke. Mend it.',
    });
    expect(causeSentence('zh', 'new-thing')).toBe('new-thing');
  });
});
