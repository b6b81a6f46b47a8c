/**
 * The sending half of a site over its real data folder: both journals, the index, the sealer and the outbox are the product's own.
 * Only the recorder is not there: segments are files that were made beforehand.
 */
import { randomBytes } from 'node:crypto';
import type { RecorderFact, SegmentFact, SiteFact } from '../../controller/core/facts.ts';
import type { Log, SiteJournal } from '../../controller/core/ports.ts';
import { ulid } from '../../controller/core/ulid.ts';
import { type SiteSigner, siteSigner } from '../../controller/forward/signer.ts';
import { Journal } from '../../controller/ledger/journal.ts';
import { type Layout, layoutOf, siteKeyOf } from '../../controller/ledger/layout.ts';
import { SystemClock } from '../../controller/ledger/system-clock.ts';
import { IndexedJournal } from '../../controller/site/indexed-journal.ts';
import { Sealer } from '../../controller/site/sealer.ts';
import { catchUp } from '../../controller/store/catch-up.ts';
import { SessionDeadlines } from '../../controller/store/deadlines.ts';
import { openStore } from '../../controller/store/open-index.ts';
import { StoreOutbox } from '../../controller/store/outbox.ts';
import { StoreArchive } from '../../controller/store/site-archive.ts';
import type { Store } from '../../controller/store/store.ts';
import { HEBEI } from '../site/rules.ts';
import { pathIn, placed, type ReadyFile } from './backlog.ts';

export class SealingSite {
  readonly clock: SystemClock;
  readonly store: Store;
  readonly signer: SiteSigner;
  readonly outbox: StoreOutbox;
  readonly archive: StoreArchive;
  readonly #layout: Layout;
  readonly #recorder: Journal<RecorderFact>;
  readonly #sealer: Sealer;
  readonly #closings: (() => unknown)[];

  private constructor(
    site: string,
    layout: Layout,
    clock: SystemClock,
    recorder: Journal<RecorderFact>,
    file: Journal<SiteFact>,
    store: Store,
    log: Log,
  ) {
    this.clock = clock;
    this.store = store;
    this.signer = siteSigner(siteKeyOf(layout));
    this.#layout = layout;
    this.#recorder = recorder;
    const journal: SiteJournal = new IndexedJournal({
      ...{ journal: file, index: store, log, onFatal: (error) => log.error({ error }, 'the journal broke') },
      catchUp: async (name) => void (await catchUp(store, name, layout.siteJournal)),
    });
    this.outbox = new StoreOutbox(store, journal, new SessionDeadlines(store.sql, HEBEI), (segment) =>
      pathIn(layout, segment),
    );
    this.archive = new StoreArchive(store, journal, this.signer);
    this.#sealer = new Sealer({ siteId: site, index: store, journal, signer: this.signer, log });
    this.#closings = [() => this.#sealer.close(), () => recorder.close(), () => file.close(), () => store.close()];
  }

  /** Opens (or makes) a data folder as the controller does: journals first, then the index. */
  static async open(data: string, site: string, log: Log): Promise<SealingSite> {
    const clock = new SystemClock();
    const layout = layoutOf(data);
    const recorder = new Journal<RecorderFact>(layout.recorderJournal, clock);
    const file = new Journal<SiteFact>(layout.siteJournal, clock);
    await recorder.open();
    await file.open();
    const { store } = await openStore(layout, log);
    return new SealingSite(site, layout, clock, recorder, file, store, log);
  }

  /** One segment of a run of its own, for a hall. Resolves when it is in the outbox; `named` is told its id before. */
  async seal(stream: string, file: ReadyFile, named: (seg: string) => void = () => undefined): Promise<SegmentFact> {
    const now = this.clock.now();
    const fact = placed(this.#layout, stream, ulid(now.wallMs, randomBytes(10)), 0, file, 'hall', now);
    named(fact.seg);
    this.store.apply('recorder', await this.#recorder.append(fact));
    this.#sealer.poke();
    await this.#sealer.idle();
    return fact;
  }

  async close(): Promise<void> {
    for (const close of this.#closings.splice(0)) await close();
  }
}
