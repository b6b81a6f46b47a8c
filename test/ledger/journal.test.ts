/** The journal: one order, one chain, on disk before it is answered; whoever changes a line is found with its number. */
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { CHAIN_START, type Entry, sha256 } from '../../controller/core/chain.ts';
import type { Clock } from '../../controller/core/time.ts';
import { Journal } from '../../controller/ledger/journal.ts';
import { followJournal, journalFiles, journalReached } from '../../controller/ledger/journal-files.ts';

interface Fact {
  readonly n: number;
  readonly text?: string;
}

const clock: Clock = {
  now: () => ({ wallMs: 1_795_000_000_000, monoMs: 1_000, boot: 'boot-a' }),
  state: () => ({ source: 'ntp' }),
};

let directory: string;
beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'quancheng-journal-'));
  directory = join(folder, 'journal');
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
});

const first = () => join(directory, '000001.ndjson');

async function opened(): Promise<Journal<Fact>> {
  const journal = new Journal<Fact>(directory, clock);
  await journal.open();
  onTestFinished(() => journal.close());
  return journal;
}

/** A closed journal of `count` facts. */
async function written(count: number): Promise<string[]> {
  const journal = await opened();
  await Promise.all(Array.from({ length: count }, (_, i) => journal.append({ n: i + 1 })));
  await journal.close();
  return (await readFile(first(), 'utf8')).trimEnd().split('\n');
}

async function follow(): Promise<{ entries: Entry<Fact>[]; faults: [seq: number, what: string][]; end: number }> {
  const entries: Entry<Fact>[] = [];
  const faults: [number, string][] = [];
  let end = 0;
  for await (const { entry, fault, head } of followJournal<Fact>(directory)) {
    if (entry !== null) entries.push(entry);
    if (fault !== null) faults.push([fault.seq, fault.what]);
    end = head.seq;
  }
  return { entries, faults, end };
}

