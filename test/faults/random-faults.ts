/** The faults that the long form draws from. Each does its harm, undoes it, and returns; the recorder must then record again by itself. */
import { cutPower } from './power-cut.ts';
import type { Scenario } from './scenario.ts';
import type { DiskRule } from './shim.ts';

/** A seeded source of chance: a number from 0 to 1. */
export type Chance = () => number;

export interface RandomFault {
  readonly name: string;
  /** How often it is drawn, against the others. */
  readonly weight: number;
  /** True when it concerns one camera, so that a second one may be harmed at the same time. */
  readonly isOfCamera: boolean;
  run(scenario: Scenario, camera: string, chance: Chance): Promise<void>;
}

const HARM_MS_MIN = 300;
const HARM_MS_MAX = 6_000;

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A while drawn by chance; short ones are likelier, because they hit the seams. */
function aWhile(chance: Chance): Promise<void> {
  return pause(HARM_MS_MIN + chance() ** 2 * (HARM_MS_MAX - HARM_MS_MIN));
}

type Device = ReturnType<Scenario['device']>;

/** Harm to one camera, and what ends it. */
function ofCamera(
  name: string,
  harm: (device: Device, chance: Chance) => unknown,
  heal: (device: Device) => unknown = () => undefined,
): RandomFault {
  return {
    name,
    weight: 1,
    isOfCamera: true,
    run: async (scenario, camera, chance) => {
      await harm(scenario.device(camera), chance);
      await aWhile(chance);
      await heal(scenario.device(camera));
    },
  };
}

/** Harm to the recorder or its disk. */
function ofHost(name: string, weight: number, run: (scenario: Scenario, chance: Chance) => Promise<void>): RandomFault {
  return { name, weight, isOfCamera: false, run: (scenario, _, chance) => run(scenario, chance) };
}

/** Makes the disk behave so for a while. */
async function badDisk({ rig }: Scenario, chance: Chance, rule: DiskRule): Promise<void> {
  rig.shim?.rules(rule);
  await aWhile(chance);
  rig.shim?.rules();
}

export const RANDOM_FAULTS: readonly RandomFault[] = [
  ofCamera(
    'freeze',
    (device) => device.freeze('packets'),
    (device) => device.freeze('off'),
  ),
  ofCamera(
    'freeze the sound',
    (device) => device.freeze('audio'),
    (device) => device.freeze('off'),
  ),
  ofCamera(
    'freeze the picture',
    (device) => device.freeze('picture'),
    (device) => device.freeze('off'),
  ),
  ofCamera('reset', (device) => device.reset()),
  ofCamera('drop', (device) => device.drop()),
  ofCamera(
    'half-open',
    (device) => device.goDeaf(),
    (device) => device.hearAgain(),
  ),
  ofCamera(
    'unplug',
    (device) => device.leave(),
    (device) => device.comeBack(),
  ),
  ofCamera('reboot', (device, chance) => device.reboot(500 + chance() * 3_000)),
  ofCamera('burst', (device, chance) => device.holdBack(500 + chance() * 5_000)),
  ofCamera('RTP clock to 0', (device) => device.restartTimestamps()),
  ofCamera('RTP clock jumps', (device, chance) => device.jumpTimestamps((chance() - 0.5) * 200_000)),
  ofCamera('camera clock steps', (device, chance) => device.stepClock((chance() - 0.5) * 7_200_000)),
  ofCamera(
    'drift',
    (device, chance) => device.setDrift((chance() - 0.5) * 1_000),
    (device) => device.setDrift(0),
  ),
  ofCamera(
    'other size',
    (device) => device.changeVideo({ width: 256, height: 144 }),
    (device) => device.changeVideo({ width: 320, height: 180 }),
  ),
  ofCamera(
    'other codec',
    (device) => device.changeVideo({ codec: 'h265' }),
    (device) => device.changeVideo({ codec: 'h264' }),
  ),
  ofCamera(
    'other sound',
    (device) => device.setAudio('pcma'),
    (device) => device.setAudio('aac'),
  ),
  ofHost('kill one ffmpeg', 2, async ({ rig }, chance) => {
    const pids = await rig.children();
    const pid = pids[Math.floor(chance() * pids.length)];
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
  }),
  ofHost('kill the recorder', 3, async ({ rig }) => {
    await rig.kill('SIGKILL');
    await rig.start();
  }),
  ofHost('kill everything', 2, async ({ rig }) => {
    await rig.killAll();
    await rig.start();
  }),
  ofHost('stop the recorder', 1, async ({ rig }) => {
    await rig.kill('SIGTERM');
    await rig.start();
  }),
  ofHost('power cut', 3, async ({ rig }, chance) => {
    await rig.killAll();
    if (rig.shim !== null) await cutPower(rig.roots, rig.shim, chance() < 0.5 ? 'gone' : 'zero');
    rig.reboot();
    await rig.start();
  }),
  ofHost('halt the recorder', 1, async ({ rig }, chance) => {
    process.kill(rig.pid, 'SIGSTOP');
    await aWhile(chance);
    process.kill(rig.pid, 'SIGCONT');
  }),
  ofHost('disk full', 1, (scenario, chance) => badDisk(scenario, chance, { call: 'write', fail: 'ENOSPC' })),
  ofHost('disk read-only', 1, (scenario, chance) => badDisk(scenario, chance, { call: 'all', fail: 'EROFS' })),
  ofHost('syncs fail', 1, (scenario, chance) => badDisk(scenario, chance, { call: 'sync', fail: 'EIO' })),
  ofHost('writes fail', 1, (scenario, chance) => badDisk(scenario, chance, { call: 'write', fail: 'EIO' })),
  ofHost('syncs are slow', 1, (scenario, chance) => badDisk(scenario, chance, { call: 'sync', delayMs: 700 })),
];

/** Draws one by weight. */
export function drawFault(chance: Chance, from: readonly RandomFault[] = RANDOM_FAULTS): RandomFault {
  const total = from.reduce((sum, { weight }) => sum + weight, 0);
  let left = chance() * total;
  for (const fault of from) {
    left -= fault.weight;
    if (left < 0) return fault;
  }
  throw new Error('there is no fault to draw');
}
