/**
 * Deletions by policy as a stranger checks them: every one was decided in the site's journal before it was done, for exactly these
 * bytes, behind the centre's receipt for them, and under no hold (invariant 3).
 */
import type { ChainHead } from '../core/chain.ts';
import type { PurgedFact, RemovedFact, SegmentFact, SiteFact } from '../core/facts.ts';
import type { Select } from '../core/hrc-command.ts';
import { readReceipt } from '../core/hrc-reading.ts';
import { jwsHash, type PublicKey, payloadOf, verifyJws } from '../core/jws.ts';
import type { Finding } from './verify.ts';

/** A fact of a journal, and where the chain stands behind it. */
export interface Line<Fact> {
  readonly fact: Fact;
  readonly head: ChainHead;
}

export interface PurgeRecord {
  readonly segments: ReadonlyMap<string, SegmentFact>;
  readonly removed: readonly RemovedFact[];
  readonly site: readonly Line<SiteFact>[];
  /** The centre's keys that count; null when nobody named them, and signatures of receipts are not checked then. */
  readonly centreKeys: readonly PublicKey[] | null;
}

/** Checks every decision and every deed; answers the segments whose files are, or may be, deleted. */
export function checkPurges(record: PurgeRecord, findings: Finding[]): ReadonlySet<string> {
  const decisions = new Map<string, Line<PurgedFact>[]>();
  const receipts = new Map<string, string>();
  const seqs = new Map<string, number>();
  const holds = new Map<string, Select>();
  const say = (level: Finding['level'], seg: string, message: string) =>
    findings.push({ level, what: 'purge', subject: `segment ${seg}`, message });
  for (const { fact, head } of record.site) {
    if (fact.type === 'receipted') receipts.set(fact.seg, receipts.get(fact.seg) ?? fact.receipt);
    if (fact.type === 'sealed') seqs.set(fact.seg, fact.siteSeq);
    if (fact.type === 'held') holds.set(fact.hold, fact.select);
    if (fact.type === 'released') holds.delete(fact.hold);
    if (fact.type !== 'purged') continue;
    decisions.set(fact.seg, [...(decisions.get(fact.seg) ?? []), { fact, head }]);
    const segment = record.segments.get(fact.seg);
    const fault =
      segment === undefined || segment.sha256 !== fact.sha256
        ? 'its deletion was decided under a hash that no line of the recorder knows'
        : (receiptFault(receipts.get(fact.seg), fact, segment, record.centreKeys) ??
          holdFault(holds.values(), segment, seqs.get(fact.seg) ?? 0));
    if (fault !== null) say('fault', fact.seg, fault);
  }
  for (const { seg, sha256, decision } of record.removed) {
    const decided = decisions
      .get(seg)
      ?.some(({ fact, head }) => head.seq === decision.seq && head.hash === decision.hash && fact.sha256 === sha256);
    if (decided !== true) say('fault', seg, "it was deleted without a decision in the site's journal");
  }
  if (record.centreKeys === null && decisions.size > 0)
    findings.push({
      level: 'note',
      what: 'purge',
      subject: `${decisions.size} deletions`,
      message: "signatures of the centre's receipts were not checked: name its keys with --centre-keys FILE",
    });
  return new Set([...decisions.keys(), ...record.removed.map(({ seg }) => seg)]);
}

function receiptFault(
  jws: string | undefined,
  decided: PurgedFact,
  segment: SegmentFact,
  centreKeys: readonly PublicKey[] | null,
): string | null {
  if (jws === undefined) return 'its deletion was decided before a receipt of the centre was kept';
  if (jwsHash(jws) !== decided.receipt) return 'its deletion rests on another receipt than the one that was kept';
  if (centreKeys !== null) {
    const check = verifyJws(jws, 'hrc-receipt', centreKeys);
    if (!check.ok) return `it was deleted behind a receipt that does not hold: ${check.message}`;
  }
  const receipt = readReceipt(payloadOf(jws));
  if (receipt === null) return 'it was deleted behind a receipt that cannot be read';
  if (receipt.seg !== segment.seg || receipt.sha256 !== segment.sha256 || receipt.size !== segment.bytes)
    return 'it was deleted behind a receipt for something else';
  return receipt.permit.delete ? null : 'it was deleted although the receipt does not permit it';
}

function holdFault(holds: Iterable<Select>, segment: SegmentFact, siteSeq: number): string | null {
  for (const select of holds) if (selects(select, segment, siteSeq)) return 'its deletion was decided under a hold';
  return null;
}

function selects(select: Select, { seg, stream, claims, from, to }: SegmentFact, siteSeq: number): boolean {
  const { session, streams, fromMs, toMs, segs, siteSeqFrom, siteSeqTo } = select;
  return (
    (session === null || claims.includes(session)) &&
    (streams === null || streams.includes(stream)) &&
    (segs === null || segs.includes(seg)) &&
    (fromMs === null || to.wallMs > fromMs) &&
    (toMs === null || from.wallMs < toMs) &&
    (siteSeqFrom === null || siteSeq >= siteSeqFrom) &&
    (siteSeqTo === null || siteSeq <= siteSeqTo)
  );
}
