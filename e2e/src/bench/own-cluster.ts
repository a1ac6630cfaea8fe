/** A cluster of ours for a benchmark: router and servers as processes of their own, all in sync. */
import { RouterClient } from '@dualping/client';
import { primaryMember } from '@dualping/core';
import { SecureCluster } from '../secure-cluster.js';
import { TestCluster } from '../test-cluster.js';

export interface OwnCluster {
  readonly cluster: TestCluster;
  readonly routers: RouterClient;
  /** Where the primary listens, and its process. */
  readonly address: string;
  readonly pid: number;
  /** The file that its clients need; undefined: it runs without TLS. */
  readonly ca: string | undefined;
  end(): Promise<void>;
}

export async function startOwnCluster(servers: number): Promise<OwnCluster> {
  const cluster = await TestCluster.start({ servers, insecure: true });
  const routers = new RouterClient({ routers: [cluster.routerAddress], credentials: cluster.operator });
  const end = async (): Promise<void> => {
    routers.close();
    await cluster.destroy();
  };
  return await withPrimary({ cluster, routers, ca: undefined, end });
}

/** The same with certificates and TLS. */
export async function startSecureCluster(servers: number): Promise<OwnCluster> {
  const secure = await SecureCluster.start({ servers, timings: [] });
  const { cluster, routers, networkFile: ca } = secure;
  return await withPrimary({ cluster, routers, ca, end: async () => await secure.destroy() });
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
