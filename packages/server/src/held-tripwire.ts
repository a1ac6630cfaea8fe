/**
 * This server's tripwire: a connection to the router that another process holds. See `tripwire.ts` of the
 * protocol.
 *
 * The other process is `setpriv --pdeathsig KILL cat`. When the thread that started it ends, the kernel kills
 * it at once, whether by our own end or by a signal to us; our memory is freed later. That needs Linux and
 * util-linux. If `setpriv` comes too late to see our end, `cat` reads the end of its input, and ends too.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import type { Address } from '@dualping/core';
import { parseAddress, TRIPWIRE_ARMED, tripwireGreeting } from '@dualping/protocol';

const HOLDER = ['setpriv', '--pdeathsig', 'KILL', 'cat'] as const;

export class HeldTripwire {
  readonly #socket: Socket;
  readonly #failed: (text: string) => void;
  #holder: ChildProcess | undefined;
  #isClosed = false;

  /** @param failed gets a line, once, when it does not hold: the end is noticed later then */
  constructor(router: Address, ticket: Buffer, failed: (text: string) => void) {
    const { host, port } = parseAddress(router);
    this.#failed = failed;
    this.#socket = connect({ host, port, noDelay: true });
    this.#socket.on('error', ({ message }) => this.#fail(`the router at ${router}: ${message}`));
    this.#socket.on('close', () => {
      if (this.#holder === undefined) this.#fail(`the router at ${router} does not take it`);
    });
    this.#socket.once('data', () => this.#handOver());
    this.#socket.write(tripwireGreeting(ticket));
  }

  /** To be called when the stream has ended, or when it is closed next. */
  close(): void {
    this.#isClosed = true;
    this.#socket.destroy();
    this.#holder?.kill('SIGKILL');
  }

  #handOver(): void {
    const [command, ...args] = HOLDER;
    // A session of its own: keys in a terminal are for us, who end in order.
    const holder = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore', this.#socket], detached: true });
    this.#holder = holder;
    holder.on('error', ({ message }) => this.#fail(message));
    holder.on('exit', () => this.#fail(`"${HOLDER.join(' ')}" has ended`));
    holder.stdin?.on('error', () => {}); // it has ended: said above
    // What comes back shows that it runs, and not only that it was started.
    holder.stdin?.write('?');
    holder.stdout?.once('data', () => this.#socket.write(TRIPWIRE_ARMED, () => this.#socket.destroy()));
    holder.unref();
  }

  #fail(text: string): void {
    if (this.#isClosed) return;
    this.#failed(`${text}: that this server ends is noticed when its own connections close`);
    this.close();
  }
}
