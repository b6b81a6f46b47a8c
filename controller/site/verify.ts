/**
 * `quancheng verify`: reads a data folder as a stranger would, from the journals and the media files alone, and says what does
 * not hold. Presence, size, hash, chain, and invariant 2: of every claim, what is covered and what is ledgered make the whole.
 */
import { relative } from 'node:path';
import type { ChainHead } from '../core/chain.ts';
import { sentenceOf } from '../core/errors.ts';
import type { GapFact, RecorderFact, RemovedFact, SegmentFact, SiteFact } from '../core/facts.ts';
import { readManifest } from '../core/hrc-reading.ts';
import { jwsHash, type PublicKey, verifyJws } from '../core/jws.ts';
import type { DiskRole } from '../core/recording.ts';
import type { Instant } from '../core/time.ts';
import { breaksWithinRuns, coverage, TOLERANCE_MS } from '../core/timeline.ts';
import { followJournal, journalReached } from '../ledger/journal-files.ts';
import { type Layout, layoutOf } from '../ledger/layout.ts';
import { type Copy, checkFiles } from './verify-files.ts';
import { checkPurges, type Line } from './verify-purges.ts';

/** One thing that does not hold (or, as a note, is worth knowing). `subject` is the file, journal line or claim it is about. */
export interface Finding {
  readonly level: 'fault' | 'note';
  readonly what:
    | 'journal-line'
    | 'journal-end'
    | 'journal-copy'
    | 'file-missing'
    | 'file-size'
    | 'file-hash'
    | 'file-unexplained'
    | 'copy-missing'
    | 'copy-differs'
    | 'claim-unexplained'
    | 'run-broken'
    | 'manifest'
    | 'purge'
    | 'file-left'
    | 'no-journal';
  readonly subject: string;
  readonly message: string;
}

export interface Verdict {
  readonly ok: boolean;
  readonly findings: readonly Finding[];
  /** Everything that was recorded, whether it still lies here or not. */
  readonly segments: number;
  readonly bytes: number;
  /** Of these: deleted here by policy, because the centre holds them. */
  readonly purged: number;
  readonly purgedBytes: number;
  readonly claims: number;
  readonly openClaims: number;
  readonly coveredMs: number;
  readonly ledgeredMs: number;
  readonly gaps: number;
}

interface Claim {
  readonly claim: string;
  readonly stream: string;
  readonly from: Instant;
  to: Instant | null;
}

interface Ledger {
  readonly segments: SegmentFact[];
  readonly gaps: GapFact[];
  readonly claims: Map<string, Claim>;
  readonly quarantined: number;
  readonly removed: RemovedFact[];
  /** Disks that were left and have not caught up. */
  readonly away: ReadonlySet<DiskRole>;
}

export interface VerifyOptions {
  /** A recorder is writing into the folder just now, so the newest file of a stream may be ahead of the journal. */
  readonly recorderRuns: boolean;
  /** The site's public keys; manifests signed by any other key are faults. */
  readonly siteKeys: readonly PublicKey[];
  /** The centre's keys, under which its receipts have to be signed; null or absent: signatures of receipts are not checked. */
  readonly centreKeys?: readonly PublicKey[] | null;
  /** The data folder on the second disk, which should hold the same. */
  readonly mirror?: string | null;
}

