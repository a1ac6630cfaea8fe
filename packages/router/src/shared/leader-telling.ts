/**
 * Says who leads: to callers of `Leader`, and to members that dial a router that does not lead.
 *
 * Through the streams of `Leader` the other routers also hear that the leader is alive, so a message is sent
 * on each of them every ping interval.
 */
import { type Address, DualpingError, type Leader } from '@dualping/core';
import {
  type BidiStream,
  FIRST_MESSAGE_TIMEOUT_MS,
  type LeaderNews,
  leaderIsToWire,
  leaderRequestFromWire,
  MAX_STANDBYS,
  routerMessageToWire,
  type routingWire,
  serverStream,
  toServiceError,
} from '@dualping/protocol';
import type { ServerDuplexStream, ServerWritableStream } from '@grpc/grpc-js';
import { MAX_MEMBER_STREAMS } from '../member-streams.js';
import { MAX_WATCHERS } from '../watchers.js';

type Asking = ServerWritableStream<routingWire.LeaderRequest, routingWire.LeaderIs>;
type DualPing = ServerDuplexStream<routingWire.DualPingRequest, routingWire.DualPingResponse>;

/**
 * How often a member gets the leader's address again, ms: a member whose leader is gone then dials it again.
 */
const MEMBER_INTERVAL_MS = 1_000;

export interface LeaderNewsParts {
  readonly pingIntervalMs: number;
  /** The address of this router. */
  readonly own: () => Address;
  /** Whether this router leads now, and the store has confirmed it a moment ago. */
  readonly isSure: () => boolean;
}

export class LeaderTelling {
  readonly #own: () => Address;
  readonly #isSure: () => boolean;
  /** The callers, with the address of each router that stands by; empty: the caller is not a router. */
  readonly #asking = new Map<Asking, Address | ''>();
  readonly #members = new Set<BidiStream<routingWire.DualPingResponse>>();
  readonly #timers: readonly NodeJS.Timeout[];
  #leader: Pick<Leader, 'term' | 'address'> | undefined;

  constructor({ pingIntervalMs, own, isSure }: LeaderNewsParts) {
    this.#own = own;
    this.#isSure = isSure;
    this.#timers = [
      setInterval(() => this.#tellAsking(), pingIntervalMs),
      setInterval(() => this.#tellMembers(), MEMBER_INTERVAL_MS),
    ];
  }

  /** Routers that listen to this one, by address. */
  get standbys(): readonly Address[] {
    const all = new Set([...this.#asking.values()].filter((address) => address !== ''));
    return [...all].sort().slice(0, MAX_STANDBYS);
  }

  /** Serves one call of `Leader`. */
  ask(call: Asking): void {
    if (this.#asking.size >= MAX_WATCHERS) {
      const refusal = new DualpingError('limit-reached', `${MAX_WATCHERS} ask who leads already`);
      return void call.emit('error', toServiceError(refusal));
    }
    let standby: Address | '';
    try {
      standby = leaderRequestFromWire(call.request);
    } catch (error) {
      return void call.emit('error', toServiceError(error));
    }
    this.#asking.set(call, standby);
    for (const event of ['cancelled', 'close', 'error']) call.on(event, () => this.#asking.delete(call));
    call.write(leaderIsToWire(this.#news));
  }

  /** Serves one call of `DualPing`, while this router does not lead. */
  redirect(call: DualPing): void {
    const stream = serverStream<routingWire.DualPingRequest, routingWire.DualPingResponse>(
      call,
      // Its identity and messages matter only to the leader.
      { onMessage: () => {}, onEnd: () => this.#members.delete(stream) },
      FIRST_MESSAGE_TIMEOUT_MS,
    );
    if (this.#members.size >= MAX_MEMBER_STREAMS)
      return stream.close(
        new DualpingError('limit-reached', `${MAX_MEMBER_STREAMS} streams are open already`),
      );
    this.#members.add(stream);
    this.#tell(stream);
  }

  /** Sends the new leader to all. */
  leaderIs(leader: Leader | undefined): void {
    this.#leader = leader;
    this.#tellAsking();
    this.#tellMembers();
  }

  /**
   * This router leads, and takes members: ends the streams of members that wait here, so that they dial
   * again.
   */
  closeRedirects(): void {
    this.#tellMembers();
    for (const stream of [...this.#members]) stream.close();
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
    for (const call of [...this.#asking.keys()]) call.end();
    for (const stream of [...this.#members]) stream.close();
  }

  get #news(): LeaderNews {
    const { term = 0, address = '' } = this.#leader ?? {};
    const leads = this.#isSure();
    return { term, address, leads, standbys: leads ? this.standbys : [], router: this.#own() };
  }

  #tellAsking(): void {
    const news = leaderIsToWire(this.#news);
    // A slow reader gets the next message, a moment later.
    for (const call of this.#asking.keys()) if (!call.writableNeedDrain) call.write(news);
  }

  #tellMembers(): void {
    for (const stream of this.#members) this.#tell(stream);
  }

  #tell(stream: BidiStream<routingWire.DualPingResponse>): void {
    const { term, address } = this.#news;
    if (stream.writableLength === 0) stream.send(routerMessageToWire({ kind: 'leader-is', term, address }));
  }
}
