/**
 * Opens the index and makes it agree with both journals before anybody asks it. When the file is missing, damaged, of an unknown
 * version, or says something the journals do not, it is built anew from them: no person has to do anything.
 */
import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ChainFault } from '../core/chain.ts';
import { AppError, sentenceOf } from '../core/errors.ts';
import type { Log } from '../core/ports.ts';
import type { JournalName } from '../core/site-index.ts';
import { type Layout, layoutOf } from '../ledger/layout.ts';
import { UnusableIndex } from '../ledger/sql.ts';
import { catchUp } from './catch-up.ts';
import { Store } from './store.ts';

export interface IndexReport {
  /** Why the index was built anew, or null when it was only brought up to date. */
  readonly rebuilt: string | null;
  /** Entries taken in now. */
  readonly applied: number;
  /** Damage met in the journals' files. */
  readonly faults: readonly (ChainFault & { readonly journal: JournalName })[];
}

/** Recorder first: what the site says is always about what the recorder said before. */
const ORDER: readonly JournalName[] = ['recorder', 'site'];

/** The index of a data folder, agreeing with both journals as they stand now. Rejects with `data-not-writable`. */
export async function openStore(layout: Layout, log: Log): Promise<{ store: Store; report: IndexReport }> {
  await makeFolder(layout.index);
  const wasThere = existsSync(layout.index);
  let store: Store;
  let rebuilt: string | null = wasThere ? null : 'there was no index';
  try {
    store = new Store({ file: layout.index, log });
  } catch (error) {
    if (!(error instanceof UnusableIndex)) throw error;
    rebuilt = `the index could not be used: ${error.message}`;
    await setAside(layout.index);
    store = new Store({ file: layout.index, log });
  }
  try {
    const first = await takeIn(store, layout);
    if (first.differs === null) return finish(store, { rebuilt, applied: first.applied, faults: first.faults }, log);
    store.clear();
    const again = await takeIn(store, layout);
    rebuilt = `the index held entries that the ${first.differs} journal does not have`;
    return finish(store, { rebuilt, applied: again.applied, faults: again.faults }, log);
  } catch (error) {
    store.close();
    throw error;
  }
}

/** Throws away what is in the index and reads both journals again. For `quancheng reindex`; the controller must not be running. */
export async function reindex(dataFolder: string, log: Log): Promise<IndexReport> {
  const layout = layoutOf(dataFolder);
  await makeFolder(layout.index);
  let store: Store;
  try {
    store = new Store({ file: layout.index, log });
  } catch (error) {
    if (!(error instanceof UnusableIndex)) throw error;
    await setAside(layout.index);
    store = new Store({ file: layout.index, log });
  }
  try {
    store.clear();
    const { applied, faults } = await takeIn(store, layout);
    return { rebuilt: 'asked for', applied, faults };
  } finally {
    store.close();
  }
}

async function takeIn(
  store: Store,
  layout: Layout,
): Promise<{ differs: JournalName | null; applied: number; faults: IndexReport['faults'] }> {
  let applied = 0;
  const faults: (ChainFault & { journal: JournalName })[] = [];
  for (const journal of ORDER) {
    const folder = journal === 'recorder' ? layout.recorderJournal : layout.siteJournal;
    const result = await catchUp(store, journal, folder);
    applied += result.applied;
    faults.push(...result.faults.map((fault) => ({ ...fault, journal })));
    if (result.outcome === 'differs') return { differs: journal, applied, faults };
  }
  return { differs: null, applied, faults };
}

function finish(store: Store, report: IndexReport, log: Log): { store: Store; report: IndexReport } {
  for (const fault of report.faults) log.error({ ...fault, code: 'verify-failed' }, 'a journal is damaged');
  if (report.rebuilt !== null && report.applied > 0)
    log.warn({ why: report.rebuilt, applied: report.applied }, 'index built anew');
  else log.info({ applied: report.applied }, 'index up to date');
  return { store, report };
}

async function makeFolder(file: string): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o750 });
  } catch (error) {
    throw new AppError('data-not-writable', `${dirname(file)} cannot be made: ${sentenceOf(error)}`, { cause: error });
  }
}

/** A file nobody can read is kept beside the new one; only the newest such is kept. */
async function setAside(file: string): Promise<void> {
  for (const part of ['', '-wal', '-shm']) {
    if (existsSync(`${file}${part}`)) await rename(`${file}${part}`, `${file}.damaged${part}`);
  }
}
