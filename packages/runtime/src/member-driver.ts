/** Drives the membership of a service without a journal: what each of its outputs means. */
import {
  type Address,
  type Failure,
  type Machine,
  type MemberMessage,
  type MemberState,
  type MembershipInput,
  type MembershipOutput,
  type RouterMessage,
  unreachable,
} from '@dualping/core';
import type { Clock } from './clock.js';
import { MachineLoop } from './machine-loop.js';

/** Gets the messages and the end of a stream to a router. Neither is called from within `openRouter`. */
export interface RouterListener {
  heard(message: RouterMessage): void;
  /** Once; not when the stream was aborted on this side. */
  ended(why: Failure): void;
}

/** The member's end of a stream to a router. */
export interface OpenedRouter {
  send(message: MemberMessage): void;
  /** Ends it at once, so that nothing stays open even if the router does not answer. */
  abort(): void;
}

export interface MemberPorts {
  readonly clock: Clock;
  /** Dials a router and attaches with the message. */
  openRouter(address: Address, message: MemberMessage, listener: RouterListener): OpenedRouter;
  /** Called with each change of the state. Nothing follows `failed` and `left`. */
  changed(state: MemberState): void;
}

export class MemberDriver {
  readonly #ports: MemberPorts;
  readonly #loop: MachineLoop<MembershipInput, MembershipOutput>;
  /** Streams to routers, by attempt. */
  readonly #streams = new Map<number, OpenedRouter>();

  constructor(membership: Machine<MembershipInput, MembershipOutput>, ports: MemberPorts) {
    this.#ports = ports;
    this.#loop = new MachineLoop(membership, {
      clock: ports.clock,
      perform: (output) => this.#perform(output),
    });
  }

  /** Once. */
  start(): void {
    this.#loop.feed({ kind: 'tick' });
  }

  /** Ends the membership in order: the state is `left` when the router has made that durable. */
  leave(): void {
    this.#loop.feed({ kind: 'leave' });
  }

  /** Nothing is performed any more: as if the process had ended. */
  stop(): void {
    this.#loop.stop();
  }

  #perform(output: MembershipOutput): void {
    switch (output.kind) {
      case 'open-router':
        return this.#open(output);
      case 'to-router':
        return this.#streams.get(output.attempt)?.send(output.message);
      case 'close-router':
        this.#streams.get(output.attempt)?.abort();
        this.#streams.delete(output.attempt);
        return;
      case 'state':
        return this.#ports.changed(output.state);
      default:
        return unreachable(output);
    }
  }

  #open({ attempt, address, message }: Extract<MembershipOutput, { readonly kind: 'open-router' }>): void {
    const stream = this.#ports.openRouter(address, message, {
      heard: (heard) => this.#loop.feed({ kind: 'router-message', attempt, message: heard }),
      ended: (why) => {
        this.#streams.delete(attempt);
        this.#loop.feed({ kind: 'router-ended', attempt, ...why });
      },
    });
    this.#streams.set(attempt, stream);
  }
}
