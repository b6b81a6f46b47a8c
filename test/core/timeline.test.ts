/** Coverage of a claim by segments and gaps: tables, and random splits with clock steps and a reboot in between. */
import { describe, expect, test } from 'vitest';
import type { Instant } from '../../controller/core/time.ts';
import { breaksWithinRuns, coverage, type Stretch } from '../../controller/core/timeline.ts';

const BOOT_WALL = 1_795_000_000_000;
const at = (monoMs: number, boot = 'a', wallMs = BOOT_WALL + monoMs): Instant => ({ wallMs, monoMs, boot });
const s = (from: number, to: number): Stretch => ({ from: at(from), to: at(to) });
const CLAIM = s(0, 60_000);

describe('one boot', () => {
  const table: readonly {
    readonly name: string;
    readonly segments: readonly Stretch[];
    readonly gaps: readonly Stretch[];
    readonly covered: number;
    readonly ledgered: number;
    readonly unexplained: readonly (readonly [number, number])[];
    readonly overlap?: number;
  }[] = [
    {
      name: 'segments alone',
      segments: [s(0, 30_000), s(30_000, 60_000)],
      gaps: [],
      covered: 60_000,
      ledgered: 0,
      unexplained: [],
    },
    { name: 'a gap alone', segments: [], gaps: [s(0, 60_000)], covered: 0, ledgered: 60_000, unexplained: [] },
    { name: 'nothing', segments: [], gaps: [], covered: 0, ledgered: 0, unexplained: [[0, 60_000]] },
    {
      name: 'a ledgered gap in the middle',
      segments: [s(40_000, 60_000), s(0, 20_000)],
      gaps: [s(20_000, 40_000)],
      covered: 40_000,
      ledgered: 20_000,
      unexplained: [],
    },
    {
      name: 'holes at both ends and in the middle',
      segments: [s(1_000, 20_000), s(21_000, 59_000)],
      gaps: [],
      covered: 57_000,
      ledgered: 0,
      unexplained: [
        [0, 1_000],
        [20_000, 21_000],
        [59_000, 60_000],
      ],
    },
    {
      name: 'rounding is not a hole',
      segments: [s(0, 29_998), s(30_001, 60_000)],
      gaps: [],
      covered: 59_997,
      ledgered: 0,
      unexplained: [],
    },
    {
      name: 'more than the claim on both sides',
      segments: [s(-5_000, 70_000)],
      gaps: [],
      covered: 60_000,
      ledgered: 0,
      unexplained: [],
    },
    {
      name: 'a gap over what is on disk counts as covered, and as told twice',
      segments: [s(0, 60_000)],
      gaps: [s(10_000, 11_000)],
      covered: 60_000,
      ledgered: 0,
      unexplained: [],
      overlap: 1_000,
    },
    {
      name: 'a short segment inside a long one',
      segments: [s(0, 50_000), s(10_000, 20_000), s(55_000, 60_000)],
      gaps: [],
      covered: 55_000,
      ledgered: 0,
      unexplained: [[50_000, 55_000]],
      overlap: 10_000,
    },
  ];
  for (const row of table) {
    test(row.name, () => {
      const found = coverage(CLAIM, row.segments, row.gaps);
      expect(found.lengthMs).toBe(60_000);
      expect(found.coveredMs).toBe(row.covered);
      expect(found.ledgeredMs).toBe(row.ledgered);
      expect(found.unexplained.map((hole) => [hole.from.monoMs, hole.to.monoMs])).toEqual(row.unexplained);
      expect(found.overlapMs).toBe(row.overlap ?? 0);
    });
  }

  test('a wall clock stepped by an hour in the middle changes nothing', () => {
    const stepped = (mono: number): Instant => at(mono, 'a', BOOT_WALL + mono + 3_600_000);
    const claim = { from: at(0), to: stepped(60_000) };
    const found = coverage(claim, [s(0, 30_000), { from: at(30_000), to: stepped(60_000) }], []);
    expect(found).toEqual({ lengthMs: 60_000, coveredMs: 60_000, ledgeredMs: 0, unexplained: [], overlapMs: 0 });
  });
});

