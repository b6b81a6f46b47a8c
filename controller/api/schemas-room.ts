/** A room as a whole, and what the review page needs, as schemas (contract.ts). */
import { z } from 'zod';
import { bytes, deviceKind, ms, name, roomName, streamView, trouble } from './schemas.ts';
import { checkView, docketEntry } from './schemas-docket.ts';
import { gapView, sessionView } from './schemas-session.ts';

export const roomView = name(
  'RoomView',
  z.object({
    room: roomName,
    at: ms,
    revision: z.number(),
    readiness: z.enum(['asleep', 'arming', 'ready', 'partly-ready']),
    streams: z.array(streamView),
    session: sessionView.nullable(),
    docket: z.array(docketEntry),
    check: checkView.nullable(),
    may: z.object({
      open: z.boolean(),
      close: z.boolean(),
      extend: z.boolean(),
      annotate: z.boolean(),
      schedule: z.boolean(),
      check: z.boolean(),
    }),
    recorder: z.enum(['connected', 'away']),
    centre: z.object({
      state: z.enum(['connected', 'away', 'not-configured']),
      waitingSegments: z.number(),
      waitingBytes: bytes,
    }),
    disk: z.object({ freeBytes: bytes, hoursLeft: z.number().nullable() }),
    alarms: z.array(trouble.extend({ since: ms, level: z.enum(['warning', 'alarm']), stream: z.string().nullable() })),
  }),
);

export const reviewSegment = name(
  'ReviewSegment',
  z.object({
    ...{ id: z.string(), from: ms, to: ms, bytes, sha256: z.string(), receiptedAt: ms.nullable() },
    place: z.enum(['here', 'centre']),
  }),
);
export const recallView = name(
  'RecallView',
  z.object({
    state: z.enum(['away', 'coming', 'here', 'refused']),
    bytes,
    bytesHere: bytes,
    trouble: trouble.nullable(),
  }),
);
export const reviewStream = name(
  'ReviewStream',
  z.object({
    id: z.string(),
    name: z.string(),
    kind: deviceKind,
    playlist: z.string(),
    segments: z.array(reviewSegment),
    gaps: z.array(gapView),
  }),
);
export const reviewView = name(
  'ReviewView',
  z.object({ session: sessionView, from: ms, to: ms, streams: z.array(reviewStream) }),
);
