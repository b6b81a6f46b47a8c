/** The two rule sets of the product say what the two regulations say, clause by clause, and which of it binds as written. */
import { describe, expect, test } from 'vitest';
import { citationOf, fullCitationOf } from '../../../controller/core/rules/cite.ts';
import { DUTIES, type Duty } from '../../../controller/core/rules/duties.ts';
import { noticeHash, noticeOfHall, noticeOfKind, noticeVersion } from '../../../controller/core/rules/notices.ts';
import { clauseOf, clausesFor, kindMeantBy, kindOf, type RuleSet } from '../../../controller/core/rules/rule-set.ts';
import { CHANGAN, HEBEI } from '../../site/rules.ts';

const A = HEBEI.set;
const B = CHANGAN.set;
const WORDING = '为保护您的合法权益，监督我的执法行为，对本次执法事项将全程录音录像。';

/** Ids of the clauses that answer for a duty; those by analogy with a tilde. */
function cited(set: RuleSet, duty: Duty): string[] {
  return clausesFor(set, duty).map(({ id, force }) => (force === 'binding' ? id : `~${id}`));
}

function kind(set: RuleSet, id: string) {
  const found = kindOf(set, id);
  if (found === null) throw new Error(`no kind ${id}`);
  return found;
}

describe('冀地税发〔2017〕35号', () => {
  test('stands there article by article', () => {
    expect(articlesOf(A)).toEqual(Array.from({ length: 29 }, (_, i) => i + 1));
    expect(A.document).toMatchObject({ number: '冀地税发〔2017〕35号', inForceFrom: '2017-07-01' });
  });

  test.each<[Duty, string[]]>([
    ['equipment', ['6.1']],
    ['recording', ['10', '27(1)']],
    ['hall-notice', ['15.1']],
    ['hall-hours', ['15.1']],
    ['start-before-stop-after', ['15.2']],
    ['telling', ['16.1']],
    ['whole-course', ['16.2']],
    ['interruption-explained', ['~16.3']],
    ['record-shows', ['13']],
    ['focus', ['~17', '~17(1)', '~17(2)', '~17(3)', '~17(4)', '~17(5)', '~17(6)', '~17(7)']],
    ['no-private-copies', ['19.1']],
    ['hand-over', ['19.1']],
    ['retention', ['19.2', '19.3']],
    ['storage', ['20', '27(4)']],
    ['secrecy', ['21', '27(2)']],
    ['party-copy', ['22']],
    ['evidence-copy', ['23']],
    ['named-people', ['24']],
    ['fetch-and-count', ['25']],
    ['supervision', ['25', '26']],
    ['no-destruction', ['27(3)', '27(4)']],
    ['responsibility', ['27', '27(1)', '27(2)', '27(3)', '27(4)', '27(5)']],
    ['hold', ['22', '23', '~11(2)', '~11(3)', '~11(4)', '~11(5)']],
    ['archive', []],
  ])('%s is asked for by %j', (duty, ids) => {
    expect(cited(A, duty)).toEqual(ids);
  });

  test('第十条: what is recorded in the office is mandatory, and 等 leaves room for others', () => {
    expect(A.kinds.map(({ id, zh, recording }) => [id, zh, recording])).toEqual([
      ['hearing', '听证', 'mandatory'],
      ['interview', '约谈', 'mandatory'],
      ['inquiry', '询问', 'mandatory'],
      ['reconsideration', '行政复议', 'mandatory'],
      ['other', '其他执法活动', 'mandatory'],
    ]);
    for (const { clauses } of A.kinds) expect(clauses).toContain('10');
  });

  test('第十三条: every kind shows time, place, matter, parties, officers and course', () => {
    for (const { required } of A.kinds) {
      expect(required).toEqual(expect.arrayContaining(['time', 'place', 'matter', 'parties', 'officers', 'course']));
    }
    expect(kind(A, 'hearing').required).toEqual(expect.arrayContaining(['presider', 'recorder']));
  });

  test('第十九条: 1 working day, a month in the hall, elsewhere as long as the file', () => {
    expect(A.handOver).toEqual([{ clause: '19.1', period: { count: 1, unit: 'working-days' }, dayEndsAt: '24:00' }]);
    expect(A.retention.map(({ id, clauses, atLeast, withFile }) => [id, clauses, atLeast, withFile])).toEqual([
      ['with-file', ['19.3'], null, true],
      ['hall', ['19.2'], { count: 1, unit: 'months' }, false],
    ]);
    expect(A.kinds.every(({ retention }) => retention === 'with-file')).toBe(true);
    expect(A.hall?.retention).toBe('hall');
  });

  test('第十五条第一款: the hall says that it is monitored', () => {
    expect(noticeOfHall(A)).toMatchObject({ zh: '您已进入监控区域', clauses: ['15.1'] });
  });
});

