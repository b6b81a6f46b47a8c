/** Facts about people's secrets and about the panels they log in at. Names, roles and PINs stand in `person-added`. */

export type PeopleFact =
  /** A person got a long secret, which lets them in from any browser; the one before it counts no more. */
  | { readonly type: 'person-secret'; readonly person: string; readonly secretHash: string; readonly by: string }
  /** A browser became the panel of a room: it holds a token of which this is the SHA-256. */
  | {
      readonly type: 'panel-paired';
      readonly panel: string;
      readonly name: string;
      readonly room: string;
      readonly tokenHash: string;
      /** Who made the code. */
      readonly by: string;
    }
  | { readonly type: 'panel-revoked'; readonly panel: string; readonly by: string };
