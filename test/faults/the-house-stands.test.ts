/**
 * The whole house in mid-hearing: the controller is killed, replaced as an upgrade does it, and stands still; the recorder stands
 * still too. No frame is lost by any of it, and the sign at the door never says more than the disk proves (invariant 1).
 */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { PROOF_AGE_MS } from '../../controller/core/recording.ts';
import { layoutOf } from '../../controller/ledger/layout.ts';
import { Client } from '../api/api-stage.ts';
import { type House, pairingCode, segmentsOf, siteFiles, startHouse } from '../e2e/house.ts';
import { ringsAreFull } from '../e2e/rings.ts';
import { assertOnceInOrder, readFrames } from '../oracle/frames.ts';
import { PROGRAM, until } from '../recorder/rig.ts';
import { bytesByStream } from './watch.ts';

const ROOM = 'hearing-1';
const STREAMS = ['panorama', 'microphone'];
const LOOK_EVERY_MS = 200;
/** What lies between a sync and a sign: a status, a request, a look at the folder, on a loaded machine. */
const SLACK_MS = 1_500;
const CONTROLLER_HALTED_MS = 10_000;
const RECORDER_HALTED_MS = 5_000;

interface Look {
  readonly atMs: number;
  /** What the sign says; null: nobody answers. */
  readonly sign: string | null;
  readonly bytes: ReadonlyMap<string, number>;
}

/** Looks at sign and disk until it is told to stop. */
class Door {
  readonly looks: Look[] = [];
  readonly faults: string[] = [];
  #ended = false;
  #running: Promise<void> | null = null;

  watch(house: House): void {
    this.#running = this.#run(house);
  }

  async close(): Promise<void> {
    this.#ended = true;
    await this.#running;
  }

  /** Resolves when the sign says this. */
  says(state: string): Promise<void> {
    return until(() => this.looks.at(-1)?.sign === state);
  }

  async #run(house: House): Promise<void> {
    const { media } = layoutOf(house.data);
    while (!this.#ended) {
      const bytes = await bytesByStream(media);
      const sign = await fetch(`${house.panel}api/v1/signs/${ROOM}`, { signal: AbortSignal.timeout(1_000) })
        // The notice stands on the sign while the recording is proven and nobody was told yet: it claims the same.
        .then(async (answer) => ((await answer.json()) as { state: string }).state.replace('notice', 'recording'))
        .catch(() => null);
      this.#judge({ atMs: performance.now(), sign, bytes });
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }

  #judge(look: Look): void {
    this.looks.push(look);
    if (look.sign !== 'recording') return;
    const lastMs = look.atMs - PROOF_AGE_MS - SLACK_MS;
    const earlier = this.looks.filter(({ atMs }) => atMs <= lastMs).at(-1);
    for (const stream of STREAMS) {
      if ((look.bytes.get(stream) ?? 0) > (earlier?.bytes.get(stream) ?? 0)) continue;
      this.faults.push(
        `the sign says recording, and ${stream} has not grown for ${Math.round(look.atMs - (earlier?.atMs ?? 0))} ms`,
      );
    }
  }
}

/** A session that is open, proven on the sign, in an armed house. */
async function openSession(house: House, press: string): Promise<{ client: Client; session: string; door: Door }> {
  const client = new Client(house.panel.replace(/\/$/, ''));
  await client.post('/pair', { code: await pairingCode(house) });
  await client.post('/login', { person: 'clerk', pin: house.pins['clerk'] });
  await client.post(`/rooms/${ROOM}/wake`);
  await ringsAreFull(layoutOf(house.data).recorderSocket, STREAMS);
  const door = new Door();
  door.watch(house);
  const opened = await client.post(`/rooms/${ROOM}/sessions`, { press, kind: 'hearing' });
  expect(opened.status).toBe(201);
  await door.says('recording');
  return { client, session: String(opened.body.id), door };
}

/** Closes it, and asks whether everything holds. */
async function closeAndVerify(house: House, client: Client, session: string, door: Door): Promise<void> {
  expect((await client.post(`/sessions/${session}/close`)).status).toBe(200);
  await until(async () => (await house.siteFacts()).some(({ type }) => type === 'session-closed'));
  await door.close();
  expect(door.faults).toEqual([]);
  const { status, stdout } = spawnSync(process.execPath, [PROGRAM, 'verify', house.data], { encoding: 'utf8' });
  expect(status, stdout).toBe(0);
}

test('every process of the house dies at once in mid-hearing: started again, the session goes on by itself with one ledgered gap', async () => {
  const house = await startHouse();
  const { client, session, door } = await openSession(house, 'press-before-the-end-of-all');
  await until(async () => (await house.recorderFacts()).some(({ type }) => type === 'segment'));
  await house.killAll();
  await house.startAgain();
  const seenBefore = door.looks.length;
  await until(() => door.looks.slice(seenBefore).some(({ sign }) => sign === 'recording'));
  await until(async () =>
    segmentsOf(await house.recorderFacts(), 'panorama').some(({ gapBefore }) => gapBefore !== null),
  );
  await closeAndVerify(house, client, session, door);
  const facts = await house.recorderFacts();
  for (const stream of STREAMS) {
    const gaps = facts.filter((fact) => fact.type === 'gap' && fact.stream === stream);
    expect(gaps, stream).toMatchObject([{ cause: { code: 'recorder-killed' } }]);
  }
  expect((await house.siteFacts()).filter(({ type }) => type === 'session-opened')).toHaveLength(1);
  assertOnceInOrder(await readFrames(siteFiles(house, facts, 'panorama')), { allowGaps: true });
}, 120_000);

test('controller killed, upgraded and standing still, recorder standing still: 0 frames, and the sign tells the truth', async () => {
  const house = await startHouse();
  const { client, session, door } = await openSession(house, 'press-of-the-fault-test');

  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    const before = await house.pidOf('start');
    process.kill(before, signal);
    await until(() =>
      house.pidOf('start').then(
        (pid) => pid !== before,
        () => false,
      ),
    );
    await door.says('recording');
  }

  const controller = await house.pidOf('start');
  process.kill(controller, 'SIGSTOP');
  await new Promise((resolve) => setTimeout(resolve, CONTROLLER_HALTED_MS));
  process.kill(controller, 'SIGCONT');
  await door.says('recording');

  const recorder = await house.pidOf('recorder');
  process.kill(recorder, 'SIGSTOP');
  const haltedAtMs = performance.now();
  await door.says('fault');
  expect(performance.now() - haltedAtMs).toBeLessThan(PROOF_AGE_MS + SLACK_MS);
  await until(() => performance.now() - haltedAtMs > RECORDER_HALTED_MS);
  process.kill(recorder, 'SIGCONT');
  await door.says('recording');

  await closeAndVerify(house, client, session, door);
  const facts = await house.recorderFacts();
  expect(facts.filter(({ type }) => type === 'gap')).toEqual([]);
  assertOnceInOrder(await readFrames(siteFiles(house, facts, 'panorama')));
}, 180_000);
