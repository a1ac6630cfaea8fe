/**
 * The tripwire of a server: a connection to the router that breaks when the server's process ends, before the
 * process's own connections do.
 *
 *     router ──header of DualPing: ticket──► server
 *     server ──a connection of its own: `T`, ticket──► router ──taken──► server
 *     the other process ──armed──► router ──taken──► server … ──off, if the end is no accident──► router
 *
 * A killed process closes its connections only after its memory is freed. So the server gives this
 * connection to another process, which the kernel kills as soon as the thread that started it ends.
 *
 * The ticket belongs to one `DualPing` stream, which has one tripwire at a time. A tripwire that breaks
 * proves nothing: the router takes the stream for ended, no more. There are no names and no TLS on this
 * connection, because nothing else is said on it.
 */
import type { Metadata } from '@grpc/grpc-js';

/** The first byte: neither TLS nor HTTP/2 begins like this. */
export const TRIPWIRE_BYTE = 0x54;
/** Length of a ticket, bytes. Only the router that made it reads it; nobody can guess one. */
export const TICKET_BYTES = 32;
/** From the other process: it has the connection. */
export const TRIPWIRE_ARMED = Buffer.from([1]);
/** From the other process: what comes next is no accident. */
export const TRIPWIRE_OFF = Buffer.from([0]);
/** From the router: it knows the ticket; and again: the tripwire is armed. */
export const TRIPWIRE_TAKEN = Buffer.from([1]);

/** Header of a `DualPing` stream with the ticket, bytes. */
const TICKET_KEY = 'dualping-tripwire-bin';

/** Adds the ticket to the header of a `DualPing` stream. */
export const setTicket = (header: Metadata, ticket: Buffer): void => header.set(TICKET_KEY, ticket);

/** Undefined: the router gives none, or something else. */
export function ticketFromHeader(header: Metadata): Buffer | undefined {
  const [value] = header.get(TICKET_KEY);
  return Buffer.isBuffer(value) && value.length === TICKET_BYTES ? value : undefined;
}

/** What a server says first. */
export const tripwireGreeting = (ticket: Buffer): Buffer =>
  Buffer.concat([Buffer.from([TRIPWIRE_BYTE]), ticket]);
