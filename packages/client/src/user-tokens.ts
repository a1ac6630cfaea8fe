/**
 * The tokens of one user's sessions: signed with the key of this device, and renewed before they expire.
 *
 * Servers judge them by their own clocks. Routers send theirs at the first contact, and a refusal contains
 * the server's; when this machine's clock is wrong, tokens are made by that one from then on.
 */
import {
  DualpingError,
  type PublicKey,
  type SessionId,
  type UserName,
  type WallTimeMs,
} from '@dualping/core';
import {
  CLOCK_LEEWAY_MS,
  type DeviceKey,
  type NetworkCredentials,
  TOKEN_KEY,
  TOKEN_MS,
  TOKEN_RENEWAL_MS,
  toldTimeMs,
} from '@dualping/protocol';
import { Metadata } from '@grpc/grpc-js';
import { Subject } from 'rxjs';

/** How a user proves their identity. */
export interface DeviceLogin {
  readonly key: DeviceKey;
  /** The user's name for the key. */
  readonly device: string;
  /** The code of an invitation, or a one-time code, for a new key. */
  readonly code?: string | undefined;
}

interface Made {
  readonly sessionId: SessionId;
  /** The key of the network for which it is made. */
  readonly authority: string;
  readonly token: Buffer;
  readonly notAfterMs: number;
  readonly metadata: Metadata;
}

export class UserTokens {
  readonly login: DeviceLogin;
  readonly #user: UserName;
  readonly #credentials: NetworkCredentials;
  #last: Made | undefined;
  /** What to add to this machine's wall clock, ms. */
  #behindMs = 0;
  readonly #made = new Subject<void>();

  /** Emits when a token was made or renewed. */
  readonly made$ = this.#made.asObservable();

  constructor(user: UserName, login: DeviceLogin, credentials: NetworkCredentials) {
    this.#user = user;
    this.login = login;
    this.#credentials = credentials;
  }

  get publicKey(): PublicKey {
    return this.login.key.publicKey;
  }

  /** The token of the session that was last requested; undefined: none yet. */
  get last(): Metadata | undefined {
    return this.#last && this.#present(this.#last.sessionId).metadata;
  }

  metadata(sessionId: SessionId): Metadata {
    return this.#present(sessionId).metadata;
  }

  token(sessionId: SessionId): Buffer {
    return this.#present(sessionId).token;
  }

  /** How long until the next token is made, ms. */
  renewInMs(sessionId: SessionId): number {
    return Math.max(0, this.#present(sessionId).notAfterMs - TOKEN_RENEWAL_MS - this.#now);
  }

  /** Makes tokens by this clock from now on, if it differs from the one so far by more than they allow. */
  keepTo(routerMs: WallTimeMs): void {
    if (Math.abs(routerMs - this.#now) <= CLOCK_LEEWAY_MS) return;
    this.#behindMs = routerMs - Date.now();
    this.#last = undefined;
  }

  /**
   * Takes over the server's time from a refusal. @returns whether it had one: then a new token may work
   */
  corrected(error: unknown): boolean {
    if (!(error instanceof DualpingError) || error.reason !== 'token-expired') return false;
    const told = toldTimeMs(error);
    if (told === undefined) return false;
    this.#behindMs = told - Date.now();
    this.#last = undefined;
    return true;
  }

  get #now(): number {
    return Date.now() + this.#behindMs;
  }

  #present(sessionId: SessionId): Made {
    const last = this.#last;
    // It changes when the network's certificate is replaced.
    const [authority] = this.#credentials.authorityHashes;
    if (authority === undefined) throw new DualpingError('internal', 'credentials without a network');
    const isOfNow = last?.sessionId === sessionId && last.authority === authority;
    if (isOfNow && last.notAfterMs - this.#now > TOKEN_RENEWAL_MS) return last;
    const notAfterMs = this.#now + TOKEN_MS;
    const token = this.login.key.sign(authority, { user: this.#user, sessionId, notAfterMs });
    const metadata = new Metadata();
    metadata.set(TOKEN_KEY, token);
    const made = { sessionId, authority, token, notAfterMs, metadata };
    this.#last = made;
    this.#made.next();
    return made;
  }
}
