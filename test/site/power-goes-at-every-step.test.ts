/**
 * A hearing from the docket to its adjournment, with the power going at each fact that it writes: once just before the line is on the
 * disk, once just behind it, so that nobody hears of it. The clerk presses again what was not answered; whatever the moment was, the
 * whole life stands in the journal once, and the index is what the journals say.
 */
import { afterEach, describe, expect, test } from 'vitest';
import type { Entry } from '../../controller/core/chain.ts';
import { AppError } from '../../controller/core/errors.ts';
import type { SiteFact } from '../../controller/core/facts.ts';
import { assertSession, isOpened } from '../../controller/core/session.ts';
import type { SessionFact } from '../../controller/core/session-facts.ts';
import { coverage } from '../../controller/core/timeline.ts';
import type { Journal } from '../../controller/ledger/journal.ts';
import type { JournalFile } from '../../controller/site/indexed-journal.ts';
import { reindex } from '../../controller/store/open-index.ts';
import { Stage } from './stage.ts';

const DEAD = { code: 'camera-unreachable', detail: 'no route' } as const;
const HOUR_MS = 3_600_000;

/** A journal on a machine whose power goes at fact number `at` of the life, before or behind its line. */
class Doomed implements JournalFile {
  readonly #journal: Journal<SiteFact>;
  readonly #power: Power;

  constructor(journal: Journal<SiteFact>, power: Power) {
    this.#journal = journal;
    this.#power = power;
  }

  onEntry(listener: (entry: Entry<SiteFact>) => void): void {
    this.#journal.onEntry(listener);
  }

