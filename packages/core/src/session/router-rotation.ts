/**
 * The routers of a session, tried in turn: it stays with one that answers, and passes on from one that
 * doesn't. A round is over when each was tried once.
 */
import type { Address } from '../ids.js';
import type { Reason } from '../reasons.js';
import { routerMayRecover } from './verdicts.js';

export class RouterRotation {
  readonly #routers: readonly Address[];
  readonly #introduced = new Set<Address>();
  #at = 0;
  #left = 0;
  #everIntroduced = false;
  #mayRecover = false;

  /** @param routers at least one */
  constructor(routers: readonly Address[]) {
    this.#routers = routers;
  }

  get current(): Address {
    return this.#routers[this.#at] ?? '';
  }

  /** Whether the current one has said what network it is of since it last failed. */
  get introduced(): boolean {
    return this.#introduced.has(this.current);
  }

  beginRound(): void {
    this.#left = this.#routers.length;
    this.#mayRecover = false;
  }

  markIntroduced(): void {
    this.#introduced.add(this.current);
    this.#everIntroduced = true;
  }

  /** The current one failed; passes on. @returns whether there is one left in this round */
  passOn(reason: Reason): boolean {
    this.#introduced.delete(this.current);
    this.#mayRecover ||= routerMayRecover(reason);
    this.#at = (this.#at + 1) % this.#routers.length;
    this.#left -= 1;
    return this.#left > 0;
  }

  /**
   * Every router refused this round for a reason that time does not heal, and none has ever answered: the addresses
   * are wrong. (After a router has once answered, whatever sits at its address now may go away again.)
   */
  get hopeless(): boolean {
    return !this.#everIntroduced && !this.#mayRecover;
  }
}
