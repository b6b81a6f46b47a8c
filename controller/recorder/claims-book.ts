/** The claims on one stream: which are open, begun in the journal, proven on disk and ended, and the time that they span together. */
import type { ClaimStatus, DesiredClaim } from '../core/recording.ts';
import { between, type Instant, later } from '../core/time.ts';

interface Claim {
  readonly wish: DesiredClaim;
  isProven: boolean;
}

/** From the first beginning to the last end; `to` is null while any claim is open. */
export interface Span {
  readonly from: Instant;
  readonly to: Instant | null;
}

export class ClaimsBook {
  readonly #claims = new Map<string, Claim>();
  readonly #begun = new Set<string>();
  readonly #ended = new Set<string>();

  /** Takes up what an earlier process journaled. */
  restore(begun: readonly string[], ended: readonly string[]): void {
    for (const id of begun) this.#begun.add(id);
    for (const id of ended) this.#ended.add(id);
  }

  /** Claims as they are wished now. Those that have ended stay ended; those that are not named stay as they are (invariant 8). */
  wish(claims: readonly DesiredClaim[]): void {
    for (const claim of claims) {
      if (this.#ended.has(claim.id)) continue;
      this.#claims.set(claim.id, { wish: claim, isProven: this.#claims.get(claim.id)?.isProven ?? false });
    }
  }

  get isEmpty(): boolean {
    return this.#claims.size === 0;
  }

  get size(): number {
    return this.#claims.size;
  }

  get ids(): string[] {
    return [...this.#claims.keys()];
  }

  /** Those that have not ended. */
  get open(): DesiredClaim[] {
    return [...this.#claims.values()].map(({ wish }) => wish);
  }

  get statuses(): ClaimStatus[] {
    return [...this.#claims.values()].map(({ wish, isProven }) => ({
      id: wish.id,
      state: isProven ? 'keeping' : 'waiting',
    }));
  }

  isEnded(claim: string): boolean {
    return this.#ended.has(claim);
  }

  /** Those that the journal has not heard of; from now on it has. */
  beginNew(): DesiredClaim[] {
    const fresh = this.open.filter(({ id }) => !this.#begun.has(id));
    for (const { id } of fresh) this.#begun.add(id);
    return fresh;
  }

  /** Bytes of these claims are on the disk. */
  prove(ids: readonly string[]): void {
    for (const id of ids) {
      const claim = this.#claims.get(id);
      if (claim !== undefined) claim.isProven = true;
    }
  }

  get areProven(): boolean {
    return [...this.#claims.values()].every(({ isProven }) => isProven);
  }

  end(id: string): void {
    this.#claims.delete(id);
    this.#ended.add(id);
  }

  /** `now` stands for both when there is no claim. */
  span(now: Instant): Span {
    let from: Instant | null = null;
    let to: Instant | null = null;
    let isOpen = false;
    for (const claim of this.open) {
      from = from === null || between(claim.from, from) > 0 ? claim.from : from;
      if (claim.to === null) isOpen = true;
      else to = to === null ? claim.to : later(to, claim.to);
    }
    return { from: from ?? now, to: isOpen ? null : to };
  }
}
