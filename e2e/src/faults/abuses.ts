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

/** Sockets at one port. Fewer show what each costs; only all 10,000 show that they do no harm. */
export const CONNECTIONS = inFull(10_000, 3_000);
/** Streams of one connection. A thousand already show the effect on a server without limits. */
export const STREAMS = inFull(5_000, 1_500);