describe('a reboot in the middle', () => {
  const back = (mono: number, wallMs: number): Instant => ({ wallMs, monoMs: mono, boot: 'b' });

  test('the gap over the reboot is as long as the wall labels say', () => {
    const claim = { from: at(0), to: back(50_000, BOOT_WALL + 100_000) };
    const gap = { from: at(20_000), to: back(10_000, BOOT_WALL + 60_000) };
    const found = coverage(claim, [s(0, 20_000), { from: gap.to, to: claim.to }], [gap]);
    expect(found).toEqual({ lengthMs: 100_000, coveredMs: 60_000, ledgeredMs: 40_000, unexplained: [], overlapMs: 0 });
  });

  test('without a row for the reboot it is a hole', () => {
    const claim = { from: at(0), to: back(50_000, BOOT_WALL + 100_000) };
    const found = coverage(claim, [s(0, 20_000), { from: back(10_000, BOOT_WALL + 60_000), to: claim.to }], []);
    expect(found.unexplained).toHaveLength(1);
    expect(found.lengthMs - found.coveredMs).toBe(40_000);
  });

  test('a clock that is years behind at power-up makes no hole and no negative time', () => {
    const claim = { from: at(0), to: back(50_000, 5_000_000 + 40_000) };
    const gap = { from: at(20_000), to: back(10_000, 5_000_000) };
    const found = coverage(claim, [s(0, 20_000), { from: gap.to, to: claim.to }], [gap]);
    expect(found).toEqual({ lengthMs: 60_000, coveredMs: 60_000, ledgeredMs: 0, unexplained: [], overlapMs: 0 });
  });

  test('the wall clock stepped before the reboot is not counted a second time', () => {
    const step = 3_600_000;
    const claim = { from: at(0), to: back(50_000, BOOT_WALL + step + 100_000) };
    const gap = { from: at(20_000, 'a', BOOT_WALL + step + 20_000), to: back(10_000, BOOT_WALL + step + 60_000) };
    const found = coverage(claim, [s(0, 20_000), { from: gap.to, to: claim.to }], [gap]);
    expect(found.lengthMs).toBe(100_000);
    expect(found.unexplained).toEqual([]);
  });
});

test('any split into segments and gaps explains the whole claim; leaving one piece out leaves exactly that piece', () => {
  let seed = 11;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * below);
  };
  for (let round = 0; round < 400; round++) {
    const count = 2 + random(30);
    let wallOffset = BOOT_WALL;
    let boot = 0;
    let mono = 1_000;
    const moment = (): Instant => ({ wallMs: wallOffset + mono, monoMs: mono, boot: `boot-${boot}` });
    const pieces: (Stretch & { kind: 'segment' | 'gap'; ms: number })[] = [];
    let from = moment();
    const start = from;
    for (let i = 0; i < count; i++) {
      const reboots = random(12) === 0;
      const ms = 10 + random(10_000) + random(100) / 100;
      if (reboots) {
        // Down for `ms` of wall time; the monotonic clock begins again somewhere else.
        const wallMs = from.wallMs + ms;
        boot += 1;
        mono = random(50_000);
        wallOffset = wallMs - mono;
      } else {
        mono += ms;
        if (random(8) === 0) wallOffset += random(2) === 0 ? 7_200_000 : -1_500;
      }
      const to = moment();
      pieces.push({ from, to, kind: reboots || random(3) === 0 ? 'gap' : 'segment', ms });
      from = to;
    }
    const claim = { from: start, to: from };
    const of = (kind: string, leftOut = -1): Stretch[] =>
      pieces.filter((piece, i) => piece.kind === kind && i !== leftOut).sort(() => random(3) - 1);
    const whole = coverage(claim, of('segment'), of('gap'));
    expect(whole.unexplained).toEqual([]);
    expect(whole.overlapMs).toBe(0);
    expect(whole.coveredMs + whole.ledgeredMs).toBeCloseTo(whole.lengthMs, 3);
    const total = pieces.reduce((sum, piece) => sum + piece.ms, 0);
    expect(whole.lengthMs).toBeCloseTo(total, 3);

    const leftOut = random(count);
    const missing = pieces[leftOut] as (typeof pieces)[number];
    // Without the row over a reboot the order of boots rests on wall labels, which a stepped clock may confuse.
    if (missing.from.boot !== missing.to.boot) continue;
    const holed = coverage(claim, of('segment', leftOut), of('gap', leftOut));
    expect(holed.unexplained).toEqual([{ from: missing.from, to: missing.to }]);
    expect(holed.coveredMs + holed.ledgeredMs + missing.ms).toBeCloseTo(total, 3);
  }
});

test('segments of one run join exactly, or the break is named', () => {
  const segments = [
    { ...s(0, 10_000), run: 'r1', sequence: 1 },
    { ...s(10_000, 20_000), run: 'r1', sequence: 2 },
    { ...s(20_040, 30_000), run: 'r1', sequence: 3 },
    { ...s(90_000, 95_000), run: 'r2', sequence: 1 },
  ];
  expect(breaksWithinRuns(segments)).toEqual([{ run: 'r1', sequence: 3, byMs: 40 }]);
});
