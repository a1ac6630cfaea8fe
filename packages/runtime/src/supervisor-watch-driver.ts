/** Drives a server's watch over its supervisor: what each of its outputs means. */
import {
  type KeepAliveLink,
  type Machine,
  type SupervisorWatchInput,
  type SupervisorWatchOutput,
  unreachable,
} from '@dualping/core';
import type { Clock } from './clock.js';
import { MachineLoop } from './machine-loop.js';

export interface SupervisorWatchPorts {
  readonly clock: Clock;
  closeLink(link: KeepAliveLink): void;
  /** @param replace kill the process that holds the supervisor's place; otherwise it is left alone */
  startSupervisor(replace: boolean): void;
  /** A line for operators. */
  report(event: string, text: string): void;
}

export class SupervisorWatchDriver {
  readonly #loop: MachineLoop<SupervisorWatchInput, SupervisorWatchOutput>;
  readonly #ports: SupervisorWatchPorts;

  constructor(watch: Machine<SupervisorWatchInput, SupervisorWatchOutput>, ports: SupervisorWatchPorts) {
    this.#ports = ports;
    this.#loop = new MachineLoop(watch, {
      clock: ports.clock,
      perform: (output) => this.#perform(output),
    });
  }

  feed(input: SupervisorWatchInput): void {
    this.#loop.feed(input);
  }

  #perform(output: SupervisorWatchOutput): void {
    switch (output.kind) {
      case 'close-link':
        return this.#ports.closeLink(output.link);
      case 'start-supervisor':
        return this.#ports.startSupervisor(output.replace);
      case 'report':
        return this.#ports.report(output.event, output.text);
      default:
        return unreachable(output);
    }
  }
}
