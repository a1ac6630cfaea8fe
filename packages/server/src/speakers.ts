/**
 * Which user a caller is: the key that the call's token proves. Without certificates no proof is required.
 *
 * This only proves possession of a key; the replica decides by its replicated state whether the key is valid
 * for the user. Timelines last longer than tokens, so readers send newer ones in time.
 */
import { DualpingError, type PublicKey, quote, type SessionId, type UserName } from '@dualping/core';
import { type Access, type Called, checkTime, type TokenClaims } from '@dualping/protocol';

/** The user of a call, as named in its message. */
export interface Named {
  readonly user: UserName;
  /** Absent: the call belongs to no session. */
  readonly sessionId?: SessionId;
}

/** How often timelines are checked for expired tokens, ms: little compared with an hour. */
const SWEEP_MS = 30_000;

/** The token of a timeline, while it is open. */
export class HeldToken {
  claims: TokenClaims;

  constructor(
    claims: TokenClaims,
    readonly expired: (error: DualpingError) => void,
  ) {
    this.claims = claims;
  }
}

export class Speakers {
  readonly #access: Access;
  readonly #held = new Set<HeldToken>();
  #sweeper: NodeJS.Timeout | undefined;

  constructor(access: Access) {
    this.#access = access;
  }

  /**
   * The proved key; undefined: this server has no certificate, and requires no proof.
   * @throws DualpingError `unauthenticated`, `permission-denied`, `token-expired`
   */
  keyOf(call: Called, named: Named): PublicKey | undefined {
    return this.claimsOf(call, named)?.key;
  }

  claimsOf(call: Called, named: Named): TokenClaims | undefined {
    return this.#fitting(call, this.#access.claimsOf(call), named);
  }

  /** Holds the token of an open timeline: `expired` is called when it has expired, and no newer one came. */
  hold(claims: TokenClaims, expired: (error: DualpingError) => void): HeldToken {
    const held = new HeldToken(claims, expired);
    this.#held.add(held);
    this.#sweeper ??= setInterval(() => this.#sweep(), SWEEP_MS).unref();
    return held;
  }

  /** A newer token on a timeline. */
  renew(call: Called, held: HeldToken, bytes: Uint8Array): void {
    const { user, key, sessionId } = held.claims;
    const claims = this.#fitting(call, this.#access.claimsIn(bytes), { user, sessionId });
    if (claims !== undefined && claims.key !== key)
      throw this.#refused(
        call,
        new DualpingError('wrong-key', 'a newer token has another key than the first'),
      );
    if (claims !== undefined) held.claims = claims;
  }

  release(held: HeldToken | undefined): void {
    if (held === undefined) return;
    this.#held.delete(held);
    if (this.#held.size > 0) return;
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
  }

  #fitting(call: Called, claims: TokenClaims | undefined, named: Named): TokenClaims | undefined {
    if (claims === undefined) return undefined;
    const { user, sessionId } = named;
    const detail =
      claims.user === user
        ? `the token of ${quote(user)} is for another session than the call`
        : `the token is of ${quote(claims.user)}, and the call of ${quote(user)}`;
    if (claims.user === user && (sessionId ?? claims.sessionId) === claims.sessionId) return claims;
    throw this.#refused(call, new DualpingError('permission-denied', detail));
  }

  #refused(call: Called, error: DualpingError): DualpingError {
    this.#access.listener.refused(`${call.getPeer()}: ${error.detail}`);
    return error;
  }

  #sweep(): void {
    const now = Date.now();
    for (const held of [...this.#held])
      try {
        checkTime(held.claims, now);
      } catch (error) {
        if (!(error instanceof DualpingError)) throw error;
        this.release(held);
        held.expired(error);
      }
  }
}