  async append(fact: SiteFact, at?: Parameters<JournalFile['append']>[1]): Promise<Entry<SiteFact>> {
    const { goesAt, side } = this.#power;
    if (this.#power.isGone) throw new Error('there is no power');
    // Segments are sealed whenever they come; only the facts of the hearing are counted.
    if (fact.type === 'sealed') return this.#journal.append(fact, at);
    this.#power.facts += 1;
    if (this.#power.facts !== goesAt) return this.#journal.append(fact, at);
    this.#power.isGone = true;
    this.#power.wentAt = fact.type;
    if (side === 'behind') await this.#journal.append(fact, at);
    throw new Error('the power went');
  }
}

interface Power {
  goesAt: number;
  side: 'before' | 'behind';
  facts: number;
  isGone: boolean;
  /** The fact that it went at. */
  wentAt: string | null;
}

let stage: Stage;
afterEach(async () => {
  await stage.close();
});

/** Each step may be done again from its beginning: that is what the clerk does who got no answer. */
type Step = (life: { id: string }) => Promise<void>;

const clerk = () => stage.caller('clerk');
const hearings = () => stage.desk.hearings;
const planned = () => ({ from: 1_795_001_600_000, to: 1_795_001_600_000 + HOUR_MS });

const LIFE: readonly Step[] = [
  async (life) => {
    const { made } = await hearings().schedule(clerk(), {
      ...{ press: 'plan-0001', room: 'r1', kind: 'hearing', matter: '案', planned: planned(), fields: {} },
      continues: null,
    });
    life.id = made.id;
  },
  async ({ id }) => void (await hearings().amend(clerk(), id, { press: 'amend-001', matter: '新案' })),
  async ({ id }) => void (await hearings().beginCheck(clerk(), 'r1', 'check-001', id)),
  async () => {
    await stage.pass(9_000);
    if (stage.desk.room(clerk(), 'r1').check?.state === 'running') throw new Error('the check does not end');
  },
  async () => {
    const check = stage.desk.room(clerk(), 'r1').check?.id ?? '';
    await hearings().hear(clerk(), check, 'heard-001', [{ stream: 'cam', isGood: true }], '清楚');
  },
  async ({ id }) => void (await hearings().openPlanned(clerk(), id, 'open-0001')),
  async ({ id }) => {
    await stage.pass(1_800);
    if (stage.store.session(id)?.state !== 'open') throw new Error('it is not confirmed');
  },
  async ({ id }) => {
    const told = { press: 'told-0001', answer: 'understood', note: '', agoMs: 500 } as const;
    await hearings().tell(clerk(), id, told);
  },
  async ({ id }) => {
    await hearings().mark(clerk(), id, { press: 'mark-0001', kind: 'evidence', agoMs: 0, note: '', page: '' });
  },
  async ({ id }) => {
    await hearings().noteMark(clerk(), id, 'mark-0001', { press: 'note-0001', note: '原件', page: '2' });
  },
  async () => {
    if (stage.store.gapsOf(stage.store.runningSession('r1')?.id ?? '').length === 0)
      await stage.pass(4_500, { cam: DEAD });
    await stage.pass(900);
  },
  async ({ id }) => {
    await stage.pass(900);
    const [cut] = stage.desk.session(clerk(), id).interruptions;
    const said = { interruption: cut?.id ?? '', isSpoken: true, agoMs: 0, reason: '网络中断' };
    await hearings().explain(clerk(), id, { press: 'expl-0001', ...said });
  },
  async ({ id }) => {
    await hearings().fill(clerk(), id, { press: 'fill-0001', fields: { presider: [{ name: '张三' }] } });
  },
  async ({ id }) => void (await hearings().extend(clerk(), id, 'extend-01', planned().to + HOUR_MS)),
  async ({ id }) => {
    const when = { from: planned().from + 48 * HOUR_MS, to: null };
    await hearings().adjourn(clerk(), id, { press: 'adjourn-1', planned: when, reason: '补充证据' });
  },
  async ({ id }) => {
    await stage.pass(6_300);
    if (stage.store.session(id)?.state !== 'closed') throw new Error('it is not closed');
  },
];

const FACTS: readonly SessionFact['type'][] = [
  ...(['session-scheduled', 'session-amended', 'check-begun', 'check-done', 'check-heard', 'session-opened'] as const),
  ...(['session-confirmed', 'notice-told', 'mark', 'mark-noted', 'interruption-explained', 'session-filled'] as const),
  ...(['session-extended', 'session-closing', 'session-closed'] as const),
];

/** Lives the whole life; when the power goes, the box comes back and the step under way is done again. */
async function live(goesAt: number, side: Power['side']): Promise<{ id: string; power: Power; outages: number }> {
  const power: Power = { goesAt, side, facts: 0, isGone: false, wentAt: null };
  stage = await Stage.open();
  await stage.stop();
  stage.journalOf = (journal) => new Doomed(journal, power);
  await stage.start();
  const life = { id: '' };
  let outages = 0;
  for (const step of LIFE) {
    for (let isDone = false; !isDone; ) {
      try {
        await step(life);
        if (power.isGone) throw new Error('the power went');
        isDone = true;
      } catch (error) {
        if (!power.isGone) throw error;
        if (!(error instanceof AppError) && !String(error).includes('not ') && !String(error).includes('power'))
          throw error;
        outages += 1;
        await stage.stop();
        power.isGone = false;
        power.goesAt = -1;
        await stage.start();
        if (life.id !== '') assertSession(stage.store.session(life.id) ?? nothing());
      }
    }
  }
  return { id: life.id, power, outages };
}

function nothing(): never {
  throw new Error('the session is not in the index');
}

async function check(id: string): Promise<void> {
  const facts = await stage.facts();
  for (const type of FACTS) expect([type, facts.filter((fact) => fact.type === type).length]).toEqual([type, 1]);
  const session = stage.store.session(id);
  if (session === null || !isOpened(session) || session.state !== 'closed') throw new Error('it is not closed');
  assertSession(session);
  expect(session).toMatchObject({
    matter: '新案',
    source: 'panel',
    press: 'open-0001',
    fields: { presider: [{ name: '张三' }] },
  });
  const next = stage.store.session(session.continuedBy ?? '');
  expect(next).toMatchObject({ state: 'scheduled', continues: id, matter: '新案', source: 'adjourned' });
  const [cut, ...more] = stage.desk.session(clerk(), id).interruptions;
  expect([cut?.owed, more]).toEqual([[], []]);
  for (const { stream } of session.streams) {
    const segments = stage.store.segmentsOf(id, stream).map(({ fact }) => fact);
    const gaps = stage.store.gapsOf(id).filter((gap) => gap.stream === stream);
    expect(coverage({ from: session.from, to: session.to }, segments, gaps).unexplained).toEqual([]);
  }
  const before = stage.dump();
  await stage.stop();
  await reindex(stage.folder, stage.log);
  await stage.start();
  expect(stage.dump()).toEqual(before);
}

test('without a power cut the life writes each of its facts once', async () => {
  const { id, outages } = await live(-1, 'before');
  expect(outages).toBe(0);
  await check(id);
});

describe('the power goes', () => {
  for (let at = 1; at <= FACTS.length; at++) {
    for (const side of ['before', 'behind'] as const) {
      test(`${side} fact ${at}, ${FACTS[at - 1]}`, async () => {
        const { id, power, outages } = await live(at, side);
        expect([power.wentAt, outages]).toEqual([FACTS[at - 1], 1]);
        await check(id);
      });
    }
  }
});
