/** The object store of a configuration. The choice is plain data, so that a worker process can be told it. */
import type { Log } from '../core/ports.ts';
import type { Clock } from '../core/time.ts';
import { FolderStore } from './folder-store.ts';
import type { ObjectStore } from './object-store.ts';
import type { S3Access } from './s3-call.ts';
import type { S3StoreOptions } from './s3-store.ts';

export type StoreChoice =
  | { readonly kind: 'folder'; readonly folder: string }
  | ({ readonly kind: 's3'; readonly access: S3Access } & Pick<S3StoreOptions, 'durability' | 'sitesEndpoint'>);

/** The store, not open yet. */
export async function storeOf(choice: StoreChoice, clock: Clock, log: Log): Promise<ObjectStore> {
  if (choice.kind === 'folder') return new FolderStore(choice.folder);
  // Loaded only where it is used: the SDK costs memory and a start that is slower.
  const { S3Store } = await import('./s3-store.ts');
  return new S3Store({ ...choice, clock, log });
}
