/**
 * Devices that share names, and that take one another's. Each has a key of its own, logs in, writes and
 * reads, lets others in by codes, and revokes their keys. They send all that they have to say at once, and
 * never ask whether they may.
 */
import {
  type Command,
  type Epoch,
  NO_EPOCH,
  NO_POSITION,
  type OperatorCommand,
  type PublicKey,
  type SessionId,
  type UserName,
} from '@dualping/core';
import type { Checkers } from './checkers/checker.js';
import type { Acceptors, DiallerEnd } from './network.js';
import { Process, type Surroundings } from './process.js';

/** Where a primary is, as far as anybody knows. */
export interface PrimaryPlace {
  readonly address: string;
  readonly epoch: Epoch;
}

export interface KeyholderSurroundings extends Surroundings {
  readonly checkers: Checkers;
  primary(): PrimaryPlace | undefined;
}

const USERS: readonly UserName[] = ['k1', 'k2'];
/** Of a user at a time: an older one is lost when a new one comes, and its key is not forgotten. */
const DEVICES = 4;
/** Share of visits by a device that is new. */
const NEW_DEVICE_CHANCE = 0.15;
/** Mean time between two visits, ms. */
const PAUSE_MS = 60;
/** Codes count for a week, ms: beyond the end of every world, whatever happens to wall clocks. */
const CODE_MS = 7 * 24 * 3_600_000;
/** Mean time that a device reads, ms. */
const READING_MS = 1_500;

export class Keyholders extends Process {
  readonly acceptors: Acceptors = {};
  readonly #around: KeyholderSurroundings;
  #visits = 0;
  /** Codes that were made, of each user; devices try old ones too. */
  readonly #codes = new Map<UserName, string[]>();
  readonly #devices = new Map<UserName, string[]>();
  #made = 0;
  readonly #reading = new Map<string, DiallerEnd<'timeline'>>();

  constructor(around: KeyholderSurroundings) {
    super('keyholders', around);
    this.#around = around;
    this.begin();
  }

  /** Goes on until then. */
  work(untilMs: number): void {
    const waitMs = this.random.exponential(PAUSE_MS);
    if (this.world.now + waitMs > untilMs) return;
    this.world.after(waitMs, 'keyholders act', () => {
      this.#act();
      this.work(untilMs);
    });
  }

  #act(): void {
    const place = this.#around.primary();
    if (place === undefined) return;
    const user = this.random.pick(USERS);
    const device = this.#device(user);
    if (this.random.chance(0.005)) return this.#reset(place, user);
    if (this.random.chance(0.3)) return this.#read(place, user, keyOf(user, device));
    this.#visit(place, user, device);
  }

  #device(user: UserName): string {
    const known = this.#devices.get(user) ?? [];
    if (known.length > 0 && !this.random.chance(NEW_DEVICE_CHANCE)) return this.random.pick(known);
    this.#made += 1;
    const device = `d${this.#made}`;
    this.#devices.set(user, [...known, device].slice(-DEVICES));
    return device;
  }

  /** A login, and at once what may follow it. */
  #visit({ address, epoch }: PrimaryPlace, user: UserName, device: string): void {
    this.#visits += 1;
    const sessionId: SessionId = `${this.name}-${this.#visits}`;
    const by = keyOf(user, device);
    const codes = this.#codes.get(user) ?? [];
    const code = codes.length > 0 && this.random.chance(0.6) ? this.random.pick(codes.slice(-2)) : undefined;
    const commands: Command[] = [
      { kind: 'register', user, login: { key: by, device, ...(code !== undefined && { code }) } },
    ];
    for (let more = this.random.between(0, 3); more > 0; more -= 1)
      commands.push(this.#command(user, `${sessionId}/${more}`));
    for (const [at, command] of commands.entries())
      this.network.dial(this, address, 'write', {
        kind: 'write',
        sessionId,
        requestNo: at + 1,
        // Some are taken before the epoch is open.
        epoch: this.random.chance(0.5) ? epoch : NO_EPOCH,
        command,
        by,
      });
  }

  #command(user: UserName, text: string): Command {
    if (this.random.chance(0.1)) {
      const device = this.random.pick(this.#devices.get(user) ?? ['none']);
      return { kind: 'revoke-key', user, key: keyOf(user, device) };
    }
    if (this.random.chance(0.3)) return { kind: 'invite-device', user, ...this.#newCode(user) };
    return { kind: 'post', user, text };
  }

  #reset({ address, epoch }: PrimaryPlace, user: UserName): void {
    const command: OperatorCommand = { kind: 'reset-keys', user, ...this.#newCode(user) };
    this.network.dial(this, address, 'operate', { kind: 'operate', epoch, command });
  }

  #newCode(user: UserName): { readonly code: string; readonly untilMs: number } {
    const codes = this.#codes.get(user) ?? [];
    const code = `code-${user}-${codes.length + 1}`;
    this.#codes.set(user, [...codes, code]);
    return { code, untilMs: this.clock.wall(this.world.now) + CODE_MS };
  }

  #read({ address, epoch }: PrimaryPlace, user: UserName, key: PublicKey): void {
    this.#reading.get(key)?.abort();
    const end = this.network.dial(this, address, 'timeline', {
      kind: 'open',
      user,
      sessionId: `${this.name}-reads`,
      epoch,
      resumeAfter: NO_POSITION,
      history: 0,
      posts: true,
      mentions: false,
      signs: false,
      by: key,
    });
    this.#reading.set(key, end);
    end.onMessage = (update) => {
      if (update.kind !== 'posts') return;
      for (const { position } of update.posts)
        this.#around.checkers.tell('keyShown', { user, key }, position);
    };
    this.later(this.random.exponential(READING_MS), 'a keyholder reads no longer', () => end.abort());
  }
}

const keyOf = (user: UserName, device: string): PublicKey => `key-${user}-${device}`;
