/** Performs the decisions of the machine in `@dualping/core` for one supervised process. */
import {
  type KeepAliveLink,
  type Outcome,
  type SupervisionTiming,
  Supervisor,
  type SupervisorInput,
  type SupervisorOutput,
  unreachable,
} from '@dualping/core';
import { MachineLoop, PROCESS_CLOCK } from '@dualping/runtime';
import createDebug from 'debug';
import type { KeepAliveClient } from './keep-alive-link.js';
import type { ProcessListener, SupervisedProcess } from './supervised-process.js';

const debug = createDebug('dualping:supervisor');

export class SupervisorDriver {
  readonly #loop: MachineLoop<SupervisorInput, SupervisorOutput>;
  readonly #process: SupervisedProcess;
  readonly #report: (event: string, text: string) => void;
  #link: { readonly number: KeepAliveLink; readonly client: KeepAliveClient } | undefined;
  #onFinished: (outcome: Outcome) => void = () => {};
  /** How supervision ended; never rejects. */
  readonly finished: Promise<Outcome>;

  constructor(
    supervised: SupervisedProcess,
    timing: SupervisionTiming,
    report: (event: string, text: string) => void,
  ) {
    this.#process = supervised;
    this.#report = report;
    this.finished = new Promise((resolve) => {
      this.#onFinished = resolve;
    });
    this.#loop = new MachineLoop(new Supervisor(supervised.name, timing), {
      clock: PROCESS_CLOCK,
      perform: (output) => this.#perform(output),
    });
  }

  /** Adopts a process that runs, or starts one. */
  begin(): void {
    this.#loop.feed({ kind: 'begin', running: this.#process.adopt(this.#listener) });
  }

  /** Ends the process in order; `finished` follows. */
  stop(): void {
    this.#loop.feed({ kind: 'stop' });
  }

  /** Ends supervision at once, and leaves the process as it is. */
  abandon(): void {
    this.#loop.stop();
    this.#link?.client.close();
  }

  readonly #listener: ProcessListener = {
    listening: (incarnation) => this.#loop.feed({ kind: 'listening', incarnation }),
    exited: (exit, detail) => {
      this.#closeLink();
      this.#loop.feed({ kind: 'exited', exit, detail });
    },
  };

  #perform(output: SupervisorOutput): void {
    debug('%s: %o', this.#process.name, output);
    switch (output.kind) {
      case 'start':
        return this.#process.start(this.#listener);
      case 'open-link':
        return this.#openLink(output.link);
      case 'ping':
        if (this.#link?.number === output.link) this.#link.client.ping(output.sequence);
        return;
      case 'close-link':
        if (this.#link?.number === output.link) this.#closeLink();
        return;
      case 'terminate':
        return this.#process.terminate();
      case 'kill':
        return this.#process.kill();
      case 'report-crash':
        this.#process.reportCrash(output.incarnation, output.detail).then(
          () => this.#loop.feed({ kind: 'crash-noted' }),
          () => this.#loop.feed({ kind: 'crash-failed' }),
        );
        return;
      case 'finished':
        this.abandon();
        return this.#onFinished(output.outcome);
      case 'report':
        return this.#report(output.event, output.text);
      default:
        return unreachable(output);
    }
  }

  #openLink(number: KeepAliveLink): void {
    this.#closeLink();
    const client = this.#process.openLink({
      greeted: () => this.#loop.feed({ kind: 'greeted', link: number }),
      heard: () => this.#loop.feed({ kind: 'heard', link: number }),
      farewell: (farewell) => this.#loop.feed({ kind: 'farewell', link: number, farewell }),
      ended: (detail) => this.#loop.feed({ kind: 'link-ended', link: number, detail }),
    });
    this.#link = { number, client };
  }

  #closeLink(): void {
    this.#link?.client.close();
    this.#link = undefined;
  }
}
