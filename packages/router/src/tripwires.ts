/** The tripwires of servers that are attached here; see `tripwire.ts` of the protocol. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import type { RegistryLink } from '@dualping/core';
import { TICKET_BYTES, TRIPWIRE_ARMED, TRIPWIRE_TAKEN, tripwireGreeting } from '@dualping/protocol';

/** From the first byte to `armed`, ms: the server starts a process meanwhile. */
const ARMED_WITHIN_MS = 10_000;
/**
 * The kernel asks this often whether the other end is there, ms: nothing is said on a tripwire, and firewalls
 * forget connections on which nothing moves.
 */
const KEEP_ALIVE_MS = 30_000;
/** A ticket begins with the number of its stream; the rest proves that it was made here. */
const LINK_BYTES = 6;

export interface TripwireEvents {
  /** Whether this stream is open. */
  isOpen(link: RegistryLink): boolean;
  /** It was armed, and has broken while its stream was open. */
  broken(link: RegistryLink): void;
}

export class Tripwires {
  readonly #events: TripwireEvents;
  readonly #secret = randomBytes(32);
  /** By stream: one for each. Nothing is kept for streams without one. */
  readonly #sockets = new Map<RegistryLink, Socket>();

  constructor(events: TripwireEvents) {
    this.#events = events;
  }

  /** The ticket of a stream. */
  ticketOf(link: RegistryLink): Buffer {
    const ticket = Buffer.alloc(TICKET_BYTES);
    ticket.writeUIntBE(link, 0, LINK_BYTES);
    const proof = createHmac('sha256', this.#secret).update(ticket.subarray(0, LINK_BYTES)).digest();
    proof.copy(ticket, LINK_BYTES);
    return ticket;
  }

  /** The stream is over: its tripwire is closed. */
  end(link: RegistryLink): void {
    const socket = this.#sockets.get(link);
    this.#sockets.delete(link);
    socket?.destroy();
  }

  /**
   * Takes a connection whose first byte says that it is a tripwire.
   *
   * @param proved called when it is armed
   */
  accept(socket: Socket, proved: () => void): void {
    let heard = Buffer.alloc(0);
    let link: RegistryLink | undefined;
    let isArmed = false;
    const late = setTimeout(() => socket.destroy(), ARMED_WITHIN_MS);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.on('data', (bytes: Buffer) => {
      heard = Buffer.concat([heard, bytes]);
      if (link === undefined && heard.length >= GREETING_BYTES) {
        link = this.#linkOf(heard.subarray(GREETING_BYTES - TICKET_BYTES, GREETING_BYTES));
        if (link === undefined) return socket.destroy();
        this.#sockets.set(link, socket);
        socket.write(TRIPWIRE_TAKEN);
      }
      if (heard.length <= GREETING_BYTES) return;
      if (!isArmed && heard.subarray(GREETING_BYTES).equals(TRIPWIRE_ARMED)) {
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
      if (link === undefined || this.#sockets.get(link) !== socket) return;
      this.#sockets.delete(link);
      if (isArmed) this.#events.broken(link);
    });
  }

  /** Undefined: it was not made here, or its stream is over, or has a tripwire. */
  #linkOf(ticket: Buffer): RegistryLink | undefined {
    const link = ticket.readUIntBE(0, LINK_BYTES);
    if (!timingSafeEqual(ticket, this.ticketOf(link))) return undefined;
    return this.#events.isOpen(link) && !this.#sockets.has(link) ? link : undefined;
  }
}

const GREETING_BYTES = tripwireGreeting(Buffer.alloc(TICKET_BYTES)).length;
