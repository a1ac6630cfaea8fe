/** A cluster of ours for a benchmark: router and servers as processes of their own, all in sync. */
import { RouterClient } from '@dualping/client';
import { primaryMember } from '@dualping/core';
import { TestCluster } from '../test-cluster.js';
import type { Certs } from './wire.js';

export interface OwnCluster {
  readonly cluster: TestCluster;
  readonly routers: RouterClient;
  /** Where the primary listens, and its process. */
  readonly address: string;
  readonly pid: number;
  /** What its clients need. */
  readonly certs: Certs;
  end(): Promise<void>;
}

export interface OwnClusterOptions {
  /** Without TLS. Default: as users run it. */
  readonly insecure?: boolean;
  /** With the classic wire beside it. */
  readonly classic?: boolean;
  /** Its servers have tripwires. */
  readonly tripwire?: boolean;
}

export async function startOwnCluster(
  servers: number,
  { insecure = false, classic = false, tripwire = false }: OwnClusterOptions = {},
): Promise<OwnCluster> {
  const flags = classic ? ['--classic'] : [];
  const cluster = await TestCluster.start({
    servers,
    insecure,
    routerFlags: flags,
    serverFlags: (router) => ['--routers', router, ...flags, ...(tripwire ? ['--tripwire'] : [])],
  });
  const routers = new RouterClient({ routers: [cluster.routerAddress], credentials: cluster.operator });
  const end = async (): Promise<void> => {
    routers.close();
    await cluster.destroy();
  };
  return await withPrimary({ cluster, routers, certs: insecure ? undefined : cluster.certs, end });
}

async function withPrimary(started: Omit<OwnCluster, 'address' | 'pid'>): Promise<OwnCluster> {
  const { cluster, routers, end } = started;
  try {
    const primary = primaryMember(await cluster.whenWhole(routers));
    if (primary === undefined) throw new Error('a whole cluster has a primary');
    const { pid } = cluster.server(primary.serverId);
    return { ...started, address: primary.address, pid };
  } catch (error) {
    await end();
    throw error;
  }
}
