/**
 * The answers that a follower gives by itself, from a watch of the leader: the network, available primaries,
 * and each change. So clients are spread over the routers, their watches survive a change of the leader, and
 * new clients can connect while no router leads.
 *
 * An answer may be a moment old. That does no harm: a client that finds the primary of an epoch gone asks for
 * a later epoch, and that question is passed on unless the answer is already known here. But a client whose
 * primary is frozen learns of the next one only from its watch. So a follower that is cut off ends its
 * watches after a while, and clients watch another router.
 */
import {
  type Address,
  type Assignment,
  type ClusterKey,
  DualpingError,
  isNewer,
  type Timing,
} from '@dualping/core';
import {
  type Access,
  assignmentFromWire,
  availableToWire,
  connectedFromWire,
  type Dialling,
  dialRouting,
  getAvailableFromWire,
  NO_METADATA,
  type RoutingServiceClient,
  type routingWire,
  watchFromWire,
} from '@dualping/protocol';
import type { handleServerStreamingCall, handleUnaryCall } from '@grpc/grpc-js';
import { answerAtOnce } from '../answers.js';
import { clusterIn, connect, serveWatch } from '../services.js';
import { Watchers } from '../watchers.js';

/** Wait before the leader is watched again, ms. */
const RETRY_MS = 50;
/**
 * How long watches stay open without hearing a leader, ms: longer than a change of leader takes, even if etcd
 * has to choose its own leader too.
 */
const STALE_MS = 5_000;
/** Longest wait for the leader's first answer, ms. */
const FIRST_ANSWER_MS = 2_000;

export interface FollowerRecordsParts {
  readonly timing: Timing;
  readonly access: Access;
  readonly dialling: Dialling;
}

interface Known {
  readonly networkId: string;
  readonly clusters: number;
  readonly watchers: Watchers;
}

type Connect = handleUnaryCall<routingWire.ConnectRequest, routingWire.ConnectResponse>;
type GetAvailable = handleUnaryCall<routingWire.GetAvailableRequest, routingWire.GetAvailableResponse>;
type Watch = handleServerStreamingCall<routingWire.WatchRequest, routingWire.WatchResponse>;

export class FollowerRecords {
  readonly #parts: FollowerRecordsParts;
  #known: Known | undefined;
  #leader: RoutingServiceClient | undefined;
  #retry: NodeJS.Timeout | undefined;
  /** Timer that runs while no leader is heard. */
  #staleAt: NodeJS.Timeout | undefined;
  #isStale = false;

  constructor(parts: FollowerRecordsParts) {
    this.#parts = parts;
  }

