/**
 * The control plane as one component: takes what the recorder says into the index, wishes what it should do, seals what it kept,
 * and offers the desk. Everything it must not forget stands in the two journals.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Entry } from '../core/chain.ts';
import type { Desk } from '../core/desk.ts';
import type { RecorderFact, SegmentFact, SiteFact } from '../core/facts.ts';
import type { SiteHealth } from '../core/health.ts';
import type { Orders } from '../core/orders.ts';
import type {
  Camera,
  CentreLink,
  GlanceDecoder,
  HandedIn,
  Indicator,
  Log,
  PinHasher,
  Recorder,
  Signer,
  SiteJournal,
  Voice,
} from '../core/ports.ts';
import { isFresh } from '../core/proof.ts';
import type { Recalls } from '../core/recall.ts';
import type { Cause, CauseCode, RecorderStatus } from '../core/recording.ts';
import type { WritingSegment } from '../core/site-archive.ts';
import type { JournalName, LiveIndex } from '../core/site-index.ts';
import type { DevicePlan, IndicatorPlan, SitePlan } from '../core/site-plan.ts';
import type { Clock } from '../core/time.ts';
import { TryBook } from '../core/try-book.ts';
import { AlarmWatch } from './alarm-watch.ts';
import { Authority } from './authority.ts';
import { CameraSources } from './cameras.ts';
import { SiteDesk } from './desk.ts';
import { SiteDoor } from './door.ts';
import { HandOverWatch } from './hand-over-watch.ts';
import { HearingParts } from './hearing-parts.ts';
import { IndexedJournal, type JournalFile } from './indexed-journal.ts';
import { Leases } from './leases.ts';
import { Logins } from './logins.ts';
import { MediaAudit } from './media-audit.ts';
import { Panels } from './panels.ts';
import { type FirstPin, type FirstSecret, People, THE_SITE } from './people.ts';
import { Purger } from './purger.ts';
import { Recalling } from './recalling.ts';
import { RecorderFollower } from './recorder-follower.ts';
import { Rooms } from './rooms.ts';
import { Sealer } from './sealer.ts';
import { Signs } from './signs.ts';
import { SiteStaff } from './staff.ts';
import { Watchers } from './watchers.ts';
import { Whereabouts } from './whereabouts.ts';
import { wishOf } from './wishes.ts';

/** Leases end and proof grows old by time alone; somebody has to look. */
const TICK_MS = 250;
const MS = 1_000;
/** So many fit the smallest message of the protocol with everything else. */
const ALARMS_TOLD_MAX = 20;
/** Causes a camera can have for not telling where it streams from. */
const CAMERA_CAUSES: readonly CauseCode[] = [
  'camera-unreachable',
  'camera-refused-login',
  'camera-locked-out',
  'camera-busy',
  'camera-no-stream',
];

export interface SiteOptions {
  readonly plan: SitePlan;
  /** Agrees with both journals already (store/open-index.ts). */
  readonly index: LiveIndex;
  /** Open already; this site is its only writer. */
  readonly journal: JournalFile;
  /** Reads a journal's files into the index, from where the index stands. */
  readonly catchUp: (journal: JournalName) => Promise<void>;
  readonly recorder: Recorder;
  readonly cameras: (device: DevicePlan) => Camera;
  readonly signer: Signer;
  readonly pins: PinHasher;
  readonly clock: Clock;
  readonly log: Log;
  readonly link: () => CentreLink;
  /** The way by which deleted segments come back from the centre; absent, or null, where there is none. */
  readonly recalls?: () => Recalls | null;
  /** What decides about deleting segments here; null, or absent, deletes none. */
  readonly handedIn?: () => HandedIn | null;
  /** Wordings spoken aloud, lamps, and glances out of memory. */
  readonly voice: Voice;
  readonly indicators: (plan: IndicatorPlan) => Indicator;
  readonly decoder: GlanceDecoder;
  /** Absolute path of a segment's file. */
  readonly pathOf: (segment: SegmentFact) => string;
  /** The journal cannot be written any more: the process should end and be started again; the recorder goes on meanwhile. */
  readonly onFatal: (error: unknown) => void;
}