/** Checks a data folder, and its copy on a second disk. Reads every byte of every segment; never writes. */
export async function verifyFolder(
  root: string,
  { recorderRuns, siteKeys, centreKeys = null, mirror = null }: VerifyOptions,
): Promise<Verdict> {
  const layouts = mirror === null ? [layoutOf(root)] : [layoutOf(root), layoutOf(mirror)];
  const findings: Finding[] = [];
  const recorderJournal = await longest(layouts, ({ recorderJournal: folder }) => folder);
  const ledger = await readRecorderJournal(recorderJournal, findings);
  const copies = layouts.map((layout, at): Copy => {
    const role = layouts.length === 1 ? null : at === 0 ? 'main' : 'mirror';
    return { layout, role, mayLack: role !== null && ledger.away.has(role) };
  });
  const siteJournal = await longest(layouts, ({ siteJournal: folder }) => folder);
  const site = await readJournal<SiteFact>(siteJournal.root, siteJournal.folder, findings);
  const segments = new Map(ledger.segments.map((segment) => [segment.seg, segment]));
  const mayBeGone = checkPurges({ segments, removed: ledger.removed, site, centreKeys }, findings);
  const removed = new Set(ledger.removed.map(({ seg }) => seg));
  const purged = await checkFiles(copies, ledger.segments, { mayBeGone, removed }, recorderRuns, findings);
  const totals = checkClaims(ledger, findings);
  checkSiteJournal(site, ledger, segments, siteKeys, findings);
  for (const copy of copies) {
    const isNew = recorderRuns || copy.mayLack;
    await checkJournalCopy(copy.layout.root, copy.layout.recorderJournal, recorderJournal.folder, isNew, findings);
    await checkJournalCopy(copy.layout.root, copy.layout.siteJournal, siteJournal.folder, isNew, findings);
  }
  return {
    ok: findings.every((finding) => finding.level !== 'fault'),
    findings,
    segments: ledger.segments.length,
    bytes: bytesOf(ledger.segments),
    purged: purged.length,
    purgedBytes: bytesOf(purged),
    gaps: ledger.gaps.length,
    ...totals,
  };
}

/** One copy of a journal, and the data folder it lies in. */
interface JournalCopy {
  readonly root: string;
  readonly folder: string;
}

/** The copy that reaches furthest; the first of those that reach as far. */
async function longest(layouts: readonly Layout[], folderOf: (layout: Layout) => string): Promise<JournalCopy> {
  let best: (JournalCopy & { readonly seq: number }) | null = null;
  for (const layout of layouts) {
    const folder = folderOf(layout);
    let seq = 0;
    // A disk that cannot be read holds nothing that could be gone by.
    if (layouts.length > 1)
      try {
        for await (const { head } of followJournal<unknown>(folder)) seq = head.seq;
      } catch {
        seq = -1;
      }
    if (best === null || seq > best.seq) best = { root: layout.root, folder, seq };
  }
  if (best === null) throw new Error('there is no folder to look at');
  return best;
}

/** A copy of a journal is the beginning of the longest one, and all of it when nothing is being written or copied. */
async function checkJournalCopy(
  root: string,
  folder: string,
  longestFolder: string,
  mayBeShorter: boolean,
  findings: Finding[],
): Promise<void> {
  if (folder === longestFolder) return;
  const subject = `second copy: ${relative(root, folder)}`;
  const say = (level: Finding['level'], message: string) =>
    findings.push({ level, what: 'journal-copy', subject, message });
  try {
    const copy = followJournal<unknown>(folder);
    for await (const { head } of followJournal<unknown>(longestFolder)) {
      const { value } = await copy.next();
      if (value === undefined) {
        say(mayBeShorter ? 'note' : 'fault', `it ends before line ${head.seq}, which the other disk holds`);
        return;
      }
      if (value.head.hash === head.hash) continue;
      say('fault', `line ${head.seq} is another one than on the other disk`);
      return;
    }
  } catch (error) {
    say(mayBeShorter ? 'note' : 'fault', `it cannot be read: ${sentenceOf(error)}`);
  }
}

