/** Clauses as people cite them: 第十五条第一款, art. 15(1). */
import type { Clause, RuleSet, Words } from './rule-set.ts';

/** Article, then paragraph behind a point, then item in brackets: `15`, `15.1`, `62(1)`, `11.2(3)`. */
export const CLAUSE_ID_PATTERN = /^([1-9]\d{0,2})(?:\.([1-9]\d?))?(?:\(([1-9]\d?)\))?$/;

/** How a clause is cited, without the name of its document: `第六十二条第（一）项`, `art. 62 item 1`. */
export function citationOf(id: string): Words {
  const [, article, paragraph, item] = CLAUSE_ID_PATTERN.exec(id) ?? [];
  if (article === undefined) return { zh: id, en: id };
  return {
    zh:
      `第${numeralOf(Number(article))}条` +
      (paragraph === undefined ? '' : `第${numeralOf(Number(paragraph))}款`) +
      (item === undefined ? '' : `第（${numeralOf(Number(item))}）项`),
    en:
      `art. ${article}` +
      (paragraph === undefined ? '' : ` para. ${paragraph}`) +
      (item === undefined ? '' : ` item ${item}`),
  };
}

/** How a clause is cited with its document: 河北地税办法第十六条第一款. Whoever shows it says beside it whether it binds as written. */
export function fullCitationOf(set: RuleSet, clause: Clause): Words {
  const { zh, en } = citationOf(clause.id);
  return { zh: `${set.short.zh}${zh}`, en: `${set.short.en}, ${en}` };
}

const DIGITS = ['', '一', '二', '三', '四', '五', '六', '七', '八', '九'] as const;

/** 1 to 999 in Chinese numerals as statutes number their articles: 十五, 二十, 一百零三. */
function numeralOf(n: number): string {
  const [hundreds, tens, ones] = [Math.floor(n / 100), Math.floor(n / 10) % 10, n % 10];
  const upper = hundreds === 0 ? '' : `${DIGITS[hundreds]}百`;
  if (tens === 0) return upper + (upper !== '' && ones > 0 ? '零' : '') + DIGITS[ones];
  return `${upper}${tens === 1 && upper === '' ? '' : DIGITS[tens]}十${DIGITS[ones]}`;
}
