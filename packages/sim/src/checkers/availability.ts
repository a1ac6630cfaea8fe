/**
 * Checks that there is a serving primary, and that commits go on, whenever the rules allow it: at every
 * moment of a world, not only at its end.
 *
 * The rules allow a primary while the router works, each in-sync server is either well or wholly out of the
 * router's reach, and at least one is well. States in between (a slow process, a link that loses one
 * direction, a slow disk) are not judged while they last. When all this has not changed for `patienceMs`,
 * there must be a primary.
 */
import { type ClusterId, LEASE_MS, UNCONFIRMED_MS } from '@dualping/core';
import type { Cluster } from '../cluster.js';
import type { ServerProcess } from '../server-process.js';
import type { Setup } from '../setup.js';
import { Violation } from './checker.js';

/** After this time a server gives up a router that does not welcome it, ms. */
const WELCOME_MS = 3_000;
/** Longest waits between attempts to attach, and for a process that is started again, ms. */
const RESTARTS_MS = 2 * 1_000;
/**
 * Silences one after the other, in `deadAfterMs`: a member notices the router's after three, and the next
 * primary a standby's after one.
 */
const SILENCES = 4;
/** Most messages and syncs of a takeover one after the other, with the catch-up before it. */
const STEPS = 40;

/** Part of the router's text when an operator has to decide which journal counts. */
const ASKS_OPERATOR = 'an operator has to decide';
/**
 * Part of its text about a member that it could not dial back. It asks again at most every 10 s (`reach.ts`),
 * so it may notice that late that the path works again.
 */
const IS_UNREACHED = "can't be reached";
const ASKED_AGAIN_MS = 10_000;
/**
 * Part of its text while its folder lacks assignments that members got: it promotes no member, and the
 * primary goes on.
 */
const IS_OLDER = 'the store is older than its members';

/**
 * How long several routers may take until one leads, ms: it takes as long as a leader may be unsure, and a
 * lease ends. A request of etcd that gets no answer is asked again, and that may happen at each step.
 */
const LEADS_MS = UNCONFIRMED_MS + LEASE_MS + 20 * 300;

export function patienceMs({ timing, network, serverSyncMs, routerSyncMs, routerCount }: Setup): number {
  const stepMs = network.leastMs + network.meanMs + network.hiccupChance * network.hiccupMs;
  return (
    WELCOME_MS +
    RESTARTS_MS +
    timing.reattachGraceMs +
    SILENCES * timing.deadAfterMs +
    STEPS * (stepMs + serverSyncMs + routerSyncMs) +
    (routerCount === 1 ? 0 : LEADS_MS)
  );
}

export class Availability {
  readonly #patienceMs: number;
  #standing = '';
  /** Since when a primary is allowed without any change, ms. */
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

  /** Text of what allows a primary now; undefined: none has to serve. */
  #whatStands(): string | undefined {
    const { router, routerStanding } = this.cluster;
    if (routerStanding === undefined) return undefined;
    const record = router.recordOf(this.number);
    if (record?.primary === undefined) return undefined;
    const told = router.assignmentOf(this.number) ?? record;
    // An operator has ordered that no server takes over, or that none serves.
    if (told.suspended !== undefined || record.suspended !== undefined) return undefined;
    // When copies of folders disagree, rightly no server serves before an operator has decided.
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
    return well === 0 ? undefined : `${routerStanding}, epoch ${record.epoch}, ${states.sort().join(', ')}`;
  }

  #stateOf(server: ServerProcess): 'well' | 'gone' | undefined {
    const { cluster } = this;
    if (server.isLost || cluster.supervisor(server.name).holds || !server.awake) return 'gone';
    if (cluster.isCutOff(server)) return 'gone';
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
