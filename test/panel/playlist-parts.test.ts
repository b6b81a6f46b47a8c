import { expect, test } from 'vitest';
import { playlistOf } from '../../controller/api/playlist.ts';
import { partAt, partsOf } from '../../panel/review/playlist-parts.ts';

const NINE = Date.UTC(2026, 10, 21, 1);
const WITH_SOUND = 1_210;
const WITHOUT_SOUND = 754;

/** A playlist as the controller writes it, from runs with the length of their header and of their two segments' pause. */
function playlist(
  isWhole: boolean,
  ...runs: readonly { readonly atS: number; readonly headerBytes: number }[]
): string {
  const segments = runs.flatMap(({ atS, headerBytes }, run) =>
    [0, 10].map((s) => ({
      seg: `seg-${run}-${s}`,
      run: `run-${run}`,
      from: { wallMs: NINE + (atS + s) * 1_000, monoMs: 0, boot: 'b' },
      mediaFromMs: s * 1_000,
      mediaToMs: (s + 10) * 1_000,
      headerBytes,
      bytes: 5_000,
    })),
  );
  return playlistOf({ isWhole, segments } as unknown as Parameters<typeof playlistOf>[0]);
}

test('runs with equal headers stay one playlist, to the letter', () => {
  const text = playlist(true, { atS: 0, headerBytes: WITH_SOUND }, { atS: 30, headerBytes: WITH_SOUND });
  expect(partsOf(text)).toEqual([{ fromWallMs: NINE, text }]);
});

test('where the tracks change a new playlist begins, each with its head and its end', () => {
  const runs = [
    { atS: 0, headerBytes: WITH_SOUND },
    { atS: 30, headerBytes: WITHOUT_SOUND },
    { atS: 60, headerBytes: WITH_SOUND },
  ] as const;
  const parts = partsOf(playlist(true, ...runs));
  expect(parts.map(({ fromWallMs }) => fromWallMs)).toEqual([NINE, NINE + 30_000, NINE + 60_000]);
  parts.forEach(({ text }, index) => {
    expect(text).toMatch(/^#EXTM3U\n#EXT-X-VERSION:7\n/);
    expect(text.match(/media\.mp4$/gm)).toEqual(['media.mp4', 'media.mp4']);
    expect(text).toContain(`/segments/seg-${index}-0/media.mp4",BYTERANGE="${runs[index]?.headerBytes}@0"`);
    expect(text).not.toContain('#EXT-X-DISCONTINUITY');
    expect(text.endsWith('#EXT-X-ENDLIST\n')).toBe(true);
  });
});

test('while a session runs only its last part is still to grow', () => {
  const parts = partsOf(playlist(false, { atS: 0, headerBytes: WITH_SOUND }, { atS: 30, headerBytes: WITHOUT_SOUND }));
  expect(parts.map(({ text }) => text.includes('#EXT-X-ENDLIST'))).toEqual([true, false]);
  expect(partsOf(playlist(false))).toEqual([]);
});

test('a moment belongs to the part that has begun, a gap to the part before it', () => {
  const parts = partsOf(playlist(true, { atS: 0, headerBytes: WITH_SOUND }, { atS: 30, headerBytes: WITHOUT_SOUND }));
  expect([-5, 0, 25, 30, 99].map((s) => partAt(parts, NINE + s * 1_000))).toEqual([0, 0, 0, 1, 1]);
  expect(partAt([], NINE)).toBe(0);
});
