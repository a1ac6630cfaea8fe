/** A dualping cluster for a benchmark: router and servers as processes of their own, all in sync. */
import { RouterClient } from '@dualping/client';
import { primaryMember } from '@dualping/core';
import { TestCluster } from '../test-cluster.js';

export interface OwnCluster {
  readonly cluster: TestCluster;
  readonly routers: RouterClient;
  /** The primary's address, and its process. */
  readonly address: string;
  readonly pid: number;
  end(): Promise<void>;
}

export async function startOwnCluster(servers: number): Promise<OwnCluster> {
  const cluster = await TestCluster.start({ servers });
  const routers = new RouterClient({ routers: [cluster.routerAddress] });
  const end = async (): Promise<void> => {
    routers.close();
    await cluster.destroy();
  };
  try {
    const primary = primaryMember(await cluster.whenWhole(routers));
    if (primary === undefined) throw new Error('a whole cluster has a primary');
    const { pid } = cluster.server(primary.serverId);
    return { cluster, routers, address: primary.address, pid, end };
  } catch (error) {
    await end();
    throw error;
  }
}
