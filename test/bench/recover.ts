/**
 * What it costs when something dies: controller, ffmpeg, recorder, the power, a camera that falls silent. Every figure is the
 * worst of several times, and the streams that nothing happened to must not lose a frame meanwhile.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SegmentFact } from '../../controller/core/facts.ts';
import type { DesiredClaim, RecorderStatus } from '../../controller/core/recording.ts';
import { cutPower } from '../faults/power-cut.ts';
import { DiskShim } from '../faults/shim.ts';
import { readFrames } from '../oracle/frames.ts';
import { Cameras } from './cameras.ts';
import { figure, median, table, worst } from './figures.ts';
import { countFrames, type Hole, holeMs, holesBetweenRuns } from './frame-count.ts';
import { House } from './house.ts';
import { childrenOf } from './processes.ts';
import { type RecorderStart, RecorderUnderTest } from './recorder-process.ts';
import { pause, type Scene, until } from './scene.ts';

const CAMERAS = 3;
const PRE_ROLL_MS = 2_000;
const VICTIM = 'cam-1';
const ROOM = 'room-1';
/** Between two faults, and a little of chance, so that they come at any point of a fragment, of a sync and of a segment. */
const BETWEEN_MS = 1_500;
const CHANCE_MS = 2_000;
/** How long a silent camera stays silent after it was noticed, at most. */
const SILENCE_MS = 8_000;
/** What the monotonic clock reads when the recorder starts after a power cut. */
const BOOT_TAKES_MS = 20_000;
/** A recorder that is not back by itself after this long will not be. */
const BACK_MS_MAX = 20_000;
const GOALS =
  'goals: controller 0 frames, ffmpeg ≤ 1500 ms, recorder ≤ 3000 ms, power ≤ 2000 ms, stall noticed ≤ 3000 ms, back ≤ 2000 ms, other streams 0 frames';

export async function recover(scene: Scene): Promise<object> {
  const { times } = scene.options;
  const cameras = await Cameras.start(scene, CAMERAS);
  const ffmpegs = await scene.part((part) => killFfmpegs(part, cameras, times));
  scene.say(`killed an ffmpeg ${times} times`);
  const stalls = await scene.part((part) => silenceCamera(part, cameras, times, 'Q02.freeze'));
  const cables = await scene.part((part) => silenceCamera(part, cameras, times, 'Q01.leave'));
  scene.say(`silenced a camera ${times} times by a freeze and ${times} times by its cable`);
  const house = await scene.part((part) => killInHouse(part, cameras, times));
  scene.say(`killed the controller and the recorder ${times} times each`);
  const cuts = await scene.part((part) => cutThePower(part, cameras, times));
  scene.say(
    cuts === null
      ? 'the power was not cut: gcc, which compiles the disk shim, is missing'
      : `cut the power ${times} times`,
  );
  scene.say();
  const line = (name: string, values: readonly number[]) => [name, values.length, median(values), worst(values)];
  const lines = table([
    ['', 'times', 'median', 'worst'],
    line('controller killed: frames lost', house.controllerKillFramesLost),
    line('ffmpeg killed: hole, ms', ffmpegs.holes.map(holeMs)),
    line(
      '  of it pictures in no file, ms',
      ffmpegs.holes.map(({ missingMs }) => missingMs),
    ),
    line('recorder killed: hole, ms', house.recorderHoles.map(holeMs)),
    line(
      '  of it pictures in no file, ms',
      house.recorderHoles.map(({ missingMs }) => missingMs),
    ),
    line('power cut: pictures lost, ms', cuts?.lostMs ?? []),
    line('  from the cut to recording again, ms (process start, no machine)', cuts?.backMs ?? []),
    line('camera froze: noticed after, ms', stalls.noticedMs),
    line('  back after its answer, ms', stalls.backMs),
    line('camera’s cable pulled: noticed after, ms', cables.noticedMs),
    line('  back after its answer, ms', cables.backMs),
    line('frames lost by other streams', [...ffmpegs.others, ...stalls.others, ...cables.others]),
  ]);
  for (const text of lines) scene.say(text);
  scene.say(GOALS);
  return {
    controllerKillFramesLost: figure(worst(house.controllerKillFramesLost)),
    ffmpegKillGapMs: figure(worst(ffmpegs.holes.map(holeMs))),
    recorderKillGapMs: figure(worst(house.recorderHoles.map(holeMs))),
    powerCutLossMs: figure(worst(cuts?.lostMs ?? [])),
    stallNoticedMs: figure(worst([...stalls.noticedMs, ...cables.noticedMs])),
    otherStreamsFramesLost: figure(worst([...ffmpegs.others, ...stalls.others, ...cables.others])),
  };
}