async function readRecorderJournal({ root, folder }: JournalCopy, findings: Finding[]): Promise<Ledger> {
  const segments: SegmentFact[] = [];
  const gaps: GapFact[] = [];
  const claims = new Map<string, Claim>();
  let quarantined = 0;
  const removed: RemovedFact[] = [];
  const away = new Set<DiskRole>();
  const lines = await readJournal<RecorderFact>(root, folder, findings);
  if (lines.length === 0) {
    findings.push({
      level: 'fault',
      what: 'no-journal',
      subject: relative(root, folder),
      message: 'there is no recorder journal in this folder',
    });
  }
  for (const { fact } of lines) {
    const key = 'claim' in fact ? `${fact.claim}/${fact.stream}` : '';
    if (fact.type === 'segment') segments.push(fact);
    else if (fact.type === 'gap') gaps.push(fact);
    else if (fact.type === 'quarantined') quarantined += 1;
    else if (fact.type === 'removed') removed.push(fact);
    else if (fact.type === 'disk-away') away.add(fact.disk);
    else if (fact.type === 'disk-back') away.delete(fact.disk);
    else if (fact.type === 'claim-begun')
      claims.set(key, { claim: fact.claim, stream: fact.stream, from: fact.from, to: null });
    else if (fact.type === 'claim-ended') {
      const claim = claims.get(key);
      if (claim !== undefined) claim.to = fact.to;
    }
  }
  return { segments, gaps, claims, quarantined, removed, away };
}

/** All facts of a journal; every broken place becomes a finding with file and line. */
async function readJournal<Fact>(root: string, directory: string, findings: Finding[]): Promise<Line<Fact>[]> {
  const facts: Line<Fact>[] = [];
  const name = relative(root, directory);
  let end: ChainHead | null = null;
  for await (const { entry, fault, head, file } of followJournal<Fact>(directory)) {
    if (fault !== null)
      findings.push({
        level: 'fault',
        what: 'journal-line',
        subject: `${name}/${file} line ${fault.seq}`,
        message: fault.message,
      });
    if (entry !== null) facts.push({ fact: entry.fact, head });
    end = head;
  }
  const reached = await journalReached(directory);
  if (reached === null || (end !== null && end.seq > reached.seq)) return facts;
  if (end === null || end.seq < reached.seq) {
    const first = (end?.seq ?? 0) + 1;
    const message = `the journal reached line ${reached.seq} and now ends before line ${first}: ${first === reached.seq ? `line ${first} is` : `lines ${first} to ${reached.seq} are`} missing`;
    findings.push({ level: 'fault', what: 'journal-end', subject: `${name} line ${first}`, message });
  } else if (end.hash !== reached.hash) {
    findings.push({
      level: 'fault',
      what: 'journal-end',
      subject: `${name} line ${end.seq}`,
      message: 'the last line is not the one that was written',
    });
  }
  return facts;
}

function checkClaims(
  ledger: Ledger,
  findings: Finding[],
): Pick<Verdict, 'claims' | 'openClaims' | 'coveredMs' | 'ledgeredMs'> {
  let coveredMs = 0;
  let ledgeredMs = 0;
  let openClaims = 0;
  for (const { claim, stream, from, to } of ledger.claims.values()) {
    if (to === null) {
      openClaims += 1;
      continue;
    }
    const own = ledger.segments.filter((segment) => segment.stream === stream);
    const sum = coverage(
      { from, to },
      own,
      ledger.gaps.filter((gap) => gap.stream === stream),
    );
    coveredMs += sum.coveredMs;
    ledgeredMs += sum.ledgeredMs;
    for (const hole of sum.unexplained) {
      const message = `${wallTime(hole.from)} to ${wallTime(hole.to)} is neither on disk nor in the gap ledger`;
      findings.push({ level: 'fault', what: 'claim-unexplained', subject: `claim ${claim} on ${stream}`, message });
    }
  }
  for (const broken of breaksWithinRuns(ledger.segments)) {
    const message = `segment ${broken.sequence} begins ${Math.round(broken.byMs)} ms off the end of the one before it`;
    const own = ledger.segments.filter(({ run }) => run === broken.run);
    const segment = own.find(({ sequence }) => sequence === broken.sequence);
    const before = own.find(({ sequence }) => sequence === broken.sequence - 1);
    // A connection goes on from one claim to the next, and what nobody claims between them is not kept.
    const isClaimed = segment?.claims.some((claim) => before?.claims.includes(claim) === true) === true;
    const isHole = broken.byMs > 0 && isClaimed && segment?.gapBefore === null;
    if (isHole || -broken.byMs > (before?.repeatsMs ?? 0) + TOLERANCE_MS)
      findings.push({ level: 'fault', what: 'run-broken', subject: `run ${broken.run}`, message });
  }
  return {
    claims: ledger.claims.size,
    openClaims,
    coveredMs: Math.round(coveredMs),
    ledgeredMs: Math.round(ledgeredMs),
  };
}

