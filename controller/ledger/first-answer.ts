/** Several disks are asked for the same; the first that has done it answers for all. */
import { errnoOf } from '../core/errors.ts';

/** Resolves with the first that resolves; rejects, when none does, with the error that says most. */
export async function firstAnswer<T>(answers: readonly Promise<T>[]): Promise<T> {
  const [only] = answers;
  if (only !== undefined && answers.length === 1) return only;
  try {
    return await Promise.any(answers);
  } catch (error) {
    const { errors } = error as AggregateError;
    // A disk that was away already tells nothing about why the last one refused.
    throw errors.find((one) => errnoOf(one) !== null && errnoOf(one) !== 'ENODEV') ?? errors[0];
  }
}
