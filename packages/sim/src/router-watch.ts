/** A watch of assignments that lasts: over one router after the other, opened again when it breaks. */
import type { Assignment, ClusterId, NetworkId } from '@dualping/core';
import type { Process } from './process.js';

const BACK_OFF_MS = { first: 100, most: 5_000 } as const;

export class RouterWatch {
  #at = 0;
  #failures = 0;

  constructor(
    readonly process: Process,
    readonly routers: readonly string[],
    /** Undefined: all of them. */
    readonly cluster: ClusterId | undefined,
    readonly learn: (networkId: NetworkId, assignment: Assignment) => void,
  ) {}

  open(): void {
    const { process, routers, cluster } = this;
    const router = routers[this.#at % routers.length] ?? '';
    const end = process.network.dial(process, router, 'watch', { kind: 'watch', cluster });
    end.onMessage = ({ networkId, assignment }) => {
      this.#failures = 0;
      this.learn(networkId, assignment);
    };
    end.onEnd = () => {
      this.#at += 1;
      this.#failures += 1;
      const round = Math.floor(this.#failures / routers.length);
      const waitMs =
        round === 0
          ? 0
          : Math.min(BACK_OFF_MS.most, BACK_OFF_MS.first * 2 ** (round - 1)) * process.random.within(0.5, 1);
      process.later(waitMs, `${process.name} watches again`, () => this.open());
    };
  }
}
