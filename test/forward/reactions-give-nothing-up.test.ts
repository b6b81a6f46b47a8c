import { describe, expect, test } from 'vitest';
import { Coverage } from '../../controller/central/coverage.ts';
import { HRC_CODES } from '../../controller/core/hrc.ts';
import { ChunkSize } from '../../controller/forward/chunk-size.ts';
import { NEW_TRACK, type Outcome, react, type Track } from '../../controller/forward/reaction.ts';
import { Window } from '../../controller/forward/window.ts';

const NOW = 1_000_000;
const HALF_HOUR = 30 * 60_000;
const refused = (code: (typeof HRC_CODES)[number], retryS: number | null = null): Outcome => ({
  kind: 'refused',
  code,
  retryS,
});

/** The track after the same outcome `times` in a row. */
function afterTimes(outcome: Outcome, times: number, from: Track = NEW_TRACK): Track {
  let track = from;
  for (let i = 0; i < times; i++) track = react(track, outcome, NOW, 0.5).track;
  return track;
}

describe('after a failed attempt', () => {
  const outcomes: Outcome[] = [
    { kind: 'lost' },
    { kind: 'silent' },
    { kind: 'unreceipted' },
    { kind: 'damaged', message: 'x' },
    { kind: 'unfit', message: 'x' },
    { kind: 'turned-away', message: 'x' },
    ...HRC_CODES.map((code) => refused(code)),
  ];
  test.each(outcomes)('%j never means "never again", nor a loop without rest', (outcome) => {
    let track = NEW_TRACK;
    for (let i = 0; i < 500; i++) {
      const { track: next, pauseMs } = react(track, outcome, NOW, Math.random());
      expect(next.restUntilMs).toBeLessThanOrEqual(NOW + HALF_HOUR);
      expect(pauseMs).toBeLessThanOrEqual(HALF_HOUR);
      // A lost connection has its own back-off; everything else rests.
      if (outcome.kind !== 'lost') expect(next.restUntilMs - NOW + pauseMs).toBeGreaterThanOrEqual(700);
      expect(next.attempt).toBeGreaterThanOrEqual(1);
      expect(next.attempt).toBeLessThanOrEqual(99);
      track = next;
    }
  });

  test('three rounds under one id, then the next id', () => {
    expect(afterTimes(refused('HRC-INCOMPLETE'), 2)).toMatchObject({ attempt: 1, rounds: 2 });
    expect(afterTimes(refused('HRC-INCOMPLETE'), 3)).toMatchObject({ attempt: 2, rounds: 0 });
    expect(afterTimes(refused('HRC-CHUNK'), 6)).toMatchObject({ attempt: 3, rounds: 0 });
  });

  test('a wrong whole hash takes the next id at once; a refused opening does so once, then calls people', () => {
    expect(afterTimes(refused('HRC-FILEHASH'), 1)).toMatchObject({ attempt: 2 });
    const first = react(NEW_TRACK, refused('HRC-META'), NOW, 0);
    expect(first).toMatchObject({ alarm: null, track: { attempt: 2 } });
    expect(react(first.track, refused('HRC-META'), NOW, 0)).toMatchObject({ alarm: { code: 'centre-away' } });
  });

  test('people are called once for the same thing', () => {
    const first = react(NEW_TRACK, refused('HRC-CONFLICT'), NOW, 0);
    expect(first.alarm).not.toBeNull();
    expect(react(first.track, refused('HRC-CONFLICT'), NOW, 0).alarm).toBeNull();
  });

  test('what the centre may already have is asked for before it is sent again', () => {
    for (const outcome of [{ kind: 'lost' }, { kind: 'silent' }, { kind: 'unreceipted' }] as const)
      expect(react(NEW_TRACK, outcome, NOW, 0).track.askFirst).toBe(true);
  });

  test('the centre says how long to rest, within reason', () => {
    expect(react(NEW_TRACK, refused('HRC-QUOTA', 30), NOW, 0).pauseMs).toBe(30_000);
    expect(react(NEW_TRACK, refused('HRC-QUOTA', 1e9), NOW, 0).pauseMs).toBe(3_600_000);
  });
});

describe('a window', () => {
  test('lets so many messages and bytes in, in order, and a large one alone', async () => {
    const window = new Window(2, 100);
    const order: string[] = [];
    const enter = async (name: string, bytes: number) => {
      const leave = await window.enter(bytes);
      order.push(name);
      return leave;
    };
    const a = await enter('a', 60);
    const waiting = [enter('b', 60), enter('c', 10), enter('huge', 1_000)];
    await Promise.resolve();
    expect(order).toEqual(['a']);
    a();
    a();
    const [b, c] = await Promise.all(waiting.slice(0, 2));
    expect(order).toEqual(['a', 'b', 'c']);
    b?.();
    await Promise.resolve();
    expect(order).toEqual(['a', 'b', 'c']);
    c?.();
    await waiting[2];
    expect(order).toEqual(['a', 'b', 'c', 'huge']);
  });
});

describe('the chunk size', () => {
  test('is halved after two barren connections, not after one, and not below four kilobytes', () => {
    const size = new ChunkSize();
    size.sent();
    size.lost();
    size.lost();
    expect(size.bytesMax).toBe(262_144);
    size.sent();
    size.lost();
    expect(size.bytesMax).toBe(131_072);
    for (let i = 0; i < 50; i++) {
      size.sent();
      size.lost();
    }
    expect(size.bytesMax).toBe(4_096);
  });

  test('stays when chunks do get through', () => {
    const size = new ChunkSize();
    for (let i = 0; i < 10; i++) {
      size.sent();
      size.acknowledged();
      size.sent();
      size.lost();
    }
    expect(size.bytesMax).toBe(131_072 * 2);
  });
});

describe('coverage', () => {
  test('is whole exactly when every byte came, in whatever order and overlap', () => {
    for (let round = 0; round < 200; round++) {
      const size = 1 + Math.floor(Math.random() * 60);
      const seen = new Set<number>();
      const coverage = new Coverage();
      for (let i = 0; i < 40; i++) {
        const from = Math.floor(Math.random() * size);
        const to = Math.min(size, from + 1 + Math.floor(Math.random() * 10));
        coverage.add(from, to);
        for (let at = from; at < to; at++) seen.add(at);
        expect(coverage.isWhole(size)).toBe(seen.size === size);
      }
    }
  });

  test('does not grow without end', () => {
    const coverage = new Coverage();
    let fine = true;
    for (let i = 0; i < 5_000 && fine; i++) fine = coverage.add(i * 2, i * 2 + 1);
    expect(fine).toBe(false);
  });
});
