/**
 * How long a press takes until its recording is proven on disk: with armed rooms and with sleeping ones, at the recorder alone
 * and through the whole controller; and whether the pre-roll is really there.
 */
import { randomBytes } from 'node:crypto';
import type { RoomView } from '../../controller/api/contract.ts';
import { describe as describeSource } from '../../controller/recorder/describe.ts';
import { Ffmpeg } from '../../controller/recorder/ffmpeg.ts';
import { FragmentReader } from '../../controller/recorder/fragments.ts';
import { readFrames } from '../oracle/frames.ts';
import { Cameras, FRAME_MS } from './cameras.ts';
import { figure, median, quantile, table } from './figures.ts';
import { House } from './house.ts';
import { isProven, RecorderUnderTest } from './recorder-process.ts';
import { pause, type Scene } from './scene.ts';

const ROOMS = 4;
const PRE_ROLL_MS = 2_000;
/** The oldest picture in memory is a keyframe, so a pre-roll is whole after it and one group of pictures. */
const GOP_MS = 2_000;
/** Presses come at any point of a fragment and of a group of pictures. */
const JITTER_MS = 400;
const KEPT_MS = 600;
const COLD_FOR_MS = 1_500;
const DESCRIBE_MS = 5_000;
const GOALS = 'goals: armed median ≤ 150 ms, p99 ≤ 300 ms; cold p99 ≤ 2000 ms; pre-roll never short';

interface Pressed {
  readonly tookMs: number;
  /** How much later than the press minus the pre-roll the first kept picture is; negative when it is earlier, as it should be. */
  readonly lateMs: number;
}

export async function start(scene: Scene): Promise<object> {
  const { presses, cold } = scene.options;
  const cameras = await Cameras.start(scene, ROOMS);
  const spawns = await scene.part(() => spawnTimes(cameras, Math.max(1, cold)));
  scene.say(`spawn to first fragment: ${spawns.length} times`);
  const recorder = await scene.part((part) => pressRecorder(part, cameras, presses, cold));
  scene.say(`the recorder alone: ${presses} presses armed, ${cold} cold`);
  const whole = await scene.part((part) => pressController(part, cameras, presses, cold));
  scene.say(`through the controller: ${presses} presses armed, ${cold} cold`);
  scene.say();
  const line = (name: string, values: readonly number[]) => [
    ...[name, values.length, quantile(values, 0), median(values), quantile(values, 0.95), quantile(values, 0.99)],
    quantile(values, 1),
  ];
  const took = (pressed: readonly Pressed[]) => pressed.map(({ tookMs }) => tookMs);
  const lines = table([
    ['ms', 'times', 'least', 'median', 'p95', 'p99', 'most'],
    line('press → proven, recorder, armed', took(recorder.armed)),
    line('press → confirmed view, whole controller, armed', took(whole.armed)),
    line('press → proven, recorder, cold', recorder.cold),
    line('press → confirmed view, whole controller, cold', whole.cold),
    line(
      'spawn of ffmpeg → header',
      spawns.map(({ headerMs }) => headerMs),
    ),
    line(
      'spawn of ffmpeg → first fragment',
      spawns.map(({ fragmentMs }) => fragmentMs),
    ),
    line(
      'DESCRIBE before it',
      spawns.map(({ describeMs }) => describeMs),
    ),
  ]);
  for (const text of lines) scene.say(text);
  for (const [name, pressed] of [
    ['recorder', recorder.armed],
    ['whole controller', whole.armed],
  ] as const) {
    const short = pressed.filter(({ lateMs }) => lateMs > 0);
    const most = quantile(
      pressed.map(({ lateMs }) => lateMs),
      1,
    );
    scene.say(
      `pre-roll of ${PRE_ROLL_MS} ms, ${name}: ${short.length} of ${pressed.length} short; first picture at most ${most.toFixed(0)} ms after press − pre-roll`,
    );
  }
  scene.say(GOALS);
  // What the clerk waits for is the whole way; the recorder's own part of it is in the table.
  return {
    armedMedianMs: figure(median(took(whole.armed))),
    armedP99Ms: figure(quantile(took(whole.armed), 0.99)),
    coldP99Ms: figure(quantile(whole.cold, 0.99)),
  };
}

interface Spawned {
  readonly describeMs: number;
  readonly headerMs: number;
  readonly fragmentMs: number;
}

/** The recorder's own DESCRIBE, ffmpeg and reader, without the recorder around them. */
async function spawnTimes(cameras: Cameras, times: number): Promise<Spawned[]> {
  const spawned: Spawned[] = [];
  for (let time = 0; time < times; time++) {
    const source = cameras.source(cameras.ids[time % ROOMS] ?? '');
    const asked = performance.now();
    const offer = await describeSource(source, DESCRIBE_MS);
    const begun = performance.now();
    const [video, audio] = [offer.video !== null, offer.audio === null ? 'none' : 'encode'] as const;
    const plan = { source, transport: 'tcp', video, hevc: offer.video === 'H265', audio } as const;
    let headerMs = Number.NaN;
    const ffmpeg = await new Promise<Ffmpeg>((resolve) => {
      const reader = new FragmentReader({
        header: () => {
          headerMs = performance.now() - begun;
        },
        fragment: () => resolve(running),
      });
      const running = new Ffmpeg('ffmpeg', plan, (chunk) => reader.push(chunk));
      void running.ended.then(() => resolve(running));
    });
    spawned.push({ describeMs: begun - asked, headerMs, fragmentMs: performance.now() - begun });
    await ffmpeg.stop();
  }
  return spawned;
}

interface Presses {
  readonly armed: readonly Pressed[];
  readonly cold: readonly number[];
}

