// WS-UsernameToken with password digest (OASIS WSS UsernameToken Profile 1.0): the strict check of `Created` and the memory of
// used nonces that make a wrong clock look like a wrong password (case Q03).

import { createHash } from 'node:crypto';
import type { VirtualClock } from './clock.ts';
import { type Account, type LockOut, type LoginResult, sameText } from './login.ts';
import { child, textAt, type XmlElement } from './soap.ts';

/** Nonces remembered at most; older ones are outside the window of `Created` by then. */
const MAX_NONCES = 2_000;

export class UsernameTokens {
  /** How far `Created` may be from the device's clock, either way. */
  windowMs: number;
  readonly #clock: VirtualClock;
  readonly #account: Account;
  readonly #lockOut: LockOut;
  readonly #usedNonces = new Set<string>();

  constructor(windowMs: number, clock: VirtualClock, account: Account, lockOut: LockOut) {
    this.windowMs = windowMs;
    this.#clock = clock;
    this.#account = account;
    this.#lockOut = lockOut;
  }

  /** `stale` means: the password may be right, but the time is off or the nonce was used before. */
  check(header: XmlElement): LoginResult {
    const token = child(child(header, 'Security'), 'UsernameToken');
    const digest = textAt(token, 'Password');
    const nonce = textAt(token, 'Nonce');
    const created = textAt(token, 'Created');
    const user = textAt(token, 'Username');
    if (digest === undefined || nonce === undefined || created === undefined || user === undefined) return 'missing';
    if (this.#lockOut.isLocked()) return 'locked';
    const right = createHash('sha1')
      .update(Buffer.from(nonce, 'base64'))
      .update(created, 'utf8')
      .update(this.#account.password, 'utf8')
      .digest('base64');
    if (!sameText(user, this.#account.user) || !sameText(digest, right)) {
      this.#lockOut.countWrong();
      return 'wrong';
    }
    const awayMs = Math.abs(Date.parse(created) - this.#clock.wallMs());
    if (!(awayMs <= this.windowMs) || this.#usedNonces.has(nonce)) return 'stale';
    this.#usedNonces.add(nonce);
    if (this.#usedNonces.size > MAX_NONCES) {
      for (const oldest of this.#usedNonces) {
        this.#usedNonces.delete(oldest);
        break;
      }
    }
    this.#lockOut.countRight();
    return 'ok';
  }
}
