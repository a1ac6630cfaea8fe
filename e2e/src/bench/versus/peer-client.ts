/** A client of another program, written for speed: it sends ready bytes, and parses only what it counts. */

/** What each of them writes, follows and can be reached at. */
export interface PeerAccess {
  readonly kind: 'etcd' | 'redis' | 'nats';
  /** Addresses of all nodes, the leading one first. */
  readonly nodes: readonly string[];
}

export interface PeerClient {
  /** Opens what this many writes at once need. */
  prepare(inFlight: number): Promise<void>;
  /** Resolves when the write is acknowledged; rejects, after that time, when it may not have happened. */
  write(text: string, patienceMs: number): Promise<void>;
  /** Uses the next node from now on. */
  turn(): void;
  /** @param delivered called with the number of writes that one of the followers has got */
  follow(followers: number, delivered: (count: number) => void): Promise<void>;
}
