/**
 * The `Watch` calls: each gets every change, or only the latest state if it reads more slowly.
 *
 * A slow watcher costs no more than a fast one: while its stream is full only the numbers of changed clusters
 * are kept, and when it drains it gets their present state.
 */
import {
  type Assignment,
  type ClusterId,
  type ClusterKey,
  DualpingError,
  type MemberFigures,
  type NetworkId,
} from '@dualping/core';
import {
  encodeWatchResponse,
  type routingWire,
  toServiceError,
  type WatchOut,
  watchUpdateToWire,
} from '@dualping/protocol';
import type { ServerWritableStream } from '@grpc/grpc-js';

type Call = ServerWritableStream<routingWire.WatchRequest, WatchOut>;

/** Watch calls open at once; 20 KB each. */
export const MAX_WATCHERS = 10_000;
/** How often stats are sent to watchers that ask for them, ms: people look at them. */
const STATS_INTERVAL_MS = 1_000;
/** Assignments in one message: with the most members each is 6 KB, and a message may have 4 MB. */
const MAX_ASSIGNMENTS_A_MESSAGE = 500;
/** Stats in one message: 40 bytes each. */
const MAX_STATS_A_MESSAGE = 10_000;

/**
 * What is watched: a cluster, by its number or by its service's name, even before the service exists; or all
 * clusters of users, with or without those of services.
 */
type Watched = ClusterKey | { readonly services: boolean };

interface Watcher {
  readonly call: Call;
  readonly watched: Watched;
  readonly wantsStats: boolean;
  /** Clusters whose present assignment was not sent to it yet. */
  readonly unsent: Set<ClusterId>;
  /**
   * It must get a message though no assignment has changed: the first one, or one about the router itself.
   */
  isOwed: boolean;
  isFull: boolean;
}

const isWatched = (watched: Watched, { cluster, service }: Assignment): boolean =>
  typeof watched === 'object'
    ? watched.services || service === undefined
    : watched === cluster || watched === service;

export class Watchers {
  readonly #watchers = new Set<Watcher>();
  /** Assignments that may be sent: all of them are durable. */
  readonly #assignments: Map<ClusterId, Assignment>;
  readonly #stats: () => readonly MemberFigures[];
  /** What is wrong with the router itself; empty: nothing. */
  #trouble = '';
  /** What its disk says, while it is low. */
  #lowDisk = '';
  #timer: NodeJS.Timeout | undefined;
  /** The last encoded change of one cluster, which all of its watchers get. */
  #lastChange:
    | { readonly assignment: Assignment; readonly trouble: string; readonly bytes: Buffer }
    | undefined;

  constructor(
    readonly networkId: NetworkId,
    assignments: readonly Assignment[],
    stats: () => readonly MemberFigures[],
  ) {
    this.#assignments = new Map(assignments.map((assignment) => [assignment.cluster, assignment]));
    this.#stats = stats;
  }

  /** How many there are. */
  get count(): number {
    return this.#watchers.size;
  }

  /** The durable assignments of all clusters. */
  get assignments(): readonly Assignment[] {
    return [...this.#assignments.values()];
  }

  assignment(cluster: ClusterId): Assignment | undefined {
    return this.#assignments.get(cluster);
  }

  add(call: Call, watched: Watched, wantsStats: boolean): void {
    if (this.#watchers.size >= MAX_WATCHERS)
      throw new DualpingError('limit-reached', `${MAX_WATCHERS} are watching already`);
    const present = this.assignments.filter((assignment) => isWatched(watched, assignment));
    const unsent = new Set(present.map(({ cluster }) => cluster));
    const watcher: Watcher = { call, watched, wantsStats, unsent, isOwed: true, isFull: false };
    this.#watchers.add(watcher);
    call.on('drain', () => {
      watcher.isFull = false;
      this.#send(watcher);
    });
    for (const event of ['cancelled', 'close', 'error'])
      call.on(event, () => {
        this.#watchers.delete(watcher);
        this.#stopTimerIfUnused();
      });
    this.#send(watcher);
    if (wantsStats) this.#timer ??= setInterval(() => this.#sendStats(), STATS_INTERVAL_MS);
  }

  changed(assignment: Assignment): void {
    this.#assignments.set(assignment.cluster, assignment);
    for (const watcher of this.#watchers) {
      if (!isWatched(watcher.watched, assignment)) continue;
      watcher.unsent.add(assignment.cluster);
      this.#send(watcher);
    }
  }

  /** What is wrong with the router itself, as sent to watchers; empty: nothing. */
  get trouble(): string {
    return [this.#trouble, this.#lowDisk].filter((text) => text !== '').join('; ');
  }

  /** Sends this to all watchers; no assignment has changed. */
  troubled(trouble: string): void {
    this.#trouble = trouble;
    this.#tellTrouble();
  }

  /** The same for the disk of the router: empty while it has room. */
  diskLow(text: string): void {
    this.#lowDisk = text;
    this.#tellTrouble();
  }

  #tellTrouble(): void {
    for (const watcher of this.#watchers) {
      watcher.isOwed = true;
      this.#send(watcher);
    }
  }

  endAll(error: DualpingError): void {
    for (const { call } of [...this.#watchers]) call.emit('error', toServiceError(error));
    this.#watchers.clear();
    this.#stopTimerIfUnused();
  }

  #send(watcher: Watcher): void {
    const { trouble } = this;
    while (!watcher.isFull && (watcher.isOwed || watcher.unsent.size > 0)) {
      watcher.isOwed = false;
      const clusters = [...watcher.unsent].slice(0, MAX_ASSIGNMENTS_A_MESSAGE);
      for (const cluster of clusters) watcher.unsent.delete(cluster);
      const assignments = clusters
        .map((cluster) => this.#assignments.get(cluster))
        .filter((assignment) => assignment !== undefined);
      watcher.isFull = !watcher.call.write(this.#encoded(assignments, trouble));
    }
  }

  #encoded(assignments: readonly Assignment[], trouble: string): Buffer {
    const [assignment] = assignments;
    const last = this.#lastChange;
    const isOne = assignments.length === 1 && assignment !== undefined;
    if (isOne && last?.assignment === assignment && last.trouble === trouble) return last.bytes;
    const { networkId } = this;
    const bytes = encodeWatchResponse(watchUpdateToWire({ networkId, assignments, stats: [], trouble }));
    if (isOne) this.#lastChange = { assignment, trouble, bytes };
    return bytes;
  }

  #sendStats(): void {
    const all = this.#stats().map((member) => ({ ...member, ageMs: Math.round(member.ageMs) }));
    for (const { call, watched, wantsStats, isFull } of this.#watchers) {
      if (!wantsStats || isFull) continue; // the next stats come in a second
      const stats = all.filter(({ cluster }) => {
        const assignment = this.#assignments.get(cluster);
        return assignment !== undefined && isWatched(watched, assignment);
      });
      const told = stats.slice(0, MAX_STATS_A_MESSAGE);
      const { networkId } = this;
      call.write(watchUpdateToWire({ networkId, assignments: [], stats: told, trouble: this.trouble }));
    }
  }

  #stopTimerIfUnused(): void {
    if ([...this.#watchers].some(({ wantsStats }) => wantsStats)) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
