/** Where a request comes from, as the network and its cookies say: what doors of sites and of the centre judge by. */
export interface Origin {
  /** The panel's token in its cookie, or null. */
  readonly panelToken: string | null;
  readonly address: string;
  /** Made on this machine itself, and by no proxy for somebody else. */
  readonly isLocal: boolean;
  /** What the browser calls itself. */
  readonly agent: string;
}
