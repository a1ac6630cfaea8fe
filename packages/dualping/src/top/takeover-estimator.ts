/**
 * Estimates how long a takeover took, from what a router reports.
 *
 *   last sign of life ── detect ── dropped ── promote ── promoted ── reconnect ── clients again ── first post ── a post again
 *
 * The router reports the drop and the promotion when they happen. When the lost primary was last heard, and
 * when its successor has clients and posts again, comes from the stats. Stats come about once a second
 * and are as old as the last ping, so those parts are inaccurate by that much, and mostly too long. A part
 * that can't be seen, because there were no clients or no posts before, is left out.
 */
import type { MemberFigures } from '@dualping/client';
import type { ClusterId } from '@dualping/core';
import type { Takeover } from '@dualping/terminal';
import type { Promotion, Seen } from './assignment-changes.js';

/** Inaccuracy of stats, ms: a second between two updates, and a ping. */
export const STATS_GRAIN_MS = 1_100;
/**
 * How long to wait for clients and posts, ms: clients that only read, or have left, never come.
 */
const WAIT_FOR_CLIENTS_MS = 10_000;
/** After this long without stats the router was away, ms: see `stats`. */
const ROUTER_AWAY_MS = 2_500;
/**
 * Two signs this close are the same ping, ms: ages are whole ms and pass over a network, and pings come every
 * 20 ms at most.
 */
const SAME_PING_WITHIN_MS = 10;

/** The stats of a server when it was last heard. */
interface Sign {
  readonly aliveMs: number;
  readonly hasClients: boolean;
  readonly posts: number;
  /** Whether posts came between the last two updates. */
  readonly isPosting: boolean;
}

interface Pending {
  readonly promotion: Promotion;
  readonly number: number;
  readonly atMs: number;
  readonly promotedMs: number;
  readonly detectMs: number | undefined;
  /**
   * Posts that the new primary had accepted before; undefined: there were no posts, so none is waited for.
   */
  readonly postsBefore: number | undefined;
  readonly waitsForClients: boolean;
  readonly clientsMs: number | undefined;
  readonly postMs: number | undefined;
}

const keyOf = (cluster: ClusterId, serverId: number): string => `${cluster}/${serverId}`;

export class TakeoverEstimator {
  readonly #signs = new Map<string, Sign>();
  readonly #pending = new Map<ClusterId, Pending>();
  #toldMs: number | undefined;
  #count = 0;

  /**
   * @returns takeovers that need not wait for stats, including an unfinished earlier one of this cluster
   */
  promoted({ wallMs, monoMs }: Seen, promotion: Promotion): readonly Takeover[] {
    const { cluster, fault, from, to, promoteMs } = promotion;
    const before = this.#pending.get(cluster);
    this.#count += 1;
    const old = this.#signs.get(keyOf(cluster, from));
    const isHandover = fault === 'handover';
    this.#pending.set(cluster, {
      promotion,
      number: this.#count,
      atMs: wallMs,
      promotedMs: monoMs,
      detectMs: old === undefined || isHandover ? undefined : Math.max(0, monoMs - promoteMs - old.aliveMs),
      postsBefore: old?.isPosting === true ? (this.#signs.get(keyOf(cluster, to))?.posts ?? 0) : undefined,
      waitsForClients: old?.hasClients === true,
      clientsMs: undefined,
      postMs: undefined,
    });
    return [...(before === undefined ? [] : [takeoverOf(before)]), ...this.#finished(monoMs)];
  }

  /**
   * Takes the stats of all watched clusters from one update.
   *
   * A router that was paused does not count the pause as its servers' silence: the first ages that it sends
   * afterwards are from before the pause, so a server that died meanwhile would look alive. So ages count
   * only from the second update on.
   */
  stats({ monoMs }: Seen, told: readonly MemberFigures[]): readonly Takeover[] {
    const wasAway = this.#toldMs !== undefined && monoMs - this.#toldMs > ROUTER_AWAY_MS;
    this.#toldMs = monoMs;
    for (const each of told) {
      const key = keyOf(each.cluster, each.serverId);
      const before = this.#signs.get(key);
      if (!wasAway || before === undefined) this.#signs.set(key, signOf(each, before, monoMs));
      this.#noteSuccessor(each, monoMs - each.ageMs);
    }
    return this.#finished(monoMs);
  }

  #noteSuccessor({ cluster, serverId, stats }: MemberFigures, atMs: number): void {
    const pending = this.#pending.get(cluster);
    // A ping from before its promotion says nothing about its epoch.
    if (pending?.promotion.to !== serverId || atMs < pending.promotedMs) return;
    const { postsBefore, clientsMs, postMs } = pending;
    const posts = stats.postsAccepted;
    const isFirstPost = postsBefore !== undefined && posts > postsBefore;
    this.#pending.set(cluster, {
      ...pending,
      // If the count falls, the process was started again.
      postsBefore: postsBefore === undefined ? undefined : Math.min(postsBefore, posts),
      clientsMs: clientsMs ?? (stats.timelines > 0 ? atMs : undefined),
      postMs: postMs ?? (isFirstPost ? atMs : undefined),
    });
  }

  #finished(monoMs: number): readonly Takeover[] {
    return [...this.#pending].flatMap(([cluster, pending]) => {
      const { waitsForClients, clientsMs, postsBefore, postMs, promotedMs } = pending;
      const isSeen =
        !(waitsForClients && clientsMs === undefined) && !(postsBefore !== undefined && postMs === undefined);
      if (!isSeen && monoMs - promotedMs < WAIT_FOR_CLIENTS_MS) return [];
      this.#pending.delete(cluster);
      return [takeoverOf(pending)];
    });
  }
}

function signOf({ stats, ageMs }: MemberFigures, before: Sign | undefined, monoMs: number): Sign {
  const { timelines, postsAccepted } = stats;
  const aliveMs = monoMs - ageMs;
  // Two updates with the same ping do not show whether posts came between them.
  const isSamePing = before !== undefined && aliveMs - before.aliveMs < SAME_PING_WITHIN_MS;
  return {
    aliveMs,
    hasClients: timelines > 0,
    posts: postsAccepted,
    isPosting: isSamePing ? before.isPosting : before !== undefined && postsAccepted > before.posts,
  };
}

function takeoverOf(pending: Pending): Takeover {
  const { promotion, number, atMs, detectMs, promotedMs, waitsForClients, clientsMs, postMs } = pending;
  const { promoteMs, ...what } = promotion;
  const reconnectedMs = waitsForClients ? clientsMs : undefined;
  const reconnectMs = reconnectedMs === undefined ? undefined : reconnectedMs - promotedMs;
  const firstPostMs = postMs === undefined ? undefined : Math.max(0, postMs - (reconnectedMs ?? promotedMs));
  return {
    ...what,
    number,
    atMs,
    parts: { detectMs, promoteMs, reconnectMs, firstPostMs },
    totalMs: (detectMs ?? 0) + promoteMs + (reconnectMs ?? 0) + (firstPostMs ?? 0),
    clients: undefined,
    grainMs: STATS_GRAIN_MS,
  };
}
