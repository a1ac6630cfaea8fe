import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from '../../free-ports.js';
import { LoadedPeer } from './loaded-peer.js';
import { LOOPBACK, Nodes, versionOf, whyMissing } from './nodes.js';
import type { Peer, PeerKind } from './peer.js';

const PROMISE =
  'durable on one disk, received by both replicas (WAIT 2). Nothing takes over without Sentinel, and then acknowledged writes can be lost';

export const redis: PeerKind = {
  missing: () => whyMissing('redis-server', 'redis-server'),

  async start(): Promise<Peer> {
    const nodes = new Nodes();
    return await nodes.orEnd(async () => {
      const ports = await freePorts(3);
      const [first = 0] = ports;
      for (const port of ports) {
        const folder = join(nodes.folder, `${port}`);
        mkdirSync(folder);
        const durable = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''];
        const follows = port === first ? [] : ['--replicaof', LOOPBACK, `${first}`];
        const args = ['--port', `${port}`, '--bind', LOOPBACK, '--dir', folder, ...durable, ...follows];
        await nodes.start(`redis ${port}`, port, ['redis-server', ...args]);
      }
      return await LoadedPeer.open(`Redis ${versionOf('redis-server')}`, PROMISE, () => nodes.end(), {
        kind: 'redis',
        nodes: ports.map((port) => `${LOOPBACK}:${port}`),
      });
    });
  },
};
