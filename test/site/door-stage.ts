/** The part of a site that knows people, on a data folder of its own: real journal, real SQLite, real hashes. No rooms run here. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { argonPins } from '../../controller/api/pin-hasher.ts';
import type { Caller } from '../../controller/core/desk.ts';
import type { SiteFact } from '../../controller/core/facts.ts';
import type { Origin } from '../../controller/core/origin.ts';
import type { Entered } from '../../controller/core/people-desk.ts';
import type { Log } from '../../controller/core/ports.ts';
import type { PersonPlan, Role, RoomPlan } from '../../controller/core/site-plan.ts';
import { TryBook } from '../../controller/core/try-book.ts';
import { Journal } from '../../controller/ledger/journal.ts';
import { type Layout, layoutOf } from '../../controller/ledger/layout.ts';
import { SiteDoor } from '../../controller/site/door.ts';
import { IndexedJournal } from '../../controller/site/indexed-journal.ts';
import { Logins } from '../../controller/site/logins.ts';
import { Panels } from '../../controller/site/panels.ts';
import { People } from '../../controller/site/people.ts';
import { SiteStaff } from '../../controller/site/staff.ts';
import { catchUp } from '../../controller/store/catch-up.ts';
import { openStore } from '../../controller/store/open-index.ts';
import type { Store } from '../../controller/store/store.ts';
import { TestClock } from './test-clock.ts';

const ROOMS: readonly RoomPlan[] = [
  { id: 'r1', name: '一', nameEn: 'One' },
  { id: 'r2', name: '二', nameEn: 'Two' },
];
const person = (id: string, role: Role, rooms: PersonPlan['rooms']): PersonPlan => ({
  id,
  name: `名-${id}`,
  role,
  rooms,
});
export const EVERYBODY: readonly PersonPlan[] = [
  person('clerk', 'clerk', ['r1']),
  person('clerk2', 'clerk', ['r2']),
  person('presider', 'presider', 'all'),
  person('technician', 'technician', 'all'),
  person('technician1', 'technician', ['r1']),
  person('administrator', 'administrator', 'all'),
];
/** No PIN that is made here is this one: it is a row. */
export const WRONG_PIN = '000000';

export class DoorStage {
  readonly folder: string;
  readonly layout: Layout;
  readonly clock = new TestClock();
  readonly pins = new Map<string, string>();
  readonly secrets = new Map<string, string>();
  readonly logged: { readonly object: object; readonly message: string }[] = [];
  readonly ended: string[] = [];
  everybody = EVERYBODY;
  rooms = ROOMS;
  unpaired: 'secret' | 'pin' = 'secret';
  #journal: Journal<SiteFact> | null = null;
  #store: Store | null = null;
  #parts: { readonly door: SiteDoor; readonly staff: SiteStaff; readonly logins: Logins } | null = null;

  private constructor(folder: string) {
    this.folder = folder;
    this.layout = layoutOf(folder);
  }

  static async open(): Promise<DoorStage> {
    const stage = new DoorStage(await mkdtemp(join(tmpdir(), 'quancheng-door-')));
    await stage.start();
    return stage;
  }

  get door(): SiteDoor {
    return this.#running.door;
  }
  get staff(): SiteStaff {
    return this.#running.staff;
  }
  get logins(): Logins {
    return this.#running.logins;
  }
  get store(): Store {
    if (this.#store === null) throw new Error('the stage is down');
    return this.#store;
  }
  get #running() {
    if (this.#parts === null) throw new Error('the stage is down');
    return this.#parts;
  }

  async start(): Promise<void> {
    const { clock } = this;
    const log: Log = {
      info: (object, message) => void this.logged.push({ object, message }),
      warn: (object, message) => void this.logged.push({ object, message }),
      error: (object, message) => void this.logged.push({ object, message }),
    };
    await mkdir(dirname(this.layout.index), { recursive: true });
    const file = new Journal<SiteFact>(this.layout.siteJournal, clock);
    await file.open();
    this.#journal = file;
    const { store } = await openStore(this.layout, log);
    this.#store = store;
    const journal = new IndexedJournal({
      journal: file,
      index: store,
      catchUp: async () => {
        await catchUp(store, 'site', this.layout.siteJournal);
      },
      onFatal: () => undefined,
      log,
    });
    const { everybody, rooms } = this;
    const people = new People({ people: everybody, index: store.people, journal, pins: argonPins });
    const panels = new Panels({ index: store.people, journal, clock, rooms });
    const logins = new Logins(store.people, clock, everybody);
    const tries = new TryBook(store.people, clock, log);
    const parts = { everybody, rooms, people, panels, logins, tries, journal };
    const door = new SiteDoor({ ...parts, unpaired: this.unpaired });
    this.#parts = { door, staff: new SiteStaff({ ...parts, door, index: store.people }), logins };
    door.onLoginEnded((login) => this.ended.push(login));
    await people.start();
    tries.start();
    const first = people.takeFirst();
    for (const { person: id, pin } of first.pins) this.pins.set(id, pin);
    for (const { person: id, secret } of first.secrets) this.secrets.set(id, secret);
  }

  async stop(): Promise<void> {
    await this.#journal?.close();
    this.#store?.close();
    this.#parts = null;
    this.#journal = null;
    this.#store = null;
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async close(): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true });
  }

  /** A browser somewhere in the network. */
  browser(more: Partial<Origin> = {}): Origin {
    return { panelToken: null, address: '192.0.2.10', isLocal: false, agent: 'Firefox', ...more };
  }

  /** A browser that was paired with the room. */
  async panel(room = 'r1'): Promise<Origin> {
    const { code } = await this.staff.makeCode(this.caller('technician'), room, `屏-${room}`);
    return this.browser({ panelToken: (await this.door.pair(code, this.browser())).token });
  }

  async login(id: string, from?: Origin): Promise<Entered & { readonly from: Origin }> {
    const at = from ?? (await this.panel());
    return { ...(await this.door.login(id, this.pins.get(id) ?? '', at)), from: at };
  }

  caller(id: string, how: Caller['how'] = 'secret'): Caller {
    const found = this.everybody.find((one) => one.id === id);
    if (found === undefined) throw new Error(`nobody is called ${id}`);
    return { login: `login-of-${id}`, person: found, how, panel: null };
  }

  /** What was tried `times` times, and the codes it was refused with. */
  async tryOften(times: number, id: string, from: Origin, pin = WRONG_PIN): Promise<string[]> {
    const codes: string[] = [];
    for (let i = 0; i < times; i++) codes.push(await codeOf(this.door.login(id, pin, from)));
    return codes;
  }

  async facts(): Promise<SiteFact[]> {
    const facts: SiteFact[] = [];
    for await (const entry of this.#journal?.read(0) ?? []) facts.push(entry.fact);
    return facts;
  }

  /** `who did object` of the audit trail. */
  async audits(): Promise<string[]> {
    return (await this.facts()).flatMap((fact) =>
      fact.type === 'audit' ? [`${fact.who} ${fact.did} ${fact.object}`] : [],
    );
  }
}

/** The code of a refusal, or `in`. */
export function codeOf(attempt: Promise<unknown>): Promise<string> {
  return attempt.then(
    () => 'in',
    (error: unknown) => (error as { code?: string }).code ?? String(error),
  );
}
