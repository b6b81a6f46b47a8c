/** The run's timeline on the monotonic clock: delay never bends it, drift is followed, jumps are told. */
import { describe, expect, test } from 'vitest';
import { JUMP_AHEAD_MS, LAG_MAX_MS, RunClock } from '../../controller/core/run-clock.ts';
import { seeded } from '../oracle/fragmented.ts';

const FRAGMENT_MS = 250;
const HOUR_MS = 3_600_000;

/** A camera whose clock runs `ppm` fast, connected at monotonic time `startMs`; its fragments arrive `delayMs` after their end. */
function camera(startMs: number, ppm: number) {
  return {
    /** Media time at which the fragment ends that ends at `mono`. */
    mediaAt: (mono: number) => (mono - startMs) * (1 + ppm / 1_000_000),
    monoAt: (media: number) => startMs + media / (1 + ppm / 1_000_000),
  };
}

describe('the zero of the timeline', () => {
  test('is told by the least-delayed fragment, in whatever order delays come', () => {
    const clock = new RunClock();
    for (const [i, delay] of [180, 40, 900, 25, 310].entries()) {
      expect(clock.observe((i + 1) * FRAGMENT_MS, 1_000 + (i + 1) * FRAGMENT_MS + delay)).toBe('fits');
    }
    expect(clock.monoOf(0)).toBe(1_025);
    expect(clock.monoOf(777)).toBe(1_802);
  });

  test('cannot be asked for before a fragment came', () => {
    expect(() => new RunClock().monoOf(0)).toThrow('no fragment');
  });

  test('is taken from the last fragment of the burst a camera begins with, although a claim began with the first', () => {
    const clock = new RunClock();
    // Four seconds of pictures since the last keyframe come at once; then everything comes in its own time.
    for (let end = FRAGMENT_MS; end <= 4_000; end += FRAGMENT_MS) {
      expect(clock.observe(end, 50_000 + end / 1_000)).toBe('fits');
      if (end === FRAGMENT_MS) clock.fix();
    }
    expect(clock.monoOf(4_000)).toBeCloseTo(50_004, 0);
    for (let end = 4_000 + FRAGMENT_MS; end <= 60_000; end += FRAGMENT_MS) {
      expect(clock.observe(end, 46_004 + end + 10)).toBe('fits');
    }
    expect(clock.monoOf(0)).toBeCloseTo(46_004, 0);
  });

  test('does not move once a segment has begun, however early a fragment comes, until the segment ends', () => {
    const clock = new RunClock();
    for (let end = FRAGMENT_MS; end <= 5_000; end += FRAGMENT_MS) clock.observe(end, 1_000 + end + 400);
    clock.fix();
    expect(clock.observe(5_250, 1_000 + 5_250 + 5)).toBe('fits');
    expect(clock.monoOf(0)).toBe(1_400);
    clock.settle(2_000);
    expect(clock.monoOf(0), 'by 500 ppm of two seconds').toBe(1_399);
  });
});

