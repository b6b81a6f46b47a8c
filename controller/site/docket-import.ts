/** Takes a docket from a file: good rows go in, bad ones are listed, and the same file again changes nothing. */
import { readDocketFile } from '../core/docket-file.ts';
import type { DocketRow } from '../core/docket-row.ts';
import { AppError, type FieldFault } from '../core/errors.ts';
import type { ImportedRow, ImportOutcome, ImportPress, RefusedRow } from '../core/hearing-desk.ts';
import type { RuleSet } from '../core/rules/rule-set.ts';
import { isAwaited, type Session } from '../core/session.ts';
import { type Amendment, amended } from '../core/session-docket.ts';
import type { SiteIndex } from '../core/site-index.ts';
import type { RoomPlan } from '../core/site-plan.ts';
import type { Docket } from './docket.ts';

export interface DocketImportOptions {
  readonly rooms: readonly RoomPlan[];
  readonly rules: RuleSet;
  readonly index: SiteIndex;
  readonly docket: Docket;
}

type Outcome = Exclude<keyof ImportOutcome, 'refused'>;

export class DocketImport {
  readonly #options: DocketImportOptions;

  constructor(options: DocketImportOptions) {
    this.#options = options;
  }

  /** `mine`: rooms that the person plans in; rows of other rooms are refused. Rejects only when nothing can be kept any more. */
  async take(
    { press, format, text, room, kind }: ImportPress,
    by: string,
    mine: readonly string[],
  ): Promise<ImportOutcome> {
    const { rooms, rules } = this.#options;
    const { rows, bad } = readDocketFile(format, text, { rooms, rules, room, kind });
    const outcome: { [list in Outcome]: ImportedRow[] } = { created: [], amended: [], unchanged: [], cancelled: [] };
    const refused: RefusedRow[] = [...bad];
    for (const row of rows) {
      try {
        // One press of a person makes as many entries as the file has rows; each is known again by its own.
        const done = await this.#row(row, `${press}/${row.line}`, by, mine);
        outcome[done.what].push({ line: row.line, session: done.session });
      } catch (error) {
        if (!(error instanceof AppError) || error.kind === 'internal' || error.kind === 'unavailable') throw error;
        refused.push({ line: row.line, row: row.matter, faults: faultsOf(error) });
      }
    }
    return { ...outcome, refused: refused.sort((a, b) => a.line - b.line) };
  }

  async #row(
    row: DocketRow,
    press: string,
    by: string,
    mine: readonly string[],
  ): Promise<{ what: Outcome; session: string }> {
    const { docket, index } = this.#options;
    const known = index.sessionByReference('import', row.reference);
    for (const room of [row.room, ...(known === null ? [] : [known.room])]) {
      if (!mine.includes(room)) throw new AppError('not-your-room', `${by} plans nothing in room ${room}`);
    }
    const { room, kind, matter, planned, fields } = row;
    if (known === null) {
      if (row.isCancelled) throw new AppError('session-unknown', 'it is cancelled, and there was no such entry');
      const entry = { room, kind, matter, planned, fields, continues: null };
      const { session } = await docket.schedule(entry, { press, by, source: 'import', reference: row.reference });
      return { what: 'created', session: session.id };
    }
    if (row.isCancelled) {
      if (known.state === 'cancelled') return { what: 'unchanged', session: known.id };
      await docket.cancel(known, press, by, 'import');
      return { what: 'cancelled', session: known.id };
    }
    const change: Amendment = { room, kind, matter, planned, fields };
    if (isSame(known, change)) return { what: 'unchanged', session: known.id };
    if (!isAwaited(known)) {
      const code = known.state === 'cancelled' ? 'session-cancelled' : 'session-already-open';
      throw new AppError(code, `it is ${known.state} and is not changed by a file any more`);
    }
    await docket.amend(known, press, by, change);
    return { what: 'amended', session: known.id };
  }
}

function isSame(session: Session, change: Amendment): boolean {
  const next = amended(session, change);
  return (['room', 'kind', 'matter', 'planned', 'fields'] as const).every(
    (part) => JSON.stringify(next[part]) === JSON.stringify(session[part]),
  );
}

function faultsOf(error: AppError): readonly FieldFault[] {
  return error.fields.length > 0 ? error.fields : [{ field: error.code, message: error.message }];
}