/** A recorder that keeps all cameras. */
async function keeping(
  scene: Scene,
  cameras: Cameras,
  how: RecorderStart = {},
): Promise<{ readonly recorder: RecorderUnderTest; readonly claim: DesiredClaim }> {
  const recorder = await RecorderUnderTest.start(scene, how);
  recorder.arm(cameras.sources(), PRE_ROLL_MS);
  await recorder.when(({ streams }) => cameras.ids.every((id) => (streams[id]?.ringMs ?? 0) >= PRE_ROLL_MS));
  const claim = recorder.claim(PRE_ROLL_MS / 2);
  recorder.keep(cameras.sources(), claim, PRE_ROLL_MS);
  await recorder.proven(claim.id, cameras.ids);
  return { recorder, claim };
}

/** Frames that each stream but the victim lost within the claim. */
async function lostByOthers(
  recorder: RecorderUnderTest,
  cameras: Cameras,
  span: { readonly from: number; readonly to: number },
): Promise<number[]> {
  const lost: number[] = [];
  for (const id of cameras.ids.filter((one) => one !== VICTIM)) {
    const frames = await readFrames(recorder.segments(id).map((segment) => recorder.path(segment)));
    const { sent, kept, doubled } = await countFrames(cameras, id, frames, span);
    lost.push(sent - kept + doubled);
  }
  return lost;
}

async function ffmpegsOf(pid: number): Promise<number[]> {
  const found: number[] = [];
  for (const child of await childrenOf(pid)) {
    if ((await readFile(`/proc/${child}/cmdline`, 'utf8').catch(() => '')).startsWith('ffmpeg')) found.push(child);
  }
  return found;
}

async function killFfmpegs(
  scene: Scene,
  cameras: Cameras,
  times: number,
): Promise<{ readonly holes: readonly Hole[]; readonly others: readonly number[] }> {
  // The victim alone first, so that its ffmpeg is known.
  const recorder = await RecorderUnderTest.start(scene);
  const victim = { [VICTIM]: cameras.source(VICTIM) };
  recorder.arm(victim, PRE_ROLL_MS);
  await recorder.when(({ streams }) => streams[VICTIM]?.phase === 'armed');
  let target = (await ffmpegsOf(recorder.pid))[0] ?? 0;
  recorder.arm(cameras.sources(), PRE_ROLL_MS);
  await recorder.when(({ streams }) => cameras.ids.every((id) => (streams[id]?.ringMs ?? 0) >= PRE_ROLL_MS));
  const others = (await ffmpegsOf(recorder.pid)).filter((pid) => pid !== target);
  const claim = recorder.claim(PRE_ROLL_MS / 2);
  recorder.keep(cameras.sources(), claim, PRE_ROLL_MS);
  await recorder.proven(claim.id, cameras.ids);
  for (let time = 0; time < times; time++) {
    await pause(BETWEEN_MS + Math.random() * CHANCE_MS);
    const run = recorder.status?.streams[VICTIM]?.run;
    process.kill(target, 'SIGKILL');
    await recorder.when(({ streams }) => streams[VICTIM]?.phase === 'keeping' && streams[VICTIM]?.run !== run);
    target = (await ffmpegsOf(recorder.pid)).find((pid) => !others.includes(pid)) ?? 0;
  }
  await pause(BETWEEN_MS);
  const to = await recorder.endClaim(cameras.sources(), claim, PRE_ROLL_MS);
  return {
    holes: await holesOf(recorder, cameras, VICTIM),
    others: await lostByOthers(recorder, cameras, { from: claim.from.wallMs, to: to.wallMs }),
  };
}

