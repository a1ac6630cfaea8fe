/**
 * This server's tripwire: a connection to the router that another process holds. See `tripwire.ts` of the
 * protocol.
 *
 * The other process is `cat`, which writes to the connection what we say to it. It is started by
 * `setpriv --pdeathsig KILL`: when the thread that started it ends, the kernel kills it at once; our memory
 * is freed later. If our end comes before that is set, `cat` reads the end of its input, and ends too. That
 * needs Linux and util-linux.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import type { Address } from '@dualping/core';
import { withinLimit } from '@dualping/host';
import { parseAddress, TRIPWIRE_ARMED, TRIPWIRE_OFF, tripwireGreeting } from '@dualping/protocol';

/** Signals to all processes of a service are for us: we end in order. */
const HOLDER = ['setpriv', '--pdeathsig', 'KILL', 'sh', '-c', 'trap "" HUP INT QUIT TERM; exec cat'] as const;
/**
 * A larger process has no tripwire, bytes: starting another one holds it up for 17 ms with 0.25 GB, and for
 * 90 ms with 2 GB.
 */
const LARGEST_PROCESS_BYTES = 1024 ** 3;
/** How long an end in order waits until the holder has passed on that it is one, ms. */
const GOODBYE_MS = 500;

export class HeldTripwire {
  readonly #socket: Socket;
  readonly #failed: (text: string, isForGood: boolean) => void;
  #holder: ChildProcess | undefined;
  #isHeld = false;
  #isClosed = false;

  /**
   * @param failed called once, when it does not hold, or holds no longer; for good: it would be the same with
   * the next one
   */
  constructor(router: Address, ticket: Buffer, failed: (text: string, isForGood: boolean) => void) {
    const { host, port } = parseAddress(router);
    this.#failed = failed;
    this.#socket = connect({ host, port, noDelay: true });
    this.#socket.on('error', ({ message }) => this.#fail(`the router at ${router}: ${message}`, false));
    this.#socket.on('close', () => {
      if (!this.#isHeld) this.#fail(`the router at ${router} does not take it`, false);
    });
    this.#socket.once('data', () => this.#handOver());
    this.#socket.write(tripwireGreeting(ticket));
  }

  /**
   * Our stream is closed in order, or has ended: tells the router that what comes next is no accident.
   * Resolves soon, when the holder has passed that on and ended.
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#socket.destroy();
    const holder = this.#holder;
    if (holder === undefined || holder.exitCode !== null || holder.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => holder.once('exit', () => resolve()));
    holder.stdin?.end(TRIPWIRE_OFF);
    if (!(await withinLimit(ended, GOODBYE_MS))) holder.kill('SIGKILL');
  }

  #handOver(): void {
    const rss = process.memoryUsage.rss();
    if (rss > LARGEST_PROCESS_BYTES)
      return this.#fail(`this process has ${Math.ceil(rss / 1e6)} MB, too many to start another one`);
    const [command, ...args] = HOLDER;
    let holder: ChildProcess;
    try {
      // A session of its own: keys in a terminal are for us.
      holder = spawn(command, args, { stdio: ['pipe', this.#socket, 'ignore'], detached: true });
    } catch (error) {
      return this.#fail(error instanceof Error ? error.message : String(error));
    }
    this.#holder = holder;
    holder.on('error', ({ message }) => this.#fail(message));
    holder.on('exit', () => this.#fail('what held it has ended'));
    holder.stdin?.on('error', () => {}); // it has ended: said above
    holder.stdin?.write(TRIPWIRE_ARMED);
    // The answer shows that the holder runs, and has the connection: ours is no longer needed.
    this.#socket.once('data', () => {
      this.#isHeld = true;
      this.#socket.destroy();
    });
    this.#socket.resume(); // Node stops reading what it gives to another process
    holder.unref();
  }

  #fail(text: string, isForGood = true): void {
    if (this.#isClosed) return;
    this.#failed(text, isForGood);
    void this.close();
  }
}
