/**
 * Hosts that are far from one another: every packet is delayed, in both directions.
 *
 * Not every kernel has a delaying queue, so we delay packets ourselves: each host has a tunnel, and socat
 * sends its packets here as datagrams. Here they are held, and then passed on to the tunnel of the host that
 * they are addressed to.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { eventually } from '../eventually.js';
import type { Housing } from '../test-cluster.js';
import { succeeds } from './commands.js';
import { Network, PEOPLE, PEOPLE_ADDRESS } from './network.js';

const PREFIX = '10.78.0.';
const RELAY_PORT = 9_000;
const TUNNEL_PORT = 9_001;
/** A packet inside a datagram must fit into one outer packet. */
const MTU = 1_400;
/** Offset of the destination address in an IPv4 packet. */
const DESTINATION = 16;

export class FarNetwork {
  readonly #near = new Network();
  readonly #relay: Socket = createSocket('udp4');
  readonly #tunnels: ChildProcess[] = [];
  /** By name: the host's address in this network, and its tunnel's address in the network that carries it. */
  readonly #hosts = new Map<string, { readonly address: string; readonly near: string }>();

  #destroyed = false;

  private constructor(
    /** Delay in each direction, ms. */
    readonly delayMs: number,
    readonly hosts: readonly string[],
  ) {}

  static async start(delayMs: number, hosts: readonly string[]): Promise<FarNetwork> {
    const network = new FarNetwork(delayMs, hosts);
    network.#relay.on('message', (packet) => network.#pass(packet));
    network.#relay.bind(RELAY_PORT);
    await once(network.#relay, 'listening');
    for (const name of [...hosts, PEOPLE]) await network.#join(name);
    return network;
  }

  readonly housing = (name: string): Housing => ({
    ...this.#near.housing(name),
    host: this.#hosts.get(name)?.address ?? '',
  });

  async destroy(): Promise<void> {
    await Promise.all(
      this.#tunnels.map(async (tunnel) => {
        const exited = once(tunnel, 'exit');
        tunnel.kill('SIGKILL');
        await exited;
      }),
    );
    this.#destroyed = true;
    this.#relay.close();
    this.#near.destroy();
  }

  async #join(name: string): Promise<void> {
    const address = `${PREFIX}${this.#hosts.size + 1}`;
    const { host: near = '', prefix = [] } =
      name === PEOPLE ? { host: PEOPLE_ADDRESS } : this.#near.housing(name);
    this.#hosts.set(name, { address, near });
    const [command = '', ...rest] = [
      ...prefix,
      'socat',
      `TUN:${address}/24,up,iff-no-pi,tun-name=far0`,
      `UDP-SENDTO:${PEOPLE_ADDRESS}:${RELAY_PORT},bind=${near}:${TUNNEL_PORT}`,
    ];
    this.#tunnels.push(spawn(command, rest, { stdio: 'inherit' }));
    const within = name === PEOPLE ? [] : ['-n', name];
    await eventually(`the tunnel of ${name} is there`, () =>
      succeeds('ip', ...within, 'link', 'set', 'far0', 'mtu', `${MTU}`),
    );
  }

  #pass(packet: Buffer): void {
    const destination = [...packet.subarray(DESTINATION, DESTINATION + 4)].join('.');
    const to = [...this.#hosts.values()].find(({ address }) => address === destination);
    if (to === undefined) return;
    setTimeout(() => {
      if (!this.#destroyed) this.#relay.send(packet, TUNNEL_PORT, to.near);
    }, this.delayMs);
  }
}
