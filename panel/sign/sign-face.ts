/** What a sign may claim, from the last thing it heard and whether it still hears anything. Pure. */
import type { SignView } from '../../controller/api/contract.ts';

export type SignFace = SignView['state'] | 'unknown';

/** Invariant 1 on the wall: a sign that lost its link says that it does not know, never that it records. */
export function signFaceOf(view: SignView | null, silent: boolean): SignFace {
  return view === null || silent ? 'unknown' : view.state;
}
