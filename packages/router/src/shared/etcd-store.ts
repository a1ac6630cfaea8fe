/**
 * etcd as the store that routers share.
 *
 * Each call is one attempt at one node; after a failure the next call goes to the next node. A call without
 * an answer is reported as such and never repeated here: only the owner of its compares knows whether that is
 * safe (`fence.ts` in core).
 *
 * With a user's name and password each call carries a token of etcd. If etcd has forgotten the token, for
 * example after a restart, a new one is requested. The call that was refused for that counts as one without
 * an answer.
 */
import { randomInt } from 'node:crypto';
import { checkServerIdentity } from 'node:tls';
import type {
  Address,
  StoreCompare,
  StoredKey,
  StoreOperation,
  Transaction,
  TransactionAnswer,
} from '@dualping/core';
import {
  CHANNEL_OPTIONS,
  EtcdAuthClient,
  EtcdKvClient,
  EtcdLeaseClient,
  etcdWire,
  parseAddress,
} from '@dualping/protocol';
import type { SharedStore } from '@dualping/runtime';
import {
  type ChannelCredentials,
  type ChannelOptions,
  credentials,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import type { StoreAccess } from './store-access.js';
import type { StoreLocation } from './store-location.js';

/**
 * How long one attempt at one node may take, ms: etcd answers in 1 to 5 ms. A frozen node costs this time
 * once.
 */
export const TRY_MS = 300;
/** More than the records of 10,000 clusters with many members each: a new leader reads them in one answer. */
const MAX_ANSWER_BYTES = 512 * 1024 * 1024;
const CHANNEL: ChannelOptions = { ...CHANNEL_OPTIONS, 'grpc.max_receive_message_length': MAX_ANSWER_BYTES };
/** How long etcd may take to check a password, ms: that is slow by design. */
const AUTHENTICATION_MS = 3_000;
/** We choose the ids of leases; etcd's own don't fit into a JavaScript number. */
const MAX_LEASE_ID = 2 ** 48 - 1;

/** Statuses with which etcd refuses a call. */
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

/** etcd's text about a token from before a change of its users or roles. */
const OLD_TOKEN = /auth revision in header is old/;

interface Node {
  readonly kv: EtcdKvClient;
  readonly lease: EtcdLeaseClient;
  readonly auth: EtcdAuthClient;
}

/** The metadata of a call. */
interface Ticket {
  readonly metadata: Metadata;
  /** It was requested for this call. */
  readonly isFresh: boolean;
}

export class EtcdStore implements SharedStore {
  readonly #nodes: readonly Node[];
  readonly #prefix: string;
  #at = 0;
  #ending: Promise<void> = Promise.resolve();

  readonly #user: StoreAccess['user'];
  #token: string | undefined;

  constructor({ endpoints, prefix }: StoreLocation, access: StoreAccess = {}) {
    this.#prefix = `${prefix}/`;
    this.#user = access.user;
    this.#nodes = endpoints.map((endpoint) => {
      const channel = channelTo(endpoint, access);
      const kv = new EtcdKvClient(endpoint, channel, CHANNEL);
      const shared = { ...CHANNEL, channelOverride: kv.getChannel() };
      return {
        kv,
        lease: new EtcdLeaseClient(endpoint, channel, shared),
        auth: new EtcdAuthClient(endpoint, channel, shared),
      };
    });
  }

  transact(transaction: Transaction, outcome: Parameters<SharedStore['transact']>[1]): void {
    const at = this.#at;
    const failed = (error: ServiceError, isRefused: boolean): void => {
      if (!isRefused) this.#leave(at);
      outcome({ kind: isRefused ? 'refused' : 'unknown', detail: detailOf(error) });
    };
    this.#withTicket(failed, (ticket) => {
      this.#node.kv.txn(this.#toWire(transaction), ticket.metadata, until(), (error, response) => {
        if (error === null) return outcome({ kind: 'answered', answer: this.#fromWire(response) });
        failed(error, REFUSALS.has(error.code) && !this.#isForgotten(error, ticket));
      });
    });
  }

  grantLease(lifetimeMs: number, outcome: Parameters<SharedStore['grantLease']>[1]): void {
    const at = this.#at;
    const failed = (error: ServiceError): void => {
      this.#leave(at);
      outcome({ detail: detailOf(error) });
    };
    const request = { TTL: Math.ceil(lifetimeMs / 1_000), ID: randomInt(1, MAX_LEASE_ID) };
    this.#withTicket(failed, (ticket) => {
      this.#node.lease.leaseGrant(request, ticket.metadata, until(), (error, response) => {
        if (error === null) return outcome(response.ID);
        this.#isForgotten(error, ticket);
        failed(error);
      });
    });
  }

  /** A new stream for each renewal: a lasting stream would depend on one node. */
  renewLease(lease: number, outcome: Parameters<SharedStore['renewLease']>[1]): void {
    const at = this.#at;
    const failed = (detail: string): void => {
      this.#leave(at);
      outcome({ detail });
    };
    this.#withTicket(
      (error) => failed(detailOf(error)),
      (ticket) => {
        const call = this.#node.lease.leaseKeepAlive(ticket.metadata, until());
        let isOver = false;
        const over = (settle: () => void): void => {
          if (isOver) return;
          isOver = true;
          call.cancel();
          settle();
        };
        call.on('data', ({ TTL }: etcdWire.LeaseKeepAliveResponse) => over(() => outcome(TTL > 0)));
        call.on('error', (error: ServiceError) =>
          over(() => {
            this.#isForgotten(error, ticket);
            failed(detailOf(error));
          }),
        );
        call.on('end', () => over(() => failed('the stream ended')));
        call.write({ ID: lease });
      },
    );
  }

  endLease(lease: number): void {
    this.#ending = new Promise((resolve) => {
      this.#withTicket(
        () => resolve(),
        ({ metadata }) => this.#node.lease.leaseRevoke({ ID: lease }, metadata, until(), () => resolve()),
      );
    });
  }

  /** Resolves when the lease has been ended, or could not be. */
  async close(): Promise<void> {
    await this.#ending;
    // The clients of a node share its channel.
    for (const { kv } of this.#nodes) kv.close();
  }

  /** `failed`: there was no token; `isRefused`: and a repetition would be refused too. */
  #withTicket(
    failed: (error: ServiceError, isRefused: boolean) => void,
    use: (ticket: Ticket) => void,
  ): void {
    const user = this.#user;
    if (user === undefined) return use({ metadata: new Metadata(), isFresh: false });
    if (this.#token !== undefined) return use({ metadata: withToken(this.#token), isFresh: false });
    const deadline = { deadline: Date.now() + AUTHENTICATION_MS };
    this.#node.auth.authenticate(user, new Metadata(), deadline, (error, response) => {
      if (error !== null) return failed(error, REFUSALS.has(error.code));
      this.#token = response.token;
      use({ metadata: withToken(response.token), isFresh: true });
    });
  }

  /** Whether etcd no longer knows the token of that call. Then the next call asks for another one. */
  #isForgotten({ code, details }: ServiceError, { isFresh }: Ticket): boolean {
    const isOld = code === status.UNAUTHENTICATED || OLD_TOKEN.test(details);
    if (this.#user === undefined || !isOld) return false;
    this.#token = undefined;
    return !isFresh;
  }

  get #node(): Node {
    const node = this.#nodes[this.#at];
    if (node === undefined) throw new Error('a store without nodes');
    return node;
  }

  /**
   * The next call goes to another node; several calls that failed together at one node skip only that node.
   */
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

