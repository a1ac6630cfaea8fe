/**
 * One stream over the network: two ends and a pipe each way. A pipe keeps the order of its messages, as TCP
 * does; there is no order among different pipes.
 */
import type { Failure } from '@dualping/core';
import type { StreamEnd, WireKind } from './wires.js';
import type { Scheduled, World } from './world.js';

/**
 * Unread messages above which the writer is asked to stop, and what it writes waits: grpc-js counts bytes,
 * this counts messages.
 */
const HIGH_WATER = 8;
/** Who wakes has read what came meanwhile within this time, ms. */
export const SOON_MS = 1;

/** A process that can get messages. */
export interface Host {
  readonly name: string;
  /** Whether its process runs: then its kernel takes connections for it. */
  readonly running: boolean;
  /** Whether it reads its messages: not while it is frozen. */
  readonly awake: boolean;
  /** Does work as that process, now or when the process gets to it. */
  receive(work: () => void): void;
}

/** One direction between two hosts. */
export class Wire {
  /** How many faults cut it now. */
  cuts = 0;
  /** Added to every delay, ms. */
  slowMs = 0;
  readonly waiting = new Set<Pipe>();

  constructor(
    readonly from: Host,
    readonly to: Host,
    readonly delayMs: () => number,
  ) {}
}

export type Item =
  | { readonly kind: 'message'; readonly message: { readonly kind: string } }
  | { readonly kind: 'syn' }
  | { readonly kind: 'end'; readonly failure: Failure | undefined }
  /** The kernel's answer for a process that is not there. */
  | { readonly kind: 'reset' };

export class Pipe {
  #items: { readonly readyAt: number; readonly item: Item; readonly left: (() => void) | undefined }[] = [];
  #scheduled: Scheduled | undefined;
  #lastReadyAt = 0;
  /** Since when the next item has lain there, because its reader slept when it came. */
  #unreadSince: number | undefined;
  /** The reader does not read. */
  paused = false;
  /** All messages are lost: the connection is dead and its ends have not noticed. */
  dead = false;
  onEmpty: (() => void) | undefined;

  constructor(
    readonly world: World,
    readonly wire: Wire,
    readonly kind: WireKind,
    readonly take: (item: Item) => void,
  ) {}

  get length(): number {
    return this.#items.length;
  }

  /** For how long a message has lain in the reader's socket, because the reader slept when it came, ms. */
  get unreadMs(): number {
    const isMessage = this.#items[0]?.item.kind === 'message';
    return this.#unreadSince === undefined || !isMessage ? 0 : this.world.now - this.#unreadSince;
  }

  /** @param left called later, when the item has left the writer */
  push(item: Item, left?: () => void): void {
    if (this.dead) return;
    const { wire, world } = this;
    this.#lastReadyAt = Math.max(this.#lastReadyAt, world.now + wire.delayMs() + wire.slowMs);
    this.#items.push({ readyAt: this.#lastReadyAt, item, left });
    if (this.#items.length <= HIGH_WATER) this.#leaves(left);
    this.flow();
  }

  /** Only the first `kept` messages on the way arrive. */
  cutShort(kept: number): void {
    this.#items.length = Math.min(this.#items.length, kept);
    if (this.#items.length === 0) this.#stop();
  }

  kill(): void {
    this.dead = true;
    this.cutShort(0);
  }

  /** Delivers the next waiting message, if nothing blocks it. */
  flow(afterMs = 0): void {
    const head = this.#items[0];
    if (afterMs > SOON_MS) this.#unreadSince = undefined; // it has to be sent once more
    if (head === undefined || this.#scheduled !== undefined) return;
    const { world, wire } = this;
    const what = head.item.kind === 'message' ? head.item.message.kind : head.item.kind;
    const label = `${wire.from.name} > ${wire.to.name} ${this.kind} ${what}`;
    this.#scheduled = world.at(Math.max(head.readyAt, world.now + afterMs), label, () => {
      this.#scheduled = undefined;
      this.#arrive();
    });
  }

  #arrive(): void {
    const { wire, world } = this;
    const head = this.#items[0];
    if (head === undefined) return;
    if (wire.cuts > 0 || wire.to.awake) this.#unreadSince = undefined;
    else this.#unreadSince ??= world.now;
    if (wire.cuts > 0 || !wire.to.awake) {
      wire.waiting.add(this);
      return;
    }
    if (this.paused && head.item.kind === 'message') return;
    this.#items.shift();
    this.#leaves(this.#items[HIGH_WATER - 1]?.left);
    this.take(head.item);
    if (this.#items.length > 0) this.flow();
    else this.onEmpty?.();
  }

  #leaves(left: (() => void) | undefined): void {
    const { from } = this.wire;
    if (left !== undefined) this.world.after(0, `${from.name} has written`, () => from.receive(left));
  }

  #stop(): void {
    if (this.#scheduled !== undefined) this.world.cancel(this.#scheduled);
    this.#scheduled = undefined;
  }
}

/** One end of a stream: what a process holds. `In` and `Out` are as the holder sees them. */
export class End<Out extends { readonly kind: string }, In extends { readonly kind: string }> {
  onMessage: (message: In) => void = () => {};
  /** Called once, as the last event; not called at the end that closed the stream. */
  onEnd: (end: StreamEnd) => void = () => {};
  /** After `send` has returned false: there is room again. */
  onDrain: () => void = () => {};
  #over = false;
  #full = false;

  constructor(
    readonly host: Host,
    readonly peer: string,
    readonly outgoing: Pipe,
    readonly incoming: () => Pipe,
    readonly survivors: (messages: number) => number,
  ) {
    outgoing.onEmpty = () => {
      if (!this.#full || this.#over) return;
      this.#full = false;
      host.receive(() => {
        if (!this.#over) this.onDrain();
      });
    };
  }

  get over(): boolean {
    return this.#over;
  }

  /**
   * False when the other side reads more slowly than this, or when the stream is over and the message is
   * lost.
   *
   * @param left called later, when the message has left; not at all when the stream is over before
   */
  send(message: Out, left?: () => void): boolean {
    if (this.#over) return false;
    const hasLeft =
      left &&
      (() => {
        if (!this.#over) left();
      });
    this.outgoing.push({ kind: 'message', message }, hasLeft);
    if (this.outgoing.length > HIGH_WATER) this.#full = true;
    return !this.#full;
  }

  /** Ends in order, after what was sent. */
  close(failure?: Failure): void {
    if (this.#over) return;
    this.#over = true;
    this.outgoing.push({ kind: 'end', failure });
  }

  /** Ends at once; messages on the way may be lost. */
  abort(): void {
    if (this.#over) return;
    this.#over = true;
    this.outgoing.cutShort(this.survivors(this.outgoing.length));
    this.outgoing.push({ kind: 'reset' });
  }

  /** The process is gone silently: it sends nothing any more. */
  vanish(): void {
    this.#over = true;
    this.outgoing.kill();
  }

  pause(): void {
    this.incoming().paused = true;
  }

  resume(): void {
    this.incoming().paused = false;
    this.incoming().flow();
  }

  /** For the network: a message has come to this end. */
  hear(item: Item): void {
    if (this.#over) return;
    switch (item.kind) {
      case 'message':
        return this.onMessage(item.message as In);
      case 'end':
        this.#over = true;
        return this.onEnd({ kind: 'ended', failure: item.failure });
      case 'reset':
        this.#over = true;
        this.outgoing.kill();
        return this.onEnd({ kind: 'broken' });
      case 'syn':
        return;
    }
  }
}
