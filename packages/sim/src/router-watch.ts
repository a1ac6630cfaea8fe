/** A lasting watch of assignments: opened at one router after the other, again whenever it breaks. */
import type { Assignment, ClusterId, NetworkId } from '@dualping/core';
import type { DiallerEnd } from './network.js';
import type { Process } from './process.js';

const BACK_OFF_MS = { first: 100, most: 5_000 } as const;
/**
 * How long a router may take to introduce itself before it is watched, ms: `ROUTER_TIMEOUT_MS` of
 * `@dualping/client`.
 */
const INTRODUCTION_MS = 2_000;

export class RouterWatch {
  #at = 0;
  #failures = 0;
  #end: DiallerEnd<'watch'> | undefined;
  #isClosed = false;

  constructor(
    readonly process: Process,
    readonly routers: readonly string[],
    /** Undefined: all of them. */
    readonly cluster: ClusterId | undefined,
    readonly learn: (networkId: NetworkId, assignment: Assignment) => void,
  ) {}

  /** Ends the watch. */
  close(): void {
    this.#isClosed = true;
    this.#end?.abort();
  }

  open(): void {
    if (this.#isClosed) return;
    const { process, routers, cluster } = this;
    const router = routers[this.#at % routers.length] ?? '';
    const end = process.network.dial(process, router, 'watch', { kind: 'watch', cluster });
    this.#end = end;
    let heard = false;
    end.onMessage = ({ networkId, assignment }) => {
      heard = true;
      this.#failures = 0;
      this.learn(networkId, assignment);
    };
    const again = (): void => {
      this.#at += 1;
      this.#failures += 1;
      const round = Math.floor(this.#failures / routers.length);
      const waitMs =
        round === 0
          ? 0
          : Math.min(BACK_OFF_MS.most, BACK_OFF_MS.first * 2 ** (round - 1)) * process.random.within(0.5, 1);
      process.later(waitMs, `${process.name} watches again`, () => this.open());
    };
    end.onEnd = again;
    process.later(INTRODUCTION_MS, `${process.name} waits no longer for ${router} watch`, () => {
      if (heard || end.over) return;
      end.abort();
      again();
    });
  }
}