/** etcd's certificates name the dialled host, unlike those of dualping's own parts. */
function channelTo(endpoint: Address, { tls }: StoreAccess): ChannelCredentials {
  if (tls === undefined) return credentials.createInsecure();
  const { authority, own } = tls;
  const { host } = parseAddress(endpoint);
  return credentials.createSsl(
    bytes(authority),
    own ? bytes(own.key) : null,
    own ? bytes(own.certificate) : null,
    {
      checkServerIdentity: (_expected, certificate) => checkServerIdentity(host, certificate),
    },
  );
}

const bytes = (text: string): Buffer => Buffer.from(text);

function withToken(token: string): Metadata {
  const metadata = new Metadata();
  metadata.set('token', token);
  return metadata;
}

/** gRPC deadlines are on the wall clock. */
const until = (): { deadline: number } => ({ deadline: Date.now() + TRY_MS });

const detailOf = ({ code, details }: ServiceError): string =>
  code === status.DEADLINE_EXCEEDED ? `no answer within ${TRY_MS} ms` : details;

/** The first key after all keys with this prefix, which ends with a slash. */
function afterAll(prefix: Buffer): Buffer {
  const end = Buffer.from(prefix);
  end[end.length - 1] = (end.at(-1) ?? 0) + 1;
  return end;
}
