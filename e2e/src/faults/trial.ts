/** A cluster with people who post, and measurements during faults. */
import assert from 'node:assert/strict';
import { RouterClient } from '@dualping/client';
import type { Assignment } from '@dualping/core';
import {
  acknowledgedCount,
  everyoneSawEverythingOnce,
  followOneAnother,
  journalsAreIdentical,
} from '../accounts.js';
import { eventually } from '../eventually.js';
import { Person } from '../person.js';
import { TestCluster, type TestClusterOptions } from '../test-cluster.js';

export interface Roles {
  /** Names as the router has them: `s1`, `s2` …. */
  readonly primary: string;
  readonly standbys: readonly string[];
  readonly epoch: number;
}

export class Trial {
  #settled = false;

  private constructor(
    readonly cluster: TestCluster,
    readonly routers: RouterClient,
    readonly people: readonly Person[],
  ) {}

  /** Resolves when all servers are in sync, and all people follow one another and post. */
  static async start(options: TestClusterOptions, users: readonly string[]): Promise<Trial> {
    const cluster = await TestCluster.start(options);
    const routers = new RouterClient({ routers: [cluster.routerAddress], credentials: cluster.operator });
    await cluster.whenWhole(routers);
    const people = users.map((user) => new Person(user, [cluster.routerAddress], undefined, cluster.user));
    await followOneAnother(people);
    for (const person of people) person.startPosting();
    return new Trial(cluster, routers, people);
  }

  async whenWhole(): Promise<Roles> {
    return rolesOf(await this.cluster.whenWhole(this.routers));
  }

  /**
   * Starts ended processes again, and waits until all are in sync; throws with their output when that fails.
   * Does nothing after `settle`, which ends them permanently.
   */
  async makeWhole(): Promise<void> {
    if (this.#settled) return;
    const { cluster } = this;
    if (cluster.router.ended) await cluster.startRouter();
    for (const id of cluster.serverIds) if (cluster.server(id).ended) await cluster.startServer(id);
    await this.whenWhole();
  }

  /** Hands over until this server is primary. */
  async makePrimary(name: string): Promise<Roles> {
    for (;;) {
      const roles = await this.whenWhole();
      if (roles.primary === name) return roles;
      await this.routers.handover(1);
    }
  }

  get acknowledged(): number {
    return acknowledgedCount(this.people);
  }

  /** Waits until this many more posts are acknowledged. @returns the time it took, ms */
  async posts(more: number, deadlineMs = 60_000): Promise<number> {
    const from = this.acknowledged;
    const since = performance.now();
    await eventually(
      `${more} more posts are acknowledged`,
      () => this.acknowledged >= from + more,
      deadlineMs,
      () => this.describe(),
    );
    return performance.now() - since;
  }

  /** Times of the posts that were acknowledged since `since`, ms. */
  times(since: number): readonly number[] {
    return this.people.flatMap(({ acknowledged }) =>
      acknowledged.filter(({ at }) => at >= since).map(({ tookMs }) => tookMs),
    );
  }

  /** From `since` to the first post that is acknowledged in an epoch above `epoch`, ms. */
  async takeover(epoch: number, since: number, deadlineMs = 60_000): Promise<number> {
    const first = await eventually(
      `a post is acknowledged in an epoch above ${epoch}`,
      () => this.#acknowledgedAt().find((post) => post.epoch > epoch && post.at >= since)?.at,
      deadlineMs,
      () => this.describe(),
    );
    return first - since;
  }

  /**
   * The epochs in which posts were acknowledged since `since`: one for each primary that clients used.
   */
  epochs(since: number): ReadonlySet<number> {
    return new Set(
      this.#acknowledgedAt()
        .filter(({ at }) => at >= since)
        .map(({ epoch }) => epoch),
    );
  }

  /** Longest time between two acknowledgements from `since` on, ms. */
  longestPause(since: number): number {
    const times = [
      since,
      ...this.#acknowledgedAt()
        .map(({ at }) => at)
        .filter((at) => at >= since),
    ];
    return Math.max(...times.slice(1).map((at, i) => at - (times[i] ?? at)));
  }

  /**
   * Checks that everything acknowledged is in every timeline and on every disk, once and in order. Ends the
   * servers.
   */
  async settle(): Promise<string> {
    await Promise.all(this.people.map((person) => person.stopPosting()));
    assert.deepEqual(
      this.people.flatMap((person) => person.failures),
      [],
    );
    await everyoneSawEverythingOnce(this.people);
    this.#settled = true;
    await journalsAreIdentical(this.cluster, this.routers);
    return `${this.acknowledged} posts acknowledged, 0 lost, 0 repeated, 0 out of order`;
  }

  async destroy(): Promise<void> {
    for (const person of this.people) person.session.close();
    this.routers.close();
    await this.cluster.destroy();
  }

  describe(): string {
    const states = this.people.map(({ user, session, failures }) =>
      [user, JSON.stringify(session.state), ...failures].join(' '),
    );
    return [...states, this.cluster.tails()].join('\n');
  }

  #acknowledgedAt(): readonly { readonly at: number; readonly epoch: number }[] {
    return this.people.flatMap((person) => person.acknowledged).sort((a, b) => a.at - b.at);
  }
}

function rolesOf({ primary, members, epoch }: Assignment): Roles {
  assert.ok(primary !== undefined);
  const nameOf = (id: number): string => `s${id}`;
  const standbys = members.map(({ serverId }) => serverId).filter((id) => id !== primary.serverId);
  return { primary: nameOf(primary.serverId), standbys: standbys.map(nameOf), epoch: Number(epoch) };
}

/** The number in a server's name. */
export const idOf = (name: string): number => Number(name.slice(1));
