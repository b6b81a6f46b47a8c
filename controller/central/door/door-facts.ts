/** What the centre's journal holds of its own people, and of who did what. */
import type { CentreRole } from '../../core/centre-desk.ts';

export type DoorFact =
  | {
      readonly type: 'person-added';
      readonly person: string;
      readonly name: string;
      readonly role: CentreRole;
      readonly secretHash: string;
      /** Who added them; null for the first one, which the centre makes itself. */
      readonly by: string | null;
    }
  | { readonly type: 'secret-given'; readonly person: string; readonly secretHash: string; readonly by: string }
  | { readonly type: 'person-removed'; readonly person: string; readonly by: string }
  | {
      readonly type: 'audit';
      /** A person's id, or 'nobody'. */
      readonly who: string;
      readonly did: string;
      readonly object: string;
      readonly site: string | null;
      /** Network address. */
      readonly source: string | null;
    };
