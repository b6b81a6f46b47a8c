/** After every fact of random lives the index holds the very session that the machine answered: nothing is worked out twice and differently. */
import { expect, test } from 'vitest';
import { EMPTY_CHAIN, type Entry, sha256 } from '../../controller/core/chain.ts';
import type { SiteFact } from '../../controller/core/facts.ts';
import type { Log } from '../../controller/core/ports.ts';
import type { Session } from '../../controller/core/session.ts';
import { type SessionInput, step } from '../../controller/core/session-machine.ts';
import { type Instant, shift } from '../../controller/core/time.ts';
import { Store } from '../../controller/store/store.ts';
import { INPUT_NAMES, INPUTS, type InputName, outcomeOf, T0 } from '../core/session-scene.ts';

const said: string[] = [];
/** How long a statement took is the machine's affair, not the rule under test. */
const SLOW = 'slow statement';
const log: Log = {
  info: () => undefined,
  warn: (_, message) => void (message === SLOW || said.push(message)),
  error: (_, message) => void said.push(message),
};

/** Numbers below a bound that look random and are the same in every run (mulberry32). */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

test('the index says what the machine says', () => {
  const store = new Store({ file: ':memory:', log });
  const random = numbers(11);
  const reached = new Set<string>();
  let head = EMPTY_CHAIN;
  const keep = (fact: SiteFact, at: Instant): void => {
    const entry: Entry<SiteFact> = { seq: head.seq + 1, prev: head.hash, at, fact };
    store.apply('site', entry);
    head = { seq: entry.seq, hash: sha256(JSON.stringify(entry)) };
  };
  for (let round = 0; round < 250; round++) {
    // Each life has ids and presses of its own.
    const own = <T extends SessionInput>(input: T): T =>
      JSON.parse(JSON.stringify(input).replaceAll(/"(S1|S2|C1|[a-z]+-[0-9]+)"/g, `"$1-${round}"`)) as T;
    let session: Session | null = null;
    let at = T0;
    for (let i = 0; i < 30; i++) {
      at = shift(at, 1 + random(3_000));
      const names = INPUT_NAMES.filter((name) => outcomeOf(session, own(INPUTS[name]), at) !== 'impossible');
      const name = names[random(names.length)] as InputName;
      // One press is one fact; the shell sees to it, and here each input comes anew.
      const input = JSON.parse(
        JSON.stringify(own(INPUTS[name])).replaceAll(
          /"((?:mark|note|tell|expl|amend|fill|extend)-[0-9][^"]*)"/g,
          `"$1-${i}"`,
        ),
      );
      const verdict = step(session, input as SessionInput, at);
      if (!verdict.ok) continue;
      session = verdict.next;
      for (const effect of verdict.effects) if (effect.type === 'append') keep(effect.fact, effect.at);
      expect(store.session(session.id)).toEqual(JSON.parse(JSON.stringify(session)));
      reached.add(session.state);
      if ('continuedBy' in session && session.continuedBy !== null) {
        expect(store.session(session.continuedBy)).toMatchObject({
          ...{ state: 'scheduled', continues: session.id, room: session.room, source: 'adjourned' },
        });
      }
    }
  }
  expect(reached.size).toBe(9);
  expect(said).toEqual([]);
  store.close();
});
