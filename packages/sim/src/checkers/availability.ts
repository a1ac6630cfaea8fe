/**
 * There is a primary that serves, and commits go on, whenever the rules allow it: at every moment of a world,
 * not only at its end.
 *
 * A primary is allowed while the router does its work and, of the in-sync set, each server is either well or
 * out of the router's reach altogether, and one at least is well. What lies between (a slow process, a link
 * that loses one way, a disk that takes long) is not judged while it lasts. Once all this has stood still for
 * `patienceMs`, there has to be a primary.
 */
import type { ClusterId } from '@dualping/core';
import type { Cluster } from '../cluster.js';
import type { ServerProcess } from '../server-process.js';
import type { Setup } from '../setup.js';
import { Violation } from './checker.js';

/** A server gives a router that does not welcome it up after this, ms. */
const WELCOME_MS = 3_000;
/** Longest waits between attempts to attach, and for a process that is started again, ms. */
const RESTARTS_MS = 2 * 1_000;
/** Silence has to be noticed by the router, or by a member, three times as late, and by the next primary. */
const SILENCES = 4;
/** Messages and syncs of a takeover one after the other, with all that is caught up first. */
const STEPS = 40;

/** What the router says where it has to be decided which journal counts. */
const ASKS_OPERATOR = 'an operator has to decide';
/**
 * What it says of one that it could not dial back. It asks again, in the end every 10 s (`reach.ts`): so much
 * later it notices that the way is whole again.
 */
const IS_UNREACHED = "can't be reached";
const ASKED_AGAIN_MS = 10_000;
/**
 * What it says while its folder lacks what members were told: it promotes nobody, and whoever serves goes on.
 */
const IS_OLDER = 'the store is older than its members';

export function patienceMs({ timing, network, serverSyncMs, routerSyncMs }: Setup): number {
  const stepMs = network.leastMs + network.meanMs + network.hiccupChance * network.hiccupMs;
  return (
    WELCOME_MS +
    RESTARTS_MS +
    timing.reattachGraceMs +
    SILENCES * timing.deadAfterMs +
    STEPS * (stepMs + serverSyncMs + routerSyncMs)
  );
}

export class Availability {
  readonly #patienceMs: number;
  #standing = '';
  /** Since when a primary is allowed and nothing has changed about that, ms. */
  #allowedSince = 0;
  #servedAt = 0;
  #progress = { committed: 0, at: 0 };

  constructor(
    readonly cluster: Cluster,
    readonly number: ClusterId,
  ) {
    this.#patienceMs = patienceMs(cluster.setup);
  }

  look(nowMs: number): void {
    const standing = this.#whatStands();
    if (standing !== this.#standing) {
      this.#standing = standing ?? '';
      this.#allowedSince = nowMs;
    }
    const serving = this.#serving();
    if (serving !== undefined) this.#servedAt = nowMs;
    const committed = serving?.replica?.ledger.committed ?? 0;
    const waits = serving !== undefined && (serving.replica?.ledger.uncommitted ?? 0) > 0;
    if (!waits || committed !== this.#progress.committed) this.#progress = { committed, at: nowMs };
    if (standing === undefined) return;
    this.#judge('available-when-allowed', nowMs, this.#servedAt, standing);
    this.#judge('commits-go-on', nowMs, this.#progress.at, standing);
  }

  #judge(invariant: string, nowMs: number, wellAt: number, standing: string): void {
    const forMs = nowMs - Math.max(wellAt, this.#allowedSince);
    const told = this.cluster.router.assignmentOf(this.number);
    const isUnreached = told?.unavailableReason.includes(IS_UNREACHED) === true;
    if (forMs <= this.#patienceMs + (isUnreached ? ASKED_AGAIN_MS : 0)) return;
    throw new Violation(
      invariant,
      `cluster ${this.number} for ${forMs.toFixed(0)} ms, though there is ${standing}; the router says: ` +
        `${told?.available === true ? `s${told.primary?.serverId} has epoch ${told.epoch}` : told?.unavailableReason}`,
    );
  }

  /** Who could serve, in words; undefined: nobody has to. */
  #whatStands(): string | undefined {
    const { router } = this.cluster;
    if (!this.cluster.routerIsWell()) return undefined;
    const record = router.recordOf(this.number);
    if (record?.primary === undefined) return undefined;
    const told = router.assignmentOf(this.number) ?? record;
    // Copies of folders that disagree: rightly nobody serves before somebody has looked.
    const reason = 'unavailableReason' in told ? told.unavailableReason : '';
    if (reason.includes(ASKS_OPERATOR) || reason.includes(IS_OLDER)) return undefined;
    const states: string[] = [];
    let well = 0;
    const eligible = new Map([...record.inSync, ...told.inSync].map((it) => [it.journalId, it.serverId]));
    for (const [journalId, serverId] of eligible) {
      const server = this.cluster.servers.find((it) => it.cluster === this.number && it.id === serverId);
      const state = server?.journalId === journalId ? this.#stateOf(server) : 'gone';
      if (state === undefined) return undefined;
      if (state === 'well') well += 1;
      states.push(`s${serverId} ${state}`);
    }
    return well === 0 ? undefined : `epoch ${record.epoch}, ${states.sort().join(', ')}`;
  }

  #stateOf(server: ServerProcess): 'well' | 'gone' | undefined {
    const { cluster } = this;
    const { network, router } = cluster;
    const { name } = server;
    if (server.isLost || cluster.supervisor(name).holds || !server.awake) return 'gone';
    if (network.isCut(name, router.name) && network.isCut(router.name, name)) return 'gone';
    return cluster.isWell(server) ? 'well' : undefined;
  }

  #serving(): ServerProcess | undefined {
    const told = this.cluster.router.assignmentOf(this.number);
    return this.cluster.servers.find(
      (server) =>
        server.cluster === this.number &&
        server.id === told?.primary?.serverId &&
        server.awake &&
        server.replica?.role === 'primary' &&
        server.replica.servingEpoch === told.epoch,
    );
  }
}
