/**
 * Users' keys and tokens.
 *
 * A device has an Ed25519 key, with which it signs tokens: "the sender is that user, in this session, until
 * then". Any server checks a token by itself: the signature proves possession of the key, and the replicated
 * state says whether the key is valid for the user. The hash of the network's own key is signed too, so a
 * token that was given to an impostor is invalid in the real network. A replayed token gives nothing new:
 * writes have their session and number, and are done once.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { DualpingError, type PublicKey, quote, type SessionId, type UserName } from '@dualping/core';
import { hashFrom, hashToWire, ordinal, sessionIdFrom, userFrom } from '../codec/judge.js';
import { CLOCK_LEEWAY_MS } from '../codec/requests.js';
import { UserToken } from '../gen/dualping/v1/social.js';

/** Metadata key of a call's token, an encoded `UserToken`. */
export const TOKEN_KEY = 'dualping-token-bin';
/** How long a token is valid, ms: a stolen one is of use no longer than that. */
export const TOKEN_MS = 3_600_000;
/** A token is renewed this long before its end, ms: even a client that was away for a while is in time. */
export const TOKEN_RENEWAL_MS = 15 * 60_000;
/** The signed bytes begin with this: a signature for another purpose is not a token. */
const DOMAIN = 'dualping-user-token-1';
/**
 * Tokens whose signature was verified, so that it is not verified again with each call: as many as a server
 * has timelines. 500 bytes each.
 */
const MAX_KNOWN_TOKENS = 20_000;

/** The content of a token. */
export interface TokenClaims {
  readonly user: UserName;
  readonly key: PublicKey;
  readonly sessionId: SessionId;
  /** By the clock of servers. */
  readonly notAfterMs: number;
}

/** The private key of a user's device. */
export class DeviceKey {
  /** The part that servers know. */
  readonly publicKey: PublicKey;
  readonly #private: KeyObject;

  private constructor(privateKey: KeyObject) {
    const { x } = createPublicKey(privateKey).export({ format: 'jwk' });
    if (privateKey.asymmetricKeyType !== 'ed25519' || x === undefined)
      throw new DualpingError('invalid-argument', 'it is not an Ed25519 key');
    this.#private = privateKey;
    this.publicKey = x;
  }

  /** A new key. */
  static generate(): DeviceKey {
    return new DeviceKey(generateKeyPairSync('ed25519').privateKey);
  }

  /**
   * @param pem from `toPem`
   * @throws DualpingError `invalid-argument` that says what is wrong with it
   */
  static parse(pem: string): DeviceKey {
    let key: KeyObject;
    try {
      key = createPrivateKey(pem);
    } catch (cause) {
      throw new DualpingError('invalid-argument', 'it is not a private key in PEM', { cause });
    }
    return new DeviceKey(key);
  }

  /** The private key, PKCS #8 in PEM: its holder can act as the user. */
  toPem(): string {
    return this.#private.export({ format: 'pem', type: 'pkcs8' }).toString();
  }

  /** @param authority from `NetworkCredentials.authorityHashes` */
  sign(authority: string, claims: Omit<TokenClaims, 'key'>): Buffer {
    const whole: TokenClaims = { ...claims, key: this.publicKey };
    const signature = sign(null, signedBytes(authority, whole), this.#private);
    const token = UserToken.encode({ ...whole, key: hashToWire(whole.key), signature });
    return Buffer.from(token.finish());
  }
}

/** A key in hexadecimal digits, for people to type: in base64url it may begin with a dash, like an option. */
export const keyDigits = (key: PublicKey): string => hashToWire(key).toString('hex');

/** The first 12 digits, enough to distinguish the keys of a user. */
export const shortKey = (key: PublicKey): string => keyDigits(key).slice(0, 12);

/** The bytes that a user's key signs for a network. */
const signedBytes = (authority: string, { user, key, sessionId, notAfterMs }: TokenClaims): Buffer =>
  Buffer.from(JSON.stringify([DOMAIN, authority, user, key, sessionId, notAfterMs]));

/** The key of a network's certificate: SHA-256 of its SPKI, base64url. */
export const authorityHash = (key: KeyObject): string =>
  createHash('sha256')
    .update(key.export({ format: 'der', type: 'spki' }))
    .digest('base64url');

/** Judges the tokens of one network. */
export class TokenJudge {
  readonly #authorities: () => readonly string[];
  /** By the token's bytes, the oldest first. */
  readonly #known = new Map<string, TokenClaims>();
  /** What is verified on another thread, by the token's bytes. */
  readonly #verifying = new Map<string, Promise<TokenClaims>>();

  /** Tokens that are not verified again. */
  get known(): number {
    return this.#known.size;
  }

  /** @param authorities the present `NetworkCredentials.authorityHashes` */
  constructor(authorities: () => readonly string[]) {
    this.#authorities = authorities;
  }

