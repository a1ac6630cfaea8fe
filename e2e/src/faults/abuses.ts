/** The kinds of abuse, and how much of it. */
import { inFull } from './length.js';

export const ABUSES = [
  'garbage',
  'half-open',
  'connections',
  'oversize',
  'never-reads',
  'flood',
  'streams',
  'crowd',
] as const;
export type Abuse = (typeof ABUSES)[number];

/** Sockets at one port. What each costs shows with fewer; that 10,000 do no harm takes all of them. */
export const CONNECTIONS = inFull(10_000, 3_000);
/** Streams of one connection. What a thousand of them do to a server without limits is plain already. */
export const STREAMS = inFull(5_000, 1_500);
