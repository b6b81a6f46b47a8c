/**
 * What it costs to record N streams, and whether every frame is there: our recorder against bare ffmpeg and, where installed,
 * GStreamer's splitmuxsink, one after the other on the same cameras and for the same time.
 */
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readFrames } from '../oracle/frames.ts';
import { Cameras, FPS, framesIn } from './cameras.ts';
import { figure, median, table, worst } from './figures.ts';
import { countFrames } from './frame-count.ts';
import { childrenOf, usageOf } from './processes.ts';
import { RecorderUnderTest } from './recorder-process.ts';
import { BARE_FFMPEG, type Rival, RivalRun, splitmuxsink } from './rivals.ts';
import { pause, type Scene } from './scene.ts';
import { SyncProbe } from './sync-probe.ts';

const PRE_ROLL_MS = 2_000;
/** Between the last stream's first bytes and the first measurement. */
const SETTLE_MS = 3_000;
const MEMORY_SAMPLES = 6;
/** What may be missing at the end of a rival's files: pictures between the camera and the disk when it was told to stop. */
const TAIL_FRAMES_MAX = FPS;
const MIB = 1024 * 1024;
/** The recorder's own memory, whatever the number of streams; the goal allows it beside the streams' share. */
const OWN_BYTES = 80 * MIB;
const OURS = 'quancheng';
const GOALS = 'goals: cpuRatio ≤ 1.25, memoryRatio ≤ 1.15, framesLost 0, flatness ≈ 1';

interface Outcome {
  readonly name: string;
  readonly streams: number;
  /** Processor seconds of one stream in one minute. */
  readonly cpuPerStreamMinute: number;
  /** Of that, what the first process alone took: the recorder without its ffmpegs. */
  readonly firstPerStreamMinute: number;
  readonly pssBytes: number;
  readonly sent: number;
  readonly kept: number;
  readonly lost: number;
  readonly syncP99Ms: number;
  readonly sustained: boolean;
  readonly note: string;
  /** Part of one processor that the cameras took meanwhile. */
  readonly camerasShare: number;
}

export async function record(scene: Scene): Promise<object> {
  const { streams: counts, seconds, tiny } = scene.options;
  const gstreamer = splitmuxsink();
  scene.say(`${seconds} s each, ${tiny ? 'tiny pictures' : '1080p25 4 Mbit/s'} with G.711, RTSP over TCP`);
  if (gstreamer === null)
    scene.say('GStreamer (gst-launch-1.0, splitmuxsink, an AAC encoder) is not installed: left out');
  const outcomes: Outcome[] = [];
  for (const [at, count] of counts.entries()) {
    await scene.part(async (part) => {
      const cameras = await Cameras.start(part, count);
      const contenders = [
        (inner: Scene) => measureOurs(inner, cameras),
        ...[BARE_FFMPEG, ...(gstreamer === null ? [] : [gstreamer])].map(
          (rival) => (inner: Scene) => measureRival(inner, cameras, rival),
        ),
      ];
      // Every other round the other way round, so that whoever comes first is not always the same.
      for (const measure of at % 2 === 0 ? contenders : contenders.reverse()) {
        const outcome = await part.part(measure);
        outcomes.push(outcome);
        scene.say(
          `  ${outcome.streams} × ${outcome.name}: ${outcome.cpuPerStreamMinute.toFixed(2)} CPU s per stream-minute, ${mib(outcome.pssBytes)} MiB, ${outcome.lost} lost${outcome.note === '' ? '' : ` (${outcome.note})`}`,
        );
      }
    });
  }
  return conclude(scene, outcomes);
}

/** Lets a group of processes work for the time asked and takes their time on the processors and their memory. */
async function observe(
  scene: Scene,
  cameras: Cameras,
  pids: () => Promise<readonly number[]>,
): Promise<Pick<Outcome, 'cpuPerStreamMinute' | 'firstPerStreamMinute' | 'pssBytes' | 'syncP99Ms' | 'camerasShare'>> {
  const { seconds } = scene.options;
  const probe = await SyncProbe.start(scene);
  await pause(SETTLE_MS);
  const begun = performance.now();
  const [first = 0] = await pids();
  const firstBefore = (await usageOf([first])).cpuS ?? Number.NaN;
  const before = await usageOf(await pids());
  const camerasBefore = (await usageOf([cameras.pid])).cpuS ?? 0;
  const memory: number[] = [];
  for (let sample = 1; sample <= MEMORY_SAMPLES; sample++) {
    await pause(begun + (seconds * 1_000 * sample) / MEMORY_SAMPLES - performance.now());
    memory.push((await usageOf(await pids())).pssBytes);
  }
  const after = await usageOf(await pids());
  const firstS = ((await usageOf([first])).cpuS ?? Number.NaN) - firstBefore;
  const tookS = (performance.now() - begun) / 1_000;
  const camerasS = ((await usageOf([cameras.pid])).cpuS ?? 0) - camerasBefore;
  await probe.stop();
  const cpuS = after.cpuS === null || before.cpuS === null ? Number.NaN : after.cpuS - before.cpuS;
  const perStreamMinute = 60 / cameras.ids.length / tookS;
  return {
    cpuPerStreamMinute: cpuS * perStreamMinute,
    firstPerStreamMinute: firstS * perStreamMinute,
    pssBytes: median(memory),
    syncP99Ms: probe.p99Ms,
    camerasShare: camerasS / tookS,
  };
}

