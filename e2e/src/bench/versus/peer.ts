/** Programs that people would use instead: what the comparison needs of each. */
import type { Speed } from '../deliveries.js';
import type { PostRun } from '../post-load.js';

/** With a fixed number of writes in flight. */
export interface Writes {
  /** Acknowledged writes a second. */
  readonly rate: number;
  readonly p50Ms: number;
}

/** A program with three copies of everything, on this machine. */
export interface Peer {
  /** With its version. */
  readonly name: string;
  /** What it promises about a write that it has acknowledged, as this comparison runs it. */
  readonly promise: string;
  writes(run: PostRun): Promise<Writes>;
  /** Of one writer to followers with a connection each. Absent: it pushes nothing to clients. */
  fanout?(forMs: number): Promise<Speed>;
  /**
   * Kills the node that leads, and starts it again later. Time from the signal until a write that was begun
   * after its end is acknowledged, ms. Absent: nothing of it takes over by itself.
   */
  takeoverMs?(): Promise<number>;
  end(): Promise<void>;
}

export interface PeerKind {
  /** Why it can't be compared here; undefined: it can. */
  missing(): string | undefined;
  start(): Promise<Peer>;
}
