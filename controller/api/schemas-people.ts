/** The part of the contract about people as schemas (contract-people.ts). */
import { z } from 'zod';
import { TRAIL_ACTS } from '../core/people-index.ts';
import { ms, name, personChoice, roomName, shortId } from './schemas.ts';

const lengthMs = z.number().min(0).describe('milliseconds');
const how = z.enum(['pin', 'secret']);
/** Longer than any PIN, secret or code, and short enough to be hashed without thought. */
const typed = z.string().min(1).max(64);

export const panelName = name('PanelName', z.object({ id: z.string(), name: z.string(), room: roomName }));
export const hereView = name(
  'HereView',
  z.object({ panel: panelName.nullable(), pins: z.boolean(), lockedForMs: lengthMs }),
);
export const personAtDoor = name('PersonAtDoor', personChoice.extend({ lockedForMs: lengthMs }));

export const loginRequest = name('LoginRequest', z.strictObject({ person: typed, pin: typed }));
export const secretRequest = name('SecretRequest', z.strictObject({ secret: typed }));
export const pairRequest = name('PairRequest', z.strictObject({ code: typed }));
export const changePinRequest = name('ChangePinRequest', z.strictObject({ pin: typed, newPin: typed }));
export const codeRequest = name(
  'CodeRequest',
  z.strictObject({ room: shortId, name: z.string().trim().min(1).max(40) }),
);

export const me = name(
  'Me',
  z.object({
    person: personChoice,
    rooms: z.array(roomName),
    panel: panelName.nullable(),
    how,
    may: z.object({ panels: z.boolean(), people: z.boolean(), give: z.boolean(), trail: z.boolean() }),
  }),
);
export const codeView = name(
  'CodeView',
  z.object({ code: z.string(), room: roomName, name: z.string(), validForMs: lengthMs }),
);
export const panelView = name(
  'PanelView',
  panelName.extend({
    pairedBy: z.string(),
    pairedAt: ms,
    lastUseAt: ms.nullable(),
    address: z.string().nullable(),
    people: z.array(z.string()),
    lockedForMs: lengthMs,
    isHere: z.boolean(),
  }),
);
export const panelList = name('PanelList', z.object({ at: ms, panels: z.array(panelView) }));
export const loginView = name(
  'LoginView',
  z.object({
    id: z.string(),
    how,
    panel: panelName.nullable(),
    address: z.string(),
    agent: z.string(),
    since: ms,
    lastUseAt: ms,
    isMine: z.boolean(),
  }),
);
export const loginList = name('LoginList', z.object({ at: ms, logins: z.array(loginView) }));
export const staffView = name(
  'StaffView',
  personChoice.extend({
    rooms: z.array(roomName).nullable(),
    hasSecret: z.boolean(),
    lockedForMs: lengthMs,
    logins: z.array(loginView),
  }),
);
export const staffList = name('StaffList', z.object({ at: ms, people: z.array(staffView) }));
export const trailQuery = z.object({
  limit: z.coerce.number().int().min(1).max(500).default(100),
  before: z.coerce.number().int().min(1).optional(),
});
export const trailView = name(
  'TrailView',
  z.object({
    seq: z.number(),
    at: ms,
    who: z.string().nullable(),
    did: z.enum(TRAIL_ACTS),
    object: z.string().nullable(),
    room: roomName.nullable(),
    where: z.string().nullable(),
  }),
);
export const trailList = name('TrailList', z.object({ lines: z.array(trailView) }));
export const givenPin = name('GivenPin', z.object({ pin: z.string() }));
export const givenSecret = name('GivenSecret', z.object({ secret: z.string() }));
