/** Reads the index of a reference centre from its folder, as anybody could who has the folder. */
import { join } from 'node:path';
import type { CentreFact } from '../../controller/central/facts.ts';
import { followJournal } from '../../controller/ledger/journal-files.ts';

export async function indexOf(folder: string): Promise<CentreFact[]> {
  const facts: CentreFact[] = [];
  for await (const { entry, fault } of followJournal<CentreFact>(join(folder, '_journal'))) {
    if (fault !== null) throw new Error(fault.message);
    if (entry !== null) facts.push(entry.fact);
  }
  return facts;
}
