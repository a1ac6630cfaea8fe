/**
 * A model of etcd, with what it does to its callers: transactions whose request or answer is lost, requests
 * that arrive long after their sender has given up, a quorum that is away, leases that end.
 *
 * It is one machine that does one transaction after another. That is what etcd promises to be.
 */
import type { LeaseId, StoredKey, StoreOperation, Transaction, TransactionAnswer } from '@dualping/core';
import type { SharedStore } from '@dualping/runtime';
import type { Random } from '../random.js';
import type { World } from '../world.js';

/** Who writes when no router does. */
export const OPERATOR = 'operator';
/** One try at one node, ms: as the routers' client. */
const TRY_MS = 300;
const DELAY_MS = { least: 0.3, most: 3 } as const;
/** How often requests are not simply answered. */
const LOST_REQUEST = 0.01;
const LOST_ANSWER = 0.02;
const LATE_REQUEST = 0.02;
/** How late they are, ms: beyond the try that sent them, and beyond the one after. */
const LATE_MS = { least: 200, most: 4_000 } as const;

interface Lease {
  readonly lifetimeMs: number;
  readonly endsAt: number;
}

/** What a key was set to; undefined: it was deleted. */
export interface Written {
  readonly at: number;
  readonly revision: number;
  readonly key: string;
  readonly value: string | undefined;
  /** Who wrote it; undefined: a lease ended. */
  readonly by: string | undefined;
}

/** Everything that etcd holds, as its own snapshot has it. */
export interface EtcdSnapshot {
  readonly revision: number;
  readonly keys: ReadonlyMap<string, KeptKey>;
  readonly leases: ReadonlyMap<LeaseId, Lease>;
}

type KeptKey = StoredKey & { readonly lease: LeaseId | undefined };

/** Which way a caller can't reach etcd: an answer that is lost is one of a request that was done. */
export type CutWay = 'requests' | 'answers' | 'both';

/** How a caller's answers find it: late or not at all, when it is frozen or gone. */
export type Deliver = (what: () => void) => void;

export class ModelEtcd {
  readonly history: Written[] = [];
  #keys = new Map<string, KeptKey>();
  #leases = new Map<LeaseId, Lease>();
  readonly #cuts: { readonly caller: string; readonly way: CutWay }[] = [];
  #revision = 1;
  #leaseCount = 0;
  /** How many faults keep its nodes from having a majority. */
  #withoutQuorum = 0;
  /** Added to each way of a request, ms. */
  slowMs = 0;
  /** Told of each change of a key that is not the end of a lease. */
  onPut: (key: string, value: string, by: string) => void = () => {};
  /** Requests are lost and late only while faults go on. */
  isTroubled = true;

  constructor(
    readonly world: World,
    readonly random: Random,
  ) {}

  get hasQuorum(): boolean {
    return this.#withoutQuorum === 0;
  }

