/**
 * Checks that a promoted member is heard now, and has answered the router's dial-back in this life. Counts
 * the router's listening time by itself. Checks too that no member is dropped as silent while its messages
 * are unread in the router's socket.
 */
import type { ClusterRecord, Instant, LifeId, ServerId, Timing } from '@dualping/core';
import { type Checker, Violation } from './checker.js';

/** Ping intervals that a member may be silent and still be promoted. */
const HEARD_PINGS = 2;
/** Ping intervals that fit into the time after which a silent member is dropped. */
const PINGS_BEFORE_DEAD = 3;

/** A look that is so little late is taken for one in time, with all that comes on top of it, ms. */
const JUST_CAME_MS = 10;

export class Reach implements Checker {
  #record: ClusterRecord | undefined;
  #at: Instant | undefined;
  /** The router's listening time, ms. */
  #listenedMs = 0;
  readonly #heardMs = new Map<ServerId, number>();
  /** Lives that answered. An answer of a life before may come late. */
  readonly #reached = new Set<LifeId>();

  #chosen: ServerId | undefined;

  constructor(readonly timing: Timing) {}

  routerStarted({ record }: { readonly record: ClusterRecord | undefined }): void {
    this.#record = record;
    this.#at = undefined;
    this.#heardMs.clear();
  }

  /** What it looks late at proves nothing: it counts as listening only up to when it meant to look. */
  routerSteps(at: Instant, meantAt: Instant = at): void {
    const { pingIntervalMs, deadAfterMs } = this.timing;
    const mostMs = Math.min(
      HEARD_PINGS * pingIntervalMs,
      deadAfterMs - (PINGS_BEFORE_DEAD - 1) * pingIntervalMs,
    );
    if (this.#at !== undefined) {
      const listenedMs = Math.max(0, Math.min(at, meantAt) - this.#at);
      this.#listenedMs += Math.min(listenedMs, mostMs);
    }
    this.#at = at;
  }

  memberHeard({ serverId }: { readonly serverId: ServerId }): void {
    this.#heardMs.set(serverId, this.#listenedMs);
  }

  memberSilent({ serverId }: { readonly serverId: ServerId }, unreadMs: number): void {
    if (unreadMs > JUST_CAME_MS)
      throw new Violation(
        'silent-was-read',
        `s${serverId} is dropped as silent, and a message of it has been there for ${unreadMs.toFixed(1)} ms that the router has not read`,
      );
  }

  /** An operator overrules the router's objection. */
  promotedByOperator({ serverId }: { readonly serverId: ServerId }): void {
    this.#chosen = serverId;
  }

  routerStepped(): void {
    this.#chosen = undefined;
  }

  memberReached({ lifeId }: { readonly lifeId: LifeId }): void {
    this.#reached.add(lifeId);
  }

  decided(record: ClusterRecord): void {
    const before = this.#record;
    this.#record = record;
    const { epoch, primary } = record;
    if (primary === undefined || epoch === before?.epoch) return;
    if (primary.serverId === this.#chosen) return;
    const who = `s${primary.serverId}, incarnation ${primary.incarnation}, gets epoch ${epoch}`;
    if (!this.#reached.has(primary.lifeId))
      throw new Violation('promoted-was-reached', `${who} and was never reached`);
    const silentMs = this.#listenedMs - (this.#heardMs.get(primary.serverId) ?? Number.NEGATIVE_INFINITY);
    if (silentMs >= HEARD_PINGS * this.timing.pingIntervalMs)
      throw new Violation('promoted-was-heard', `${who} and was silent for ${silentMs.toFixed(1)} ms`);
  }
}
