/**
 * How long a takeover took, as far as that can be seen from a router.
 *
 *   last sign of life ── detect ── dropped ── promote ── promoted ── reconnect ── clients again ── first post ── a post again
 *
 * The drop and the promotion are told when they happen. When the lost primary was heard last, and when its
 * successor has clients and posts again, is in the figures, which come about once a second and are as old as
 * the last ping: those parts are exact to that only, and mostly too long. A part that nobody could see, since
 * there were no clients or no posts before, is left out.
 */
import type { MemberFigures } from '@dualping/client';
import type { ClusterId } from '@dualping/core';
import type { Takeover } from '@dualping/terminal';
import type { Promotion, Seen } from './assignment-changes.js';

/** What figures are exact to: a second from one telling to the next, and a ping. */
export const FIGURES_GRAIN_MS = 1_100;
/**
 * Clients and posts that have not come after this long are not waited for, ms: those who read only, or have
 * left, never come.
 */
const WAIT_FOR_CLIENTS_MS = 10_000;
/** This long without figures, and the router was away, ms: see `figures`. */
const ROUTER_AWAY_MS = 2_500;
/**
 * Ages come in whole ms, over a network: what is this close is the same ping; the fastest come every 20 ms.
 */
const SAME_PING_WITHIN_MS = 10;

/** What was known of a server when it was heard last. */
interface Sign {
  readonly aliveMs: number;
  readonly hasClients: boolean;
  readonly posts: number;
  /** Whether posts came between the last two tellings. */
  readonly isPosting: boolean;
}

interface Pending {
  readonly promotion: Promotion;
  readonly number: number;
  readonly atMs: number;
  readonly promotedMs: number;
  readonly detectMs: number | undefined;
  /** Posts that the new primary had accepted before; undefined: nobody posted, so none is waited for. */
  readonly postsBefore: number | undefined;
  readonly waitsForClients: boolean;
  readonly clientsMs: number | undefined;
  readonly postMs: number | undefined;
}

const keyOf = (cluster: ClusterId, serverId: number): string => `${cluster}/${serverId}`;

export class TakeoverSight {
  readonly #signs = new Map<string, Sign>();
  readonly #pending = new Map<ClusterId, Pending>();
  #toldMs: number | undefined;
  #count = 0;

  /** @returns what need not wait for figures; and one of this cluster before it, as far as it was seen */
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
   * Of all clusters that are watched, as told at one moment.
   *
   * A router that was stopped itself does not hold the time against its servers: the first ages that it tells
   * when it goes on are those from before, so whoever died meanwhile would look alive. They count when it
   * tells them a second time.
   */
  figures({ monoMs }: Seen, told: readonly MemberFigures[]): readonly Takeover[] {
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

  #noteSuccessor({ cluster, serverId, figures }: MemberFigures, atMs: number): void {
    const pending = this.#pending.get(cluster);
    // A ping from before it was promoted says nothing of its reign.
    if (pending?.promotion.to !== serverId || atMs < pending.promotedMs) return;
    const { postsBefore, clientsMs, postMs } = pending;
    const posts = figures.postsAccepted;
    const isFirstPost = postsBefore !== undefined && posts > postsBefore;
    this.#pending.set(cluster, {
      ...pending,
      // A count that falls is another process's.
      postsBefore: postsBefore === undefined ? undefined : Math.min(postsBefore, posts),
      clientsMs: clientsMs ?? (figures.timelines > 0 ? atMs : undefined),
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

function signOf({ figures, ageMs }: MemberFigures, before: Sign | undefined, monoMs: number): Sign {
  const { timelines, postsAccepted } = figures;
  const aliveMs = monoMs - ageMs;
  // Between two tellings of the same ping nobody can say whether posts came.
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
    grainMs: FIGURES_GRAIN_MS,
  };
}
