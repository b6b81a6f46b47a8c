/** A run: one unbroken connection to a source, with one header and one timeline. Gaps lie between runs. */
import type { Header } from '../core/mp4.ts';
import type { Cause, MediaInfo } from '../core/recording.ts';
import { RunClock } from '../core/run-clock.ts';

export class Run {
  readonly id: string;
  readonly headerBytes: Buffer;
  readonly header: Header;
  readonly media: MediaInfo;
  readonly clock = new RunClock();
  /** Number of the next segment. */
  sequence = 0;
  /** Number of the next fragment. */
  nextIndex = 0;
  /** It is in the journal only once something of it is kept: an armed room leaves no trace on disk (invariant 6). */
  journaled: 'not' | 'begun' | 'ended' = 'not';
  /** Why it ended; null while it goes on. */
  ended: { readonly cause: Cause; readonly exit: string | null } | null = null;

  constructor(id: string, headerBytes: Buffer, header: Header, media: MediaInfo) {
    this.id = id;
    this.headerBytes = headerBytes;
    this.header = header;
    this.media = media;
  }
}
