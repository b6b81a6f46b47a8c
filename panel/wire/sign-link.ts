/** Keeps the sign of a room informed. */
import type { SignView } from '../../controller/api/contract.ts';
import { WallLink } from './wall-link.ts';

export class SignLink extends WallLink<SignView> {
  constructor(room: string) {
    super('sign', room, (view) => view.room.id);
  }
}
