/** What a sign may claim, from the last thing it heard and whether it still hears anything. Pure. */
import type { DisplayFace } from '../../controller/api/contract-display.ts';

/** Invariant 1 on the wall: a sign that lost its link says that it does not know, never that it records. */
export function signFaceOf(face: DisplayFace | null, silent: boolean): DisplayFace {
  return face === null || silent ? 'unknown' : face;
}
