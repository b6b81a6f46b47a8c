/** What the recorder is to do, from who is awake and what is claimed (pure). Sent whole; the same inputs give the same wish. */
import type { DesiredClaim, DesiredStream, Source } from '../core/recording.ts';
import { isRunning, type OpenedSession } from '../core/session.ts';
import type { CheckRow } from '../core/session-index.ts';
import type { SitePlan } from '../core/site-plan.ts';

const MS = 1_000;

export interface WishInputs {
  readonly plan: Pick<SitePlan, 'devices' | 'recording'>;
  /** Rooms whose panel is in use. */
  readonly leased: ReadonlySet<string>;
  /** Sessions whose claims may still be in the recorder's hands. */
  readonly sessions: readonly OpenedSession[];
  /** Checks that go on; a check is a claim too. */
  readonly checks: readonly CheckRow[];
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
  const { plan, sessions, checks } = inputs;
  const preRollMs = plan.recording.preRollS * MS;
  const roomOf = new Map(plan.devices.map((device) => [device.id, device.room]));
  const ids = new Set([
    ...roomOf.keys(),
    ...[...sessions, ...checks].flatMap((one) => one.streams.map(({ stream }) => stream)),
  ]);
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
export function awakeRooms(inputs: Pick<WishInputs, 'leased' | 'sessions' | 'checks'>): ReadonlySet<string> {
  const { leased, sessions, checks } = inputs;
  return new Set([...leased, ...[...sessions.filter(isRunning), ...checks].map(({ room }) => room)]);
}

function claimsOn(stream: string, { sessions, checks, isEnded }: WishInputs): DesiredClaim[] {
  const claims = [
    ...sessions.map(({ id, from, streams, ...rest }) => ({ id, from, streams, to: 'to' in rest ? rest.to : null })),
    ...checks,
  ];
  return claims
    .filter((claim) => claim.streams.some((one) => one.stream === stream) && !isEnded(claim.id, stream))
    .map(({ id, from, to }) => ({ id, from, to }));
}
