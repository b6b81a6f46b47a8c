/** PINs as argon2id hashes (RFC 9106), with the memory and time that OWASP names as the least: six digits are few, so tries are slow. */
import argon2 from 'argon2';
import type { PinHasher } from '../core/ports.ts';

const SETTINGS = { type: argon2.argon2id, memoryCost: 19 * 1024, timeCost: 2, parallelism: 1 } as const;

export const argonPins: PinHasher = {
  hash: (pin) => argon2.hash(pin, SETTINGS),
  verify: async (hash, pin) => {
    try {
      return await argon2.verify(hash, pin);
    } catch {
      // A hash that cannot be read fits no PIN.
      return false;
    }
  },
};