describe('长安区人社局实施细则', () => {
  test('stands there article by article; the text itself has no article 19', () => {
    expect(articlesOf(B)).toEqual(Array.from({ length: 74 }, (_, i) => i + 1).filter((n) => n !== 19));
    expect(B.document).toMatchObject({ number: null, inForceFrom: '2017-08-01' });
  });

  test.each<[Duty, string[]]>([
    ['equipment', ['6.2', '8.2', '8.3', '9.2']],
    [
      'recording',
      ['6.1', '9.1', '13.2', '14.3', '23.2', '24.3', '27.2', '29.2', '33.4', '35', '45(3)', '56(3)', '~61(3)'],
    ],
    ['hall-hours', ['9.2']],
    ['hall-notice', []],
    ['start-before-stop-after', []],
    ['telling', ['~62(1)']],
    ['whole-course', ['6.1', '13.2', '14.3', '23.2', '24.3', '29.2', '33.4', '56(3)', '~62(5)']],
    ['interruption-explained', []],
    ['record-shows', ['21.1', '23.1', '24.1', '29.1', '33.1', '56(3)', '~62(3)', '~65.3']],
    ['focus', ['~61', '~61(1)', '~61(2)', '~61(3)', '~61(4)', '~61(5)']],
    ['hand-over', ['~65.3']],
    ['no-private-copies', ['~65.3']],
    ['retention', ['65.2']],
    ['archive', ['~63']],
    ['storage', ['8.2', '64']],
    ['fetch-and-count', ['~65.1', '~72(3)']],
    ['evidence-copy', ['~66']],
    ['hold', ['67', '67(1)', '67(2)', '67(3)', '67(4)', '67(5)', '69', '~66']],
    ['named-people', ['68']],
    ['party-copy', ['69']],
    ['secrecy', ['70', '~65.1']],
    ['supervision', ['8.1', '71', '72', '~72(3)']],
    ['no-destruction', ['~62(5)']],
    ['responsibility', []],
  ])('%s is asked for by %j', (duty, ids) => {
    expect(cited(B, duty)).toEqual(ids);
  });

  test.each([
    ['hearing', '听证（行政处罚）', 'mandatory', '29.2'],
    ['hearing-licence', '听证（行政许可）', 'mandatory', '14.3'],
    ['inquiry', '询问、调查', 'mandatory', '23.2'],
    ['interview', '约谈', 'mandatory', '61(3)'],
    ['statement-licence', '陈述申辩（行政许可）', 'mandatory', '13.2'],
    ['statement-penalty', '陈述申辩（行政处罚）', 'optional', '27.2'],
    ['statement-enforcement', '陈述申辩（行政强制执行）', 'optional', '45(3)'],
    ['expert-review', '专家评审', 'mandatory', '14.3'],
    ['random-draw', '双随机摇号', 'mandatory', '56(3)'],
    ['simple-penalty', '简易程序处罚', 'mandatory', '33.4'],
    ['evidence-preservation', '先行登记保存证据', 'mandatory', '24.3'],
    ['correction-check', '改正情况核查', 'optional', '35'],
    ['other', '其他执法活动', 'mandatory', '6.1'],
  ])('%s (%s) is %s by %s', (id, zh, recording, clause) => {
    expect(kind(B, id)).toMatchObject({ zh, recording });
    expect(kind(B, id).clauses).toContain(clause);
    expect(B.kinds).toHaveLength(13);
  });

  test('第六十一条第（三）项 speaks of body-worn recorders: interviews in a room are recorded by analogy', () => {
    expect(clauseOf(B, '61(3)').force).toBe('by-analogy');
  });

  test('第二十九条第一款: a hearing shows the case, who presided, who kept the minutes, who investigated, for which unit', () => {
    expect(kind(B, 'hearing').required).toEqual(
      expect.arrayContaining([
        'time',
        'place',
        'matter',
        'presider',
        'recorder',
        'officers',
        'unit',
        'parties',
        'course',
      ]),
    );
    expect(kind(B, 'hearing').offered).toEqual(expect.arrayContaining(['agents', 'interpreter', 'pages']));
  });

  test('第二十三条第一款: an inquiry shows officers with certificate numbers and who was asked', () => {
    expect(kind(B, 'inquiry').required).toEqual(expect.arrayContaining(['time', 'place', 'officers', 'questioned']));
    expect(B.fields.find(({ id }) => id === 'officers')?.form).toBe('officers');
  });

  test('第六十五条: 24 hours by analogy, two years binding, halls too', () => {
    expect(B.handOver).toEqual([{ clause: '65.3', period: { count: 24, unit: 'hours' }, dayEndsAt: '24:00' }]);
    expect(clauseOf(B, '65.3').force).toBe('by-analogy');
    expect(B.retention).toMatchObject([{ id: 'recordings', clauses: ['65.2'], atLeast: { count: 2, unit: 'years' } }]);
    expect(
      [...B.kinds, ...(B.hall === null ? [] : [B.hall])].every(({ retention }) => retention === 'recordings'),
    ).toBe(true);
  });

  test('第六十七条: each of its reasons is a hold', () => {
    const reasons = B.holds.flatMap(({ id, clauses }) => clauses.map((clause) => [clause, id]));
    expect(Object.fromEntries(reasons)).toMatchObject({
      ...{
        '67(1)': 'compulsory',
        '67(2)': 'complaint',
        '67(3)': 'obstruction',
        '67(4)': 'mass-event',
        '67(5)': 'other',
      },
    });
  });

  test('第六十三条: the file is archived within 30 days', () => {
    expect(B.archive).toEqual({ clause: '63', period: { count: 30, unit: 'days' } });
  });
});

