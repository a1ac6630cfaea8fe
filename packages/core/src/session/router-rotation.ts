/**
 * The order in which a session asks its routers, and what is known of each. A round is over when each was
 * asked once. It begins with the router that last answered.
 */
import type { Address } from '../ids.js';
import type { Reason } from '../reasons.js';
import { routerMayRecover } from './dispositions.js';

export class RouterRotation {
  readonly #routers: readonly Address[];
  readonly #introduced = new Set<Address>();
  /** Index of the router with which a round begins. */
  #first = 0;
  /** How many were asked in this round. */
  #asked = 0;
  #everIntroduced = false;
  #mayRecover = false;

  /** @param routers at least one */
  constructor(routers: readonly Address[]) {
    this.#routers = routers;
  }

  /** The router that was last asked; before a round the one with which it will begin. */
  get current(): Address {
    return this.#routers[(this.#first + Math.max(0, this.#asked - 1)) % this.#routers.length] ?? '';
  }

  /** Whether there is one left in this round. */
  get hasNext(): boolean {
    return this.#asked < this.#routers.length;
  }

  /** Whether it has named its network since it last failed. */
  isIntroduced(router: Address): boolean {
    return this.#introduced.has(router);
  }

  beginRound(): void {
    this.#asked = 0;
    this.#mayRecover = false;
  }

  /** The next of this round; undefined when it is over. */
  next(): Address | undefined {
    if (!this.hasNext) return undefined;
    this.#asked += 1;
    return this.current;
  }

  introduced(router: Address): void {
    this.#introduced.add(router);
    this.#everIntroduced = true;
  }

  /** It gave a useful answer: the next round begins with it. */
  answered(router: Address): void {
    this.#first = Math.max(0, this.#routers.indexOf(router));
    this.#asked = 1;
  }

  failed(router: Address, reason: Reason): void {
    this.#introduced.delete(router);
    this.#mayRecover ||= routerMayRecover(reason);
  }

  /**
   * Whether every router refused in this round for a permanent reason, and none has ever answered: then the
   * addresses are wrong. (If a router has answered once, another program at its address may go away again.)
   */
  get hopeless(): boolean {
    return !this.#everIntroduced && !this.#mayRecover;
  }
}
