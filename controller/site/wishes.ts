/** What the recorder is to do, from who is awake and what is claimed (pure). Sent whole; the same inputs give the same wish. */
import type { DesiredClaim, DesiredStream, Source } from '../core/recording.ts';
import { claimEndOf, isRunning, type Session } from '../core/session.ts';
import type { SitePlan } from '../core/site-plan.ts';

const MS = 1_000;

export interface WishInputs {
  readonly plan: Pick<SitePlan, 'devices' | 'recording'>;
  /** Rooms whose panel is in use. */
  readonly leased: ReadonlySet<string>;
  /** Sessions whose claims may still be in the recorder's hands. */
  readonly sessions: readonly Session[];
  /** True when the recorder journaled the end of this claim. */
  readonly isEnded: (session: string, stream: string) => boolean;
  /** Null while nobody knows where the stream comes from. */
  readonly sourceOf: (stream: string) => Source | null;
}

/**
 * The wish for every stream whose source is known. A claim stays until its end is journaled; a stream that is in a session but no
 * longer in the configuration is kept to the claim's end all the same.
 */
export function wishOf(inputs: WishInputs): { readonly [stream: string]: DesiredStream } {
  const { plan, sessions } = inputs;
  const preRollMs = plan.recording.preRollS * MS;
  const roomOf = new Map(plan.devices.map((device) => [device.id, device.room]));
  const ids = new Set([...roomOf.keys(), ...sessions.flatMap((session) => session.streams.map((one) => one.stream))]);
  const streams: { [stream: string]: DesiredStream } = {};
  for (const id of ids) {
    const source = inputs.sourceOf(id);
    if (source === null) continue;
    const room = roomOf.get(id);
    const isAwake = room !== undefined && awakeRooms(inputs).has(room);
    const claims = claimsOn(id, inputs);
    if (claims.length > 0) {
      const after = room !== undefined && inputs.leased.has(room) ? 'armed' : 'off';
      streams[id] = { source, mode: 'keep', preRollMs, segmentMs: plan.recording.segmentS * MS, claims, after };
    } else if (isAwake) streams[id] = { source, mode: 'armed', preRollMs };
    else streams[id] = { source, mode: 'off' };
  }
  return streams;
}

/** Rooms whose cameras are to be connected: somebody uses the panel, or a session runs. */
export function awakeRooms(inputs: Pick<WishInputs, 'leased' | 'sessions'>): ReadonlySet<string> {
  return new Set([...inputs.leased, ...inputs.sessions.filter(isRunning).map((session) => session.room)]);
}

function claimsOn(stream: string, { sessions, isEnded }: WishInputs): DesiredClaim[] {
  return sessions
    .filter((session) => session.streams.some((one) => one.stream === stream) && !isEnded(session.id, stream))
    .map((session) => ({ id: session.id, from: session.from, to: claimEndOf(session) }));
}
