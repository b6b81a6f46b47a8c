/** `quancheng start`: the controller, with everything it needs around it. The recorder is another process and lives on without it. */
import { relative } from 'node:path';
import { onvifCamera } from '../../devices/onvif/camera.ts';
import { argonPins } from '../api/pin-hasher.ts';
import { startApi } from '../api/start.ts';
import { publicKeysFileOf } from '../central/folders.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { sentenceOf } from '../core/errors.ts';
import type { SiteFact } from '../core/facts.ts';
import { type Limits, rateOf, tightened } from '../core/policy.ts';
import type { CentreLink, HandedIn, Log } from '../core/ports.ts';
import type { DevicePlan } from '../core/site-plan.ts';
import { between, type Clock, type Instant } from '../core/time.ts';
import { docketCommands } from '../forward/commands/docket-commands.ts';
import { Forwarder } from '../forward/forwarder.ts';
import { type SiteSigner, siteSigner } from '../forward/signer.ts';
import { awayError, type Disks } from '../ledger/disks.ts';
import { Journal } from '../ledger/journal.ts';
import { SystemClock } from '../ledger/system-clock.ts';
import { RecorderLink } from '../recorder/link.ts';
import { rulesFindings } from '../site/doctor-rules.ts';
import { Site } from '../site/site.ts';
import { catchUp } from '../store/catch-up.ts';
import { SessionDeadlines } from '../store/deadlines.ts';
import { StoreEvents } from '../store/event-rows.ts';
import { openStore } from '../store/open-index.ts';
import { StoreOutbox } from '../store/outbox.ts';
import { StoreArchive } from '../store/site-archive.ts';
import { addressOf, brokerAddress, PANEL_FOLDER } from './address.ts';
import { centreKeysIn } from './centre-keys.ts';
import { type Command, configPath, readArguments, untilAskedToStop } from './command.ts';
import { processLog } from './log.ts';
import { keyPathOf, layoutNow, lockRoots, openDisks, recorderSockets, shareKey } from './site-disks.ts';
import { standsOf } from './stands.ts';
import { VERSION } from './version.ts';

/** Asked for by systemd's Restart=: the journal broke, a fresh process takes it up again. */
const EXIT_TEMPORARY = 75;
const RESERVE_EVERY_MS = 2_000;
const CLOCK_STATE_EVERY_MS = 60_000;
const INDEX_AHEAD_MS_MAX = 5_000;
const DEMO_PAIRING_MS = 8 * 3_600_000;
const NOT_CONFIGURED: CentreLink = { state: 'not-configured', trouble: null };

export const start: Command = {
  summary: 'the controller: sessions, panel, forwarding; needs the recorder beside it',
  usage: 'start --config FILE',
  async run(args) {
    const { options } = readArguments(args, ['config']);
    const config = loadConfig(configPath(options['config']));
    const log = processLog('controller');
    const troubles = rulesFindings(config.rules, new SystemClock().now().wallMs);
    for (const { level, message, hint } of troubles) if (level !== 'ok') log.warn({ hint }, message);
    const stop = untilAskedToStop();
    const { close, failed } = await startController(config, log);
    const reason = await Promise.race([stop, failed]);
    await close();
    return reason instanceof Error ? EXIT_TEMPORARY : 0;
  },
};

/**
 * Starts in this order: lock, journal, index, recorder link, site, forwarder, API; closes in the opposite one. Resolves when the
 * panel can be opened; prints one line `ready {json}` then.
 */
