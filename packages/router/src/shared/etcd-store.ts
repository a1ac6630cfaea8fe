/**
 * etcd as the store that routers share.
 *
 * Each call is one try at one node; after a failure the next call goes to the next node. A call that has no
 * answer is told as such and never made again here: whether it may be is known only where its compares are
 * (`fence.ts` in core).
 */
import { randomInt } from 'node:crypto';
import type { StoreCompare, StoredKey, StoreOperation, Transaction, TransactionAnswer } from '@dualping/core';
import { CHANNEL_OPTIONS, EtcdKvClient, EtcdLeaseClient, etcdWire, NO_METADATA } from '@dualping/protocol';
import type { SharedStore } from '@dualping/runtime';
import { type ChannelOptions, credentials, type ServiceError, status } from '@grpc/grpc-js';
import type { StoreLocation } from './store-location.js';

/**
 * How long one try at one node may take, ms: etcd answers in 1 to 5. A node that is frozen costs so much
 * once.
 */
export const TRY_MS = 300;
/** Above the records of 10,000 clusters with many members each: a new leader reads them in one answer. */
const MAX_ANSWER_BYTES = 512 * 1024 * 1024;
const CHANNEL: ChannelOptions = { ...CHANNEL_OPTIONS, 'grpc.max_receive_message_length': MAX_ANSWER_BYTES };
/** Ids of leases are ours to choose; etcd's own don't fit into a number. */
const MAX_LEASE_ID = 2 ** 48 - 1;

/** etcd has understood the call and does not do it. */
const REFUSALS: ReadonlySet<status> = new Set([
  status.INVALID_ARGUMENT,
  status.NOT_FOUND,
  status.FAILED_PRECONDITION,
  status.OUT_OF_RANGE,
  status.PERMISSION_DENIED,
  status.UNAUTHENTICATED,
  status.UNIMPLEMENTED,
  status.RESOURCE_EXHAUSTED, // its space
]);

interface Node {
  readonly kv: EtcdKvClient;
  readonly lease: EtcdLeaseClient;
}

export class EtcdStore implements SharedStore {
  readonly #nodes: readonly Node[];
  readonly #prefix: string;
  #at = 0;
  #ending: Promise<void> = Promise.resolve();

  constructor({ endpoints, prefix }: StoreLocation) {
    this.#prefix = `${prefix}/`;
    this.#nodes = endpoints.map((endpoint) => ({
      kv: new EtcdKvClient(endpoint, credentials.createInsecure(), CHANNEL),
      lease: new EtcdLeaseClient(endpoint, credentials.createInsecure(), CHANNEL),
    }));
  }

  transact(transaction: Transaction, outcome: Parameters<SharedStore['transact']>[1]): void {
    const at = this.#at;
    this.#node.kv.txn(this.#toWire(transaction), NO_METADATA, until(), (error, response) => {
      if (error === null) return outcome({ kind: 'answered', answer: this.#fromWire(response) });
      const isRefused = REFUSALS.has(error.code);
      if (!isRefused) this.#leave(at);
      outcome({ kind: isRefused ? 'refused' : 'unknown', detail: detailOf(error) });
    });
  }

  grantLease(lifetimeMs: number, outcome: Parameters<SharedStore['grantLease']>[1]): void {
    const at = this.#at;
    const request = { TTL: Math.ceil(lifetimeMs / 1_000), ID: randomInt(1, MAX_LEASE_ID) };
    this.#node.lease.leaseGrant(request, NO_METADATA, until(), (error, response) => {
      if (error === null) return outcome(response.ID);
      this.#leave(at);
      outcome({ detail: detailOf(error) });
    });
  }

  /** A stream for each renewal: one that is held to a node would go on being served by it alone. */
  renewLease(lease: number, outcome: Parameters<SharedStore['renewLease']>[1]): void {
    const at = this.#at;
    const call = this.#node.lease.leaseKeepAlive(NO_METADATA, until());
    let isOver = false;
    const over = (result: Parameters<typeof outcome>[0]): void => {
      if (isOver) return;
      isOver = true;
      call.cancel();
      if (typeof result === 'object') this.#leave(at);
      outcome(result);
    };
    call.on('data', ({ TTL }: etcdWire.LeaseKeepAliveResponse) => over(TTL > 0));
    call.on('error', (error: ServiceError) => over({ detail: detailOf(error) }));
    call.on('end', () => over({ detail: 'the stream ended' }));
    call.write({ ID: lease });
  }

  endLease(lease: number): void {
    this.#ending = new Promise((resolve) => {
      this.#node.lease.leaseRevoke({ ID: lease }, NO_METADATA, until(), () => resolve());
    });
  }

  /** Resolves when the lease has been ended, or could not be. */
  async close(): Promise<void> {
    await this.#ending;
    for (const { kv, lease } of this.#nodes) {
      kv.close();
      lease.close();
    }
  }

  get #node(): Node {
    const node = this.#nodes[this.#at];
    if (node === undefined) throw new Error('a store without nodes');
    return node;
  }

  /** The next call goes to another node; several calls that failed at one together leave only that one. */
  #leave(at: number): void {
    if (at === this.#at) this.#at = (at + 1) % this.#nodes.length;
  }

  #toWire({ compares, operations, otherwise }: Transaction): etcdWire.TxnRequest {
    return {
      compare: compares.map((compare) => this.#compareToWire(compare)),
      success: operations.map((operation) => this.#operationToWire(operation)),
      failure: otherwise.map((operation) => this.#operationToWire(operation)),
    };
  }

  #compareToWire({ key, mod }: StoreCompare): etcdWire.Compare {
    return {
      result: etcdWire.Compare_CompareResult.EQUAL,
      target: etcdWire.Compare_CompareTarget.MOD,
      key: this.#key(key),
      targetUnion: { $case: 'modRevision', value: mod },
    };
  }

  #operationToWire(operation: StoreOperation): etcdWire.RequestOp {
    switch (operation.kind) {
      case 'put': {
        const { key, value, lease = 0 } = operation;
        const put = { key: this.#key(key), value: Buffer.from(value), lease };
        return { request: { $case: 'requestPut', value: put } };
      }
      case 'get': {
        const one = { key: this.#key(operation.key), rangeEnd: Buffer.alloc(0) };
        return { request: { $case: 'requestRange', value: one } };
      }
      case 'list': {
        const key = this.#key(operation.prefix);
        const all = { key, rangeEnd: afterAll(key) };
        return { request: { $case: 'requestRange', value: all } };
      }
    }
  }

  #fromWire({ header, succeeded, responses }: etcdWire.TxnResponse): TransactionAnswer {
    const found: StoredKey[][] = [];
    for (const { response } of responses)
      if (response?.$case === 'responseRange')
        found.push(
          response.value.kvs.map(({ key, value, modRevision }) => ({
            key: key.toString().slice(this.#prefix.length),
            value: value.toString(),
            mod: modRevision,
          })),
        );
    return { succeeded, revision: header?.revision ?? 0, found };
  }

  #key(key: string): Buffer {
    return Buffer.from(this.#prefix + key);
  }
}

/** gRPC deadlines are on the wall clock. */
const until = (): { deadline: number } => ({ deadline: Date.now() + TRY_MS });

const detailOf = ({ code, details }: ServiceError): string =>
  code === status.DEADLINE_EXCEEDED ? `no answer within ${TRY_MS} ms` : details;

/** The first key after all that begin with this one, which ends with a slash. */
function afterAll(prefix: Buffer): Buffer {
  const end = Buffer.from(prefix);
  end[end.length - 1] = (end.at(-1) ?? 0) + 1;
  return end;
}
