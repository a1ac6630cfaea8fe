/**
 * A process of `dualping up`: it is restarted when it ends or hangs, until it is asked to stop or a restart
 * is useless.
 */
import { type Address, type Outcome, Supervisor } from '@dualping/core';
import { type Report, withinLimit } from '@dualping/host';
import { PROCESS_CLOCK, SupervisorDriver } from '@dualping/runtime';
import { ChildOfUp, type ChildWardOptions } from './child-of-up.js';

export interface SupervisedChildOptions extends ChildWardOptions {
  readonly report: Report;
}

export class SupervisedChild {
  readonly #process: ChildOfUp;
  readonly #driver: SupervisorDriver;
  /** How supervision ended; never rejects. */
  readonly #finished: Promise<Outcome>;
  #begun = false;

  constructor(options: SupervisedChildOptions) {
    const say = (event: string, text: string) => options.report({ part: 'up', event, text });
    let starts = 0;
    this.#process = new ChildOfUp({
      ...options,
      onReady: (address, pid) => {
        options.onReady(address, pid);
        starts += 1;
        if (starts > 1) say('started', `${options.name} pid ${pid ?? '?'} at ${address}`);
      },
    });
    let finish: (outcome: Outcome) => void = () => {};
    this.#finished = new Promise((resolve) => {
      finish = resolve;
    });
    this.#driver = new SupervisorDriver(
      new Supervisor(options.name, { keepAliveMs: options.keepAliveMs }),
      this.#process,
      { clock: PROCESS_CLOCK, report: say, finished: finish },
    );
  }

  get name(): string {
    return this.#process.name;
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Starts its process, which only loads its code until `start`. */
  load(): void {
    this.#begun = true;
    this.#driver.begin();
  }

  /**
   * Resolves with the address where it listens. Throws when the first start fails: then the command line was
   * wrong. `routers`: those that a server attaches to.
   */
  async start(routers: readonly Address[] = []): Promise<Address> {
    this.#process.begin(routers);
    if (!this.#begun) this.load();
    try {
      return await this.#process.first;
    } catch (error) {
      this.#driver.abandon();
      this.#begun = false;
      throw error;
    }
  }

  /** Ends it in order; kills it when that takes longer. */
  async stop(limitMs: number): Promise<void> {
    if (!this.#begun) return;
    this.#driver.stop();
    if (await withinLimit(this.#finished, limitMs)) return;
    this.#process.killForGood();
    await this.#finished;
  }

  kill(): void {
    this.#process.killForGood();
    this.#driver.abandon();
  }
}