async function startController(config: Config, log: Log): Promise<{ close(): Promise<void>; failed: Promise<Error> }> {
  const clock = new SystemClock();
  const isTooFar = farTooLong();
  const closings: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    for (const act of closings.reverse()) {
      try {
        await act();
      } catch (error) {
        log.error({ error: sentenceOf(error) }, 'a part did not close well');
      }
    }
  };
  let fail: (error: Error) => void = () => undefined;
  const failed = new Promise<Error>((resolve) => {
    fail = resolve;
  });
  try {
    const lock = await lockRoots(config);
    closings.push(() => lock.release());
    await clock.refresh();
    const asking = setInterval(() => void clock.refresh(), CLOCK_STATE_EVERY_MS);
    closings.push(() => clearInterval(asking));
    const disks = await openDisks(config, clock, log);
    closings.push(() => disks.close());
    disks.onExchange(() => fail(new Error('another disk lies in the place of the last one')));
    const journal = await openJournal(disks, clock, log, closings);
    const { store } = await openStore(await layoutNow(disks), log);
    closings.push(() => store.close());
    disks.onChange((disk) => {
      // What the index held is on a disk that is not there: a fresh process reads it out of the journals on the other one.
      if (disk === disks.home && !disk.isUsable)
        fail(new Error(`the disk under the index is away: ${disk.cause?.detail}`));
    });
    const recorder = new RecorderLink({
      socketPath: recorderSockets(config),
      afterSeq: () => store.progress('recorder').seq,
      log,
    });
    const keyPath = keyPathOf(disks);
    const signer = siteSigner(keyPath);
    for (const disk of disks.all) shareKey(keyPath, disk, log);
    disks.onChange((disk) => shareKey(keyPath, disk, log));
    let forwarder: Forwarder | null = null;
    let handedIn: HandedIn | null = null;
    const site = new Site({
      plan: config,
      index: store,
      journal,
      catchUp: async (name) => {
        const { recorderJournal, siteJournal } = await layoutNow(disks);
        const { outcome } = await catchUp(store, name, name === 'recorder' ? recorderJournal : siteJournal);
        if (outcome === 'differs') fail(new Error(`the ${name} journal is another one than the index was read from`));
      },
      recorder,
      cameras: (device: DevicePlan) =>
        onvifCamera({ address: 'onvif' in device.source ? device.source.onvif : '', login: device.login }),
      signer,
      pins: argonPins,
      ...standsOf(config),
      clock,
      log,
      link: () => forwarder?.link() ?? NOT_CONFIGURED,
      recalls: () => forwarder?.recalls ?? null,
      handedIn: () => handedIn,
      pathOf: (segment) => disks.pathOf(segment),
      onFatal: (error) => fail(error instanceof Error ? error : new Error(sentenceOf(error))),
    });
    await site.start();
    closings.push(() => site.close());
    recorder.onStatus(({ journal: { seq }, at }) => {
      if (isTooFar(store.progress('recorder').seq > seq, at))
        fail(new Error("the recorder's journal ends before the index does"));
    });
    recorder.start();
    closings.push(() => recorder.close());
    const deadlines = new SessionDeadlines(store.sql, config.rules);
    const outbox = new StoreOutbox(store, site.journal, deadlines, (segment) => disks.pathOf(segment));
    const archive = new StoreArchive(store, site.journal, signer, () => site.writing());
    const events = new StoreEvents(store, deadlines);
    forwarder = forwarderOf(config, {
      ...{ outbox, archive, events, signer, clock, log, site },
      recalled: { folder: disks.home.layout.recalled },
    });
    const { mqtt } = config;
    if (forwarder !== null && mqtt !== null)
      handedIn = {
        ...forwarder.handedIn,
        isHeld: (seg) => archive.isHeld(seg),
        keepDays: () => limitsOf(mqtt, config, archive).keepDays,
      };
    forwarder?.start();
    closings.push(() => forwarder?.close());
    const api = await startApi({
      desk: site.desk,
      log,
      version: VERSION,
      host: config.listen.host,
      port: config.listen.port,
      panelFolder: PANEL_FOLDER,
      ...(forwarder === null || config.mqtt?.pullFrom.length === 0 ? {} : { pull: forwarder.pull }),
    });
    closings.push(() => api.close());
    const panel = addressOf(config.listen.host, api.port);
    const first = site.takeFirst();
    const pins = Object.fromEntries(first.pins.map(({ person, pin }) => [person, pin]));
    const secrets = Object.fromEntries(first.secrets.map(({ person, secret }) => [person, secret]));
    const ready = {
      panel,
      api: `${panel}api/v1`,
      pins,
      secrets,
      ...demoPairing(config, site, panel),
      data: config.storage.data,
    };
    console.log(`ready ${JSON.stringify(ready)}`);
    return { close, failed };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The demonstration pairs what is opened by the link that it prints: once, and within a working day. */
function demoPairing({ site: { demo }, rooms }: Config, site: Site, panel: string): { readonly pair?: string } {
  const [room] = rooms;
  if (!demo || room === undefined) return {};
  return { pair: `${panel}pair#${site.pairingCode(room.id, `演示屏 ${room.name}`, DEMO_PAIRING_MS)}` };
}

/** The site's journal on every disk, following them as they go and come. */
async function openJournal(
  disks: Disks,
  clock: Clock,
  log: Log,
  closings: (() => unknown)[],
): Promise<Journal<SiteFact>> {
  const journal = new Journal<SiteFact>(
    disks.journalPlaces(({ layout }) => layout.siteJournal, true),
    clock,
  );
  journal.onAligned(({ directory }, { movedTo }) => {
    const disk = disks.all.find(({ layout }) => layout.siteJournal === directory);
    if (disk === undefined || movedTo === null) return;
    log.error({ disk: disk.role, movedTo }, 'a site journal that said something else was set aside');
    const below = relative(disk.layout.root, movedTo);
    journal
      .append({ type: 'journal-set-aside', disk: disk.role, journal: 'site', movedTo: below })
      .catch(() => undefined);
  });
  const { tornBytes, faults } = await journal.open();
  closings.push(() => journal.close());
  if (tornBytes > 0)
    log.warn({ tornBytes }, 'the last journal line was half-written when the machine went down; it was set aside');
  for (const fault of faults) log.error({ fault }, 'the site journal does not hold; run quancheng verify');
  await journal.tend();
  const timer = setInterval(() => void journal.tend(), RESERVE_EVERY_MS);
  closings.push(() => clearInterval(timer));
  disks.onChange((disk) => {
    if (disk.isUsable) journal.rejoin();
    else journal.leave(disk.layout.siteJournal, awayError(disk));
  });
  return journal;
}

/**
 * Tells when the index has stood further than the recorder's journal for a while: then the disk that held the last lines is away,
 * and the record goes on without them. For a moment that is so whenever lines are read that are not synced yet.
 */
function farTooLong(): (isFar: boolean, at: Instant) => boolean {
  let since: Instant | null = null;
  return (isFar, at) => {
    since = isFar ? (since ?? at) : null;
    return since !== null && between(since, at) > INDEX_AHEAD_MS_MAX;
  };
}

interface ForwardingParts {
  readonly outbox: StoreOutbox;
  readonly archive: StoreArchive;
  readonly events: StoreEvents;
  readonly signer: SiteSigner;
  readonly clock: SystemClock;
  readonly log: Log;
  readonly site: Site;
  readonly recalled: { readonly folder: string };
}

/** What this site goes by: its configuration, made tighter by the centre's policy. */
function limitsOf(mqtt: NonNullable<Config['mqtt']>, { storage }: Config, archive: StoreArchive): Limits {
  return tightened({ ...mqtt, keepDays: storage.keepDays }, archive.policy());
}

function forwarderOf(config: Config, { outbox, archive, events, site, ...parts }: ForwardingParts): Forwarder | null {
  const { mqtt } = config;
  if (mqtt === null) return null;
  const trust =
    config.centreKeyFile !== null
      ? { keys: centreKeysIn(config.centreKeyFile) }
      : { file: publicKeysFileOf(config.centre?.folder ?? '') };
  const limits = () => limitsOf(mqtt, config, archive);
  const running = () => archive.runningSessions().length;
  return new Forwarder({
    ...brokerAddress(mqtt),
    ...{ ...parts, site: config.site.id, outbox, events, trust, pullFrom: mqtt.pullFrom },
    ...{ archive, transfers: archive, policies: archive },
    rate: () => rateOf(limits(), running() > 0),
    allows: (type) => mqtt.allow.some((family) => family === type.split('.')[0]),
    minDurability: () => limits().minDurability,
    commands: [docketCommands(site.orders)],
    health: () => ({ running: running(), ...site.health() }),
  });
}
