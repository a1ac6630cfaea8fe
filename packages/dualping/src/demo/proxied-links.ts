/**
 * The proxied links between the parts of a demo: every connection goes through a proxy, so that any two
 * parts can be cut off from each other, without root and without a change to the machine's network.
 */
import { ownersOf } from './socket-owner.js';
import { type ProxiedConnection, TcpProxy } from './tcp-proxy.js';

/** `observer` is the demo itself, which must keep its view while others are cut off. */
export type Party = 'people' | 'observer' | 'router' | `r${number}` | `s${number}`;

interface Port {
  readonly proxy: TcpProxy;
  readonly to: Party;
  /** The only party that dials here; undefined: any party may. */
  readonly from: Party | undefined;
}

const pairOf = (one: Party, other: Party): string => [one, other].sort().join(' ');

export class ProxiedLinks {
  readonly #host: string;
  /** The parties that are processes of the demo, by process id. */
  readonly #pids: () => ReadonlyMap<number, Party>;
  readonly #ports: Port[] = [];
  readonly #cuts = new Set<string>();
  /** Where each party listens. */
  readonly #addresses = new Map<Party, string>();
  /** The party that dialled a connection, where it is known. */
  readonly #dialler = new WeakMap<ProxiedConnection, Party>();

  constructor(host: string, pids: () => ReadonlyMap<number, Party>) {
    this.#host = host;
    this.#pids = pids;
  }

  /** Makes an address at which `to` can be dialled, by `from` only or by any party. */
  async lay(to: Party, from?: Party, port = 0): Promise<string> {
    const proxy = await TcpProxy.listen({
      host: this.#host,
      port,
      onConnection: (connection) => void this.#admit(connection, entry),
    });
    const entry: Port = { proxy, to, from };
    this.#ports.push(entry);
    const address = this.#addresses.get(to);
    if (address !== undefined) proxy.connectTo(address);
    return proxy.address;
  }

  /**
   * Where `party` listens from now on. Undefined: nowhere, and new connections are refused, because its old
   * port may belong to another process by now.
   */
  moved(party: Party, address: string | undefined): void {
    if (address === undefined) this.#addresses.delete(party);
    else this.#addresses.set(party, address);
    for (const { proxy, to } of this.#ports) if (to === party) proxy.connectTo(address);
  }

  /** Stops all traffic between the party and each of the others. Resolves when it has stopped. */
  async cut(party: Party, others: readonly Party[]): Promise<void> {
    for (const other of others) this.#cuts.add(pairOf(party, other));
    await this.#apply();
  }

  /** Lets traffic pass again, beginning with what has been held. */
  async heal(party: Party, others: readonly Party[]): Promise<void> {
    for (const other of others) this.#cuts.delete(pairOf(party, other));
    await this.#apply();
  }

  /** Closes all connections to and from the party, which both sides notice; new ones are allowed. */
  async sever(party: Party): Promise<void> {
    await this.#identify(this.#ports.filter(({ from }) => from === undefined));
    for (const port of this.#ports)
      for (const connection of port.proxy.connections)
        if (port.to === party || this.#dialledBy(connection, port) === party) connection.sever();
  }

  async close(): Promise<void> {
    await Promise.all(this.#ports.map(({ proxy }) => proxy.close()));
  }

  /** If a cut may concern the connection, the party that dialled must be known before anything passes. */
  async #admit(connection: ProxiedConnection, port: Port): Promise<void> {
    if (this.#mayBeCut(port)) await this.#identify([port]);
    if (!this.#isCut(connection, port)) connection.release();
  }

  async #apply(): Promise<void> {
    // First hold the connections whose party is known: a cable is pulled at one moment.
    this.#enforce();
    await this.#identify(this.#ports.filter((port) => this.#mayBeCut(port)));
    this.#enforce();
  }

  #enforce(): void {
    for (const port of this.#ports)
      for (const connection of port.proxy.connections)
        if (this.#isCut(connection, port)) connection.hold();
        else connection.release();
  }

  #isCut(connection: ProxiedConnection, port: Port): boolean {
    return this.#cuts.has(pairOf(this.#dialledBy(connection, port), port.to));
  }

  #mayBeCut({ from, to }: Port): boolean {
    return from === undefined && [...this.#cuts].some((pair) => pair.split(' ').includes(to));
  }

  #dialledBy(connection: ProxiedConnection, { from }: Port): Party {
    return from ?? this.#dialler.get(connection) ?? 'people';
  }

  async #identify(ports: readonly Port[]): Promise<void> {
    const unknown = ports
      .flatMap(({ proxy }) => [...proxy.connections])
      .filter((connection) => !this.#dialler.has(connection));
    if (unknown.length === 0) return;
    const owners = await ownersOf(new Set(unknown.map(({ dialledFrom }) => dialledFrom)), this.#pids());
    for (const connection of unknown)
      this.#dialler.set(connection, owners.get(connection.dialledFrom) ?? 'people');
  }
}
