/**
 * Bounds what one kind of work takes of a turn of the event loop; the rest waits in order.
 *
 * When hundreds of users come at once, their calls arrive in a few reads of a socket, and Node runs all of
 * them before it looks at anything else: pings, signs of life and commits would wait for all of them. With a
 * budget they wait for one turn.
 *
 * Each piece runs in a callback of its own. So what it leaves to `process.nextTick` and to promises runs
 * before the next piece, and counts too.
 */

/**
 * What the work may take at a time, ms: twice in one turn, for what arrives and for what waits. Pings come
 * every 100 ms, and 20 ms more than a turn takes anyway do no harm. A call takes 0.1 to 1 ms, and a turn
 * itself some 0.01 ms, so little is lost.
 */
export const TURN_BUDGET_MS = 10;
/** Most pieces of a turn: more fit into the budget only if they do almost nothing. */
const MAX_PIECES_A_TURN = 128;

type Piece = () => void;

/** What it needs of its surroundings; tests give their own. */
export interface TurnPorts {
  /** Monotonic, ms. */
  now(): number;
  /** Runs something after the events that have arrived until then, in a callback of its own. */
  soon(act: () => void): void;
}

const OF_PROCESS: TurnPorts = { now: () => performance.now(), soon: (act) => void setImmediate(act) };

export class TurnBudget {
  /** Work that has begun goes on before other work begins. */
  readonly #begun: Piece[] = [];
  readonly #fresh: Piece[] = [];
  /** When the first piece of this turn ran; undefined: there was none yet. */
  #since: number | undefined;
  /** Callbacks on their way, each for one piece. */
  #announced = 0;

  constructor(
    /** Most pieces of new work that wait. */
    readonly maxWaiting: number,
    readonly ports: TurnPorts = OF_PROCESS,
  ) {}

  /**
   * Does new work now, if there is room in this turn and nothing waits, or later.
   * @returns false when too much waits
   */
  begin(piece: Piece): boolean {
    if (this.#waiting === 0 && this.#hasRoom()) {
      piece();
      return true;
    }
    if (this.#fresh.length >= this.maxWaiting) return false;
    this.#fresh.push(piece);
    this.#announce();
    return true;
  }

  /** The same for work that has begun: never too much, because `begin` bounds it. */
  goOn(piece: Piece): void {
    if (this.#begun.length === 0 && this.#hasRoom()) return piece();
    this.#begun.push(piece);
    this.#announce();
  }

  get #waiting(): number {
    return this.#begun.length + this.#fresh.length;
  }

  #hasRoom(): boolean {
    const now = this.ports.now();
    if (this.#since === undefined) {
      this.#since = now;
      this.ports.soon(() => {
        this.#since = undefined;
      });
    }
    return now - this.#since < TURN_BUDGET_MS;
  }

  #announce(): void {
    while (this.#announced < Math.min(this.#waiting, MAX_PIECES_A_TURN)) {
      this.#announced += 1;
      this.ports.soon(() => this.#turnOfOne());
    }
  }

  #turnOfOne(): void {
    this.#announced -= 1;
    try {
      if (this.#hasRoom()) (this.#begun.shift() ?? this.#fresh.shift())?.();
    } finally {
      if (this.#announced === 0) this.#announce();
    }
  }
}
