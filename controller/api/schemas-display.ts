/** The part of the contract about displays, speech, lamps and glances as schemas (contract-display.ts). */
import { z } from 'zod';
import { ms, name, nextMatter, roomName, wording } from './schemas.ts';

const LINES_MAX = 20;
const LINE_LENGTH_MAX = 500;
const PIXELS_MAX = 100_000;
/** A page that stood for longer than ten years is told that it stood that long. */
const HELD_MS_MAX = 10 * 366 * 86_400_000;

const shows = z.enum(['room', 'hall']);
const holder = z.string().regex(/^[0-9a-f]{16,64}$/);
/** Id of a speech, as the product makes it. */
const speakId = z.string().regex(/^[0-9A-Z]{1,32}$/);
export const textHash = z.string().regex(/^[0-9a-f]{64}$/);

export const displayFace = z.enum(['idle', 'next', 'starting', 'notice', 'recording', 'fault', 'hall', 'unknown']);

export const displayView = name(
  'DisplayView',
  z.object({
    display: z.object({ id: z.string(), name: z.string(), shows, loudspeaker: z.boolean() }),
    room: roomName.nullable(),
    face: displayFace,
    at: ms,
    since: ms.nullable(),
    notice: wording.nullable(),
    next: nextMatter.nullable(),
    key: z.string(),
    speak: z.object({ id: z.string(), audio: z.string() }).nullable(),
  }),
);

export const paintedRequest = name(
  'PaintedRequest',
  z.strictObject({
    holder,
    key: z.string().min(1).max(64).nullable(),
    face: displayFace,
    lines: z.array(z.string().max(LINE_LENGTH_MAX)).max(LINES_MAX),
    heldMs: z.number().min(0).max(HELD_MS_MAX),
    isWhole: z.boolean(),
    width: z.number().min(0).max(PIXELS_MAX),
    height: z.number().min(0).max(PIXELS_MAX),
    isKept: z.boolean().optional(),
  }),
);

export const spokenRequest = name(
  'SpokenRequest',
  z.strictObject({ holder, speak: speakId, outcome: z.enum(['begun', 'ended', 'blocked', 'failed']) }),
);

export const displayStatus = name(
  'DisplayStatus',
  z.object({
    id: z.string(),
    name: z.string(),
    shows,
    room: z.string().nullable(),
    loudspeaker: z.boolean(),
    state: z.enum(['lit', 'dark']),
    since: ms,
    why: z.enum(['silent', 'not-as-asked', 'cut-off', 'controller-away']).nullable(),
    lastAt: ms.nullable(),
    face: displayFace.nullable(),
    address: z.string().nullable(),
    isKept: z.boolean().nullable(),
  }),
);
export const displayList = name('DisplayList', z.object({ displays: z.array(displayStatus) }));

export const displayLog = name(
  'DisplayLog',
  z.object({
    stretches: z.array(
      z.object({
        from: ms,
        to: ms.nullable(),
        dark: z.string().nullable(),
        face: displayFace,
        session: z.string().nullable(),
        lines: z.array(z.string()),
        textSha256: z.string(),
        heldMs: z.number(),
      }),
    ),
  }),
);

export const speechState = z.enum([
  ...(['none', 'waiting', 'speaking', 'ended', 'blocked', 'failed', 'no-voice', 'no-loudspeaker'] as const),
]);
export const lampView = name(
  'LampView',
  z.object({ id: z.string(), name: z.string(), asked: z.boolean(), shown: z.boolean().nullable() }),
);
export const signsView = name(
  'SignsView',
  z.object({ displays: z.array(displayStatus), speech: speechState, lamps: z.array(lampView) }),
);

export const glanceView = name(
  'GlanceView',
  z.object({
    at: ms,
    streams: z.array(
      z.object({
        id: z.string(),
        seenAt: ms.nullable(),
        still: z.string().nullable(),
        isDark: z.boolean(),
        sound: z
          .object({
            from: ms,
            stepMs: z.number(),
            levels: z.array(z.number()),
            peak: z.number(),
            isDigitalZero: z.boolean(),
          })
          .nullable(),
      }),
    ),
  }),
);
