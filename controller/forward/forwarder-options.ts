/** What the forwarder is given by whoever puts the program together. */
import type { Durability } from '../core/hrc.ts';
import type { EventSource } from '../core/hrc-events.ts';
import type { Log, Outbox } from '../core/ports.ts';
import type { CommandBook, PolicyBook, SiteArchive, Transfers } from '../core/site-archive.ts';
import type { Clock } from '../core/time.ts';
import type { CentreTrust } from './centre-voice.ts';
import type { CommandKind } from './commands/command-kind.ts';
import type { Address, Protocol } from './dial.ts';
import type { RecallCacheOptions } from './recall-cache.ts';
import type { SiteSigner } from './signer.ts';
import type { ForwardTiming } from './timing.ts';

export interface ForwarderOptions extends Address {
  readonly site: string;
  readonly outbox: Outbox;
  readonly signer: SiteSigner;
  readonly trust: CentreTrust;
  readonly clock: Clock;
  readonly log: Log;
  /** Where transfers that are under way are kept; in memory when it is absent. */
  readonly transfers?: Transfers;
  /** What commands of the centre are carried out on, and where they are kept; without it they are not heard. */
  readonly archive?: SiteArchive & CommandBook;
  /** Which types of commands this site lets its centre give; all, if nobody says otherwise. */
  readonly allows?: (type: string) => boolean;
  /** Commands that others carry out, beside those of this folder. */
  readonly commands?: readonly CommandKind[];
  /** Where the centre's policy for this site is kept; without it none is heard. */
  readonly policies?: PolicyBook;
  /** What receipts have to say at least: `stored`, if nobody asks for more. */
  readonly minDurability?: () => Durability;
  /** Bytes a second that may leave now; null is no limit. */
  readonly rate?: () => number | null;
  /** Addresses at which the centre reaches this site (route D); none when it does not. */
  readonly pullFrom?: readonly string[];
  /** Where segments that are brought back from the centre lie; without it none are. */
  readonly recalled?: RecallCacheOptions;
  /** What the centre is told beside segments; without it nothing is. */
  readonly events?: EventSource;
  /** Said with each backlog. */
  readonly health?: () => object;
  /** Which MQTT to try first; 5 unless the broker is known to speak 3.1.1 only. */
  readonly protocol?: Protocol;
  readonly timing?: Partial<ForwardTiming>;
}
