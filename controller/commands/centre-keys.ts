/** The public keys that a centre signs with, as its own file of public keys holds them. */
import { readFileSync } from 'node:fs';
import { AppError, sentenceOf } from '../core/errors.ts';
import { fieldsOf } from '../core/hrc-reading.ts';
import { type PublicKey, readPublicKey } from '../core/jws.ts';

/** The keys of a file `{"keys":[{"kid","x"}]}`. Throws `bad-config` when it cannot be read. */
export function centreKeysIn(path: string): readonly PublicKey[] {
  try {
    const list = fieldsOf(JSON.parse(readFileSync(path, 'utf8')))?.['keys'];
    if (!Array.isArray(list)) throw new Error('it holds no list of keys');
    return list.map((item) => {
      const key = readPublicKey(item);
      if (key === null) throw new Error('one of its keys is none');
      return key;
    });
  } catch (error) {
    throw new AppError('bad-config', `the centre's keys in ${path} cannot be read: ${sentenceOf(error)}`, {
      cause: error,
    });
  }
}
