/** What people are told, as evidence needs it: the newest version of a text, and a hash by which its wording is known again. */
import { createHash } from 'node:crypto';
import { kindOf, type Notice, type RuleSet } from './rule-set.ts';

/** A notice with the hash that facts keep of it. */
export interface HashedNotice extends Notice {
  readonly sha256: string;
}

/**
 * SHA-256 (hex) of the wording: the Chinese text, a line feed and the English one, in UTF-8, and nothing else, so that anybody can work
 * it out from the printed words.
 */
export function noticeHash({ zh, en }: Pick<Notice, 'zh' | 'en'>): string {
  return createHash('sha256').update(`${zh}\n${en}`, 'utf8').digest('hex');
}

/** What the parties of this kind are told now. For a kind the set does not know, what its first kind is told: silence is worse. */
export function noticeOfKind(set: RuleSet, kind: string): HashedNotice {
  const known = kindOf(set, kind) ?? set.kinds[0];
  if (known === undefined) throw new Error('the rule set has no kind');
  return newest(set, known.notice);
}

/** What the sign of the hall says, or null where the rule set knows no hall. */
export function noticeOfHall(set: RuleSet): HashedNotice | null {
  return set.hall === null ? null : newest(set, set.hall.notice);
}

/** A wording that was told once, or null when this set never had it. */
export function noticeVersion(set: RuleSet, id: string, version: number): HashedNotice | null {
  const notice = set.notices.find((one) => one.id === id && one.version === version);
  return notice === undefined ? null : { ...notice, sha256: noticeHash(notice) };
}

function newest(set: RuleSet, id: string): HashedNotice {
  const versions = set.notices.filter((notice) => notice.id === id);
  const notice = versions.reduce<Notice | undefined>(
    (a, b) => (a !== undefined && a.version > b.version ? a : b),
    undefined,
  );
  if (notice === undefined) throw new Error(`the rule set has no notice ${id}`);
  return { ...notice, sha256: noticeHash(notice) };
}