test('what speaks of body-worn recorders, of paper or of other places is applied by analogy, and nothing else', () => {
  const byAnalogy = ({ clauses }: RuleSet): string =>
    clauses
      .filter(({ force }) => force === 'by-analogy')
      .map(({ id }) => id)
      .join(' ');
  const [eleven, seventeen] = ['11 11(1) 11(2) 11(3) 11(4) 11(5)', '17 17(1) 17(2) 17(3) 17(4) 17(5) 17(6) 17(7)'];
  expect(byAnalogy(A)).toBe(`${eleven} 16.3 ${seventeen}`);
  expect(byAnalogy(B)).toBe(
    '21.2 39 57(2) 57(4) 57(5) 61 61(1) 61(2) 61(3) 61(4) 61(5) 62(1) 62(2) 62(3) 62(4) 62(5) 63 65.1 65.3 66 72(3)',
  );
});

describe('both', () => {
  test('tell the parties the wording of 第六十二条第（一）项, to the letter', () => {
    for (const set of [A, B]) {
      for (const { id } of set.kinds) expect(noticeOfKind(set, id).zh).toBe(WORDING);
    }
    expect(noticeOfKind(B, 'hearing').clauses).toEqual(['62(1)']);
  });

  // A wording that was told to people is never edited: a new text is a new version, and this line stays as it is.
  test.each([
    ['recording', 1, '7c6d3cfbe5f9777c25d588322cbab452974c5a43cb7ccfff902be37bd21c6f73'],
    ['hall', 1, 'fd59b36c221b80591b41f89aa514925127d72ff1d2d527cd66c3e9b249828e22'],
  ])('keep the notice %s %i as it was', (id, version, sha256) => {
    for (const set of [A, B]) expect(noticeVersion(set, id, version)?.sha256).toBe(sha256);
  });

  test('name no duty that the product does not know, and every duty is asked for by one of them', () => {
    const duties = new Set([...A.clauses, ...B.clauses].flatMap(({ serves }) => serves));
    expect([...duties].sort()).toEqual(Object.keys(DUTIES).sort());
  });

  test('keep the ids of kinds that older sessions have', () => {
    for (const id of ['hearing', 'interview', 'inquiry', 'reconsideration']) expect(kindOf(A, id)).not.toBeNull();
  });
});

