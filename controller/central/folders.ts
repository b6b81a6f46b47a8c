/** What lies in the folder of a centre. No site can have a name that begins with an underscore. */
import { join } from 'node:path';

/** The key that a centre with this folder signs with. */
export function receiptKeyFileOf(folder: string): string {
  return join(folder, '_keys', 'receipt.pem');
}

/** Where a centre with this folder keeps its public keys, for a site on the same machine. */
export function publicKeysFileOf(folder: string): string {
  return join(folder, '_keys', 'receipt.public.json');
}

/** Files that are arriving. */
export function incomingFolderOf(folder: string): string {
  return join(folder, '_incoming');
}

/** Files that the centre fetches from sites. */
export function pulledFolderOf(folder: string): string {
  return join(folder, '_pulled');
}

export function journalFolderOf(folder: string): string {
  return join(folder, '_journal');
}

/** The index; may be deleted. */
export function indexFolderOf(folder: string): string {
  return join(folder, '_index');
}
