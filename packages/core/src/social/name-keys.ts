/**
 * Decides which keys are valid for a name (*speak for* it), and which codes admit a key.
 *
 * Without keys a name can be used by any caller that the wire accepts. The first key that is bound owns the
 * name; from then on only keys speak for it. Another key needs a code that was made for this name: by its
 * owner for another device, or by an operator who has revoked all its keys. The first key that a code admits
 * uses the code up.
 *
 * Keys of a name are numbered, and a number is never used again, because sessions are bound to it. All of
 * this is replicated state, so a new primary has it too.
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

/** A key, as shown to its owner. */
export interface UserKey {
  readonly number: KeyNumber;
  readonly key: PublicKey;
  readonly device: DeviceName;
  /** Position of the entry that bound it. */
  readonly since: Position;
  /** Position of the entry that revoked it; absent: it is valid. */
  readonly revokedAt?: Position;
}

/** The same without its number, which only entries need. */
export type KeyOfUser = Omit<UserKey, 'number'>;

/** A login that shows a key. */
export interface KeyLogin {
  readonly key: PublicKey;
  readonly device: DeviceName;
  /** The code that admits the key, if it needs one. */
  readonly code?: CodeHash;
  /** Added by the primary, whose option decides who can have a new name. Absent: `invite`. */
  readonly registration?: Registration;
}

/** Who can have a new name: any caller, invited users, no one. */
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

  /** Whether the name has ever had a key. That remains true when all its keys are revoked. */
  isOwned(user: UserName): boolean {
    return this.#rings.has(user);
  }

  /** The number of a key that speaks for the name; undefined: it does not. */
  numberOf(user: UserName, key: PublicKey): KeyNumber | undefined {
    return this.#rings.get(user)?.keys.find((known) => isLive(known) && known.key === key)?.number;
  }

  /** Whether a caller with this key, or with none, may use the name. */
  speaks(user: UserName, key: PublicKey | undefined): boolean {
    return key === undefined ? !this.isOwned(user) : this.numberOf(user, key) !== undefined;
  }

  /** The same, for a key's number; 0: none was shown. */
  speaksAs(user: UserName, number: KeyNumber): boolean {
    const ring = this.#rings.get(user);
    if (number === 0) return ring === undefined;
    return ring?.keys.some((known) => known.number === number && isLive(known)) === true;
  }

  /** In the order in which they were bound, including the last revoked ones. */
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

  /** Makes a code for one name, or for any that has no key. An existing code stays as it is. */
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

  /** The owner can't revoke the last key of a name: no login would be possible any more. */
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

  /** The keys of one name; undefined while it has none. */
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

  /** Restores the keys of a name from a snapshot. */
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