export class Site {
  readonly #options: SiteOptions;
  readonly #journal: IndexedJournal;
  readonly #sources: CameraSources;
  readonly #leases: Leases;
  readonly #people: People;
  readonly #panels: Panels;
  readonly #logins: Logins;
  readonly #tries: TryBook;
  readonly #hearings: HearingParts;
  readonly #sealer: Sealer;
  readonly #signs: Signs;
  readonly #watchers: Watchers;
  readonly #rooms: Rooms;
  readonly #alarms: AlarmWatch;
  readonly #follower: RecorderFollower;
  readonly #desk: SiteDesk;
  readonly #purger: Purger;
  /** Where segments lie: here, or at the centre alone. */
  readonly whereabouts: Whereabouts;
  readonly #end = new AbortController();
  #status: RecorderStatus | null = null;
  #isRecorderHere = false;
  #lastWish = '';
  #revision = 0;
  #loop: Promise<void> | null = null;

  constructor(options: SiteOptions) {
    const { plan, index, clock, log, catchUp, signer, pins, onFatal } = options;
    this.#options = options;
    this.whereabouts = new Whereabouts(index.purges, options.pathOf);
    const journal = new IndexedJournal({ journal: options.journal, index, catchUp, onFatal, log });
    this.#journal = journal;
    const wish = (): void => this.#wish();
    const status = (): RecorderStatus | null => this.#status;
    this.#leases = new Leases(index, clock, plan.recording.armedForS * MS);
    const leased = (): ReadonlySet<string> => this.#awake();
    this.#sources = new CameraSources({
      devices: plan.devices,
      cameras: options.cameras,
      index,
      log,
      onChange: (device) => {
        this.#wish();
        this.#hearings.sessions.look();
        this.#watchers.changed(device.room);
      },
    });
    const authority = new Authority(plan.rooms, index);
    const audit = new MediaAudit(journal, clock);
    this.#hearings = new HearingParts({
      ...{ plan, index, journal, clock, log, authority, audit, wish, status },
      announce: (room) => this.#watchers.changed(room),
      absence: (stream) => this.#absence(stream),
      openGaps: (session, now) => rooms.openGaps(session, now),
      hoursLeft: () => rooms.hoursLeft(),
      wake: (room) => this.#desk.wakeRoom(room),
      sense: (stream) => this.#signs.senses.sense(stream),
      silentSince: (session) => this.#signs.senses.silentSince(session),
    });
    const { sessions, docket, views } = this.#hearings;
    const handOvers = new HandOverWatch({ plan, index, clock, link: options.link });
    const rooms: Rooms = new Rooms({
      plan,
      index,
      clock,
      sources: this.#sources,
      leased,
      status,
      isRecorderHere: () => this.#isRecorderHere,
      link: options.link,
      ...{ docket, views },
      handOverAlarms: (room) => handOvers.alarms(room),
      signAlarms: (room, isRecording) => this.#signs.alarmsOf(room, isRecording),
    });
    this.#rooms = rooms;
    this.#alarms = new AlarmWatch({
      ...{ rooms: plan.rooms, journal, clock, log, standing: index.standingAlarms() },
      alarms: (room) => rooms.alarms(room),
    });
    this.#watchers = new Watchers({ clock, log, pulse: (room) => rooms.pulse(room) });
    const { voice, decoder, indicators, recorder } = options;
    this.#signs = new Signs({
      ...{ plan, index, journal, clock, log, recorder, status, authority, audit },
      ...{ watchers: this.#watchers, runner: this.#hearings.runner, voice, decoder, indicators },
    });
    this.#people = new People({ people: plan.people, index: index.people, journal, pins });
    this.#panels = new Panels({ index: index.people, journal, clock, rooms: plan.rooms });
    this.#logins = new Logins(index.people, clock, plan.people);
    this.#tries = new TryBook(index.people, clock, log);
    const visitors = {
      ...{ everybody: plan.people, people: this.#people, panels: this.#panels },
      ...{ logins: this.#logins, tries: this.#tries, journal },
    };
    const door = new SiteDoor({ ...visitors, unpaired: plan.login.unpaired });
    this.#sealer = new Sealer({ siteId: plan.site.id, index, journal, signer, log });
    this.#purger = new Purger({
      ...{ index, journal, clock, log, recorder },
      canRemove: () => this.#isRecorderHere && this.#status?.removes === true,
      handedIn: () => options.handedIn?.() ?? null,
      isWatched: (objects) => audit.isWatched(objects),
      owesExplanation: (session) => views.interruptions(session).some(({ owed }) => owed.includes('typed')),
    });
    this.#follower = new RecorderFollower(index, catchUp, log);
    this.#desk = new SiteDesk({
      plan,
      index,
      clock,
      authority,
      door,
      staff: new SiteStaff({ ...visitors, door, rooms: plan.rooms, index: index.people }),
      rooms,
      ...{ sessions, views, hearings: this.#hearings.desk },
      leases: this.#leases,
      signs: this.#signs,
      watchers: this.#watchers,
      audit,
      wish,
      pathOf: options.pathOf,
      whereabouts: this.whereabouts,
      recalling: new Recalling(index, () => options.recalls?.() ?? null),
    });
  }

  get desk(): Desk {
    return this.#desk;
  }

  /** Who carries out the centre's orders to the docket. */
  get orders(): Orders {
    return this.#hearings.orders;
  }

  /** How the site is, for its centre. */
  health(): SiteHealth {
    const { clock } = this.#options;
    const alarms = this.#alarms.standing().slice(0, ALARMS_TOLD_MAX);
    return {
      alarms: alarms.map(({ code, level, room, stream, since }) => {
        return { code, level, room, stream, since: Math.round(since.wallMs) };
      }),
      disks: this.#rooms.disks(),
      clock: clock.state().source,
      recorder: this.#isRecorderHere && isFresh(this.#status, clock.now()),
    };
  }

  /** One sweep of deletion now, instead of within seconds. */
  sweep(): Promise<void> {
    return this.#purger.sweep();
  }

  /** Segments that grow now, as the recorder says. */
  writing(): readonly WritingSegment[] {
    if (this.#status === null || !isFresh(this.#status, this.#options.clock.now())) return [];
    return Object.entries(this.#status.streams).flatMap(([stream, { writing, claims }]) => {
      if (writing === undefined || writing === null) return [];
      const { seg, from } = writing;
      return { seg, stream, fromMs: Math.round(from.wallMs), claims: claims.map(({ id }) => id) };
    });
  }

  /** The site's journal with the index behind it, for others that keep facts (receipts). */
  get journal(): SiteJournal {
    return this.#journal;
  }

  /** PINs and secrets made at the start; each is told once. */
  takeFirst(): { readonly pins: readonly FirstPin[]; readonly secrets: readonly FirstSecret[] } {
    return this.#people.takeFirst();
  }

  /** A pairing code of the site's own, for who starts it on a machine where the panel is opened at once. Lengths in milliseconds. */
  pairingCode(room: string, name: string, validMs: number): string {
    return this.#panels.makeCode(THE_SITE, room, name, validMs).code;
  }

  /** Waits for the disk (PINs of new people), for no camera, no recorder and no network. */
  async start(): Promise<void> {
    const { recorder, index, clock } = this.#options;
    // Wishes of one run of this process are numbered behind those of the run before.
    this.#revision = Math.floor(clock.now().wallMs);
    await this.#people.start();
    this.#tries.start();
    this.#leases.start();
    this.#sources.start();
    index.onApplied((journal, entry) => this.#onApplied(journal, entry));
    recorder.onPresence((isHere) => {
      this.#isRecorderHere = isHere;
      this.#watchers.changed();
    });
    recorder.onStatus((status) => this.#onStatus(status));
    recorder.onEntry((entry) => this.#follower.take(entry));
    await this.#signs.start();
    this.#watchers.start();
    this.#wish();
    this.#hearings.start();
    this.#sealer.poke();
    this.#purger.start();
    this.#loop = this.#run();
  }

  /** Resolves when everything that came in so far was worked off: index, sessions, seals. */
  async idle(): Promise<void> {
    await this.#follower.idle();
    await this.#hearings.idle();
    await this.#sealer.idle();
    await this.#signs.idle();
    await this.#alarms.idle();
  }

  async close(): Promise<void> {
    this.#end.abort();
    await this.#loop;
    const closings = [this.#watchers, this.#sources, this.#hearings, this.#sealer, this.#purger, this.#signs].map(
      (part) => part.close(),
    );
    for (const result of await Promise.allSettled(closings)) {
      if (result.status === 'rejected') this.#options.log.error({ err: result.reason }, 'a part did not close');
    }
    await this.#follower.idle();
    await this.#alarms.idle();
  }

  #onStatus(status: RecorderStatus): void {
    this.#status = status;
    for (const [stream, seen] of Object.entries(status.streams)) {
      if (seen.phase === 'lost' || seen.phase === 'refused') this.#sources.doubt(stream);
    }
    this.#hearings.look();
    this.#signs.look();
    this.#watchers.changed();
  }

  #onApplied(journal: JournalName, entry: Entry<RecorderFact> | Entry<SiteFact>): void {
    const { fact } = entry;
    if (journal === 'recorder' && fact.type === 'segment') this.#sealer.poke();
    if (journal === 'recorder' && fact.type === 'claim-ended') {
      this.#wish();
      this.#hearings.look();
    }
    if (journal === 'site' && fact.type === 'receipted') {
      for (const claim of this.#options.index.claimsOfSegment(fact.seg)) this.#hearings.sessions.handOver(claim);
    }
    this.#watchers.changed();
  }

  async #run(): Promise<void> {
    while (!this.#end.signal.aborted) {
      await delay(TICK_MS, undefined, { signal: this.#end.signal, ref: false }).catch(() => undefined);
      if (this.#end.signal.aborted) return;
      try {
        this.#wish();
        this.#hearings.look();
        this.#signs.look();
        this.#alarms.look();
        this.#logins.sweep();
      } catch (error) {
        this.#options.log.error({ err: error }, 'a look at the site failed, tried again');
      }
    }
  }

  #wish(): void {
    const { plan, index, recorder } = this.#options;
    const sessions = index.sessionsHoldingClaims();
    const checks = index.notes.checksUnderway();
    const ended = new Map<string, ReadonlySet<string>>();
    for (const { id } of [...sessions, ...checks]) {
      const claims = index.claimsOf(id).filter((claim) => claim.ended !== null);
      ended.set(id, new Set(claims.map((claim) => claim.stream)));
    }
    const streams = wishOf({
      plan,
      leased: this.#awake(),
      ...{ sessions, checks },
      isEnded: (session, stream) => ended.get(session)?.has(stream) ?? false,
      sourceOf: (stream) => this.#sources.sourceOf(stream),
    });
    const text = JSON.stringify(streams);
    if (text === this.#lastWish) return;
    this.#lastWish = text;
    this.#revision += 1;
    recorder.desire({ revision: this.#revision, streams });
  }

  /** Rooms whose panel is in use, or in which something is planned soon. */
  #awake(): ReadonlySet<string> {
    return new Set([...this.#leases.awake(), ...this.#hearings.stopWatch.armed()]);
  }

  #absence(stream: string): Cause | null {
    if (this.#sources.sourceOf(stream) !== null) return null;
    const trouble = this.#sources.troubleOf(stream);
    const code = CAMERA_CAUSES.find((one) => one === trouble?.code) ?? 'camera-unreachable';
    return { code, detail: trouble?.message ?? 'nobody could say where it streams from' };
  }
}
