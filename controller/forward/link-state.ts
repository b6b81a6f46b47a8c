/** What is known about the way to the centre, from the network up, and the one sentence about it that people see. */
import type { CentreDocument } from '../core/hrc.ts';
import type { CentreLink } from '../core/ports.ts';

const PROTOCOL_MAJOR = 1;

export class LinkState {
  readonly #routeTrouble: (document: CentreDocument) => string | null;
  readonly #onChange: (link: CentreLink) => void;
  #connected = false;
  #network: string | null = 'not connected yet';
  #document: CentreDocument | null = null;
  #documentTrouble: string | null = null;
  #offline = false;
  #silent = false;
  #link: CentreLink = { state: 'away', trouble: 'not connected yet' };

  /** `routeTrouble`: why no route of a document can be used here, as a sentence; null when one can. */
  constructor(routeTrouble: (document: CentreDocument) => string | null, onChange: (link: CentreLink) => void) {
    this.#routeTrouble = routeTrouble;
    this.#onChange = onChange;
  }

  get link(): CentreLink {
    return this.#link;
  }

  /** What the centre can do, when we can work with it. */
  get document(): CentreDocument | null {
    return this.#document;
  }

  /** Whether deliveries make sense now. */
  get ready(): boolean {
    return this.#connected && this.#document !== null && !this.#offline;
  }

  /** A connection came up; `connected` when both are. */
  up(connected: boolean): void {
    this.#connected = connected;
    if (connected) this.#network = null;
    this.#look();
  }

  /** A connection was lost or not made; with the control connection goes what was heard on it. */
  down(why: string, controlToo: boolean): void {
    this.#connected = false;
    this.#network = why;
    if (controlToo) {
      this.#document = null;
      this.#documentTrouble = null;
      this.#offline = false;
    }
    this.#look();
  }

  /** A checked document. */
  heard(document: CentreDocument): void {
    const { min, max } = document;
    this.#documentTrouble = null;
    if (min > PROTOCOL_MAJOR || max < PROTOCOL_MAJOR)
      this.#documentTrouble = `the centre speaks hrc/${min} to hrc/${max} only`;
    else this.#documentTrouble = this.#routeTrouble(document);
    this.#document = this.#documentTrouble === null ? document : null;
    this.#silent = false;
    this.#look();
  }

  /** No document that can be used. One that could be trusted is not taken away by one that cannot. */
  noDocument(why: string): void {
    if (this.#document === null) this.#documentTrouble = why;
    this.#look();
  }

  /** It should have come by now. */
  documentLate(): void {
    this.#documentTrouble ??= 'the centre has not said what it can do';
    this.#look();
  }

  offline(offline: boolean): void {
    this.#offline = offline;
    this.#look();
  }

  silent(silent: boolean): void {
    this.#silent = silent;
    this.#look();
  }

  #look(): void {
    const trouble = this.#trouble();
    const state = trouble === null && this.ready ? 'connected' : 'away';
    if (this.#link.state === state && this.#link.trouble === trouble) return;
    this.#link = { state, trouble };
    this.#onChange(this.#link);
  }

  #trouble(): string | null {
    if (this.#network !== null) return this.#network;
    if (this.#documentTrouble !== null) return this.#documentTrouble;
    if (this.#offline) return 'the centre is away';
    if (this.#silent) return 'the centre does not answer';
    return null;
  }
}
