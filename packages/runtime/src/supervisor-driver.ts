/** Drives a supervisor: what each of its outputs means for the process that it supervises. */
import {
  type ExitKind,
  type Farewell,
  type Incarnation,
  type KeepAliveLink,
  type Machine,
  type Outcome,
  type SupervisorInput,
  type SupervisorOutput,
  unreachable,
} from '@dualping/core';
import type { Clock } from './clock.js';
import { MachineLoop } from './machine-loop.js';

/** Gets what is heard from a process over a link. */
export interface KeepAliveListener {
  /** The expected process has answered. */
  greeted(): void;
  heard(): void;
  farewell(farewell: Farewell): void;
  /** Called once, as the last call; not when this side closed the link. */
  ended(detail: string): void;
}

/** The supervisor's end of a link to a process. */
export interface KeepAliveClient {
  ping(sequence: number): void;
  close(): void;
}

export interface ProcessListener {
  /** The process has reported where it listens. */
  listening(incarnation: Incarnation | undefined): void;
  /** The process is gone, or could not be started. */
  exited(exit: ExitKind | undefined, detail: string): void;
}

/** A process that can be started, listened to and ended. */
export interface SupervisedProcess {
  /** Adopts a process that runs already; false when there is none. */
  adopt(listener: ProcessListener): boolean;
  start(listener: ProcessListener): void;
  /** Opens a link to the address where the process listens. */
  openLink(listener: KeepAliveListener): KeepAliveClient;
  /** Asks it to end. */
  terminate(): void;
  kill(): void;
  /** Reports the end of the process to the router, and then whether that was possible. */
  reportCrash(incarnation: Incarnation, detail: string, reported: (isNoted: boolean) => void): void;
}

export interface SupervisorPorts {
  readonly clock: Clock;
  /** A line for operators. */
  report(event: string, text: string): void;
  /** Nothing is supervised any more. */
  finished(outcome: Outcome): void;
}

export class SupervisorDriver {
  readonly #loop: MachineLoop<SupervisorInput, SupervisorOutput>;
  readonly #process: SupervisedProcess;
  readonly #ports: SupervisorPorts;
  #link: { readonly number: KeepAliveLink; readonly client: KeepAliveClient } | undefined;

  constructor(
    supervisor: Machine<SupervisorInput, SupervisorOutput>,
    supervised: SupervisedProcess,
    ports: SupervisorPorts,
  ) {
    this.#process = supervised;
    this.#ports = ports;
    this.#loop = new MachineLoop(supervisor, {
      clock: ports.clock,
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
    this.#closeLink();
  }

  readonly #listener: ProcessListener = {
    listening: (incarnation) => this.#loop.feed({ kind: 'listening', incarnation }),
    exited: (exit, detail) => {
      this.#closeLink();
      this.#loop.feed({ kind: 'exited', exit, detail });
    },
  };

  #perform(output: SupervisorOutput): void {
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
        return this.#process.reportCrash(output.incarnation, output.detail, (isNoted) =>
          this.#loop.feed({ kind: isNoted ? 'crash-noted' : 'crash-failed' }),
        );
      case 'finished':
        this.abandon();
        return this.#ports.finished(output.outcome);
      case 'report':
        return this.#ports.report(output.event, output.text);
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
      ended: (detail) => {
        if (this.#link?.number === number) this.#link = undefined;
        this.#loop.feed({ kind: 'link-ended', link: number, detail });
      },
    });
    this.#link = { number, client };
  }

  #closeLink(): void {
    this.#link?.client.close();
    this.#link = undefined;
  }
}