  /** Returns what ends it. A new leader of etcd gives all leases their whole time again. */
  loseQuorum(): () => void {
    this.#withoutQuorum += 1;
    return () => {
      this.#withoutQuorum -= 1;
      if (this.hasQuorum) for (const [id, lease] of this.#leases) this.#renewed(id, lease);
    };
  }

  /** Returns what heals it. */
  cutOff(caller: string, way: CutWay = 'both'): () => void {
    const cut = { caller, way };
    this.#cuts.push(cut);
    return () => {
      const at = this.#cuts.indexOf(cut);
      if (at >= 0) this.#cuts.splice(at, 1);
    };
  }

  /** Undefined: it reaches etcd, and hears it. */
  cutOf(caller: string): CutWay | undefined {
    const ways = new Set(this.#cuts.filter((cut) => cut.caller === caller).map(({ way }) => way));
    if (ways.size > 1) return 'both';
    return [...ways][0];
  }

  get(key: string): StoredKey | undefined {
    return this.#keys.get(key);
  }

  list(prefix: string): readonly StoredKey[] {
    return [...this.#keys.values()].filter(({ key }) => key.startsWith(prefix));
  }

  /** An operator writes a key, past all routers. */
  putByOperator(key: string, value: string): void {
    this.#revision += 1;
    this.#set(key, value, OPERATOR);
  }

  /** An operator deletes all keys. Returns those without a lease, which a snapshot would bring back. */
  emptyByOperator(): readonly StoredKey[] {
    const all = [...this.#keys.values()];
    this.#revision += 1;
    for (const { key } of all) this.#set(key, undefined, OPERATOR);
    return all.filter(({ lease }) => lease === undefined);
  }

  snapshot(): EtcdSnapshot {
    return { revision: this.#revision, keys: new Map(this.#keys), leases: new Map(this.#leases) };
  }

  /** As with `etcdctl snapshot restore`: revisions go on from those of the snapshot, leases begin anew. */
  restore({ revision, keys, leases }: EtcdSnapshot): void {
    this.#revision = revision;
    this.#keys = new Map(keys);
    this.#leases = new Map(leases);
    for (const [id, lease] of leases) this.#renewed(id, lease);
  }

  /** The store as one of the routers has it. */
  for(caller: string, deliver: Deliver): SharedStore {
    return {
      transact: (transaction, outcome) =>
        this.#call<TransactionAnswer | string>(
          caller,
          () => this.#transact(caller, transaction),
          (answer) =>
            deliver(() => {
              if (answer === undefined) outcome({ kind: 'unknown', detail: 'no answer' });
              else if (typeof answer === 'string') outcome({ kind: 'refused', detail: answer });
              else outcome({ kind: 'answered', answer });
            }),
        ),
      grantLease: (lifetimeMs, outcome) =>
        this.#call(
          caller,
          () => this.#grant(lifetimeMs),
          (lease) => deliver(() => outcome(lease ?? { detail: 'no answer' })),
        ),
      renewLease: (lease, outcome) =>
        this.#call(
          caller,
          () => this.#renew(lease),
          (stands) => deliver(() => outcome(stands ?? { detail: 'no answer' })),
        ),
      endLease: (lease) =>
        this.#call(
          caller,
          () => this.#endLease(lease),
          () => {},
        ),
    };
  }

  /** Leases end by themselves. To be called whenever time has passed. */
  expire(): void {
    if (!this.hasQuorum) return;
    for (const [id, { endsAt }] of this.#leases) if (this.world.now >= endsAt) this.#endLease(id);
  }

  /** Calls `answered` once; undefined: there was no answer, and it may have been done, or may still be. */
  #call<Answer>(caller: string, work: () => Answer, answered: (answer: Answer | undefined) => void): void {
    const { world, random } = this;
    let isOver = false;
    const over = (answer: Answer | undefined): void => {
      if (isOver) return;
      isOver = true;
      answered(answer);
    };
    world.after(TRY_MS, `${caller} waits no longer for etcd`, () => over(undefined));
    const trouble = this.isTroubled ? random.next() : 1;
    if (trouble < LOST_REQUEST) return;
    const isLate = trouble < LOST_REQUEST + LATE_REQUEST;
    const delay = isLate ? LATE_MS : DELAY_MS;
    const losesAnswer = !isLate && trouble < LOST_REQUEST + LATE_REQUEST + LOST_ANSWER;
    world.after(random.within(delay.least, delay.most) + this.slowMs, `${caller} reaches etcd`, () => {
      // What comes while there is no quorum is lost.
      if (!this.hasQuorum || (!isLate && this.#isCut(caller, 'requests'))) return;
      const answer = work();
      if (losesAnswer) return;
      const answerMs = random.within(DELAY_MS.least, DELAY_MS.most) + this.slowMs;
      world.after(answerMs, `etcd answers ${caller}`, () => {
        if (!this.#isCut(caller, 'answers')) over(answer);
      });
    });
  }

  #transact(caller: string, { compares, operations, otherwise }: Transaction): TransactionAnswer | string {
    this.expire();
    const succeeded = compares.every(({ key, mod }) => (this.#keys.get(key)?.mod ?? 0) === mod);
    const done = succeeded ? operations : otherwise;
    const puts = done.filter((operation) => operation.kind === 'put');
    const lost = puts.find(({ lease }) => lease !== undefined && !this.#leases.has(lease));
    if (lost !== undefined) return 'requested lease not found';
    if (puts.length > 0) this.#revision += 1;
    for (const { key, value, lease } of puts) this.#set(key, value, caller, lease);
    return { succeeded, revision: this.#revision, found: done.flatMap((each) => this.#read(each)) };
  }

  #read(operation: StoreOperation): (readonly StoredKey[])[] {
    switch (operation.kind) {
      case 'put':
        return [];
      case 'get':
        return [[...this.#keys.values()].filter(({ key }) => key === operation.key)];
      case 'list':
        return [this.list(operation.prefix)];
    }
  }

  #set(key: string, value: string | undefined, by?: string, lease?: LeaseId): void {
    if (value === undefined) this.#keys.delete(key);
    else this.#keys.set(key, { key, value, mod: this.#revision, lease });
    this.history.push({ at: this.world.now, revision: this.#revision, key, value, by });
    if (value !== undefined && by !== undefined) this.onPut(key, value, by);
  }

  #grant(lifetimeMs: number): LeaseId {
    this.#leaseCount += 1;
    this.#leases.set(this.#leaseCount, { lifetimeMs, endsAt: this.world.now + lifetimeMs });
    return this.#leaseCount;
  }

  #renew(id: LeaseId): boolean {
    this.expire();
    const lease = this.#leases.get(id);
    if (lease !== undefined) this.#renewed(id, lease);
    return lease !== undefined;
  }

  #renewed(id: LeaseId, { lifetimeMs }: Lease): void {
    this.#leases.set(id, { lifetimeMs, endsAt: this.world.now + lifetimeMs });
  }

  #isCut(caller: string, way: Exclude<CutWay, 'both'>): boolean {
    return this.#cuts.some((cut) => cut.caller === caller && (cut.way === way || cut.way === 'both'));
  }

  #endLease(id: LeaseId): void {
    if (!this.#leases.delete(id)) return;
    const gone = [...this.#keys.values()].filter(({ lease }) => lease === id);
    if (gone.length > 0) this.#revision += 1;
    for (const { key } of gone) this.#set(key, undefined);
  }
}
