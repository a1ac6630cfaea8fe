/**
 * The shared store, as used by one leader in one term: how it makes changes, and how it confirms that it
 * leads before it sends anything.
 *
 * A change is split so that it fits into transactions of etcd; for each key there is one change at a time.
 * When a change can't be made in this term any more, the leader steps down: `fenced` is called once.
 */
import {
  type Belongings,
  type Change,
  change,
  changeResult,
  type Instant,
  leaderKeyFrom,
  listing,
  type ModRevision,
  NO_KEY,
  readLeader,
  type StoredKey,
  type Term,
  type Transaction,
  type TransactionAnswer,
  unreachable,
  whoLeads,
} from '@dualping/core';
import type { Clock } from './clock.js';
import { type SharedStore, tryUntilAnswered } from './shared-store.js';

/**
 * Changes in one transaction: etcd takes 128 operations (`--max-txn-ops`), and the answer to one that fails
 * reads each key and the leader's.
 */
const MAX_CHANGES = 100;
/** Bytes of changes in one transaction: etcd takes requests of 1.5 MB (`--max-request-bytes`). */
const MAX_CHANGE_BYTES = 1_000_000;

export interface FencedStorePorts {
  readonly clock: Clock;
  readonly store: Pick<SharedStore, 'transact'>;
  /** A change or a read that began then found this router leading. */
  confirmed(askedAt: number): void;
  /** Something that is no router had changed this key; the leader writes its own record over it. */
  overwrites(key: string): void;
  /** This router does not lead in this term any more, or can't. Called once. */
  fenced(detail: string): void;
}

export interface Entry {
  readonly key: string;
  readonly value: string;
}

export class FencedStore {
  readonly term: Term;
  readonly belongings: Belongings;
  readonly #ports: FencedStorePorts;
  readonly #mods: Map<string, ModRevision>;
  #isOver = false;

  constructor(belongings: Belongings, ports: FencedStorePorts) {
    this.term = belongings.term;
    this.belongings = belongings;
    this.#ports = ports;
    const { header, records } = belongings;
    const stored = header === undefined ? records : [header, ...records];
    this.#mods = new Map(stored.map(({ key, mod }) => [key, mod]));
  }

  /**
   * `written`: all of it is in the store, written by this term. `ended`: this term ended before, and the
   * entries may or may not be in the store.
   */
  write(entries: readonly Entry[], written: () => void, ended: () => void = nothing): void {
    const [first, ...rest] = split(entries);
    if (first === undefined) return written();
    this.#change(first, () => this.write(rest.flat(), written, ended), ended);
  }

  /** `confirmed`: at some moment after this call this router led. */
  confirm(confirmed: () => void, ended: () => void = nothing): void {
    this.#try(readLeader, ended, ({ found }, askedAt) => {
      const key = leaderKeyFrom(found[0]);
      if (key.leader?.term !== this.term) return this.#end(whoLeads(key), ended);
      this.#ports.confirmed(askedAt);
      confirmed();
    });
  }

  /** All keys with this prefix; no other program changes them in this term. */
  list(prefix: string, listed: (found: readonly StoredKey[]) => void, ended: () => void = nothing): void {
    this.#try(listing(this.term, prefix), ended, ({ succeeded, found: [found = []] }, askedAt) => {
      if (!succeeded) return this.#end(whoLeads(leaderKeyFrom(found)), ended);
      for (const { key, mod } of found) this.#mods.set(key, mod);
      this.#ports.confirmed(askedAt);
      listed(found);
    });
  }

  /** Nothing is changed any more, and only `ended` is called. */
  stop(): void {
    this.#isOver = true;
  }

  #change(entries: readonly Entry[], written: () => void, ended: () => void): void {
    const changes = entries.map(({ key, value }) => ({ key, value, known: this.#mods.get(key) ?? NO_KEY }));
    this.#changeTo(changes, written, ended);
  }

  #changeTo(changes: readonly Change[], written: () => void, ended: () => void): void {
    this.#try(change(this.term, changes), ended, (answer, askedAt) => {
      const result = changeResult(this.term, changes, answer);
      switch (result.kind) {
        case 'written':
          for (const [at, { key }] of changes.entries()) this.#mods.set(key, result.mods[at] ?? NO_KEY);
          this.#ports.confirmed(askedAt);
          return written();
        case 'fenced':
          return this.#end(whoLeads(result), ended);
        case 'foreign':
          if (result.again === undefined)
            return this.#end(`"${result.key}" was changed by something that is no router`, ended);
          this.#ports.overwrites(result.key);
          return this.#changeTo(result.again, written, ended);
        default:
          return unreachable(result);
      }
    });
  }

  #try(
    transaction: Transaction,
    ended: () => void,
    answered: (answer: TransactionAnswer, askedAt: Instant) => void,
  ): void {
    const { clock, store } = this.#ports;
    tryUntilAnswered(transaction, {
      clock,
      store,
      goOn: () => !this.#isOver,
      outcome: (outcome, askedAt) => {
        if (this.#isOver) return ended();
        if (outcome.kind !== 'answered') return this.#end(outcome.detail, ended);
        answered(outcome.answer, askedAt);
      },
    });
  }

  #end(detail: string, ended: () => void): void {
    this.#isOver = true;
    ended();
    this.#ports.fenced(detail);
  }
}

const nothing = (): void => {};

/** Splits entries into parts that each fit into a transaction. */
function split(entries: readonly Entry[]): readonly (readonly Entry[])[] {
  const parts: Entry[][] = [];
  let bytes = 0;
  for (const entry of entries) {
    const part = parts.at(-1);
    bytes += entry.value.length;
    if (part === undefined || part.length >= MAX_CHANGES || bytes > MAX_CHANGE_BYTES) {
      parts.push([entry]);
      bytes = entry.value.length;
    } else part.push(entry);
  }
  return parts;
}
