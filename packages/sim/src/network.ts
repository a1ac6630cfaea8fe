/**
 * The network between processes: streams that break, links that are slow, clogged or cut.
 *
 * A cut holds back messages on their way, as TCP does, and lets them go on when it heals. Or the connections
 * over it die, which each side notices only by its own time-out, by HTTP/2 keepalive, or by a reset once the
 * link is back.
 */
import type { Random } from './random.js';
import { End, type Host, type Item, Pipe, SOON_MS, Wire } from './stream.js';
import type { WireKind, Wires } from './wires.js';
import type { World } from './world.js';

/** How long a machine takes to say that nothing listens at a port, ms. */
export const REFUSAL_MS = 1;
/**
 * HTTP/2 keepalive finds a dead connection within this time, ms (interval and patience of
 * `@dualping/protocol`).
 */
const KEEPALIVE_MS = { least: 10_000, most: 15_000 } as const;
/** Time from the end of a cut until TCP sends what was held back, ms. */
const RETRANSMIT_MS = 100;
/** Time from the end of a cut until a reset shows that a connection is dead, ms. */
const RESET_MS = 1_000;

/** A session's timeline and its calls use one connection: `ServerConnections` of `@dualping/client`. */
const SESSION_STREAMS: ReadonlySet<WireKind> = new Set(['timeline', 'write', 'list']);

export interface NetworkProfile {
  /** Delay of one message, ms: the least, and the mean of what is added. */
  readonly leastMs: number;
  readonly meanMs: number;
  /** How often a message takes far longer than others, and how much longer. */
  readonly hiccupChance: number;
  readonly hiccupMs: number;
}

type Up<K extends WireKind> = Wires[K]['up'];
type Down<K extends WireKind> = Wires[K]['down'];
export type DiallerEnd<K extends WireKind> = End<Up<K>, Down<K>>;
export type AcceptorEnd<K extends WireKind> = End<Down<K>, Up<K>>;
/** Kinds of streams that a host accepts. */
export type Acceptors = { readonly [K in WireKind]?: (end: AcceptorEnd<K>) => void };

export interface Station extends Host {
  readonly acceptors: Acceptors;
}

interface Stream {
  readonly hosts: readonly [Host, Host];
  readonly up: Pipe;
  readonly down: Pipe;
  readonly dialler: { readonly over: boolean; vanish(): void; abort(): void; hear(item: Item): void };
  /** Undefined until the dialled host has accepted it. */
  acceptor: Stream['dialler'] | undefined;
}

export class Network {
  readonly #stations = new Map<string, Station>();
  readonly #wires = new Map<string, Wire>();
  readonly #streams = new Set<Stream>();
  /** Where misrouted addresses lead to; the newest is last and counts. */
  readonly #misrouted = new Map<string, string[]>();
  /** Hosts without power: their kernels answer nothing. */
  readonly #dark = new Set<string>();
  readonly #blackHoles = new Set<string>();
  #disturbances = 0;

  constructor(
    readonly world: World,
    readonly random: Random,
    readonly profile: NetworkProfile,
  ) {}

  /** @param address by which it is dialled, beside or instead of its name */
  enter(station: Station, address = station.name): void {
    this.#stations.set(address, station);
  }

  /** Everything that is sent to this address vanishes, and nothing is ever refused. */
  blackHole(address: string): void {
    this.#blackHoles.add(address);
  }

