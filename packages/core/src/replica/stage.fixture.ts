/**
 * A test network: virtual time, and ordered channels between processes.
 *
 * Each message between two processes (also between a server and its own disk) waits in their channel until it
 * is delivered: in the order of sending (`settle`), or in an order that a test chooses among the channels.
 * Within a channel the order is kept, as in TCP.
 */
import type { Instant } from '../index.js';

/** `s1`, `router`, `disk of s1`, `mira`. */
export type Place = string;

export interface Actor {
  readonly name: Place;
  nextDeadline(): Instant | undefined;
  tick(): void;
}

interface Packet {
  readonly number: number;
  readonly arrive: () => void;
}

export interface Channel {
  readonly from: Place;
  readonly to: Place;
  readonly packets: Packet[];
}

/**
 * Most deliveries at one instant: more than any test needs; finds two processes that message each other for
 * ever.
 */
const MAX_DELIVERIES = 20_000;

export class Stage {
  now: Instant = 0;
  readonly #actors: Actor[] = [];
  readonly #channels = new Map<string, Channel>();
  readonly #blocked = new Set<string>();
  readonly #frozen = new Set<Place>();
  #sent = 0;

  enter(actor: Actor): void {
    this.#actors.push(actor);
  }

  send(from: Place, to: Place, arrive: () => void): void {
    const key = `${from} > ${to}`;
    let channel = this.#channels.get(key);
    if (channel === undefined) {
      channel = { from, to, packets: [] };
      this.#channels.set(key, channel);
    }
    this.#sent += 1;
    channel.packets.push({ number: this.#sent, arrive });
  }

  /** Messages from one to the other wait from now on. */
  block(from: Place, to: Place): void {
    this.#blocked.add(`${from} > ${to}`);
  }

  unblock(from: Place, to: Place): void {
    this.#blocked.delete(`${from} > ${to}`);
  }

  cut(one: Place, other: Place): void {
    this.block(one, other);
    this.block(other, one);
  }

  join(one: Place, other: Place): void {
    this.unblock(one, other);
    this.unblock(other, one);
  }

  /** Freezes a process: it receives and does nothing, and does not notice. */
  freeze(place: Place): void {
    this.#frozen.add(place);
  }

  thaw(place: Place): void {
    this.#frozen.delete(place);
  }

  deliverable(): Channel[] {
    return [...this.#channels.values()].filter(
      ({ from, to, packets }) =>
        packets.length > 0 && !this.#frozen.has(to) && !this.#blocked.has(`${from} > ${to}`),
    );
  }

  deliver(channel: Channel): void {
    channel.packets.shift()?.arrive();
  }

  /** Delivers, in the order of sending, until nothing more can be delivered. */
  settle(): void {
    for (let count = 0; count < MAX_DELIVERIES; count += 1) {
      const next = this.deliverable().reduce<Channel | undefined>(
        (first, channel) => (numberOf(channel) < numberOf(first) ? channel : first),
        undefined,
      );
      if (next === undefined) return;
      this.deliver(next);
    }
    throw new Error(`still not quiet after ${MAX_DELIVERIES} deliveries at ${this.now} ms`);
  }

  /**
   * Time passes up to the next deadline at most: steps the machines that are due, delivers nothing. Returns
   * the ms left.
   */
  passToNextDeadline(ms: number): number {
    const end = this.now + ms;
    const acting = this.#actors.filter((actor) => !this.#frozen.has(actor.name));
    const due = Math.min(end, ...acting.map((actor) => actor.nextDeadline() ?? end));
    this.now = Math.max(this.now, due);
    for (const actor of acting) if ((actor.nextDeadline() ?? Infinity) <= this.now) actor.tick();
    return end - this.now;
  }

  /** Time passes, with all its consequences. */
  pass(ms: number): void {
    this.settle();
    let deadlines = 0;
    for (let left = ms; left > 0; this.settle()) {
      left = this.passToNextDeadline(left);
      deadlines += 1;
      if (deadlines > MAX_DELIVERIES) throw new Error(`a deadline that stays due at ${this.now} ms`);
    }
  }
}

const numberOf = (channel: Channel | undefined): number => channel?.packets[0]?.number ?? Infinity;

export interface ConnectionEnds<Up, Down> {
  /** At the dialled end. Returns false when no process is there. */
  readonly up: (message: Up) => boolean;
  readonly upEnded: () => void;
  /** At the dialling end. */
  readonly down: (message: Down) => void;
  readonly downEnded: (detail: string) => void;
}

/**
 * A stream between two processes. The end that closes it gets nothing more; the other gets the end after all
 * messages.
 */
export class Connection<Up, Down> {
  #dialler: 'open' | 'closed' = 'open';
  #dialled: 'open' | 'closed' = 'open';

  constructor(
    readonly stage: Stage,
    readonly from: Place,
    readonly to: Place,
    readonly ends: ConnectionEnds<Up, Down>,
  ) {}

  sendUp(message: Up): void {
    if (this.#dialler === 'closed') return;
    this.stage.send(this.from, this.to, () => {
      if (this.#dialled === 'open' && !this.ends.up(message)) this.closeByDialled('nobody is there');
    });
  }

  sendDown(message: Down): void {
    if (this.#dialled === 'closed') return;
    this.stage.send(this.to, this.from, () => {
      if (this.#dialler === 'open') this.ends.down(message);
    });
  }

  closeByDialler(): void {
    if (this.#dialler === 'closed') return;
    this.#dialler = 'closed';
    this.stage.send(this.from, this.to, () => {
      if (this.#dialled === 'closed') return;
      this.#dialled = 'closed';
      this.ends.upEnded();
    });
  }

  closeByDialled(detail: string): void {
    if (this.#dialled === 'closed') return;
    this.#dialled = 'closed';
    this.stage.send(this.to, this.from, () => {
      if (this.#dialler === 'closed') return;
      this.#dialler = 'closed';
      this.ends.downEnded(detail);
    });
  }

  break(): void {
    if (this.#dialler === 'closed' || this.#dialled === 'closed') return;
    this.#dialler = 'closed';
    this.#dialled = 'closed';
    this.ends.upEnded();
    this.ends.downEnded('the stream broke');
  }
}
