/** Looks for the programs that Quancheng calls. */
import { access, constants } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { AppError } from '../core/errors.ts';

/** Rejects with `ffmpeg-missing` when the program is nowhere on the path: better one sentence now than a lost hearing later. */
export async function findProgram(name: string): Promise<void> {
  const places = isAbsolute(name)
    ? [name]
    : (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, name));
  for (const place of places) {
    try {
      await access(place, constants.X_OK);
      return;
    } catch {
      // Not here; the next place may have it.
    }
  }
  throw new AppError('ffmpeg-missing', `the program ${name} was not found`);
}