describe('appending', () => {
  test('appends made at once keep their order, share one chain and are on disk when they are answered', async () => {
    const journal = await opened();
    const heard: number[] = [];
    journal.onEntry(({ seq }) => heard.push(seq));
    const answers = await Promise.all(
      Array.from({ length: 200 }, async (_, i) => {
        const entry = await journal.append({ n: i });
        const lines = (await readFile(first(), 'utf8')).split('\n');
        expect(lines[entry.seq - 1]).toBe(JSON.stringify(entry));
        return entry;
      }),
    );
    expect(answers.map(({ fact }) => fact.n)).toEqual(answers.map((_, i) => i));
    expect(answers.map(({ seq }) => seq)).toEqual(answers.map((_, i) => i + 1));
    expect(heard).toEqual(answers.map(({ seq }) => seq));
    const lines = (await readFile(first(), 'utf8')).trimEnd().split('\n');
    expect(answers.map(({ prev }) => prev)).toEqual([CHAIN_START, ...lines.slice(0, -1).map(sha256)]);
    expect(journal.head).toEqual({ seq: 200, hash: sha256(lines.at(-1) ?? '') });
  });

  test('it goes on where it ended when it is opened again, and says nothing was wrong', async () => {
    await written(3);
    const journal = new Journal<Fact>(directory, clock);
    expect(await journal.open()).toEqual({ tornBytes: 0, faults: [] });
    expect((await journal.append({ n: 4 })).seq).toBe(4);
    await journal.close();
    const { entries, faults } = await follow();
    expect(entries.map(({ fact }) => fact.n)).toEqual([1, 2, 3, 4]);
    expect(faults).toEqual([]);
    expect(await journalReached(directory)).toEqual(journal.head);
  });

  test('texts with every odd character stay one line', async () => {
    const journal = await opened();
    const texts = ['a\u2028b\u2029c', '\r\n\r', '\0\u0085\ufeff', '听证\ud83d\ude00', '\ud800', '"\\'];
    for (const [n, text] of texts.entries()) await journal.append({ n, text });
    await journal.close();
    const { entries, faults } = await follow();
    expect(faults).toEqual([]);
    expect(entries.map(({ fact }) => fact.text)).toEqual(texts);
  });

  test('reading from a number on gives what is on disk, in order', async () => {
    const journal = await opened();
    for (let n = 1; n <= 5; n++) await journal.append({ n });
    const from = async (seq: number) => {
      const found: number[] = [];
      for await (const entry of journal.read(seq)) found.push(entry.seq);
      return found;
    };
    expect(await from(0)).toEqual([1, 2, 3, 4, 5]);
    expect(await from(3)).toEqual([4, 5]);
    expect(await from(5)).toEqual([]);
    expect(await from(99)).toEqual([]);
  });

  test('past 16 MiB a new file is begun; the chain runs through both', async () => {
    const journal = await opened();
    const text = 'x'.repeat(1024 * 1024);
    for (let n = 1; n <= 18; n++) await journal.append({ n, text });
    await journal.close();
    expect(await journalFiles(directory)).toEqual(['000001.ndjson', '000002.ndjson']);
    expect((await stat(first())).size).toBeGreaterThan(16 * 1024 * 1024);
    const again = await opened();
    expect((await again.append({ n: 19 })).seq).toBe(19);
    const readFrom = async (seq: number): Promise<number[]> => {
      const found: number[] = [];
      for await (const entry of again.read(seq)) found.push(entry.seq);
      return found;
    };
    for (const seq of [0, 14, 15, 16, 17, 18, 19]) {
      expect(await readFrom(seq), `after ${seq}, on either side of the seam`).toEqual(
        Array.from({ length: 19 - seq }, (_, i) => seq + 1 + i),
      );
    }
    await again.close();
    const { entries, faults } = await follow();
    expect(faults).toEqual([]);
    expect(entries.map(({ fact }) => fact.n)).toEqual(Array.from({ length: 19 }, (_, i) => i + 1));
    await rm(first());
    expect((await follow()).faults, 'a whole file that is gone').toEqual([[1, 'number-missing']]);
  }, 120_000);

  test('when a new file cannot be begun, what was written is answered, and what follows is refused until it is opened again', async () => {
    const journal = await opened();
    await mkdir(join(directory, '000002.ndjson'));
    const text = 'x'.repeat(17 * 1024 * 1024);
    expect((await journal.append({ n: 1, text })).seq).toBe(1);
    await expect(journal.append({ n: 2 })).rejects.toThrow('EISDIR');
    await expect(journal.append({ n: 3 })).rejects.toThrow('EISDIR');
    await rm(join(directory, '000002.ndjson'), { recursive: true });
    await expect(journal.append({ n: 4 }), 'not by itself').rejects.toThrow();
    await journal.close();
    const again = await opened();
    expect((await again.append({ n: 5 })).seq).toBe(2);
    await again.close();
    const { entries, faults } = await follow();
    expect(entries.map(({ fact }) => fact.n)).toEqual([1, 5]);
    expect(faults).toEqual([]);
  }, 60_000);

  test('before it is opened and after it is closed every append is refused', async () => {
    const journal = new Journal<Fact>(directory, clock);
    await expect(journal.append({ n: 1 })).rejects.toThrow('not open');
    const other = await opened();
    const last = other.append({ n: 1 });
    await other.close();
    expect((await last).seq, 'what was under way is finished').toBe(1);
    await expect(other.append({ n: 2 })).rejects.toThrow('closed');
  });

  test('a place that cannot be written is said at once', async () => {
    await writeFile(`${directory}-file`, '');
    const journal = new Journal<Fact>(join(`${directory}-file`, 'journal'), clock);
    await expect(journal.open()).rejects.toMatchObject({ code: 'data-not-writable' });
  });
});

describe('a last line that was half written', () => {
  test.each(['{"seq":4,"prev":"', '\0\0\0\0\0\0\0\0', '{'])(
    'is moved aside, and the chain goes on: %j',
    async (torn) => {
      await written(3);
      await appendFile(first(), torn);
      const journal = new Journal<Fact>(directory, clock);
      expect(await journal.open()).toEqual({ tornBytes: Buffer.byteLength(torn), faults: [] });
      expect((await journal.append({ n: 4 })).seq).toBe(4);
      await journal.close();
      expect((await follow()).faults).toEqual([]);
      expect(await readFile(`${first()}.torn`, 'utf8')).toBe(torn);
      expect((await readdir(directory)).sort()).toEqual(['000001.ndjson', '000001.ndjson.torn', 'head.json']);
    },
  );

  test('one that is whole but for its line break was never answered either', async () => {
    const lines = await written(3);
    await writeFile(first(), lines.join('\n'));
    const journal = await opened();
    expect(journal.head.seq).toBe(2);
  });
});

