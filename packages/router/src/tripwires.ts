/** The tripwires of servers that are attached here; see `tripwire.ts` of the protocol. */
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { TICKET_BYTES, TRIPWIRE_ARMED, TRIPWIRE_TAKEN, tripwireGreeting } from '@dualping/protocol';

/** From the first byte to `armed`, ms: the server starts a process meanwhile. */
const ARMED_WITHIN_MS = 10_000;
/**
 * The kernel asks this often whether the other end is there, ms: nothing is said on a tripwire, and firewalls
 * forget connections on which nothing moves.
 */
const KEEP_ALIVE_MS = 30_000;

/** The tripwire of one `DualPing` stream, whether its server uses it or not. */
export interface Tripwire {
  readonly ticket: Buffer;
  /** The stream is over: the ticket is void, and the connection is closed. */
  end(): void;
}

interface Issued {
  readonly broken: () => void;
  socket: Socket | undefined;
}

export class Tripwires {
  /** By ticket, as text. */
  readonly #issued = new Map<string, Issued>();

  /** @param broken called once at most: it was armed, and has broken before `end` */
  issue(broken: () => void): Tripwire {
    const ticket = randomBytes(TICKET_BYTES);
    const key = keyOf(ticket);
    this.#issued.set(key, { broken, socket: undefined });
    const end = (): void => {
      const socket = this.#issued.get(key)?.socket;
      this.#issued.delete(key);
      socket?.destroy();
    };
    return { ticket, end };
  }

  /**
   * Takes a connection whose first byte says that it is a tripwire.
   *
   * @param proved called when it is armed
   */
  accept(socket: Socket, proved: () => void): void {
    let heard = Buffer.alloc(0);
    let key = '';
    let isArmed = false;
    const late = setTimeout(() => socket.destroy(), ARMED_WITHIN_MS);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.on('data', (bytes: Buffer) => {
      heard = Buffer.concat([heard, bytes]);
      if (key === '' && heard.length >= GREETING_BYTES) {
        key = keyOf(heard.subarray(GREETING_BYTES - TICKET_BYTES, GREETING_BYTES));
        const issued = this.#issued.get(key);
        if (issued === undefined || issued.socket !== undefined) return socket.destroy();
        issued.socket = socket;
        socket.write(TRIPWIRE_TAKEN);
      }
      if (heard.length <= GREETING_BYTES) return;
      const said = heard.subarray(GREETING_BYTES);
      if (!isArmed && said.equals(TRIPWIRE_ARMED)) {
        isArmed = true;
        clearTimeout(late);
        proved();
        socket.write(TRIPWIRE_TAKEN);
        return;
      }
      isArmed = false; // off; or something else, which is no accident either
      socket.destroy();
    });
    socket.on('close', () => {
      clearTimeout(late);
      const issued = this.#issued.get(key);
      if (issued?.socket !== socket) return;
      this.#issued.delete(key);
      if (isArmed) issued.broken();
    });
  }
}

const GREETING_BYTES = tripwireGreeting(Buffer.alloc(TICKET_BYTES)).length;

const keyOf = (ticket: Uint8Array): string => Buffer.from(ticket).toString('hex');
