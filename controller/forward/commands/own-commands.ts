/** The commands about segments, one row each. */
import {
  type AnswerItem,
  type Envelope,
  readPage,
  readSelect,
  type Saying,
  SELECT_SEGS_MAX,
} from '../../core/hrc-command.ts';
import type { Outbox } from '../../core/ports.ts';
import type { ArchivedSegment, OnBehalf, SiteArchive, WritingSegment } from '../../core/site-archive.ts';
import type { Announcer } from '../announcer.ts';
import type { Offers } from '../routes/by-offer.ts';
import type { CommandCall, CommandKind } from './command-kind.ts';
import { type FetchParts, fetchCommand } from './fetch.ts';

/** Items of one page of a catalogue: about 25 KiB. */
const CATALOG_PAGE = 100;

export interface CommandParts extends FetchParts {
  readonly outbox: Outbox;
  readonly announcer: Announcer;
  readonly offers: Offers;
}

export function ownCommands(parts: CommandParts): readonly CommandKind[] {
  const row = (type: string, act: (call: CommandCall) => Saying | null | Promise<Saying | null>): CommandKind => ({
    type,
    run: async (call) => act(call),
  });
  return [
    fetchCommand(parts),
    row('catalog', ({ envelope }) => catalog(parts.archive, envelope)),
    row('replay', ({ envelope }) => replay(parts.announcer, envelope)),
    row('hold', ({ envelope }) => hold(parts.archive, envelope)),
    row('release', ({ envelope }) => release(parts.archive, envelope)),
    row('cancel', (call) => cancel(call)),
    row('offer', ({ envelope }) => offer(parts, envelope)),
    row('reseal', ({ envelope }) => reseal(parts, envelope)),
  ];
}

function catalog(archive: SiteArchive, { body }: Envelope): Saying | null {
  const select = readSelect(body);
  const page = readPage(body, CATALOG_PAGE);
  if (select === null || page === null) return null;
  const after = page.after === null ? 0 : Number(page.after);
  if (!Number.isSafeInteger(after) || after < 0) return null;
  const found = archive.segments(select, after, page.limit);
  const last = found.at(-1);
  const next = last !== undefined && found.length === page.limit ? String(last.place) : null;
  // What is being written comes behind everything that is known.
  const writing = next === null ? archive.writing(select) : [];
  const items = [...found.map(catalogued), ...writing.map(beingWritten)];
  return { status: 'successful', plan: archive.extent(select), items, next };
}

function beingWritten({ seg, stream, fromMs }: WritingSegment): AnswerItem {
  return { seg, st: 'recording', stream, t0: fromMs, err: 'HRC-OPEN' };
}

function catalogued(segment: ArchivedSegment): AnswerItem {
  const { seg, stream, fromMs, toMs, bytes, sha256, siteSeq, place, isReceipted, isPurged, isLost } = segment;
  const st = isPurged ? 'purged' : isReceipted ? 'have-receipt' : isLost ? 'lost' : 'local';
  return { seg, st, stream, t0: fromMs, t1: toMs, size: bytes, sha256, siteSeq, after: String(place) };
}

async function replay(announcer: Announcer, { body }: Envelope): Promise<Saying | null> {
  const select = readSelect(body);
  if (select === null || select.siteSeqFrom === null || select.siteSeqTo === null) return null;
  const segs = await announcer.replay(select.siteSeqFrom, select.siteSeqTo);
  if (segs === 0) return { status: 'failed', err: { code: 'HRC-NOSEG', msg: 'nothing was sealed with these numbers' } };
  return { status: 'successful', done: { segs, bytes: 0 } };
}

async function hold(archive: SiteArchive, envelope: Envelope): Promise<Saying | null> {
  const select = readSelect(envelope.body);
  if (select === null) return null;
  await archive.hold(select, onBehalf(envelope));
  return { status: 'successful', plan: archive.extent(select) };
}

async function release(archive: SiteArchive, envelope: Envelope): Promise<Saying | null> {
  const target = targetOf(envelope);
  if (target === null) return null;
  if (await archive.release(target, onBehalf(envelope))) return { status: 'successful' };
  return { status: 'failed', err: { code: 'HRC-NOSEG', msg: 'nothing is held by this command' } };
}

function cancel({ envelope, cancel: end }: CommandCall): Saying | null {
  const target = targetOf(envelope);
  if (target === null) return null;
  if (end(target)) return { status: 'successful' };
  return { status: 'failed', err: { code: 'HRC-NOSEG', msg: 'no command of this id is under way' } };
}

function offer({ offers, outbox }: CommandParts, { body }: Envelope): Saying | null {
  const segs = readSelect(body)?.segs ?? null;
  if (segs === null) return null;
  if (!offers.isPossible) {
    const msg = 'the centre cannot reach this site: its configuration names no address';
    return { status: 'failed', err: { code: 'HRC-NOROUTE', msg } };
  }
  const known = segs.filter((seg) => outbox.item(seg) !== null && !outbox.isPurged(seg));
  const items = segs.map((seg): AnswerItem => {
    if (known.includes(seg)) return { seg, st: 'local' };
    return outbox.isPurged(seg) ? { seg, st: 'purged', err: 'HRC-PURGED' } : { seg, st: 'missing', err: 'HRC-NOSEG' };
  });
  if (known.length === 0) return { status: 'failed', items, err: { code: String(items[0]?.['err'] ?? 'HRC-NOSEG') } };
  return { status: known.length === segs.length ? 'successful' : 'partial', items, offer: offers.make(known) };
}

async function reseal({ archive, announcer, outbox }: CommandParts, envelope: Envelope): Promise<Saying | null> {
  const segs = readSelect(envelope.body)?.segs?.slice(0, SELECT_SEGS_MAX) ?? null;
  if (segs === null) return null;
  const items: AnswerItem[] = [];
  for (const seg of segs) {
    const done = await archive.reseal(seg, onBehalf(envelope));
    items.push(done ? { seg, st: 'local' } : { seg, st: 'missing', err: 'HRC-NOSEG' });
    const siteSeq = outbox.item(seg)?.siteSeq;
    if (done && siteSeq !== undefined) await announcer.replay(siteSeq, siteSeq).catch(() => 0);
  }
  const ready = items.filter(({ st }) => st === 'local').length;
  if (ready === 0) return { status: 'failed', items, err: { code: 'HRC-NOSEG' } };
  return { status: ready === segs.length ? 'successful' : 'partial', items };
}

function targetOf({ body }: Envelope): string | null {
  const { target } = body;
  return typeof target === 'string' && target.length <= 64 ? target : null;
}

function onBehalf({ id, actor, reason }: Envelope): OnBehalf {
  return { command: id, actor, reason };
}
