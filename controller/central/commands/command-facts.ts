/** What the centre's journal holds of its commands. Progress is no fact: a site says it again whenever it is asked. */
import type { SiteAnswer } from '../../core/hrc-answer.ts';

type Fields = { readonly [name: string]: unknown };

/** Somebody, or the centre itself, wants something of a site. Signed and sent only after this is on the disk. */
export interface CommandGiven {
  readonly type: 'command-given';
  readonly command: string;
  readonly site: string;
  /** `fetch`, `hold`, `docket.create` … */
  readonly kind: string;
  /** What the payload says beside its envelope; never changed, so that a site knows it as the same. */
  readonly body: Fields;
  readonly actor: string | null;
  /** The person of this centre behind it and the address they gave it from; null when the centre wants it itself. */
  readonly by: { readonly person: string; readonly address: string } | null;
  readonly reason: string | null;
  /** Made by whoever pressed, so that a press that is sent twice is one command; null when nobody pressed. */
  readonly press: string | null;
  /** UTC milliseconds; behind this the centre no longer asks for it, and a site no longer begins it. */
  readonly endsMs: number;
}

/** The first answer to it, or its last one. */
export interface CommandAnswered {
  readonly type: 'command-answered';
  readonly command: string;
  readonly site: string;
  readonly answer: SiteAnswer;
}

/** The centre asks no more, although the site did not say that it is over. An answer that comes later still counts. */
export interface CommandEnded {
  readonly type: 'command-ended';
  readonly command: string;
  readonly site: string;
  readonly status: 'given-up' | 'cancelled';
  /** `not-answered` and `not-finished`: by its end. `never-begun`: cancelled before the site knew it. */
  readonly why: 'not-answered' | 'not-finished' | 'never-begun';
}

export type CommandFact = CommandGiven | CommandAnswered | CommandEnded;