  /**
   * Opens a stream, and sends the first message on it. It breaks at once at an address that no host ever had.
   */
  dial<K extends WireKind>(from: Host, address: string, kind: K, first: Up<K>): DiallerEnd<K> {
    const station = this.#stations.get(this.#misrouted.get(address)?.at(-1) ?? address);
    const to: Host = station ?? NOBODY(address);
    const up = new Pipe(this.world, this.wire(from, to), kind, (item) =>
      this.#arriveUp(stream, item, accept),
    );
    const down = new Pipe(this.world, this.wire(to, from), kind, (item) =>
      from.receive(() => stream.dialler.hear(item)),
    );
    const dialler: DiallerEnd<K> = new End(from, address, up, () => down, this.#survivors);
    const stream: Stream = { hosts: [from, to], up, down, dialler, acceptor: undefined };
    const accept = (): boolean => {
      const acceptor = station?.acceptors[kind];
      if (station === undefined || acceptor === undefined) return false;
      const end: AcceptorEnd<K> = new End(station, from.name, down, () => up, this.#survivors);
      stream.acceptor = end;
      acceptor(end);
      return true;
    };
    if (this.#blackHoles.has(address)) up.kill();
    else this.#streams.add(stream);
    up.push({ kind: 'syn' });
    dialler.send(first);
    return dialler;
  }

  wire(from: Host, to: Host): Wire {
    const key = `${from.name}>${to.name}`;
    let wire = this.#wires.get(key);
    if (wire === undefined) {
      wire = new Wire(from, to, this.#delayMs);
      this.#wires.set(key, wire);
    }
    return wire;
  }

  /** No message gets from one to the other. `lose`: connections between the two break. */
  cut(from: string, to: string, lose: boolean): void {
    const wire = this.#wireOf(from, to);
    this.#disturbances += 1;
    wire.cuts += 1;
    if (!lose) return;
    for (const stream of this.#between(from, to)) {
      stream.up.kill();
      stream.down.kill();
      for (const end of [stream.dialler, stream.acceptor])
        if (end !== undefined) this.#breakAfter(stream, end, this.#keepaliveMs());
    }
  }

  /** @param retransmitMs until TCP sends again what was held back: the longer the cut, the rarer it tries */
  heal(from: string, to: string, retransmitMs = RETRANSMIT_MS): void {
    const wire = this.#wireOf(from, to);
    wire.cuts -= 1;
    if (wire.cuts > 0) return;
    this.#release(wire, retransmitMs);
    for (const stream of this.#between(from, to))
      if (stream.up.dead)
        for (const end of [stream.dialler, stream.acceptor])
          if (end !== undefined) this.#breakAfter(stream, end, this.random.within(0, RESET_MS));
  }

  /** From now on a process that dials `address` reaches `to`. @returns a function that ends it */
  misroute(address: string, to: string): () => void {
    const told = this.#misrouted.get(address) ?? [];
    this.#misrouted.set(address, told);
    told.push(to);
    return () => {
      told.splice(told.lastIndexOf(to), 1);
    };
  }

  /** How often a link was cut or made slow, since the beginning. */
  get disturbances(): number {
    return this.#disturbances;
  }

  isMisrouted(address: string): boolean {
    return (this.#misrouted.get(address)?.length ?? 0) > 0;
  }

  slow(from: string, to: string, ms: number): void {
    this.#disturbances += 1;
    this.#wireOf(from, to).slowMs += ms;
  }

  /** Whether the machine at an address says that nothing listens there. */
  refuses(from: string, address: string): boolean {
    const to = this.#stations.get(this.#misrouted.get(address)?.at(-1) ?? address);
    if (to === undefined || to.running || this.#dark.has(to.name)) return false;
    return !this.isCut(from, to.name) && !this.isCut(to.name, from);
  }

  /** Whether messages of one get to the other without a fault. */
  isWhole(from: string, to: string): boolean {
    const wire = this.#wires.get(`${from}>${to}`);
    return wire === undefined || (wire.cuts === 0 && wire.slowMs === 0);
  }

  /** Whether no message gets from one to the other. */
  isCut(from: string, to: string): boolean {
    return (this.#wires.get(`${from}>${to}`)?.cuts ?? 0) > 0;
  }

  /**
   * Connections between two break. Both ends notice soon; with `quiet` only one does, and the other much
   * later. Some of several streams may be on another connection, and live on; those of a session share one.
   */
  sever(one: string, other: string, quiet: boolean): void {
    const sessionsLive = this.random.chance(0.3);
    for (const stream of this.#between(one, other)) {
      if (SESSION_STREAMS.has(stream.up.kind) ? sessionsLive : this.random.chance(0.3)) continue;
      stream.up.kill();
      stream.down.kill();
      const late = quiet ? this.random.below(2) : -1;
      for (const [index, end] of [stream.dialler, stream.acceptor].entries())
        if (end !== undefined)
          this.#breakAfter(stream, end, index === late ? this.#keepaliveMs() : this.#delayMs());
    }
  }

  /** Whether a message from one to the other may still be on its way, or unread. */
  mayStillHear(from: string, to: string): boolean {
    for (const { hosts, up, acceptor } of this.#streams)
      if (hosts[0].name === from && hosts[1].name === to)
        if (acceptor === undefined ? !up.dead && up.length > 0 : !acceptor.over) return true;
    return false;
  }

  /** A process is gone. Its kernel closes its connections; after a power loss nothing does. */
  gone(host: string, powerLost: boolean): void {
    if (powerLost) this.#dark.add(host);
    for (const stream of [...this.#streams]) {
      const isDialler = stream.hosts[0].name === host;
      if (!isDialler && stream.hosts[1].name !== host) continue;
      const [own, other] = isDialler ? [stream.dialler, stream.acceptor] : [stream.acceptor, stream.dialler];
      if (powerLost) {
        own?.vanish();
        stream.up.kill();
        stream.down.kill();
        if (other !== undefined) this.#breakAfter(stream, other, this.#keepaliveMs());
      } else if (own !== undefined) {
        own.abort();
      } else {
        stream.acceptor = undefined; // never accepted: refused when it gets there
      }
    }
  }

  /** Power is back: peers that still hold a connection from before soon get a reset. */
  powered(host: string): void {
    if (!this.#dark.delete(host)) return;
    for (const stream of this.#streams)
      if (stream.up.dead && stream.hosts.some(({ name }) => name === host))
        for (const end of [stream.dialler, stream.acceptor])
          if (end !== undefined) this.#breakAfter(stream, end, this.random.within(0, RESET_MS));
  }

  /** A process reads again: what has come meanwhile is read, in any order among streams. */
  woke(host: string): void {
    for (const wire of this.#wires.values()) if (wire.to.name === host) this.#release(wire);
  }

  #release(wire: Wire, retransmitMs = RETRANSMIT_MS): void {
    const waiting = [...wire.waiting];
    wire.waiting.clear();
    const mostMs = wire.to.awake && retransmitMs === RETRANSMIT_MS ? SOON_MS : retransmitMs;
    for (const pipe of waiting) pipe.flow(this.random.within(0, mostMs));
  }

  #arriveUp(stream: Stream, item: Item, accept: () => boolean): void {
    const to = stream.hosts[1];
    if (item.kind !== 'syn') {
      to.receive(() => stream.acceptor?.hear(item));
      return;
    }
    this.#sweep();
    if (this.#dark.has(to.name)) {
      stream.up.kill(); // not even a refusal
      return;
    }
    if (!to.running || !accept()) {
      stream.up.kill();
      stream.down.push({ kind: 'reset' });
    }
  }

  #breakAfter(stream: Stream, end: Stream['dialler'], ms: number): void {
    const host = end === stream.dialler ? stream.hosts[0] : stream.hosts[1];
    this.world.after(ms, `${host.name} loses a connection`, () => {
      if (!end.over) host.receive(() => end.hear({ kind: 'reset' }));
    });
  }

  /** Forgets streams that have ended on both sides and have nothing on the way. */
  #sweep(): void {
    if (this.#streams.size < 256) return;
    for (const stream of this.#streams)
      if (
        stream.dialler.over &&
        (stream.acceptor?.over ?? true) &&
        stream.up.length + stream.down.length === 0
      )
        this.#streams.delete(stream);
  }

  *#between(one: string, other: string): Generator<Stream> {
    for (const stream of this.#streams) {
      const [a, b] = stream.hosts;
      const isThis = (a.name === one && b.name === other) || (a.name === other && b.name === one);
      if (isThis && !(stream.dialler.over && (stream.acceptor?.over ?? true))) yield stream;
    }
  }

  #wireOf(from: string, to: string): Wire {
    const wire = this.#wires.get(`${from}>${to}`);
    if (wire !== undefined) return wire;
    const [a, b] = [this.#stations.get(from), this.#stations.get(to)];
    if (a === undefined || b === undefined) throw new Error(`there is no link from ${from} to ${to}`);
    return this.wire(a, b);
  }

  #keepaliveMs(): number {
    return this.random.within(KEEPALIVE_MS.least, KEEPALIVE_MS.most);
  }

  readonly #survivors = (messages: number): number => this.random.between(0, messages);

  readonly #delayMs = (): number => {
    const { leastMs, meanMs, hiccupChance, hiccupMs } = this.profile;
    const usual = leastMs + this.random.exponential(meanMs);
    return hiccupChance > 0 && this.random.chance(hiccupChance)
      ? usual + this.random.exponential(hiccupMs)
      : usual;
  };
}

/** An address at which there is no host. */
const NOBODY = (name: string): Host => ({ name, running: false, awake: true, receive: () => {} });
