import { join } from 'node:path';
import { eventually } from '../../eventually.js';
import { freePorts } from '../../free-ports.js';
import { LoadedPeer } from './loaded-peer.js';
import { NatsConnection, STREAM } from './nats-client.js';
import { LOOPBACK, Nodes, versionOf, whyMissing } from './nodes.js';
import type { Peer, PeerKind } from './peer.js';

const PROMISE =
  'written by two of three nodes, synced every two minutes: if their machines lose power, acknowledged writes are lost';
const SIZE = 3;
const STREAM_CONFIG = {
  name: STREAM,
  subjects: [STREAM],
  num_replicas: SIZE,
  storage: 'file',
  retention: 'limits',
  discard: 'old',
  max_consumers: -1,
  max_msgs: -1,
  max_bytes: -1,
} as const;

class NatsNodes {
  private constructor(
    readonly nodes: Nodes,
    readonly ports: readonly number[],
    readonly routes: readonly number[],
  ) {}

  static async start(): Promise<NatsNodes> {
    const ports = await freePorts(2 * SIZE);
    const nats = new NatsNodes(new Nodes(), ports.slice(0, SIZE), ports.slice(SIZE));
    await nats.nodes.orEnd(async () => {
      for (const name of nats.names) await nats.startNode(name);
      await eventually('NATS has a stream', () =>
        nats.#ask((node) => node.api(`STREAM.CREATE.${STREAM}`, STREAM_CONFIG)),
      );
      await nats.leader();
    });
    return nats;
  }

  get names(): readonly string[] {
    return this.ports.map((port) => `n${port}`);
  }

  get addresses(): readonly string[] {
    return this.ports.map((port) => `${LOOPBACK}:${port}`);
  }

  async startNode(name: string): Promise<void> {
    const at = this.names.indexOf(name);
    const port = this.ports[at] ?? 0;
    const args = [
      ...['-a', LOOPBACK, '-p', `${port}`, '-n', name, '-js', '-sd', join(this.nodes.folder, name)],
      ...['-cluster_name', 'versus', '-cluster', `nats://${LOOPBACK}:${this.routes[at]}`],
      ...['-routes', this.routes.map((route) => `nats://${LOOPBACK}:${route}`).join(',')],
    ];
    await this.nodes.start(name, port, ['nats-server', ...args]);
  }

  /** The node that leads the stream, when all of its copies are current. */
  async leader(): Promise<string> {
    return await eventually('all copies of the stream are current', async () => {
      const { cluster } = (await this.#ask((node) => node.api(`STREAM.INFO.${STREAM}`, {}))) ?? {};
      const { leader = '', replicas = [] } = cluster ?? {};
      const isWhole = replicas.length === SIZE - 1 && replicas.every(({ current }) => current);
      return isWhole && this.names.includes(leader) ? leader : undefined;
    });
  }

  /** Of the first node that answers. */
  async #ask<T>(question: (node: NatsConnection) => Promise<T>): Promise<T | undefined> {
    for (const address of this.addresses) {
      const node = new NatsConnection(address);
      try {
        return await question(node);
      } catch {
        // Another node may know.
      } finally {
        node.close();
      }
    }
    return undefined;
  }
}

export const nats: PeerKind = {
  missing: () => whyMissing('nats-server', 'nats-server'),

  async start(): Promise<Peer> {
    const nats = await NatsNodes.start();
    const leader = nats.names.indexOf(await nats.leader());
    const nodes = [...nats.addresses.slice(leader), ...nats.addresses.slice(0, leader)];
    const name = `NATS JetStream ${versionOf('nats-server')}`;
    const peer = await LoadedPeer.open(name, PROMISE, () => nats.nodes.end(), { kind: 'nats', nodes });
    return {
      name,
      promise: PROMISE,
      writes: (run) => peer.writes(run),
      fanout: (forMs) => peer.fanout(forMs),
      async takeoverMs() {
        const node = await nats.leader();
        const tookMs = await peer.untilWrittenAfter(() => nats.nodes.kill(node));
        await nats.startNode(node);
        await nats.leader();
        return tookMs;
      },
      end: () => peer.end(),
    };
  },
};
