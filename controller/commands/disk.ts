/** `quancheng disk accept`: a new, empty disk takes the place of one that is gone. Nothing has to be stopped for it. */
import { randomBytes } from 'node:crypto';
import { chown, mkdir, stat } from 'node:fs/promises';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { AppError } from '../core/errors.ts';
import type { DiskRole } from '../core/recording.ts';
import { ULID_RANDOM_BYTES, ulid } from '../core/ulid.ts';
import { Disk } from '../ledger/disk.ts';
import { SystemClock } from '../ledger/system-clock.ts';
import { changeVolume, makeVolume, type Volume, volumeFileOf } from '../ledger/volume.ts';
import { type Command, configPath, readArguments } from './command.ts';

export const disk: Command = {
  summary: 'take in a new, empty disk in the place of one of the two; recorder and controller may go on',
  usage: 'disk accept main|mirror --config FILE',
  async run(args) {
    const { options, words } = readArguments(args, ['config'], 2);
    const [act, role] = words;
    if (act !== 'accept' || (role !== 'main' && role !== 'mirror'))
      throw new AppError('bad-usage', 'disk needs: accept main, or accept mirror');
    const config = loadConfig(configPath(options['config']));
    const { volume, root } = await accept(config, role);
    console.log(`${root} is volume ${volume} now; what it lacks is copied to it by the recorder`);
    if (role === 'main' && config.storage.volume !== null)
      console.log(`storage.volume in the configuration names the disk before: write ${volume} there`);
    return 0;
  },
};

/** Makes the folder of `role` the partner of the other one. Rejects with `bad-usage` when it is not empty, or there is no other one. */
async function accept({ storage }: Config, role: DiskRole): Promise<{ volume: string; root: string }> {
  if (storage.mirror === null)
    throw new AppError('bad-usage', 'the configuration names no second disk (storage.mirror)');
  const [root, otherRoot] = role === 'main' ? [storage.data, storage.mirror] : [storage.mirror, storage.data];
  const clock = new SystemClock();
  const { wallMs } = clock.now();
  const other = await new Disk(role === 'main' ? 'mirror' : 'main', otherRoot, 1, clock.now()).look();
  if (other.kind !== 'volume') throw new AppError('bad-usage', `${otherRoot} does not say which disk it is`);
  const look = await new Disk(role, root, 1, clock.now()).look();
  if (look.kind === 'unreadable') throw new AppError('data-not-writable', `${root}: ${look.detail}`);
  if (look.kind === 'volume' || look.hasRecord)
    throw new AppError('bad-usage', `${root} is not empty: it holds the record of ${nameOf(look)}, which is kept`);
  const owner = await stat(otherRoot);
  await mkdir(root, { recursive: true, mode: 0o750 });
  if ((await stat(root)).dev === owner.dev)
    console.warn(`${root} lies on the same disk as ${otherRoot}: should that disk die, both are gone`);
  const newId = (): string => ulid(wallMs, randomBytes(ULID_RANDOM_BYTES));
  const pairing = other.volume.pairing + 1;
  const made: Volume = { volume: newId(), role, partner: other.volume.volume, pairing };
  // The one that stays is told first: a new disk that nobody knows is refused, and can be accepted again.
  await changeVolume(otherRoot, { ...other.volume, partner: made.volume, pairing });
  const { volume } = await makeVolume(root, made, newId());
  // Run by an administrator, the files belong to the service all the same.
  for (const path of [root, volumeFileOf(root), volumeFileOf(otherRoot)]) await chown(path, owner.uid, owner.gid);
  return { volume, root };
}

function nameOf(look: { readonly kind: string; readonly volume?: Volume }): string {
  return look.volume === undefined ? 'an unknown disk' : `volume ${look.volume.volume}`;
}
