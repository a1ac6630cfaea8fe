/**
 * Decides when to dial which router while a member is not attached.
 *
 * All routers of the list are dialled in parallel. The first is dialled at once; the others follow while none
 * has answered, because an address that drops all packets never refuses. When a router fails, the
 * next is dialled at once, and the failed one again after a back-off of its own.
 */
import type { Instant } from '../ids.js';

/**
 * Waits before one router is dialled again, ms: short at first, because a router restarts in well under a
 * second.
 */
const RETRY_MS = [20, 50, 100, 200, 400] as const;
const LONGEST_RETRY_MS = 500;
/**
 * Ping intervals to wait for the first router's welcome before the second is dialled too: a healthy one
 * answers in a few ms.
 */
const FIRST_ROUTER_PINGS = 3;
/**
 * Ping intervals between the others: with 16 addresses the last is dialled 1.7 s after the first, which is
 * within the reattach grace.
 */
const NEXT_ROUTER_PINGS = 1;

interface Turn {
  dueAt: Instant;
  /** In a row, since the search began. */
  failures: number;
}

export class DialPlan {
  /** By index of the router in the list. */
  readonly #turns: readonly Turn[];

  /** @param routers how many there are, at least one */
  constructor(routers: number) {
    this.#turns = Array.from({ length: routers }, () => ({ dueAt: Number.POSITIVE_INFINITY, failures: 0 }));
  }

  /** A search begins with router `first`, and goes on with those after it in the list. */
  begin(first: number, now: Instant, pingIntervalMs: number): void {
    for (const [at, turn] of this.#inOrder(first).entries()) {
      const pings = at === 0 ? 0 : FIRST_ROUTER_PINGS + (at - 1) * NEXT_ROUTER_PINGS;
      turn.dueAt = now + pings * pingIntervalMs;
      turn.failures = 0;
    }
  }

  /** Dialling `router` failed. The next one that was not dialled yet is due now. */
  failed(router: number, now: Instant, isDialled: (router: number) => boolean): void {
    const turn = this.#turns[router];
    if (turn === undefined) return;
    turn.dueAt = now + (RETRY_MS[turn.failures] ?? LONGEST_RETRY_MS);
    turn.failures += 1;
    const next = this.#inOrder(router).find(
      (other) => other.failures === 0 && !isDialled(this.#turns.indexOf(other)),
    );
    if (next !== undefined) next.dueAt = Math.min(next.dueAt, now);
  }

  /** The routers to dial now, without those that are being dialled already. */
  due(now: Instant, isDialled: (router: number) => boolean): readonly number[] {
    return [...this.#turns.keys()].filter(
      (router) => (this.#turns[router]?.dueAt ?? 0) <= now && !isDialled(router),
    );
  }

  /** Which router is dialled next, and when. */
  next(
    isDialled: (router: number) => boolean,
  ): { readonly router: number; readonly at: Instant } | undefined {
    let first: { readonly router: number; readonly at: Instant } | undefined;
    for (const [router, { dueAt }] of this.#turns.entries())
      if (!isDialled(router) && dueAt < (first?.at ?? Number.POSITIVE_INFINITY))
        first = { router, at: dueAt };
    return first;
  }

  #inOrder(first: number): readonly Turn[] {
    return [...this.#turns.slice(first), ...this.#turns.slice(0, first)];
  }
}
