/** Views of a room and its sessions with nothing special about them, for tests that change one thing at a time. */
import type { RoomView, StreamView } from '../../controller/api/contract.ts';
import type { CheckView, DocketEntry } from '../../controller/api/contract-docket.ts';
import type { InterruptionView, SessionView } from '../../controller/api/contract-session.ts';

export const session = (more: Partial<SessionView> = {}): SessionView => ({
  ...{ id: 's', room: 'r', kind: 'hearing', matter: '', fields: {}, debts: [], state: 'open', requested: 'record' },
  ...{ confirmed: true, openedAt: 1_000, confirmedAt: 2_000, closedAt: null, openedBy: '', closedBy: null },
  ...{ planned: null, until: null, debtsAtClose: [], continues: null, continuedBy: null, streams: [], gaps: [] },
  ...{ interruptions: [], notice: { owed: true, shown: null, spoken: null, told: null } },
  ...{ marks: { count: 0, newest: [] }, warnings: [], deadline: null, keep: null },
  handOver: { done: 0, total: 0, bytesDone: 0, bytesTotal: 0 },
  ...more,
});

/** Nothing is owed any more. */
export const told: SessionView['notice'] = {
  ...{ owed: true, shown: null, spoken: null },
  told: { at: 3_000, by: 'c', answer: 'understood', note: '' },
};

export const interruption = (more: Partial<InterruptionView> = {}): InterruptionView => ({
  ...{ id: 'i', from: 5_000, to: 6_000, streams: ['a'], causes: ['camera-stalled'], mandatory: true },
  ...{ spokenAt: null, reason: null, owed: ['spoken', 'typed'] },
  ...more,
});

export const stream = (id: string, mandatory: boolean, state: StreamView['state']): StreamView => ({
  ...{ id, name: id, kind: 'camera', mandatory, state, since: 0, trouble: null, hasVideo: true, hasAudio: true },
});

export const room = (more: Partial<RoomView> = {}): RoomView => ({
  ...{ room: { id: 'r', name: '', nameEn: '' }, at: 0, revision: 1, readiness: 'ready', streams: [], session: null },
  ...{ docket: [], check: null, recorder: 'connected', alarms: [] },
  may: { open: true, close: true, extend: true, annotate: true, schedule: true, check: true },
  centre: { state: 'connected', waitingSegments: 0, waitingBytes: 0 },
  disk: { freeBytes: 0, hoursLeft: null },
  ...more,
});

export const entry = (id: string, from: number, more: Partial<DocketEntry> = {}): DocketEntry => ({
  ...{ id, room: 'r', kind: 'hearing', matter: id, fields: {}, debts: [], state: 'scheduled' },
  ...{ planned: { from, to: from + 3_600_000 }, openedAt: null, closedAt: null, source: 'panel', createdBy: 'c' },
  ...{ continues: null, continuedBy: null, cancelled: null, check: null, warnings: [] },
  ...more,
});

export const check = (more: Partial<CheckView> = {}): CheckView => ({
  ...{ id: 'k', room: 'r', session: null, by: 'c', from: 0, to: 6_000, state: 'passed', findings: [], playlists: [] },
  heard: null,
  ...more,
});
