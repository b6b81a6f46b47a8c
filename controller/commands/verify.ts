/** `quancheng verify`: does this data folder hold what was recorded, unchanged and without an unexplained hole? */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { AppError } from '../core/errors.ts';
import { openKeyFile } from '../ledger/key-file.ts';
import { layoutOf, siteKeyOf } from '../ledger/layout.ts';
import { FolderLock } from '../ledger/lock.ts';
import { type Finding, verifyFolder } from '../site/verify.ts';
import { centreKeysIn } from './centre-keys.ts';
import { type Command, readArguments } from './command.ts';

const EXIT_DAMAGED = 1;

export const verify: Command = {
  summary: 'check presence, size, hash, chain and coverage of a data folder; exit code 1 when something does not hold',
  usage: 'verify FOLDER [--mirror FOLDER] [--centre-keys FILE]',
  async run(args) {
    const { options, words } = readArguments(args, ['mirror', 'centre-keys'], 1);
    const folder = words[0];
    if (folder === undefined) throw new AppError('bad-usage', 'verify needs the data FOLDER');
    const root = resolve(folder);
    if (!existsSync(root)) throw new AppError('bad-usage', `there is no folder ${root}`);
    const mirror = options['mirror'] === undefined ? null : resolve(options['mirror']);
    if (mirror !== null && !existsSync(mirror)) throw new AppError('bad-usage', `there is no folder ${mirror}`);
    const keyFiles = [root, ...(mirror === null ? [] : [mirror])].map((folder) => siteKeyOf(layoutOf(folder)));
    const keyFile = keyFiles.find((path) => existsSync(path));
    const centreKeyFile = options['centre-keys'];
    const verdict = await verifyFolder(root, {
      recorderRuns: await isLocked(root),
      siteKeys: keyFile === undefined ? [] : [openKeyFile(keyFile).publicKey],
      centreKeys: centreKeyFile === undefined ? null : centreKeysIn(resolve(centreKeyFile)),
      mirror,
    });
    const { findings, ...figures } = verdict;
    for (const finding of findings) console.log(lineOf(finding));
    const { purged, purgedBytes } = figures;
    if (purged > 0)
      console.log(
        `${purged} of the segments (${purgedBytes} bytes) were deleted here by policy: the centre holds them`,
      );
    console.log(
      `${verdict.ok ? 'holds' : 'DOES NOT HOLD'}: ${figures.segments} segments, ${figures.bytes} bytes, ${figures.claims} claims (${figures.openClaims} open), ${figures.gaps} gaps`,
    );
    console.log(JSON.stringify({ ...figures, faults: findings.filter(({ level }) => level === 'fault').length }));
    return verdict.ok ? 0 : EXIT_DAMAGED;
  },
};

function lineOf({ level, what, subject, message }: Finding): string {
  return `${level === 'fault' ? 'FAULT' : 'note '}  ${what}  ${subject}: ${message}`;
}

/** A living recorder holds the folder's lock. */
async function isLocked(root: string): Promise<boolean> {
  try {
    await (await FolderLock.take(root, 'recorder', 'recorder-already-runs')).release();
    return false;
  } catch {
    return true;
  }
}
