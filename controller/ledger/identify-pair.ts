/** Finds out which of two disks may be used, gives them their identities where they have none yet, and makes them ready. */
import { AppError, sentenceOf } from '../core/errors.ts';
import type { Cause } from '../core/recording.ts';
import { causeOf, type Disk } from './disk.ts';
import { changeVolume, decide, type Look, makeVolume, type Step, type Volume } from './volume.ts';
import { within } from './within.ts';

/** A disk that does not answer a look in this time hangs. */
export const LOOK_MS_MAX = 5_000;

/**
 * Decides over both disks and does what was decided to those in `which`; the other one is only told who its partner is. Answers for
 * each of them why it cannot be used, or null when it is ready. `pin`: the volume that main has to be. Never rejects.
 */
export async function identifyPair(
  main: Disk,
  mirror: Disk,
  which: readonly Disk[],
  pin: string | null,
  newId: () => string,
): Promise<Map<Disk, Cause | null>> {
  const [atMain, atMirror] = await Promise.all([lookWithin(main), lookWithin(mirror)]);
  const decision = decide(atMain, atMirror, pin);
  const ids = new Map([
    [main, volumeOf(atMain)?.volume ?? newId()],
    [mirror, volumeOf(atMirror)?.volume ?? newId()],
  ]);
  const pairing = Math.max(1, volumeOf(atMain)?.pairing ?? 1, volumeOf(atMirror)?.pairing ?? 1);
  const found = new Map<Disk, Cause | null>();
  // The second disk first: should the power go between the two, main has no partner yet and takes it in at the next start.
  for (const [disk, other, look, step] of [
    [mirror, main, atMirror, decision.mirror],
    [main, mirror, atMain, decision.main],
  ] as const) {
    if (!which.includes(disk) && step.do !== 'name-partner') continue;
    if (step.do === 'leave') {
      found.set(disk, { code: step.why, detail: step.detail });
      continue;
    }
    const partner = step.do === 'make' && step.partner === 'keep' ? null : (ids.get(other) ?? null);
    const own: Volume = { volume: ids.get(disk) ?? newId(), role: disk.role, partner, pairing };
    try {
      const volume = await within(
        disk.act(() => makeReady(disk, look, step, own, newId)),
        LOOK_MS_MAX,
      );
      ids.set(disk, volume.volume);
      found.set(disk, null);
    } catch (error) {
      found.set(disk, error instanceof AppError ? causeOf(error.cause ?? error) : causeOf(error));
    }
  }
  return found;
}

/** What a disk says of itself, or that it does not answer. Never rejects. */
export function lookWithin(disk: Disk): Promise<Look> {
  return within(
    disk.act(() => disk.look()),
    LOOK_MS_MAX,
  ).catch((error) => ({ kind: 'unreadable', detail: sentenceOf(error) }));
}

async function makeReady(disk: Disk, look: Look, step: Step, own: Volume, newId: () => string): Promise<Volume> {
  await disk.prepare();
  const { root } = disk.layout;
  let volume = volumeOf(look);
  if (volume === null) volume = await makeVolume(root, own, newId());
  else if (step.do === 'name-partner') {
    volume = { ...volume, partner: own.partner, pairing: own.pairing };
    await changeVolume(root, volume);
  }
  await disk.know(volume);
  await disk.lookAtRoom();
  return volume;
}

function volumeOf(look: Look): Volume | null {
  return look.kind === 'volume' ? look.volume : null;
}