function holesOf(recorder: RecorderUnderTest, cameras: Cameras, stream: string): Promise<Hole[]> {
  return holesBetweenRuns(cameras, stream, recorder.segments(stream), (segment) => recorder.path(segment));
}

/** A camera sends nothing any more: frozen, its connections answer; with its cable pulled, nothing does. */
async function silenceCamera(
  scene: Scene,
  cameras: Cameras,
  times: number,
  how: 'Q02.freeze' | 'Q01.leave',
): Promise<{ readonly noticedMs: number[]; readonly backMs: number[]; readonly others: readonly number[] }> {
  const { recorder, claim } = await keeping(scene, cameras);
  const phaseIs = (phase: string) => (status: RecorderStatus) => status.streams[VICTIM]?.phase === phase;
  const noticedMs: number[] = [];
  const backMs: number[] = [];
  for (let time = 0; time < times; time++) {
    await pause(BETWEEN_MS + Math.random() * CHANCE_MS);
    const silentAt = performance.now();
    await cameras.throwSwitch(VICTIM, how, how === 'Q02.freeze' ? { what: 'packets' } : {});
    noticedMs.push((await recorder.when(phaseIs('lost'))) - silentAt);
    await pause(Math.random() * (scene.options.tiny ? 500 : SILENCE_MS));
    const answersAt = performance.now();
    if (how === 'Q02.freeze') await cameras.throwSwitch(VICTIM, how, { what: 'off' });
    else await cameras.throwSwitch(VICTIM, 'Q01.comeBack');
    backMs.push((await recorder.when(phaseIs('keeping'))) - answersAt);
  }
  await pause(BETWEEN_MS);
  const to = await recorder.endClaim(cameras.sources(), claim, PRE_ROLL_MS);
  return {
    noticedMs,
    backMs,
    others: await lostByOthers(recorder, cameras, { from: claim.from.wallMs, to: to.wallMs }),
  };
}

async function killInHouse(
  scene: Scene,
  cameras: Cameras,
  times: number,
): Promise<{ readonly controllerKillFramesLost: readonly number[]; readonly recorderHoles: readonly Hole[] }> {
  const house = await House.start(scene, cameras, { rooms: { [ROOM]: cameras.ids }, preRollMs: PRE_ROLL_MS });
  house.keepAwake(scene, [ROOM]);
  await house.when(ROOM, ({ readiness }) => readiness === 'ready');
  const dieIn = async (command: 'start' | 'recorder'): Promise<string> => {
    await house.when(ROOM, ({ session }) => session === null || session.state === 'closed');
    const { id } = await house.open(ROOM, randomBytes(8).toString('hex'));
    const isConfirmed = (afterMs: number) =>
      house.when(ROOM, ({ at, session }) => at > afterMs && session?.id === id && session.confirmed);
    await isConfirmed(0);
    for (let time = 0; time < times; time++) {
      await pause(BETWEEN_MS + Math.random() * CHANCE_MS);
      const pid = await house.pidOf(command);
      const killedAt = Date.now();
      process.kill(pid, 'SIGKILL');
      await until(async () => (await house.pidOf(command).catch(() => pid)) !== pid);
      // A proof lasts two seconds, so what was confirmed before may still be shown for so long.
      await isConfirmed(killedAt + 2_500);
    }
    await pause(BETWEEN_MS);
    await house.closeAtLast(id);
    await house.when(ROOM, ({ session }) => session?.id === id && session.state === 'closed');
    return id;
  };
  const [first, second] = [await dieIn('start'), await dieIn('recorder')];
  const facts = await house.recorderFacts();
  const decided = await house.siteFacts();
  const segmentsOf = (session: string, stream: string) =>
    facts.filter(
      (fact): fact is { type: 'segment' } & SegmentFact =>
        fact.type === 'segment' && fact.stream === stream && fact.claims.includes(session),
    );
  const path = (segment: SegmentFact) => house.path(segment);
  const opened = decided.find((fact) => fact.type === 'session-opened' && fact.session === first);
  const closing = decided.find((fact) => fact.type === 'session-closing' && fact.session === first);
  if (opened?.type !== 'session-opened' || closing?.type !== 'session-closing')
    throw new Error('the journal does not know the session');
  const controllerKillFramesLost: number[] = [];
  const recorderHoles: Hole[] = [];
  for (const id of cameras.ids) {
    const frames = await readFrames(segmentsOf(first, id).map(path));
    const span = { from: opened.from.wallMs, to: closing.to.wallMs };
    const { sent, kept, doubled } = await countFrames(cameras, id, frames, span);
    controllerKillFramesLost.push(sent - kept + doubled);
    recorderHoles.push(...(await holesBetweenRuns(cameras, id, segmentsOf(second, id), path)));
  }
  return { controllerKillFramesLost, recorderHoles };
}

