/** Sessions, docket, checks and rules, from the desk's snapshots to the contract. */
import type {
  CheckSnapshot,
  DocketSnapshot,
  ImportOutcome,
  MarkSnapshot,
  SessionSnapshot,
} from '../core/hearing-desk.ts';
import type { CheckView, DocketEntry, ImportResult } from './contract-docket.ts';
import type { MarkView, SessionView } from './contract-session.ts';

export function sessionView(snapshot: SessionSnapshot): SessionView {
  return { ...snapshot };
}

export function markView(snapshot: MarkSnapshot): MarkView {
  return { ...snapshot };
}

export function docketEntry(snapshot: DocketSnapshot): DocketEntry {
  return { ...snapshot, check: snapshot.check === null ? null : checkView(snapshot.check) };
}

export function checkView({ findings, streams, heard, ...snapshot }: CheckSnapshot): CheckView {
  return {
    ...snapshot,
    findings: findings.map(({ what, stream, isGood, detail }) => ({ what, stream, good: isGood, detail })),
    playlists: streams.map(({ stream, name }) => ({
      ...{ stream, name },
      playlist: `/api/v1/checks/${snapshot.id}/streams/${stream}/playlist.m3u8`,
    })),
    heard:
      heard === null
        ? null
        : { ...heard, streams: heard.streams.map(({ stream, isGood }) => ({ stream, good: isGood })) },
  };
}

export function importResult(outcome: ImportOutcome): ImportResult {
  return { ...outcome };
}