  /**
   * @param nowMs the server's wall clock
   * @throws DualpingError `unauthenticated` for an invalid token, `token-expired` for one outside its time
   */
  judge(bytes: Uint8Array, nowMs: number): TokenClaims {
    const text = textOf(bytes);
    return this.#knownValid(text, nowMs) ?? this.#keepValid(text, this.#verified(bytes), nowMs);
  }

  /**
   * The same, but a new token is verified on another thread. A verification takes up to a millisecond:
   * hundreds of users who come at once would hold up the pings of a server for so long that it was taken for
   * dead.
   *
   * @param nowMs the server's wall clock
   * @returns at once for a token that is known. Calls with one token go on in the order in which they came.
   * Throws or rejects as `judge` throws
   */
  judgeSoon(bytes: Uint8Array, nowMs: number): TokenClaims | Promise<TokenClaims> {
    const text = textOf(bytes);
    const known = this.#knownValid(text, nowMs) ?? this.#verifying.get(text);
    if (known !== undefined) return known;
    const verifying = this.#verifiedElsewhere(bytes).then(
      (claims) => {
        this.#verifying.delete(text);
        return this.#keepValid(text, claims, nowMs);
      },
      (error: unknown) => {
        this.#verifying.delete(text);
        throw error;
      },
    );
    this.#verifying.set(text, verifying);
    return verifying;
  }

  /** @throws DualpingError `token-expired` */
  #knownValid(text: string, nowMs: number): TokenClaims | undefined {
    const known = this.#known.get(text);
    if (known === undefined) return undefined;
    try {
      checkTime(known, nowMs);
    } catch (error) {
      this.#known.delete(text);
      throw error;
    }
    return known;
  }

  async #verifiedElsewhere(bytes: Uint8Array): Promise<TokenClaims> {
    const { claims, signature } = decoded(bytes);
    const publicKey = publicKeyOf(claims);
    for (const authority of this.#authorities())
      if (await verifyElsewhere(signedBytes(authority, claims), publicKey, signature)) return claims;
    throw notSigned(claims);
  }

  #verified(bytes: Uint8Array): TokenClaims {
    const { claims, signature } = decoded(bytes);
    const publicKey = publicKeyOf(claims);
    const isSigned = this.#authorities().some((authority) =>
      verify(null, signedBytes(authority, claims), publicKey, signature),
    );
    if (isSigned) return claims;
    throw notSigned(claims);
  }

  /**
   * Keeps a token for as long as it is valid: those that have expired go when they are the oldest.
   * @throws DualpingError `token-expired`
   */
  #keepValid(text: string, claims: TokenClaims, nowMs: number): TokenClaims {
    checkTime(claims, nowMs);
    this.#known.set(text, claims);
    for (const [oldest, { notAfterMs }] of this.#known) {
      if (this.#known.size <= MAX_KNOWN_TOKENS && notAfterMs + CLOCK_LEEWAY_MS >= nowMs) break;
      this.#known.delete(oldest);
    }
    return claims;
  }
}

/** A token as a key of a map. Each call of a user comes here, so the bytes are not copied first. */
const textOf = ({ buffer, byteOffset, length }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, length).toString('latin1');

const publicKeyOf = ({ key }: TokenClaims): KeyObject =>
  createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: key }, format: 'jwk' });

/** On a thread of Node's pool. */
const verifyElsewhere = (data: Buffer, key: KeyObject, signature: Buffer): Promise<boolean> =>
  new Promise((resolve, reject) =>
    verify(null, data, key, signature, (error, isSigned) => (error ? reject(error) : resolve(isSigned))),
  );

const notSigned = ({ user }: TokenClaims): DualpingError =>
  new DualpingError(
    'unauthenticated',
    `the token of ${quote(user)} is not signed by its key for this network`,
  );

/** @throws DualpingError `token-expired` */
export function checkTime({ user, notAfterMs }: TokenClaims, nowMs: number): void {
  const leftMs = notAfterMs - nowMs;
  if (leftMs >= -CLOCK_LEEWAY_MS && leftMs <= TOKEN_MS + CLOCK_LEEWAY_MS) return;
  const detail =
    leftMs < 0
      ? `the token of ${quote(user)} expired ${-leftMs} ms ago`
      : `the token of ${quote(user)} is valid for ${leftMs} ms, and at most ${TOKEN_MS} are allowed`;
  throw new DualpingError(
    'token-expired',
    `${detail}, by the server's clock (${new Date(nowMs).toISOString()})`,
  );
}

function decoded(bytes: Uint8Array): { readonly claims: TokenClaims; readonly signature: Buffer } {
  try {
    const { user, key, sessionId, notAfterMs, signature } = UserToken.decode(bytes);
    const claims = {
      user: userFrom(user),
      key: hashFrom(key, 'key'),
      sessionId: sessionIdFrom(sessionId),
      notAfterMs: ordinal(notAfterMs, 'not_after_ms'),
    };
    return { claims, signature };
  } catch (cause) {
    const why = cause instanceof DualpingError ? cause.detail : 'it is not a UserToken';
    throw new DualpingError('unauthenticated', `the token of ${bytes.length} bytes can't be read: ${why}`, {
      cause,
    });
  }
}