  /** Undefined: none leads. Then answers continue from what is known. */
  leaderIs(address: Address | undefined): void {
    this.#leave();
    this.#unheard();
    if (address === undefined) return;
    const leader = dialRouting(address, this.#parts.dialling);
    this.#leader = leader;
    this.#ask(leader);
  }

  /** This router leads now: watchers here must watch again, and get the leader's own records. */
  end(): void {
    this.#leave();
    const detail = 'this router begins to lead: watch it again';
    this.#known?.watchers.endAll(new DualpingError('shutting-down', detail));
    this.#known = undefined;
    this.#heard();
  }

  /** Undefined: it is not known here, and the leader is asked. */
  get connect(): Connect | undefined {
    const known = this.#known;
    if (known === undefined) return undefined;
    const { timing, access } = this.#parts;
    const parts = { ...known, timing, access };
    return (call, callback) => answerAtOnce(callback, () => connect(call.request, parts));
  }

  /** @param passOn for questions whose answer is not known here */
  getAvailable(passOn: GetAvailable): GetAvailable {
    return (call, callback) => {
      const answer = this.#available(call.request);
      if (answer === undefined) passOn(call, callback);
      else callback(null, answer);
    };
  }

  /** @param passOn for stats, which only the leader hears */
  watch(passOn: Watch): Watch {
    return (call) => {
      const known = this.#known;
      if (known === undefined || this.#isStale || !knows(known, call.request)) return passOn(call);
      serveWatch(call, { ...known, access: this.#parts.access });
    };
  }

  #available(request: routingWire.GetAvailableRequest): routingWire.GetAvailableResponse | undefined {
    if (this.#known === undefined) return undefined;
    const { networkId, clusters, watchers } = this.#known;
    try {
      const { target, failedEpoch } = getAvailableFromWire(request);
      const assignment = assignmentOf(watchers, clusterIn(target, clusters));
      if (assignment?.available !== true || assignment.epoch <= failedEpoch) return undefined;
      return availableToWire({ networkId, assignment });
    } catch {
      return undefined; // the leader refuses it
    }
  }

  #ask(leader: RoutingServiceClient): void {
    const deadline = { deadline: Date.now() + FIRST_ANSWER_MS };
    leader.connect({ user: '' }, NO_METADATA, deadline, (error, response) => {
      if (leader !== this.#leader) return;
      if (error !== null) return this.#askAgain(leader);
      try {
        const { networkId, clusters } = connectedFromWire(response);
        // What is known must not be mixed with another network, made by a router in an emptied store.
        if (this.#known !== undefined && this.#known.networkId !== networkId) return this.#askAgain(leader);
        this.#watch(leader, networkId, clusters);
      } catch {
        this.#askAgain(leader);
      }
    });
  }

  #watch(leader: RoutingServiceClient, networkId: string, clusters: number): void {
    const call = leader.watch(watchToAll);
    let isOver = false;
    const over = (): void => {
      if (isOver) return;
      isOver = true;
      call.cancel();
      if (leader === this.#leader) this.#unheard();
      this.#askAgain(leader);
    };
    call.on('data', (update: routingWire.WatchResponse) => {
      if (isOver || leader !== this.#leader) return;
      try {
        this.#take(update, networkId, clusters);
      } catch {
        over(); // no router of this version sends this
      }
    });
    call.on('error', over);
    call.on('end', over);
  }

  #take({ assignments, trouble }: routingWire.WatchResponse, networkId: string, clusters: number): void {
    const told = assignments.map((each) => assignmentFromWire(each));
    this.#heard();
    if (this.#known === undefined) {
      // With many clusters the first message may hold only some.
      const watchers = new Watchers(networkId, [], () => []);
      this.#known = { networkId, clusters, watchers };
    }
    const { watchers } = this.#known;
    for (const assignment of told) {
      const before = watchers.assignment(assignment.cluster);
      // Nothing is sent twice: two followers that take each other for the leader would never stop.
      if (before === undefined || isNewer(assignment, before)) watchers.changed(assignment);
    }
    if (trouble !== watchers.trouble) watchers.troubled(trouble);
  }

  #heard(): void {
    clearTimeout(this.#staleAt);
    this.#staleAt = undefined;
    this.#isStale = false;
  }

  #unheard(): void {
    this.#staleAt ??= setTimeout(() => {
      this.#isStale = true;
      const detail = 'this router hears no leader: its answers may be old, watch another one';
      this.#known?.watchers.endAll(new DualpingError('shutting-down', detail));
    }, STALE_MS);
  }

  #askAgain(leader: RoutingServiceClient): void {
    if (leader !== this.#leader) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => {
      if (leader === this.#leader) this.#ask(leader);
    }, RETRY_MS);
  }

  #leave(): void {
    clearTimeout(this.#retry);
    this.#leader?.close();
    this.#leader = undefined;
  }
}

const watchToAll: routingWire.WatchRequest = { target: undefined, stats: false, services: true };

const assignmentOf = (watchers: Watchers, key: ClusterKey): Assignment | undefined =>
  typeof key === 'number'
    ? watchers.assignment(key)
    : watchers.assignments.find(({ service }) => service === key);

/**
 * Whether the watched cluster is known here. With many clusters the leader's first messages have only some.
 */
function knows({ clusters, watchers }: Known, request: routingWire.WatchRequest): boolean {
  try {
    const { target, stats } = watchFromWire(request);
    if (stats) return false;
    if (target !== undefined) return assignmentOf(watchers, clusterIn(target, clusters)) !== undefined;
    return watchers.assignments.filter(({ service }) => service === undefined).length >= clusters;
  } catch {
    return false; // the leader refuses it
  }
}