async function pressRecorder(scene: Scene, cameras: Cameras, presses: number, cold: number): Promise<Presses> {
  const recorder = await RecorderUnderTest.start(scene);
  recorder.arm(cameras.sources(), PRE_ROLL_MS);
  const armed: { stream: string; claim: string; from: number; tookMs: number }[] = [];
  for (let press = 0; press < presses; press++) {
    // In turn, so that one room fills its memory again while the others are pressed.
    const stream = cameras.ids[press % ROOMS] ?? '';
    const source = { [stream]: cameras.source(stream) };
    await recorder.when((status) => (status.streams[stream]?.ringMs ?? 0) >= PRE_ROLL_MS);
    await pause(Math.random() * JITTER_MS);
    const claim = recorder.claim(PRE_ROLL_MS);
    const pressed = performance.now();
    recorder.keep(source, claim, PRE_ROLL_MS);
    const proven = await recorder.when((status) => isProven(status, stream, claim.id));
    armed.push({ stream, claim: claim.id, from: claim.from.wallMs, tookMs: proven - pressed });
    await pause(KEPT_MS);
    await recorder.endClaim(source, claim, PRE_ROLL_MS);
  }
  const pressed: Pressed[] = [];
  for (const { stream, claim, from, tookMs } of armed) {
    const [first] = recorder.segments(stream).filter(({ claims }) => claims.includes(claim));
    const [picture] = first === undefined ? [] : await readFrames([recorder.path(first)]);
    pressed.push({ tookMs, lateMs: (picture?.hostTimeUs ?? Number.POSITIVE_INFINITY) / 1_000 - from - FRAME_MS });
  }
  recorder.sleep(cameras.sources());
  const coldMs: number[] = [];
  for (let press = 0; press < cold; press++) {
    const stream = cameras.ids[press % ROOMS] ?? '';
    const source = { [stream]: cameras.source(stream) };
    await recorder.when((status) => status.streams[stream]?.phase === 'off');
    await pause(Math.random() * JITTER_MS);
    const claim = recorder.claim(PRE_ROLL_MS);
    const begun = performance.now();
    recorder.keep(source, claim, PRE_ROLL_MS, 'off');
    coldMs.push((await recorder.when((status) => isProven(status, stream, claim.id))) - begun);
    await recorder.endClaim(source, claim, PRE_ROLL_MS, 'off');
    recorder.sleep(source);
  }
  return { armed: pressed, cold: coldMs };
}

async function pressController(scene: Scene, cameras: Cameras, presses: number, cold: number): Promise<Presses> {
  const rooms = Object.fromEntries(cameras.ids.map((id, at) => [`room-${at + 1}`, [id]]));
  const names = Object.keys(rooms);
  const house = await House.start(scene, cameras, { rooms, preRollMs: PRE_ROLL_MS });
  const press = async (room: string): Promise<{ session: string; tookMs: number }> => {
    await pause(Math.random() * JITTER_MS);
    const begun = performance.now();
    const opened = house.open(room, randomBytes(8).toString('hex'));
    // The view is what lets the panel say that it records; it may come before the answer to the press.
    const { id } = await opened;
    const confirmed = await house.when(room, ({ session }) => session?.id === id && session.confirmed);
    await pause(KEPT_MS);
    await house.close(id);
    await house.when(room, ({ session }) => session === null || session.state === 'closed');
    return { session: id, tookMs: confirmed - begun };
  };
  // All rooms are asleep at first; the cold ones come before anybody touches a panel.
  const coldMs: number[] = [];
  for (let time = 0; time < cold; time++) {
    const room = names[time % names.length] ?? '';
    const isCold = ({ readiness, streams }: RoomView) =>
      readiness === 'asleep' && streams.every(({ state }) => state === 'off');
    await house.when(room, isCold);
    // A view may be a moment older than what the recorder does: it has to say so still, after a while.
    await pause(COLD_FOR_MS);
    await house.when(room, isCold);
    coldMs.push((await press(room)).tookMs);
  }
  return await scene.part(async (awake) => {
    house.keepAwake(awake, names);
    const pressed: { session: string; tookMs: number }[] = [];
    for (let time = 0; time < presses; time++) {
      const room = names[time % names.length] ?? '';
      const lastEnd = lastEnds.get(room) ?? performance.now();
      await house.when(room, ({ readiness }) => readiness === 'ready');
      // Nobody outside sees how full the memory is: long enough for the pre-roll and one group of pictures.
      await pause(lastEnd + PRE_ROLL_MS + GOP_MS + 500 - performance.now());
      pressed.push(await press(room));
      lastEnds.set(room, performance.now());
    }
    return { armed: await judge(house, pressed), cold: coldMs };
  });
}

/** When each room was last closed, by `performance.now()`. */
const lastEnds = new Map<string, number>();

async function judge(
  house: House,
  pressed: readonly { readonly session: string; readonly tookMs: number }[],
): Promise<Pressed[]> {
  const decided = await house.siteFacts();
  const recorded = await house.recorderFacts();
  const judged: Pressed[] = [];
  for (const { session, tookMs } of pressed) {
    const opened = decided.find((fact) => fact.type === 'session-opened' && fact.session === session);
    const first = recorded.find((fact) => fact.type === 'segment' && fact.claims.includes(session));
    const [picture] = first?.type === 'segment' ? await readFrames([house.path(first)]) : [];
    const from = opened?.type === 'session-opened' ? opened.from.wallMs : Number.NaN;
    judged.push({ tookMs, lateMs: (picture?.hostTimeUs ?? Number.POSITIVE_INFINITY) / 1_000 - from - FRAME_MS });
  }
  return judged;
}
