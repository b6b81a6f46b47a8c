/**
 * A way for the bytes of a segment to the centre. Each route only sends; how an attempt ended and what follows is `reaction.ts`, and
 * which route is taken is `core/hrc-routes.ts`.
 */
import type { CentreDocument, Manifest, RouteName } from '../../core/hrc.ts';
import type { PutAddress } from '../../core/hrc-command.ts';
import type { Flight } from '../flight.ts';

/** The route itself does not work (not this segment): another one is taken, and this one rests. */
export class RouteFailed extends Error {}

export interface SendOrder {
  readonly flight: Flight;
  readonly manifest: Manifest;
  /** The signed manifest. */
  readonly jws: string;
  readonly document: CentreDocument;
  /** Acknowledged chunks of an earlier try are not trusted. */
  readonly fromTheStart: boolean;
  /** UTC ms since when the centre is the same as now. */
  readonly centreSinceMs: number;
  /** Where the centre said beforehand that this file may go (route C); null when it did not. */
  readonly address: PutAddress | null;
  /** Called when every byte is on its way and only answers are waited for: the next file may begin. */
  readonly onLastByte: () => void;
  /** Waits until so many bytes may leave. */
  readonly pace: (bytes: number) => Promise<void>;
}

export interface Route {
  readonly name: RouteName;
  /** Why it cannot be used with this centre now, as a sentence; null when it can. */
  trouble(document: CentreDocument): string | null;
  /**
   * Resolves when everything was handed over, or early when the flight ended. Rejects with {@link RouteFailed}, with `LocalFault`
   * when the file is not what was sealed, with `broker-away` when a connection was lost.
   */
  send(order: SendOrder): Promise<void>;
}
