/**
 * Which disk a data folder lies on. `volume.json` in the root of each says who it is and, where two disks hold the same record,
 * who its partner is: a folder whose disk is not mounted, or holds something else, is told apart from it and never written to.
 */
import { link, open, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../core/errors.ts';
import type { DiskRole } from '../core/recording.ts';
import { ULID_PATTERN } from '../core/ulid.ts';
import { replaceFile, syncDirectory } from './durable.ts';

export interface Volume {
  readonly volume: string;
  readonly role: DiskRole;
  /** The volume that holds the same record; null while there is none. */
  readonly partner: string | null;
  /** How often a partner was taken in: of two disks that disagree, the one with the smaller number was put away before. */
  readonly pairing: number;
}

const MODE = 0o640;

/** Path of the identity file of a data folder. */
export function volumeFileOf(root: string): string {
  return join(root, 'volume.json');
}

/** Who a data folder says it is; null when it says nothing. Rejects when it cannot be read or says something that is no identity. */
export async function readVolume(root: string): Promise<Volume | null> {
  let text: string;
  try {
    text = await readFile(volumeFileOf(root), 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
  const said = parsed(text);
  if (said === null) throw new Error(`${volumeFileOf(root)} does not say which disk this is`);
  return said;
}

function parsed(text: string): Volume | null {
  try {
    const said = JSON.parse(text) as Partial<Volume> | null;
    const isVolume =
      ULID_PATTERN.test(said?.volume ?? '') &&
      (said?.role === 'main' || said?.role === 'mirror') &&
      (said.partner === null || ULID_PATTERN.test(said.partner ?? '')) &&
      Number.isSafeInteger(said.pairing);
    return isVolume ? (said as Volume) : null;
  } catch {
    return null;
  }
}

/** Gives a folder its identity, which it must not have yet; answers what stands there afterwards, should another process be quicker. */
export async function makeVolume(root: string, volume: Volume, aside: string): Promise<Volume> {
  const path = volumeFileOf(root);
  const part = `${path}.${aside}`;
  const file = await open(part, 'wx', MODE);
  try {
    await file.writeFile(textOf(volume));
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(part, path);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  } finally {
    await unlink(part);
  }
  await syncDirectory(root);
  const stands = await readVolume(root);
  if (stands === null) throw new Error(`${path} was made and is gone`);
  return stands;
}

/** Writes down another partner. */
export function changeVolume(root: string, volume: Volume): Promise<void> {
  return replaceFile(volumeFileOf(root), textOf(volume), MODE);
}

function textOf(volume: Volume): string {
  return `${JSON.stringify({ v: 1, ...volume })}\n`;
}

/** What is known of one root before it is decided whether it may be used. */
export type Look =
  | { readonly kind: 'volume'; readonly volume: Volume; readonly hasRecord: boolean }
  | { readonly kind: 'nameless'; readonly hasRecord: boolean }
  | { readonly kind: 'unreadable'; readonly detail: string };

/** What is to be done with one root of a pair. */
export type Step =
  | { readonly do: 'use' }
  | { readonly do: 'make'; readonly partner: 'other' | 'keep' }
  | { readonly do: 'name-partner' }
  | { readonly do: 'leave'; readonly why: 'wrong-disk' | 'disk-failed'; readonly detail: string };

export interface Decision {
  readonly main: Step;
  readonly mirror: Step;
}

const USE: Step = { do: 'use' };
const MAKE: Step = { do: 'make', partner: 'other' };
const NAME: Step = { do: 'name-partner' };
const wrong = (detail: string): Step => ({ do: 'leave', why: 'wrong-disk', detail });

/**
 * Decides over the two roots of a pair. A folder without identity is taken in only when the other one has no partner yet: else
 * it is the empty folder of a disk that is not mounted. `pin` is the volume that the configuration expects as main, or null.
 */
export function decide(main: Look, mirror: Look, pin: string | null): Decision {
  if (main.kind === 'unreadable' || mirror.kind === 'unreadable') return decideAlone(main, mirror, pin);
  if (pin !== null && (main.kind === 'nameless' || main.volume.volume !== pin))
    return {
      main: wrong(`the configuration expects volume ${pin}, and ${saidBy(main)}`),
      mirror: mirror.kind === 'volume' && mirror.volume.partner === pin ? USE : wrong(`${saidBy(mirror)}`),
    };
  if (main.kind === 'nameless' && mirror.kind === 'nameless')
    return mirror.hasRecord
      ? { main: MAKE, mirror: wrong('it holds recordings of an unknown disk') }
      : { main: MAKE, mirror: MAKE };
  if (main.kind === 'nameless' && mirror.kind === 'volume')
    return mirror.volume.partner === null && !main.hasRecord
      ? { main: MAKE, mirror: NAME }
      : { main: wrong(saidBy(main)), mirror: USE };
  if (main.kind === 'volume' && mirror.kind === 'nameless')
    return main.volume.partner === null && !mirror.hasRecord
      ? { main: NAME, mirror: MAKE }
      : { main: USE, mirror: wrong(saidBy(mirror)) };
  if (main.kind !== 'volume' || mirror.kind !== 'volume') throw new Error('every pair of looks was decided');
  return decideBoth(main.volume, mirror.volume, mirror.hasRecord);
}

function decideBoth(main: Volume, mirror: Volume, mirrorHasRecord: boolean): Decision {
  if (main.volume === mirror.volume) return { main: USE, mirror: wrong('it is the main disk once more') };
  const mainKnows = main.partner === mirror.volume;
  const mirrorKnows = mirror.partner === main.volume;
  if (mainKnows && mirrorKnows) return { main: USE, mirror: USE };
  // The power went between the two halves of making a pair.
  if (mirrorKnows && main.partner === null) return { main: NAME, mirror: USE };
  if (mainKnows && mirror.partner === null) return { main: USE, mirror: NAME };
  if (main.partner === null && mirror.partner === null && !mirrorHasRecord) return { main: NAME, mirror: NAME };
  if (mirror.pairing > main.pairing)
    return { main: wrong(`it is volume ${main.volume}, put away before`), mirror: USE };
  return { main: USE, mirror: wrong(`it is volume ${mirror.volume}, and ${main.partner ?? 'none'} is expected`) };
}

/** One of the two cannot be read: the other is used if it may be used by itself. */
function decideAlone(main: Look, mirror: Look, pin: string | null): Decision {
  const alone = (look: Look, role: DiskRole): Step => {
    if (look.kind === 'unreadable') return { do: 'leave', why: 'disk-failed', detail: look.detail };
    if (look.kind === 'nameless')
      // Nobody knows whether a pair was made before; the mirror alone never begins a record.
      return role === 'main' && pin === null ? { do: 'make', partner: 'keep' } : wrong(saidBy(look));
    const { volume, partner } = look.volume;
    const isExpected = pin === null || (role === 'main' ? volume === pin : partner === pin);
    return isExpected ? USE : wrong(saidBy(look));
  };
  return { main: alone(main, 'main'), mirror: alone(mirror, 'mirror') };
}

function saidBy(look: Look): string {
  if (look.kind === 'volume') return `it is volume ${look.volume.volume}`;
  if (look.kind === 'unreadable') return look.detail;
  return 'it has no identity: its disk is not mounted, or it is a new one that nobody has accepted';
}