/** Everything dies at once, and what was not synced is not there any more (test/faults/disk-shim.c). Null without a compiler. */
async function cutThePower(
  scene: Scene,
  cameras: Cameras,
  times: number,
): Promise<{ readonly lostMs: readonly number[]; readonly backMs: readonly number[] } | null> {
  const folder = await scene.newFolder();
  const data = join(folder, 'data');
  await mkdir(data);
  // A first start without the shim: the power goes on a machine that was installed long ago, whose folders are on the disk.
  await scene.part((part) => RecorderUnderTest.start(part, { folder: data }));
  const shim = new DiskShim(data, folder);
  await shim.open();
  try {
    void shim.environment;
  } catch {
    return null;
  }
  const { recorder, claim } = await keeping(scene, cameras, { env: shim.environment, folder: data });
  const lostMs: number[] = [];
  const backMs: number[] = [];
  for (let time = 0; time < times; time++) {
    await pause(BETWEEN_MS + Math.random() * CHANCE_MS);
    const children = await childrenOf(recorder.pid);
    // Nobody is to tell it what to do when it is back.
    await recorder.leaveAlone();
    const cutAt = Date.now();
    await recorder.kill();
    for (const child of children) {
      try {
        process.kill(child, 'SIGKILL');
      } catch {
        // It noticed the broken pipe first.
      }
    }
    await cutPower([data], shim, time % 2 === 0 ? 'gone' : 'zero');
    for (const id of cameras.ids)
      lostMs.push(cutAt - (await lastPictureMs(join(data, 'media', id), claim.from.wallMs)));
    shim.rebooted(BOOT_TAKES_MS);
    const startedAt = performance.now();
    await recorder.start({ env: shim.environment });
    recorder.watchAgain();
    const keepsAll = ({ streams }: RecorderStatus) =>
      cameras.ids.every((id) => streams[id]?.phase === 'keeping' && streams[id]?.syncedAt !== null);
    const back = await recorder.when(keepsAll, BACK_MS_MAX).catch(() => null);
    if (back === null) {
      scene.say('after a power cut the recorder did not record again by itself');
      return { lostMs: [Number.NaN], backMs: [Number.NaN] };
    }
    backMs.push(back - startedAt);
  }
  return { lostMs, backMs };
}

/** When the newest picture was taken that a folder still holds; `otherwise` when it holds none. Wall times in milliseconds. */
async function lastPictureMs(folder: string, otherwise: number): Promise<number> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  let lastMs = otherwise;
  for (const name of names.filter((one) => one.endsWith('.mp4'))) {
    // A file that the cut left without a whole header holds no picture.
    const frames = await readFrames([join(folder, name)]).catch(() => []);
    lastMs = Math.max(lastMs, (frames.at(-1)?.hostTimeUs ?? 0) / 1_000);
  }
  return lastMs;
}
