/**
 * Writes to one author's followers, and counts what arrives.
 *
 * The next write begins when one of those before it has arrived everywhere, so that throughput is measured,
 * and no queue grows.
 */

export interface FanoutRun {
  /** Most posts that have not arrived everywhere. */
  readonly inFlight: number;
  readonly forMs: number;
}

export interface FanoutResult {
  readonly deliveries: number;
  readonly tookMs: number;
  /** From the call until the last follower has the post; only with one post in flight. */
  readonly latenciesMs: Float64Array;
}

export class Fanout {
  #delivered = 0;
  #onDelivery: () => void = () => {};

  /** Posts have arrived at one follower. */
  arrived(posts: number): void {
    this.#delivered += posts;
    this.#onDelivery();
  }

  /**
   * @param mostUnanswered writes that may wait for their answer
   * @param write resolves when it is answered
   */
  run(
    { inFlight, forMs }: FanoutRun,
    followers: number,
    mostUnanswered: number,
    write: () => Promise<void>,
  ): Promise<FanoutResult> {
    const latenciesMs: number[] = [];
    const beganAt = performance.now();
    let written = 0;
    let writtenAt = 0;
    let unanswered = 0;
    this.#delivered = 0;
    return new Promise((resolve, reject) => {
      const pump = (): void => {
        const now = performance.now();
        const missing = written * followers - this.#delivered;
        if (inFlight === 1 && written > latenciesMs.length && missing === 0)
          latenciesMs.push(now - writtenAt);
        if (now - beganAt >= forMs) {
          if (missing > 0 || unanswered > 0) return;
          const deliveries = this.#delivered;
          return resolve({
            deliveries,
            tookMs: now - beganAt,
            latenciesMs: Float64Array.from(latenciesMs),
          });
        }
        // Uses the average over all followers: the server serves all of them in the same turns.
        while (
          unanswered < mostUnanswered &&
          written * followers - this.#delivered <= (inFlight - 1) * followers
        ) {
          written += 1;
          unanswered += 1;
          writtenAt = performance.now();
          write().then(() => {
            unanswered -= 1;
            pump();
          }, reject);
        }
      };
      this.#onDelivery = () => {
        if (inFlight > 1 || this.#delivered >= written * followers) pump();
      };
      pump();
    });
  }
}
