/**
 * Decides which keys speak for a name, and which codes let a key in.
 *
 * A name without keys is spoken for by whoever is believed on the wire. The first key that is bound owns the
 * name; from then on only its keys speak. Another key gets in with a code that was made for this name: by its
 * owner for another device, or by an operator who has revoked all its keys. A code is spent by the first key
 * that it lets in.
 *
 * Keys of a name are numbered, and a number is never given again: sessions are bound to it. All of this is
 * replicated state, so a new primary asks nobody.
 */
import {
  type CodeHash,
  type DeviceName,
  type Position,
  type PublicKey,
  position,
  type UserName,
  type WallTimeMs,
} from '../ids.js';
import { invariant } from '../invariants.js';
import { MAX_CODES, MAX_KEYS, MAX_REVOKED_KEYS } from '../limits.js';
import type { SocialReason } from '../reasons.js';
import type { CodeSnapshot, KeySnapshot, KeysSnapshot } from './snapshot.js';

/** Number of a key of a name, from 1. */
export type KeyNumber = number;

/** A key, as its owner is shown it. */
export interface UserKey {
  readonly number: KeyNumber;
  readonly key: PublicKey;
  readonly device: DeviceName;
  /** Position of the entry that bound it. */
  readonly since: Position;
  /** Position of the entry that revoked it; absent: it speaks. */
  readonly revokedAt?: Position;
}

/** The same without its number, which only entries need. */
export type KeyOfUser = Omit<UserKey, 'number'>;

/** A login that shows a key. */
export interface KeyLogin {
  readonly key: PublicKey;
  readonly device: DeviceName;
  /** What lets the key in, if it needs it. */
  readonly code?: CodeHash;
  /** Put in by the primary, which decides for whom the network is open. Absent: `invite`. */
  readonly registration?: Registration;
}

/** For whom a new name is: for whoever comes, for who is invited, for nobody. */
export type Registration = 'open' | 'invite' | 'closed';

type Outcome = SocialReason | undefined;

interface Ring {
  lastNumber: KeyNumber;
  /** In the order in which they were bound. */
  keys: readonly UserKey[];
}

interface Code {
  /** Undefined: for any name that has no key. */
  readonly user: UserName | undefined;
  readonly untilMs: WallTimeMs;
  readonly madeAt: Position;
  spentAt: Position | undefined;
}

const isLive = ({ revokedAt }: UserKey): boolean => revokedAt === undefined;

export class NameKeys {
  readonly #rings = new Map<UserName, Ring>();
  /** The oldest first. */
  readonly #codes = new Map<CodeHash, Code>();

  /** Whether the name belongs to a key. It stays so when all its keys are revoked. */
  isOwned(user: UserName): boolean {
    return this.#rings.has(user);
  }

  /** Of a key that speaks for the name; undefined: it does not. */
  numberOf(user: UserName, key: PublicKey): KeyNumber | undefined {
    return this.#rings.get(user)?.keys.find((known) => isLive(known) && known.key === key)?.number;
  }

  /** Whether who has shown this key, or none, may speak for the name. */
  speaks(user: UserName, key: PublicKey | undefined): boolean {
    return key === undefined ? !this.isOwned(user) : this.numberOf(user, key) !== undefined;
  }

  /** The same for a key by its number; 0: none was shown. */
  speaksAs(user: UserName, number: KeyNumber): boolean {
    const ring = this.#rings.get(user);
    if (number === 0) return ring === undefined;
    return ring?.keys.some((known) => known.number === number && isLive(known)) === true;
  }

  /** In the order in which they were bound; the last revoked ones too. */
  of(user: UserName): readonly UserKey[] {
    return this.#rings.get(user)?.keys ?? [];
  }

