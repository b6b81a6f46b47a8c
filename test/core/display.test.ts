/** What counts as shown: acknowledgements only, the right words only, and every change and darkness in the log once. */
import { describe, expect, test } from 'vitest';
import {
  type Asked,
  type DisplayPlan,
  type DisplayState,
  isAsAsked,
  type Painted,
  painted,
  passed,
  type Step,
  textSha256,
  unseen,
} from '../../controller/core/display.ts';
import type { DisplayFact } from '../../controller/core/display-facts.ts';
import { type Instant, shift } from '../../controller/core/time.ts';

const T0: Instant = { wallMs: 1_790_000_000_000, monoMs: 50_000, boot: 'boot-1' };
const at = (ms: number): Instant => shift(T0, ms);
const PLAN: DisplayPlan = {
  ...{ id: 'door', name: '门', shows: 'room', room: 'r1', loudspeaker: true, darkAfterS: 10, mandatory: true },
};
const IDLE: Asked = { key: 'k-idle', face: 'idle', session: null, mustHold: [] };
const NOTICE: Asked = { key: 'k-notice', face: 'notice', session: 's1', mustHold: ['全程 录音录像。'] };

const page = (asked: Asked, lines: readonly string[], more: Partial<Painted> = {}): Painted => ({
  key: asked.key,
  face: asked.face,
  lines,
  heldMs: 0,
  isWhole: true,
  address: '192.0.2.7',
  width: 1024,
  height: 600,
  isKept: null,
  ...more,
});

/** Follows one display and gathers its log. */
class Follow {
  state: DisplayState = unseen(T0);
  readonly log: DisplayFact[] = [];
  asked: Asked = IDLE;
  #take({ next, fact }: Step): void {
    this.state = next;
    if (fact !== null) this.log.push(fact);
  }
  paints(ms: number, lines: readonly string[], more: Partial<Painted> = {}): void {
    this.#take(painted(PLAN, this.state, page(this.asked, lines, { heldMs: 60_000, ...more }), this.asked, at(ms)));
  }
  waits(ms: number): void {
    this.#take(passed(PLAN, this.state, this.asked, at(ms)));
  }
}

describe('a display', () => {
  test('is dark until it acknowledges, and has its time before it is called so', () => {
    const one = new Follow();
    one.waits(9_900);
    expect(one.log).toEqual([]);
    expect(one.state).toMatchObject({ state: 'dark', why: null });
    one.waits(10_000);
    one.waits(60_000);
    expect(one.log).toEqual([{ type: 'display-dark', display: 'door', room: 'r1', lastAt: null, why: 'silent' }]);
  });

  test('leaves one line in the log for as long as the words stand, and one when it goes dark', () => {
    const one = new Follow();
    for (let ms = 0; ms <= 60_000; ms += 2_000) {
      one.paints(ms, ['未在录音录像', 'Not recording']);
      one.waits(ms + 100);
    }
    expect(one.log).toHaveLength(1);
    expect(one.log[0]).toMatchObject({
      type: 'display-shown',
      face: 'idle',
      session: null,
      lines: ['未在录音录像', 'Not recording'],
      textSha256: textSha256(['未在录音录像', 'Not recording']),
      address: '192.0.2.7',
    });
    one.waits(69_900);
    expect(one.log).toHaveLength(1);
    one.waits(70_000);
    expect(one.log[1]).toEqual({
      type: 'display-dark',
      display: 'door',
      room: 'r1',
      lastAt: at(60_000),
      why: 'silent',
    });
    one.paints(80_000, ['未在录音录像', 'Not recording']);
    expect(one.log).toHaveLength(3);
  });

  test('that goes on showing the old words is dark after its time, and lit again only with the right ones', () => {
    const one = new Follow();
    one.paints(0, ['未在录音录像']);
    one.asked = NOTICE;
    for (let ms = 1_000; ms <= 10_000; ms += 1_000) {
      one.paints(ms, ['未在录音录像'], { key: IDLE.key, face: 'idle' });
      one.waits(ms);
    }
    expect(one.log.map((fact) => fact.type)).toEqual(['display-shown', 'display-dark']);
    expect(one.log[1]).toMatchObject({ why: 'not-as-asked', lastAt: at(10_000) });
    one.paints(11_000, ['未在录音录像'], { key: IDLE.key, face: 'idle' });
    expect(one.state.state).toBe('dark');
    one.paints(12_000, ['本次事项将全程录音录像。']);
    expect(one.state.state).toBe('lit');
    expect(one.log[2]).toMatchObject({ type: 'display-shown', face: 'notice', session: 's1' });
  });

  test('whose words do not fit on the screen shows nothing', () => {
    const one = new Follow();
    one.paints(0, ['未在录音录像']);
    one.asked = NOTICE;
    for (let ms = 1_000; ms <= 11_000; ms += 1_000) {
      one.paints(ms, ['全程录音录像。'], { isWhole: false });
      one.waits(ms);
    }
    expect(one.state).toMatchObject({ state: 'dark', why: 'cut-off' });
  });

  test('that was loaded anew in between begins a new stretch with the same words', () => {
    const one = new Follow();
    one.paints(0, ['字']);
    one.paints(5_000, ['字'], { heldMs: 5_100 });
    expect(one.log).toHaveLength(1);
    one.paints(10_000, ['字'], { heldMs: 1_000 });
    expect(one.log).toHaveLength(2);
    expect(one.log[1]).toMatchObject({ heldMs: 1_000 });
  });

  test('of another boot is not compared by its clock', () => {
    const one = new Follow();
    one.paints(0, ['字']);
    one.state = passed(PLAN, one.state, IDLE, { ...at(0), boot: 'boot-2' }).next;
    expect(one.state.state).toBe('dark');
  });
});

test('words count wherever the page breaks its lines, and only whole', () => {
  expect(isAsAsked(page(NOTICE, ['本次 全程', '录音录像。']), NOTICE)).toBe(true);
  expect(isAsAsked(page(NOTICE, ['全程录音']), NOTICE)).toBe(false);
  expect(isAsAsked(page(NOTICE, ['全程录音录像。'], { key: 'other' }), NOTICE)).toBe(false);
});
