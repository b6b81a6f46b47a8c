/** A whole control plane on a data folder of its own: real journals, real SQLite, real signatures; a recorder that behaves. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argonPins } from '../../controller/api/pin-hasher.ts';
import type { Caller } from '../../controller/core/desk.ts';
import { AppError } from '../../controller/core/errors.ts';
import type { SiteFact } from '../../controller/core/facts.ts';
import { publicKeyOf, signJws } from '../../controller/core/jws.ts';
import type { Origin } from '../../controller/core/origin.ts';
import type { Entered } from '../../controller/core/people-desk.ts';
import type { Camera, CentreLink, GlanceDecoder, HandedIn, Log, Signer, Voice } from '../../controller/core/ports.ts';
import type { Recalls } from '../../controller/core/recall.ts';
import type { DevicePlan, PersonPlan, SitePlan } from '../../controller/core/site-plan.ts';
import { Journal } from '../../controller/ledger/journal.ts';
import { type Layout, layoutOf, segmentPath } from '../../controller/ledger/layout.ts';
import type { JournalFile } from '../../controller/site/indexed-journal.ts';
import { Site, type SiteOptions } from '../../controller/site/site.ts';
import { catchUp } from '../../controller/store/catch-up.ts';
import { openStore } from '../../controller/store/open-index.ts';
import type { Store } from '../../controller/store/store.ts';
import { FakeRecorder } from './fake-recorder.ts';
import { HEBEI } from './rules.ts';
import { TestClock } from './test-clock.ts';

const rtsp = (id: string, room: string, mandatory: boolean): DevicePlan => ({
  id,
  room,
  name: id,
  kind: id.includes('mic') ? 'microphone' : 'camera',
  mandatory,
  source: { rtsp: `rtsp://127.0.0.1:8554/${id}` },
  transport: 'auto',
  audio: 'auto',
  login: { user: 'u', password: `secret-of-${id}` },
});

const person = (id: string, role: PersonPlan['role'], rooms: PersonPlan['rooms']): PersonPlan => ({
  id,
  name: `名-${id}`,
  role,
  rooms,
});

export const PLAN: SitePlan = {
  login: { unpaired: 'secret' },
  site: { id: 'test-site', name: '测试', nameEn: 'Test', demo: false },
  recording: { preRollS: 10, postRollS: 5, segmentS: 10, armedForS: 60 },
  rules: HEBEI,
  rooms: [
    { id: 'r1', name: '一', nameEn: 'One' },
    { id: 'r2', name: '二', nameEn: 'Two' },
    { id: 'bare', name: '空', nameEn: 'Bare' },
  ],
  devices: [rtsp('cam', 'r1', true), rtsp('mic', 'r1', true), rtsp('side', 'r1', false), rtsp('cam2', 'r2', true)],
  people: [
    person('clerk', 'clerk', ['r1', 'bare']),
    person('clerk2', 'clerk', ['r2']),
    person('presider', 'presider', 'all'),
    person('custodian', 'custodian', ['r1']),
    person('approver', 'approver', ['r1']),
    person('auditor', 'auditor', 'all'),
    person('technician', 'technician', 'all'),
    person('administrator', 'administrator', 'all'),
  ],
};

export class Stage {
  readonly folder: string;
  readonly layout: Layout;
  readonly clock = new TestClock();
  readonly recorder: FakeRecorder;
  readonly logged: { level: string; object: object; message: string }[] = [];
  readonly fatal: unknown[] = [];
  readonly keys = generateKeyPairSync('ed25519');
  plan: SitePlan = PLAN;
  /** By device id; a device without one is unreachable. */
  readonly cameras = new Map<string, Camera>();
  /** What decides about deletion; nothing is deleted without. */
  handedIn: HandedIn | null = null;
  /** The way by which deleted segments come back. */
  recalls: Recalls | null = null;
  centre: CentreLink = { state: 'connected', trouble: null };
  #journal: Journal<SiteFact> | null = null;
  #store: Store | null = null;
  #site: Site | null = null;
  readonly pins = new Map<string, string>();
  /** What stands between the site and its journal: nothing, or a power cut that is to come. */
  journalOf: (journal: Journal<SiteFact>) => JournalFile = (journal) => journal;
  voice: Voice = { speechOf: async () => Promise.reject(new AppError('speech-missing', 'nobody speaks here')) };
  decoder: GlanceDecoder = {
    decode: async () => Promise.reject(new AppError('still-unavailable', 'nobody decodes here')),
  };
  /** What was said to lamps, in order. */
  readonly lamps: string[] = [];
  lampsAreGone = false;
  readonly secrets = new Map<string, string>();
  /** Tokens of panels that were paired by {@link panelAt}, by room. */
  readonly #panels = new Map<string, string>();

  constructor(folder: string) {
    this.folder = folder;
    this.layout = layoutOf(folder);
    this.recorder = new FakeRecorder(this.layout, this.clock);
  }

  static async open(change: (stage: Stage) => void = () => undefined): Promise<Stage> {
    const stage = new Stage(await mkdtemp(join(tmpdir(), 'quancheng-site-')));
    change(stage);
    await stage.recorder.open();
    await stage.start();
    return stage;
  }

  readonly log: Log = {
    info: (object, message) => void this.logged.push({ level: 'info', object, message }),
    warn: (object, message) => void this.logged.push({ level: 'warn', object, message }),
    error: (object, message) => void this.logged.push({ level: 'error', object, message }),
  };

  get site(): Site {
    if (this.#site === null) throw new Error('the site is down');
    return this.#site;
  }
  get desk() {
    return this.site.desk;
  }
  get store(): Store {
    if (this.#store === null) throw new Error('the site is down');
    return this.#store;
  }
  get journal(): Journal<SiteFact> {
    if (this.#journal === null) throw new Error('the site is down');
    return this.#journal;
  }

  async start(): Promise<void> {
    this.#journal = new Journal<SiteFact>(this.layout.siteJournal, this.clock);
    await this.#journal.open();
    const { store } = await openStore(this.layout, this.log);
    this.#store = store;
    const { kid } = publicKeyOf(this.keys.publicKey);
    const signer: Signer = { kid, sign: (typ, payload) => signJws(typ, kid, payload, this.keys.privateKey) };
    this.#site = new Site({
      plan: this.plan,
      index: store,
      journal: this.journalOf(this.#journal),
      catchUp: async (name) => {
        await catchUp(store, name, name === 'recorder' ? this.layout.recorderJournal : this.layout.siteJournal);
      },
      recorder: this.recorder,
      cameras: (device) => this.cameras.get(device.id) ?? unreachable(),
      signer,
      pins: argonPins,
      ...stands(this),
      clock: this.clock,
      log: this.log,
      link: () => this.centre,
      handedIn: () => this.handedIn,
      recalls: () => this.recalls,
      pathOf: ({ stream, run, sequence }) => join(this.layout.media, segmentPath(stream, run, sequence)),
      onFatal: (error) => void this.fatal.push(error),
    });
    await this.#site.start();
    const first = this.#site.takeFirst();
    for (const { person: id, pin } of first.pins) this.pins.set(id, pin);
    for (const { person: id, secret } of first.secrets) this.secrets.set(id, secret);
    this.recorder.present(true);
  }

  /** The controller ends, orderly; the recorder goes on. */
  async stop(): Promise<void> {
    this.recorder.forgetListeners();
    await this.#site?.close();
    await this.#journal?.close();
    this.#store?.close();
    this.#site = null;
    this.#journal = null;
    this.#store = null;
  }

  async close(): Promise<void> {
    await this.stop();
    await this.recorder.close();
    await rm(this.folder, { recursive: true });
  }

  caller(id: string): Caller {
    const found = this.plan.people.find((one) => one.id === id);
    if (found === undefined) throw new Error(`nobody is called ${id}`);
    return { login: `login-of-${id}`, person: found, how: 'secret', panel: null };
  }

  /** A browser of that room: a panel was paired with it by the technician, once. */
  async panelAt(room: string): Promise<Origin> {
    const from = { panelToken: null, address: '192.0.2.10', isLocal: false, agent: 'test' };
    let token = this.#panels.get(room);
    if (token === undefined) {
      const { code } = await this.desk.staff.makeCode(this.caller('technician'), room, `屏-${room}`);
      token = (await this.desk.door.pair(code, from)).token;
      this.#panels.set(room, token);
    }
    return { ...from, panelToken: token };
  }

  /** Somebody logs in with their PIN at a panel of a room of theirs. */
  async login(id: string, pin = this.pins.get(id) ?? ''): Promise<Entered & { readonly panelToken: string | null }> {
    const found = this.plan.people.find((one) => one.id === id);
    const rooms = found === undefined || found.rooms === 'all' ? this.plan.rooms.map((room) => room.id) : found.rooms;
    const from = await this.panelAt(rooms[0] ?? '');
    return { ...(await this.desk.door.login(id, pin, from)), panelToken: from.panelToken };
  }

  /** Lets time pass in steps of 900 ms with the recorder beating at each. */
  async pass(ms: number, dead: Parameters<FakeRecorder['beat']>[0] = {}): Promise<void> {
    for (let left = ms; left > 0; left -= 900) {
      this.clock.advance(Math.min(900, left));
      await this.recorder.beat(dead);
      await this.site.idle();
    }
  }

  /** Every row of every projected table, for comparing two indexes. */
  dump(): { [table: string]: unknown[] } {
    const tables = this.store.sql.all<{ name: string }>(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT IN ('login', 'source', 'lease', 'panel_use', 'tries', 'display_beat') ORDER BY name",
    );
    return Object.fromEntries(
      tables.map(({ name }) => [
        name,
        this.store.sql
          .all(`SELECT * FROM ${name}`)
          .map((row) => JSON.stringify(row))
          .sort(),
      ]),
    );
  }

  async facts(): Promise<SiteFact[]> {
    const facts: SiteFact[] = [];
    for await (const entry of this.journal.read(0)) facts.push(entry.fact);
    return facts;
  }
}

/** Lamps that remember, a voice and a decoder that a test may replace. */
function stands(stage: Stage): Pick<SiteOptions, 'voice' | 'decoder' | 'indicators'> {
  return {
    voice: { speechOf: (wording) => stage.voice.speechOf(wording) },
    decoder: { decode: (media, has) => stage.decoder.decode(media, has) },
    indicators: (plan) => ({
      show: async (isOn) => {
        if (stage.lampsAreGone) throw new AppError('indicator-unreachable', 'no answer from 192.0.2.9');
        stage.lamps.push(`${plan.id} ${isOn ? 'on' : 'off'}`);
      },
      close: async () => void stage.lamps.push(`${plan.id} closed`),
    }),
  };
}

function unreachable(): Camera {
  const fail = () => Promise.reject(new AppError('camera-unreachable', 'no answer from 192.0.2.1'));
  return { identify: fail, profiles: fail, source: fail };
}