describe('a word of a case system', () => {
  test.each([
    [A, '听证', 'hearing'],
    [A, '复议', 'reconsideration'],
    [A, ' Inquiry ', 'inquiry'],
    [B, '行政许可听证', 'hearing-licence'],
    [B, '双随机', 'random-draw'],
    [B, 'expert-review', 'expert-review'],
  ])('means a kind', (set, word, id) => {
    expect(kindMeantBy(set, word)?.id).toBe(id);
  });

  test('that could mean two kinds means none: 听证 in Chang’an is of a penalty or of a licence', () => {
    expect(kindMeantBy(B, '听证')).toBeNull();
    expect(kindMeantBy(B, '陈述申辩')).toBeNull();
    expect(kindMeantBy(A, '')).toBeNull();
  });
});

describe('a notice', () => {
  test('is hashed over its words alone, so that anybody can work it out', () => {
    // printf '您已进入监控区域\nYou have entered a monitored area' | sha256sum
    expect(noticeHash({ zh: '您已进入监控区域', en: 'You have entered a monitored area' })).toBe(
      'fd59b36c221b80591b41f89aa514925127d72ff1d2d527cd66c3e9b249828e22',
    );
  });

  test('is the newest of its versions, and older ones are still to be had', () => {
    const old = A.notices[0];
    if (old === undefined) throw new Error('no notice');
    const set: RuleSet = {
      ...A,
      notices: [{ ...old, version: 3, zh: '三' }, ...A.notices, { ...old, version: 2, zh: '二' }],
    };
    expect(noticeOfKind(set, 'hearing')).toMatchObject({ version: 3, zh: '三' });
    expect(noticeVersion(set, 'recording', 1)?.zh).toBe(WORDING);
    expect(noticeVersion(set, 'recording', 4)).toBeNull();
  });

  test('is told also when the kind is not known: silence is worse', () => {
    expect(noticeOfKind(A, 'random-draw').zh).toBe(WORDING);
  });
});

describe('a clause', () => {
  test.each([
    ['6.1', '第六条第一款', 'art. 6 para. 1'],
    ['10', '第十条', 'art. 10'],
    ['15.2', '第十五条第二款', 'art. 15 para. 2'],
    ['20', '第二十条', 'art. 20'],
    ['62(1)', '第六十二条第（一）项', 'art. 62 item 1'],
    ['11.2(13)', '第十一条第二款第（十三）项', 'art. 11 para. 2 item 13'],
    ['100', '第一百条', 'art. 100'],
    ['103', '第一百零三条', 'art. 103'],
    ['110', '第一百一十条', 'art. 110'],
    ['234', '第二百三十四条', 'art. 234'],
  ])('%s is cited as %s', (id, zh, en) => {
    expect(citationOf(id)).toEqual({ zh, en });
  });

  test('is cited in full with its document; its force stands beside it', () => {
    expect(fullCitationOf(A, clauseOf(A, '16.1'))).toEqual({
      zh: '河北地税办法第十六条第一款',
      en: 'Hebei tax measures, art. 16 para. 1',
    });
    expect(fullCitationOf(B, clauseOf(B, '62(1)')).zh).toBe('长安人社细则第六十二条第（一）项');
  });
});

/** The articles that a set names, once each, in order. */
function articlesOf({ clauses }: RuleSet): number[] {
  return [...new Set(clauses.map(({ id }) => Number.parseInt(id, 10)))];
}