describe('drift', () => {
  test.each([-500, -100, 0, 100, 500])(
    '%i ppm over four hours: each segment begins where the last ended, and at the right time',
    (ppm) => {
      const clock = new RunClock();
      const random = seeded(ppm + 1_000);
      const source = camera(10_000, ppm);
      const segmentMs = 10_000;
      let worstMs = 0;
      let segmentFrom = 0;
      let endedAt = Number.NaN;
      for (let end = FRAGMENT_MS; end < 4 * HOUR_MS; end += FRAGMENT_MS) {
        const arrived = source.monoAt(end) + 5 + random() * 60;
        expect(clock.observe(end, arrived)).toBe('fits');
        if (segmentFrom === 0 && end === FRAGMENT_MS) clock.fix();
        if (end % segmentMs !== 0) continue;
        const before = clock.monoOf(segmentFrom);
        if (!Number.isNaN(endedAt)) expect(before).toBe(endedAt);
        clock.settle(end - segmentFrom);
        endedAt = clock.monoOf(end);
        worstMs = Math.max(worstMs, Math.abs(endedAt - source.monoAt(end)));
        const lengthMs = endedAt - before;
        expect(Math.abs(lengthMs - segmentMs)).toBeLessThanOrEqual(segmentMs * 0.0005 + 0.001);
        segmentFrom = end;
      }
      // The least delay, and what a segment can drift before its end tells.
      expect(worstMs).toBeLessThan(5 + 60 + 10);
    },
  );

  test.each([-100, 100])(
    'a stream that stays armed for three days at %i ppm is still told right when a claim begins',
    (ppm) => {
      const clock = new RunClock();
      const source = camera(10_000, ppm);
      for (let end = FRAGMENT_MS; end < 72 * HOUR_MS; end += FRAGMENT_MS) {
        if (clock.observe(end, source.monoAt(end) + 20) !== 'fits') throw new Error(`broken after ${end / HOUR_MS} h`);
      }
      const now = 72 * HOUR_MS - FRAGMENT_MS;
      clock.fix();
      expect(Math.abs(clock.monoOf(now) - source.monoAt(now) - 20)).toBeLessThan(10);
    },
  );

  test('one minute in which everything comes a second late bends the timeline by less than its share', () => {
    const clock = new RunClock();
    for (let end = FRAGMENT_MS; end <= 10 * 60_000; end += FRAGMENT_MS) {
      const late = end > 300_000 && end <= 360_000 ? 1_000 : 10;
      expect(clock.observe(end, end + late)).toBe('fits');
      if (end === FRAGMENT_MS) clock.fix();
      if (end % 10_000 === 0) clock.settle(10_000);
      expect(Math.abs(clock.monoOf(0) - 10)).toBeLessThanOrEqual(60_000 * 0.0005 + 0.001);
    }
    expect(clock.monoOf(0), 'and it comes back').toBeCloseTo(10, 3);
  });
});

describe('a timeline that makes no sense any more', () => {
  const running = () => {
    const clock = new RunClock();
    for (let end = FRAGMENT_MS; end <= 10_000; end += FRAGMENT_MS) clock.observe(end, 1_000 + end);
    return clock;
  };

  test.each(['armed', 'keeping'])('%s: a fragment that ends in the future jumped ahead', (mode) => {
    const clock = running();
    if (mode === 'keeping') clock.fix();
    expect(clock.observe(10_250 + JUMP_AHEAD_MS - 1, 11_250)).toBe('fits');
    expect(running().observe(10_250 + JUMP_AHEAD_MS + 1, 11_250)).toBe('jumped-ahead');
    expect(running().observe(10_250 + 100_000, 11_250)).toBe('jumped-ahead');
  });

  test('within the first burst a hole in the media tells a jump from old pictures', () => {
    const begun = () => {
      const clock = new RunClock();
      for (let end = FRAGMENT_MS; end <= 1_000; end += FRAGMENT_MS) clock.observe(end, 1_000 + end);
      return clock;
    };
    expect(begun().observe(1_250 + 100_000, 2_250, 100_000)).toBe('jumped-ahead');
    expect(begun().observe(1_250 + 4_000, 2_250), 'a camera that still sends the past').toBe('fits');
    expect(begun().observe(1_250 + 2_000, 4_250, 2_000), 'a source that was silent for as long').toBe('fits');
  });

  test('a fragment that ends far in the past lags; one that is only late fits', () => {
    expect(running().observe(10_250, 11_250 + LAG_MAX_MS)).toBe('fits');
    expect(running().observe(10_250, 11_251 + LAG_MAX_MS)).toBe('lags');
    expect(running().observe(10_250 - 100_000, 11_250), 'timestamps jumped back').toBe('lags');
  });

  test('what jumped or lags moves nothing', () => {
    const clock = running();
    clock.observe(200_000, 11_250);
    clock.observe(10, 11_250);
    clock.settle(60_000);
    expect(clock.monoOf(0)).toBe(1_000);
  });

  test('a camera that crawls at half speed is told by its lag within twice that time', () => {
    const clock = new RunClock();
    let verdict = 'fits';
    let mono = 0;
    for (let end = FRAGMENT_MS; verdict === 'fits' && mono < 60_000; end += FRAGMENT_MS) {
      mono = end * 2;
      verdict = clock.observe(end, mono);
    }
    expect(verdict).toBe('lags');
    expect(mono).toBeLessThan(2 * LAG_MAX_MS + 2_000);
  });
});
