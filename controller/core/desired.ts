/**
 * How a new wish meets what is being kept (pure). A wish is sent whole, yet a claim is ended only by its own `to`: a controller
 * that forgot a claim, or a stream with one, must not be able to stop a recording by its silence (invariants 5 and 8).
 */
import type { DesiredClaim, DesiredState, DesiredStream } from './recording.ts';

/** A claim that the wish left out and that goes on all the same. */
export interface ForgottenClaim {
  readonly stream: string;
  readonly claim: string;
}

/**
 * The state to pursue after `asked` arrived while `current` was pursued. `isEnded` tells claims that were journaled as ended:
 * these are left out for good, however often they are asked for again. A `to` once given is kept.
 */
export function mergeDesired(
  current: DesiredState,
  asked: DesiredState,
  isEnded: (stream: string, claim: string) => boolean,
): { readonly next: DesiredState; readonly forgotten: readonly ForgottenClaim[] } {
  const streams: { [stream: string]: DesiredStream } = {};
  const forgotten: ForgottenClaim[] = [];
  for (const id of new Set([...Object.keys(current.streams), ...Object.keys(asked.streams)])) {
    const old = named(current, id);
    const wish = named(asked, id);
    const open = claimsOf(old).filter((claim) => !isEnded(id, claim.id));
    const wished = claimsOf(wish).filter((claim) => !isEnded(id, claim.id));
    const claims = wished.map((claim) => {
      const known = open.find((one) => one.id === claim.id);
      return known === undefined ? claim : { ...known, to: claim.to ?? known.to };
    });
    for (const claim of open) {
      if (claims.some((one) => one.id === claim.id)) continue;
      claims.push(claim);
      if (claim.to === null) forgotten.push({ stream: id, claim: claim.id });
    }
    const base = wish ?? old;
    if (base === undefined) continue;
    if (claims.length > 0) streams[id] = keepWith(base, old, claims);
    else if (wish !== undefined) streams[id] = wish.mode === 'keep' ? fallBack(wish) : wish;
  }
  return { next: { revision: asked.revision, streams }, forgotten };
}

/** A stream's wish. Every object has a `constructor`, which a stream may be called too. */
function named(state: DesiredState, stream: string): DesiredStream | undefined {
  return Object.hasOwn(state.streams, stream) ? state.streams[stream] : undefined;
}

/** The claims of a stream's wish; none unless it is to be kept. */
export function claimsOf(stream: DesiredStream | undefined): readonly DesiredClaim[] {
  return stream?.mode === 'keep' ? stream.claims : [];
}

/** What is left of a `keep` whose claims have all ended. */
export function fallBack(stream: DesiredStream): DesiredStream {
  if (stream.mode !== 'keep') return stream;
  return stream.after === 'armed'
    ? { source: stream.source, mode: 'armed', preRollMs: stream.preRollMs }
    : { source: stream.source, mode: 'off' };
}

function keepWith(base: DesiredStream, old: DesiredStream | undefined, claims: readonly DesiredClaim[]): DesiredStream {
  if (base.mode === 'keep') return { ...base, claims };
  if (old?.mode !== 'keep') return base;
  return { ...old, source: base.source, claims, after: base.mode === 'armed' ? 'armed' : 'off' };
}