describe('what was changed afterwards is found', () => {
  test('a flipped byte in any line but the last: by the line after it', async () => {
    const lines = await written(6);
    for (const [i, line] of lines.slice(0, -1).entries()) {
      const changed = line.replace(`"n":${i + 1}`, `"n":${i + 2}`);
      expect(changed).not.toBe(line);
      await writeFile(first(), `${lines.with(i, changed).join('\n')}\n`);
      expect((await follow()).faults, `line ${i + 1}`).toEqual([[i + 1, 'hash-differs']]);
    }
  });

  test('a flipped byte in the last line: by the head file', async () => {
    const lines = await written(6);
    const last = lines.at(-1) ?? '';
    await writeFile(first(), `${lines.with(5, last.replace('"n":6', '"n":7')).join('\n')}\n`);
    const { faults, end } = await follow();
    expect(faults).toEqual([]);
    const reached = await journalReached(directory);
    expect(reached?.seq).toBe(end);
    expect(reached?.hash).toBe(sha256(last));
    const { entries } = await follow();
    expect(sha256(JSON.stringify(entries.at(-1)))).not.toBe(reached?.hash);
  });

  test.each([
    [
      'a byte that breaks the JSON',
      3,
      (lines: string[]) => lines.with(2, `${lines[2]}`.replace('{', '[')),
      [[3, 'not-json']],
    ],
    ['a removed line', 3, (lines: string[]) => lines.toSpliced(2, 1), [[3, 'number-missing']]],
    ['two removed lines', 3, (lines: string[]) => lines.toSpliced(2, 2), [[3, 'number-missing']]],
    ['a removed first line', 1, (lines: string[]) => lines.slice(1), [[1, 'number-missing']]],
    ['a line twice', 4, (lines: string[]) => lines.toSpliced(3, 0, `${lines[2]}`), [[4, 'number-missing']]],
    ['a foreign line put in', 4, (lines: string[]) => lines.toSpliced(3, 0, 'hello'), [[4, 'not-json']]],
  ])('%s', async (_name, seq, change, expected) => {
    const lines = await written(6);
    await writeFile(first(), `${change(lines).join('\n')}\n`);
    const { faults } = await follow();
    expect(faults[0]).toEqual(expected[0]);
    expect(faults[0]?.[0]).toBe(seq);
  });

  test.each(['null', '42', '{}', '[]', '""'])(
    'a line that is JSON and no entry, %s, stops nothing',
    async (foreign) => {
      const lines = await written(3);
      await writeFile(first(), `${[...lines, foreign].join('\n')}\n`);
      expect((await follow()).faults).toEqual([[4, 'not-json']]);
      const journal = await opened();
      expect((await journal.append({ n: 5 })).seq).toBe(5);
    },
  );

  test('swapped lines are told at the first of the two', async () => {
    const lines = await written(6);
    const swapped = lines.with(2, `${lines[3]}`).with(3, `${lines[2]}`);
    await writeFile(first(), `${swapped.join('\n')}\n`);
    expect((await follow()).faults[0]).toEqual([3, 'number-missing']);
  });

  test('a line put in with a chain of its own is told where the old chain meets it', async () => {
    const lines = await written(6);
    const third = JSON.parse(lines[2] ?? '') as Entry<Fact>;
    const forged = JSON.stringify({ ...third, fact: { n: 99 } });
    await writeFile(first(), `${lines.with(2, forged).join('\n')}\n`);
    expect((await follow()).faults).toEqual([[3, 'hash-differs']]);
  });

  test.each([1, 2, 6])(
    'the last %i lines removed: the chain holds, the head file says how far it once reached',
    async (count) => {
      const lines = await written(6);
      await writeFile(
        first(),
        lines
          .slice(0, 6 - count)
          .map((line) => `${line}\n`)
          .join(''),
      );
      const { faults, end } = await follow();
      expect(faults).toEqual([]);
      expect(end).toBe(6 - count);
      expect((await journalReached(directory))?.seq).toBe(6);
    },
  );

  test('all of that does not stop the journal from being opened and carried on, and opening tells it', async () => {
    const lines = await written(6);
    await writeFile(first(), `${lines.toSpliced(2, 1).join('\n')}\n`);
    const journal = new Journal<Fact>(directory, clock);
    expect((await journal.open()).faults.map(({ seq }) => seq)).toEqual([3]);
    expect((await journal.append({ n: 7 })).seq).toBe(7);
    await journal.close();
    expect((await follow()).faults, 'one damage is told once').toEqual([[3, 'number-missing']]);
  });

  test('a journal that is not there is empty, and nothing was reached', async () => {
    expect(await follow()).toEqual({ entries: [], faults: [], end: 0 });
    expect(await journalReached(directory)).toBeNull();
  });

  test('a file that cannot be read is an error, not an empty journal', async () => {
    await mkdir(first(), { recursive: true });
    await expect(follow()).rejects.toThrow('EISDIR');
  });
});
