/**
 * The whole house with two disks, and the main one goes in mid-hearing: the clerk is told, the record goes on without a gap, and
 * everything is on both when it is back.
 */
import { spawnSync } from 'node:child_process';
import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { RecorderFact, SiteFact } from '../../controller/core/facts.ts';
import { followJournal } from '../../controller/ledger/journal-files.ts';
import { layoutOf } from '../../controller/ledger/layout.ts';
import { Client } from '../api/api-stage.ts';
import { type House, pairingCode, segmentsOf, startHouse } from '../e2e/house.ts';
import { ringsAreFull } from '../e2e/rings.ts';
import { PROGRAM, until } from '../recorder/rig.ts';

const ROOM = 'hearing-1';
const STREAMS = ['panorama', 'microphone'];

interface Room {
  readonly session: { readonly state: string; readonly confirmed: boolean } | null;
  readonly alarms: readonly { readonly code: string }[];
}

/** A clerk who logs in again whenever the panel asks for it, as the index on another disk does not know the login. */
class Clerk {
  readonly #house: House;
  #client: Client | null = null;

  constructor(house: House) {
    this.#house = house;
  }

  /** What the room's page shows, or null while nobody answers. */
  async room(): Promise<Room | null> {
    const answer = await this.ask((client) => client.get(`/rooms/${ROOM}`));
    return answer?.status === 200 ? (answer.body as unknown as Room) : null;
  }

  async ask<T extends { readonly status: number }>(question: (client: Client) => Promise<T>): Promise<T | null> {
    try {
      this.#client ??= await this.#logIn();
      const answer = await question(this.#client);
      if (answer.status === 401) this.#client = null;
      return answer;
    } catch {
      this.#client = null;
      return null;
    }
  }

  async #logIn(): Promise<Client> {
    const client = new Client(this.#house.panel.replace(/\/$/, ''));
    await client.post('/pair', { code: await pairingCode(this.#house) });
    await client.post('/login', { person: 'clerk', pin: this.#house.pins['clerk'] });
    return client;
  }
}

async function factsIn<Fact>(folder: string): Promise<Fact[]> {
  const found: Fact[] = [];
  for await (const { entry } of followJournal<Fact>(folder)) if (entry !== null) found.push(entry.fact);
  return found;
}

test('the main disk goes and comes back in mid-hearing: no gap, the room says so, both disks hold all of it', async () => {
  const house = await startHouse({ hasSecondDisk: true });
  const { data, mirror } = house;
  if (mirror === null) throw new Error('the house has no second disk');
  const recorded = () => factsIn<RecorderFact>(layoutOf(mirror).recorderJournal);
  const clerk = new Clerk(house);
  await clerk.ask((client) => client.post(`/rooms/${ROOM}/wake`));
  await ringsAreFull(layoutOf(data).recorderSocket, STREAMS);
  const opened = await clerk.ask((client) =>
    client.post(`/rooms/${ROOM}/sessions`, { press: 'press-with-two-disks', kind: 'hearing' }),
  );
  expect(opened?.status).toBe(201);
  await until(async () => segmentsOf(await recorded(), 'panorama').length >= 2);

  await rename(data, `${data}-away`);
  const isTold = async () => (await clerk.room())?.alarms.some(({ code }) => code === 'main-disk-away') === true;
  await until(isTold, 60_000);
  // The controller has read its index anew from the other disk, and the hearing is still being recorded and said to be.
  await until(async () => (await clerk.room())?.session?.confirmed === true);
  const kept = segmentsOf(await recorded(), 'panorama').length;
  await until(async () => segmentsOf(await recorded(), 'panorama').length >= kept + 2);

  await rename(`${data}-away`, data);
  await until(async () => (await recorded()).some(({ type }) => type === 'disk-back'), 60_000);
  await until(async () => (await clerk.room())?.alarms.every(({ code }) => code !== 'main-disk-away') === true);
  const { id } = opened?.body ?? {};
  const closed = await clerk.ask((client) => client.post(`/sessions/${String(id)}/close`));
  expect(closed?.status).toBe(200);
  const isClosed = async () =>
    (await factsIn<SiteFact>(layoutOf(mirror).siteJournal)).some(({ type }) => type === 'session-closed');
  await until(isClosed);
  const facts = await recorded();
  expect(facts.filter(({ type }) => type === 'gap')).toEqual([]);
  for (const stream of STREAMS)
    expect(segmentsOf(facts, stream).filter(({ gapBefore }) => gapBefore !== null)).toEqual([]);
  for (const journal of ['recorder', 'site']) {
    const both = () =>
      Promise.all([data, mirror].map((root) => readFile(join(root, 'journal', journal, '000001.ndjson'), 'utf8')));
    await until(async () => {
      const [a, b] = await both();
      return a === b;
    });
  }
  const { status, stdout } = spawnSync(process.execPath, [PROGRAM, 'verify', data, '--mirror', mirror], {
    encoding: 'utf8',
  });
  expect(status, stdout).toBe(0);
  expect(stdout).not.toContain('copy-');
}, 180_000);
