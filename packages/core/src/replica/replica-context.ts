/** What all parts of one replica share: its identity, its ledger, the time, and where outputs go. */
import type { Assignment } from '../assignment.js';
import type { DiskRoomStats } from '../disk-room.js';
import { type DiskStats, NO_DISK_STATS } from '../disk-watch.js';
import {
  type ClusterId,
  type Epoch,
  epoch,
  type Instant,
  type LifeId,
  type NetworkId,
  position,
  type ServerId,
  type UserName,
} from '../ids.js';
import type { Attempt } from '../membership/membership-messages.js';
import { Pace } from '../membership/pace.js';
import type { Stats } from '../messages.js';
import type { Reason } from '../reasons.js';
import type { Registration } from '../social/index.js';
import { clusterOf } from '../user-cluster.js';
import { Ledger } from './ledger.js';
import type {
  Known,
  LinkId,
  ReplicaEvent,
  ReplicaIdentity,
  ReplicaOutput,
  ReplicaStart,
  ReplicaTiming,
} from './messages.js';
import { NO_USER_LIMITS, type UserLimits } from './user-limits.js';

export class ReplicaContext {
  identity: ReplicaIdentity;
  /** Who may have a new name; undefined: callers prove nothing. */
  readonly registration: Registration | undefined;
  readonly ledger: Ledger;
  readonly #pace: Pace;
  #outputs: ReplicaOutput[] = [];
  networkId: NetworkId | '';
  /** How many clusters the network has; 0 until the router has said it. */
  clusters = 0;
  /** The last life over this journal that was welcomed, as stored on disk. */
  welcomedLife: LifeId;
  readonly #knownEpoch: Epoch;
  readonly #knownRevision: number;
  /** The newest one from the router. */
  assignment: Assignment | undefined;
  /** The newest assignment of each other cluster from the router. */
  readonly others = new Map<ClusterId, Assignment>();
  readonly #diskStats: () => DiskStats;
  readonly #diskRoom: () => DiskRoomStats | undefined;
  readonly userLimits: UserLimits;
  #tailAttempts: Attempt = 0;
  /** The highest epoch seen anywhere. */
  highestEpoch: Epoch;
  /** Posts acknowledged since the start. */
  postsAccepted = 0;
  /** Whether this server was asked to stop, and still runs for a moment. */
  isStopping = false;
  /** Its disk has no room for users' writes. */
  diskIsLow = false;
  /** How many timelines are open now. */
  timelines: () => number = () => 0;
  /** Members that this server can't reach now; set by its present role. */
  whomNotToReach: () => readonly ServerId[] = () => [];

  constructor(start: ReplicaStart, timing: ReplicaTiming) {
    this.#diskStats = start.diskStats ?? (() => NO_DISK_STATS);
    this.#diskRoom = start.diskRoom ?? (() => undefined);
    this.userLimits = start.userLimits ?? NO_USER_LIMITS;
    this.identity = start.identity;
    this.registration = start.registration;
    this.networkId = start.identity.networkId;
    this.welcomedLife = start.identity.welcomedLife;
    this.#knownRevision = start.known.revision;
    this.#knownEpoch = start.known.epoch;
    this.ledger = new Ledger(start);
    this.#pace = new Pace(timing);
    this.highestEpoch = epoch(Math.max(this.ledger.outline.lastEpoch, start.known.epoch));
  }

  get now(): Instant {
    return this.#pace.now;
  }

  /** Listening time, ms: silence is measured in it. */
  get heardMs(): number {
    return this.#pace.heardMs;
  }

  get timing(): ReplicaTiming {
    return this.#pace.timing;
  }

  /** The router has set the ping interval, and in the welcome also after how much silence a peer is dead. */
  keepTime(pingIntervalMs: number, toldDeadAfterMs?: number): void {
    this.#pace.keepTime(pingIntervalMs, toldDeadAfterMs);
  }

  advanceTo(now: Instant): void {
    this.#pace.advanceTo(now);
  }

  get cannotReach(): readonly ServerId[] {
    return this.whomNotToReach();
  }

  /**
   * The highest revision of an assignment in the highest epoch that this server, or a former life, knows; 0:
   * none.
   */
  get revision(): number {
    const { assignment: told, highestEpoch } = this;
    return Math.max(
      this.#knownEpoch === highestEpoch ? this.#knownRevision : 0,
      told?.epoch === highestEpoch ? told.revision : 0,
    );
  }

  /**
   * What the next life should know. Committed positions count only as far as this disk has them: if the
   * machine dies, entries that are not on disk yet may be replaced by others.
   */
  known(): Known {
    const { knownCommitted, outline } = this.ledger;
    const committed = position(Math.min(knownCommitted, outline.durable));
    return { committed, epoch: this.highestEpoch, revision: this.revision };
  }

  stats(): Stats {
    const { outline, knownCommitted: committed, checksum } = this.ledger;
    const disk = this.#diskRoom();
    return {
      durable: outline.durable,
      committed,
      lastEpoch: outline.lastEpoch,
      checksum,
      timelines: this.timelines(),
      postsAccepted: this.postsAccepted,
      ...this.#diskStats(),
      ...(disk !== undefined && { disk }),
    };
  }

  /**
   * Numbers the streams to other clusters, over all epochs of this process, so that a late message of an old
   * stream is recognised.
   */
  nextTailAttempt(): Attempt {
    this.#tailAttempts += 1;
    return this.#tailAttempts;
  }

  see(epoch: Epoch): void {
    if (epoch > this.highestEpoch) this.highestEpoch = epoch;
  }

  /** The cluster that a user belongs to by name; undefined while the number of clusters is not known. */
  homeByName(user: UserName): ClusterId | undefined {
    return this.clusters === 0 ? undefined : clusterOf(user, this.clusters);
  }

  /** Ends a standby's stream with a refusal that names this network and cluster. */
  refuseStandby(link: LinkId, reason: Reason, detail: string): void {
    const { networkId, identity, highestEpoch: epoch } = this;
    const { cluster } = identity;
    const message = { kind: 'refused', networkId, cluster, epoch, reason, detail } as const;
    this.emit({ kind: 'to-standby', link, message }, { kind: 'close-standby', link });
  }

  emit(...outputs: readonly ReplicaOutput[]): void {
    this.#outputs.push(...outputs);
  }

  report(event: ReplicaEvent, text: string): void {
    this.emit({ kind: 'report', event, text });
  }

  takeOutputs(): readonly ReplicaOutput[] {
    const outputs = this.#outputs;
    this.#outputs = [];
    return outputs;
  }
}