  /** Why this login would be refused; undefined: it would not. */
  whyRefused(user: UserName, login: KeyLogin | undefined, timeMs: WallTimeMs): Outcome {
    const ring = this.#rings.get(user);
    if (login === undefined) return ring === undefined ? undefined : 'wrong-key';
    const { key, code, registration } = login;
    if (ring === undefined) {
      if (registration === 'closed') return 'invitation-needed';
      return registration === 'open' ? undefined : this.#whyUseless(code, user, timeMs);
    }
    const known = ring.keys.find((each) => each.key === key);
    if (known !== undefined) return isLive(known) ? undefined : 'wrong-key';
    if (code === undefined) return 'wrong-key';
    const useless = this.#whyUseless(code, user, timeMs);
    if (useless !== undefined) return useless;
    if (this.#codes.get(code)?.user !== user) return 'wrong-key';
    return ring.keys.filter(isLive).length < MAX_KEYS ? undefined : 'too-many-keys';
  }

  /**
   * Binds the key of a login that is not refused, unless it is bound already.
   * @returns its number; 0 for a login without a key
   */
  admit(user: UserName, login: KeyLogin | undefined, timeMs: WallTimeMs, at: Position): KeyNumber {
    if (login === undefined) return 0;
    const { key, device, code } = login;
    const known = this.numberOf(user, key);
    if (known !== undefined) return known;
    const ring = this.#rings.get(user) ?? { lastNumber: 0, keys: [] };
    const opened = code === undefined ? undefined : this.#codes.get(code);
    invariant(!this.isOwned(user) || opened?.user === user, 'name-has-one-owner', { user, key, code });
    if (opened !== undefined && this.#whyUseless(code, user, timeMs) === undefined) {
      invariant(opened.spentAt === undefined, 'code-is-spent-once', { code, spentAt: opened.spentAt, at });
      opened.spentAt = at;
    }
    const number = ring.lastNumber + 1;
    this.#rings.set(user, { lastNumber: number, keys: [...ring.keys, { number, key, device, since: at }] });
    return number;
  }

  /** A code for one name, or for any that has no key. Made again it stays as it is. */
  makeCode(code: CodeHash, user: UserName | undefined, untilMs: WallTimeMs, at: Position): void {
    if (this.#codes.has(code)) return;
    this.#codes.set(code, { user, untilMs, madeAt: at, spentAt: undefined });
    for (const oldest of this.#codes.keys()) {
      if (this.#codes.size <= MAX_CODES) break;
      this.#codes.delete(oldest);
    }
  }

  /** Whether this code was ever made, as far as it is remembered. */
  hasCode(code: CodeHash): boolean {
    return this.#codes.has(code);
  }

  /** The last key of a name can't be revoked by its owner, who could never come in again. */
  revoke(user: UserName, key: PublicKey, at: Position): Outcome {
    const ring = this.#rings.get(user);
    const number = this.numberOf(user, key);
    if (ring === undefined || number === undefined) return 'unknown-key';
    if (ring.keys.filter(isLive).length === 1) return 'last-key';
    this.#revoke(ring, (known) => known.number === number, at);
    return undefined;
  }

  revokeAll(user: UserName, at: Position): void {
    const ring = this.#rings.get(user);
    if (ring !== undefined) this.#revoke(ring, () => true, at);
  }

  /** Of one name; undefined while it has no key. */
  ringOf(user: UserName): KeysSnapshot | undefined {
    const ring = this.#rings.get(user);
    return ring && { lastNumber: ring.lastNumber, keys: ring.keys.map((key): KeySnapshot => ({ ...key })) };
  }

  codes(): CodeSnapshot[] {
    return Array.from(this.#codes, ([code, { user, untilMs, madeAt, spentAt }]) => ({
      code,
      untilMs,
      madeAt,
      ...(user !== undefined && { user }),
      ...(spentAt !== undefined && { spentAt }),
    }));
  }

  /** As they were in a snapshot. */
  restore(user: UserName, { lastNumber, keys }: KeysSnapshot): void {
    invariant(keys.length <= MAX_KEYS + MAX_REVOKED_KEYS, 'limit-is-kept', { user, keys: keys.length });
    this.#rings.set(user, { lastNumber, keys: keys.map((key) => ({ ...key })) });
  }

  restoreCodes(codes: readonly CodeSnapshot[]): void {
    invariant(codes.length <= MAX_CODES, 'limit-is-kept', { codes: codes.length });
    for (const { code, user, untilMs, madeAt, spentAt } of codes)
      this.#codes.set(code, { user, untilMs, madeAt, spentAt: spentAt && position(spentAt) });
  }

  #revoke(ring: Ring, which: (key: UserKey) => boolean, at: Position): void {
    const keys = ring.keys.map((key) => (isLive(key) && which(key) ? { ...key, revokedAt: at } : key));
    let forgotten = keys.filter((key) => !isLive(key)).length - MAX_REVOKED_KEYS;
    ring.keys = keys.filter((key) => {
      if (isLive(key) || forgotten <= 0) return true;
      forgotten -= 1;
      return false;
    });
  }

  #whyUseless(code: CodeHash | undefined, user: UserName, timeMs: WallTimeMs): Outcome {
    const known = code === undefined ? undefined : this.#codes.get(code);
    if (known === undefined || (known.user !== undefined && known.user !== user)) return 'invitation-needed';
    return known.spentAt !== undefined || timeMs > known.untilMs ? 'invitation-spent' : undefined;
  }
}