async function measureOurs(scene: Scene, cameras: Cameras): Promise<Outcome> {
  const { ids } = cameras;
  const sources = cameras.sources();
  const recorder = await RecorderUnderTest.start(scene);
  recorder.arm(sources, PRE_ROLL_MS);
  await recorder.when((status) => ids.every((id) => (status.streams[id]?.ringMs ?? 0) >= PRE_ROLL_MS));
  const claim = recorder.claim(PRE_ROLL_MS / 2);
  recorder.keep(sources, claim, PRE_ROLL_MS);
  await recorder.proven(claim.id, ids);
  const observed = await observe(scene, cameras, async () => [recorder.pid, ...(await childrenOf(recorder.pid))]);
  const to = await recorder.endClaim(sources, claim, PRE_ROLL_MS);
  await recorder.stop();
  let [sent, kept, doubled] = [0, 0, 0];
  for (const id of ids) {
    const frames = await readFrames(recorder.segments(id).map((segment) => recorder.path(segment)));
    const told = await countFrames(cameras, id, frames, { from: claim.from.wallMs, to: to.wallMs });
    sent += told.sent;
    kept += told.kept;
    doubled += told.doubled;
  }
  const gaps = recorder.facts.filter(({ type }) => type === 'gap').length;
  const runs = recorder.facts.filter(({ type }) => type === 'run-begun').length;
  const faults = [
    ...(gaps === 0 ? [] : [`${gaps} gaps in the ledger`]),
    ...(runs === ids.length ? [] : [`${runs} runs of ${ids.length} streams`]),
    ...(doubled === 0 ? [] : [`${doubled} frames twice`]),
  ];
  await rm(dirname(recorder.folder), { recursive: true, force: true });
  return {
    name: OURS,
    streams: ids.length,
    ...observed,
    sent,
    kept,
    lost: sent - kept,
    sustained: sent === kept,
    note: faults.join(', '),
  };
}

async function measureRival(scene: Scene, cameras: Cameras, rival: Rival): Promise<Outcome> {
  const { ids } = cameras;
  const running = await RivalRun.start(scene, rival, new Map(ids.map((id) => [id, cameras.url(id)])));
  const observed = await observe(scene, cameras, async () => running.pids);
  const { allRun } = running;
  await running.stop();
  let [sent, kept, sustained] = [0, 0, allRun];
  for (const id of ids) {
    const session = (await cameras.sent(id)).at(-1);
    const given = session === undefined ? 0 : framesIn(session);
    const frames = await running.frames(id);
    sent += given;
    kept += frames;
    if (given - frames > TAIL_FRAMES_MAX) sustained = false;
  }
  const note = allRun ? '' : `a process ended: ${running.said.split('\n').at(-1) ?? ''}`;
  return { name: rival.name, streams: ids.length, ...observed, sent, kept, lost: sent - kept, sustained, note };
}

function conclude(scene: Scene, outcomes: readonly Outcome[]): object {
  scene.say();
  const head = [
    ...[
      '',
      'N',
      'CPU s/stream-min',
      'recorder’s own',
      'of bare',
      'PSS MiB',
      'MiB/stream',
      'sent',
      'on disk',
      'lost',
      'fdatasync p99 ms',
    ],
    ...['sustained', 'cameras’ CPU'],
  ];
  const bareAt = (streams: number) => outcomes.find((one) => one.name === BARE_FFMPEG.name && one.streams === streams);
  const rows = outcomes.map((one) => [
    one.name,
    one.streams,
    one.cpuPerStreamMinute,
    one.name === OURS ? one.firstPerStreamMinute : '',
    one.cpuPerStreamMinute / (bareAt(one.streams)?.cpuPerStreamMinute ?? Number.NaN),
    mib(one.pssBytes),
    one.pssBytes / MIB / one.streams,
    one.sent,
    one.kept,
    one.lost,
    one.syncP99Ms,
    one.sustained ? 'yes' : 'no',
    `${Math.round(one.camerasShare * 100)} %`,
  ]);
  for (const line of table([head, ...rows])) scene.say(line);
  for (const { name, streams, note } of outcomes) if (note !== '') scene.say(`${streams} × ${name}: ${note}`);
  scene.say(GOALS);
  const ours = outcomes.filter(({ name }) => name === OURS);
  const judged = ours.filter(({ streams }) => bareAt(streams)?.sustained === true);
  for (const { streams } of ours.filter((one) => !judged.includes(one)))
    scene.say(`bare ffmpeg does not sustain ${streams} streams on this machine: left out of framesLost`);
  const ratios = ours.map((one) => {
    const bare = bareAt(one.streams);
    return {
      cpu: one.cpuPerStreamMinute / (bare?.cpuPerStreamMinute ?? Number.NaN),
      memory: Math.max(0, one.pssBytes - OWN_BYTES) / (bare?.pssBytes ?? Number.NaN),
    };
  });
  return {
    cpuRatio: figure(worst(ratios.map(({ cpu }) => cpu)), 3),
    memoryRatio: figure(worst(ratios.map(({ memory }) => memory)), 3),
    framesLost: judged.reduce((sum, { lost }) => sum + lost, 0),
    flatness: figure(flatness(ours), 3),
  };
}

/** Cost per stream with the most streams over the cost with the fewest that are more than one. */
function flatness(ours: readonly Outcome[]): number {
  const several = ours.filter(({ streams }) => streams > 1).sort((a, b) => a.streams - b.streams);
  const [few, many] = [several.at(0), several.at(-1)];
  if (few === undefined || many === undefined || few === many) return Number.NaN;
  return many.cpuPerStreamMinute / few.cpuPerStreamMinute;
}

function mib(bytes: number): number {
  return Math.round(bytes / MIB);
}
