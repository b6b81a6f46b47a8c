// Who may in: Basic and Digest (RFC 7616, MD5 and SHA-256) for RTSP and HTTP, and the lock after too many wrong passwords that
// all logins of one device share.

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { type HostClock, hostClock } from './clock.ts';
import type { RtspChallenge } from './spec.ts';

/** The device's one account; a switch may change it while the device runs (Q07). */
export interface Account {
  user: string;
  password: string;
}

/** Counts wrong passwords and locks the device for a while (Q08). */
export class LockOut {
  /** 0 never locks. */
  afterTries: number;
  lockS: number;
  wrongTries = 0;
  #lockedUntilMs = Number.NEGATIVE_INFINITY;
  readonly #host: HostClock;

  constructor(afterTries: number, lockS: number, host: HostClock = hostClock) {
    this.afterTries = afterTries;
    this.lockS = lockS;
    this.#host = host;
  }

  isLocked(): boolean {
    return this.#host.monoMs() < this.#lockedUntilMs;
  }

  countWrong(): void {
    this.wrongTries++;
    if (this.afterTries > 0 && this.wrongTries >= this.afterTries) {
      this.#lockedUntilMs = this.#host.monoMs() + this.lockS * 1000;
      this.wrongTries = 0;
    }
  }

  countRight(): void {
    this.wrongTries = 0;
  }

  unlock(): void {
    this.wrongTries = 0;
    this.#lockedUntilMs = Number.NEGATIVE_INFINITY;
  }
}

/** `missing`: no login was sent; `stale`: right but with an old nonce; `locked`: refused whatever was sent. */
export type LoginResult = 'ok' | 'missing' | 'stale' | 'wrong' | 'locked';

/** Nonces remembered at most; the oldest are forgotten and then stale. */
const MAX_NONCES = 500;

export interface LoginSettings {
  readonly realm: string;
  readonly nonceLifeS: number;
  /** RTSP servers of cameras offer no `qop`, HTTP servers do. */
  readonly qop: boolean;
}

export class Login {
  challenges: readonly RtspChallenge[];
  readonly #settings: LoginSettings;
  readonly #account: Account;
  readonly #lockOut: LockOut;
  readonly #host: HostClock;
  readonly #nonces = new Map<string, number>();

  constructor(
    challenges: readonly RtspChallenge[],
    settings: LoginSettings,
    account: Account,
    lockOut: LockOut,
    host: HostClock = hostClock,
  ) {
    this.challenges = challenges;
    this.#settings = settings;
    this.#account = account;
    this.#lockOut = lockOut;
    this.#host = host;
  }

  /** Values of the WWW-Authenticate headers of a refusal, in the order the device offers them. */
  refusal(isStale: boolean): string[] {
    const { realm, qop } = this.#settings;
    return this.challenges.map((kind) => {
      if (kind === 'basic') return `Basic realm="${realm}"`;
      const parts = [`Digest realm="${realm}"`, `nonce="${this.#newNonce()}"`];
      if (qop) parts.push('qop="auth"');
      // A plain MD5 challenge names no algorithm, as the brands write it.
      if (kind === 'digest-sha256') parts.push('algorithm=SHA-256');
      if (isStale) parts.push('stale=TRUE');
      return parts.join(', ');
    });
  }

  /** Forgets all nonces, as a reboot does. */
  forget(): void {
    this.#nonces.clear();
  }

  /** Checks an Authorization header for one request. Wrong passwords count towards the lock, missing and stale ones do not. */
  check(authorization: string | undefined, method: string): LoginResult {
    if (this.challenges.length === 0) return 'ok';
    if (authorization === undefined) return 'missing';
    if (this.#lockOut.isLocked()) return 'locked';
    const result = this.#compare(authorization, method);
    if (result === 'wrong') this.#lockOut.countWrong();
    if (result === 'ok') this.#lockOut.countRight();
    return result;
  }

  #compare(authorization: string, method: string): LoginResult {
    const [scheme = '', ...rest] = authorization.trim().split(' ');
    if (scheme.toLowerCase() === 'basic' && this.challenges.includes('basic')) {
      const given = Buffer.from(rest.join(' ').trim(), 'base64').toString('utf8');
      return sameText(given, `${this.#account.user}:${this.#account.password}`) ? 'ok' : 'wrong';
    }
    if (scheme.toLowerCase() !== 'digest') return 'wrong';
    const fields = parseFields(rest.join(' '));
    const isSha256 = (fields.get('algorithm') ?? 'MD5').toUpperCase() === 'SHA-256';
    if (!this.challenges.includes(isSha256 ? 'digest-sha256' : 'digest-md5')) return 'wrong';
    if (!sameText(fields.get('response') ?? '', this.#response(fields, method, isSha256 ? 'sha256' : 'md5')))
      return 'wrong';
    const bornMs = this.#nonces.get(fields.get('nonce') ?? '');
    const isFresh = bornMs !== undefined && this.#host.monoMs() - bornMs <= this.#settings.nonceLifeS * 1000;
    return isFresh ? 'ok' : 'stale';
  }

  #response(fields: Map<string, string>, method: string, algorithm: 'md5' | 'sha256'): string {
    const hash = (value: string) => createHash(algorithm).update(value, 'utf8').digest('hex');
    const field = (name: string) => fields.get(name) ?? '';
    const secret = hash(`${this.#account.user}:${this.#settings.realm}:${this.#account.password}`);
    const request = hash(`${method}:${field('uri')}`);
    const middle = fields.has('qop') ? `:${field('nc')}:${field('cnonce')}:${field('qop')}` : '';
    return field('username') === this.#account.user && field('realm') === this.#settings.realm
      ? hash(`${secret}:${field('nonce')}${middle}:${request}`)
      : 'no such account';
  }

  #newNonce(): string {
    const nonce = randomBytes(16).toString('hex');
    this.#nonces.set(nonce, this.#host.monoMs());
    if (this.#nonces.size > MAX_NONCES) {
      for (const oldest of this.#nonces.keys()) {
        this.#nonces.delete(oldest);
        break;
      }
    }
    return nonce;
  }
}

/** Compares secrets without telling by the time where they differ. */
export function sameText(left: string, right: string): boolean {
  const digest = (value: string) => createHash('sha256').update(value, 'utf8').digest();
  return timingSafeEqual(digest(left), digest(right));
}

function parseFields(list: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const match of list.matchAll(/([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))/g)) {
    fields.set(
      (match[1] ?? '').toLowerCase(),
      match[2] === undefined ? (match[3] ?? '') : match[2].replace(/\\(.)/g, '$1'),
    );
  }
  return fields;
}