/** The controller's journal: its chain, and that every signed manifest says of its segment what the recorder's journal says. */
function checkSiteJournal(
  lines: readonly Line<SiteFact>[],
  ledger: Ledger,
  segments: ReadonlyMap<string, SegmentFact>,
  siteKeys: readonly PublicKey[],
  findings: Finding[],
): void {
  const lastOfStream = new Map<string, string>();
  let siteSeq = 0;
  const opened = new Map<string, Extract<SiteFact, { type: 'session-opened' }>>();
  for (const { fact } of lines) {
    if (fact.type === 'session-opened') opened.set(fact.session, fact);
    if (fact.type === 'session-closed') checkSession(fact, opened.get(fact.session), ledger, findings);
    if (fact.type !== 'sealed') continue;
    const subject = `manifest ${fact.siteSeq} of segment ${fact.seg}`;
    siteSeq += 1;
    if (fact.siteSeq !== siteSeq) {
      findings.push({ level: 'fault', what: 'manifest', subject, message: `number ${siteSeq} was due` });
      siteSeq = fact.siteSeq;
    }
    const segment = segments.get(fact.seg);
    const fault =
      segment === undefined
        ? 'no recorder journal line speaks of this segment'
        : manifestFault(fact.jws, segment, lastOfStream.get(fact.stream) ?? null, siteKeys);
    if (fault !== null) findings.push({ level: 'fault', what: 'manifest', subject, message: fault });
    lastOfStream.set(fact.stream, jwsHash(fact.jws));
  }
}

/** Every stream of a closed session has a claim in the recorder's journal, or its absence is explained in the controller's. */
function checkSession(
  closed: Extract<SiteFact, { type: 'session-closed' }>,
  opened: Extract<SiteFact, { type: 'session-opened' }> | undefined,
  ledger: Ledger,
  findings: Finding[],
): void {
  const subject = `session ${closed.session}`;
  if (opened === undefined) {
    findings.push({ level: 'fault', what: 'claim-unexplained', subject, message: 'it was closed and never opened' });
    return;
  }
  for (const { stream } of opened.streams) {
    const isClaimed = ledger.claims.has(`${closed.session}/${stream}`);
    const isExplained = closed.absent?.some((absence) => absence.stream === stream) === true;
    if (isClaimed || isExplained) continue;
    const message = `${stream} was to be recorded, and neither a claim nor a gap speaks of it`;
    findings.push({ level: 'fault', what: 'claim-unexplained', subject, message });
  }
}

/** What is wrong with a signed manifest, or null. */
function manifestFault(
  jws: string,
  segment: SegmentFact,
  prev: string | null,
  siteKeys: readonly PublicKey[],
): string | null {
  const check = verifyJws(jws, 'hrc-seg', siteKeys);
  if (!check.ok) return check.message;
  const manifest = readManifest(check.payload);
  if (manifest === null) return 'it is not a manifest';
  if (manifest.prev !== prev) return 'it does not name the manifest before it: one is missing or was changed';
  if (manifest.seg !== segment.seg || manifest.stream !== segment.stream) return 'it speaks of another segment';
  if (manifest.sha256 !== segment.sha256 || manifest.size !== segment.bytes)
    return 'size or SHA-256 is not what the recorder wrote down';
  return null;
}

function bytesOf(segments: readonly SegmentFact[]): number {
  return segments.reduce((sum, { bytes }) => sum + bytes, 0);
}

function wallTime(instant: Instant): string {
  return new Date(instant.wallMs).toISOString();
}
