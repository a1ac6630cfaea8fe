/** A cluster of real processes with certificates, and those who come to it with others. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { NetworkCredentials, RouterClient } from '@dualping/client';
import { serverId } from '@dualping/core';
import type { Dialling, Part } from '@dualping/protocol';
import {
  ensure,
  fileOf,
  issue,
  NETWORK_FILE,
  readCredentials,
  readNetworkFile,
  revoke,
} from '@dualping/security';
import { credentials } from '@grpc/grpc-js';
import { TestCluster } from './test-cluster.js';

export const ROUTER: Part = { role: 'router' };
export const OPERATOR: Part = { role: 'operator', name: 'anna' };
export const server = (id: number, cluster = 1): Part => ({
  role: 'server',
  cluster,
  serverId: serverId(id),
});
export const member = (id: number, cluster = 1): Part => ({
  role: 'member',
  cluster,
  serverId: serverId(id),
});
/** How long the certificate of one counts that has expired, days. */
const A_MINUTE_AGO = -1 / 1_440;

/** Patient: what is tested is who may do what, also on a machine that has no time left. */
const PATIENT = ['--ping-ms', '500', '--dead-after-ms', '10000'];

export interface SecureClusterOptions {
  /** Of the first cluster. */
  readonly servers: number;
  /** Number of clusters; only the first has servers. One when absent. */
  readonly clusters?: number;
  readonly classic?: boolean;
  /** More flags of the servers. */
  readonly serverFlags?: readonly string[];
  /** Default: patient ones. */
  readonly timings?: readonly string[];
  /** More flags for router and servers. */
  readonly flags?: readonly string[];
}

export class SecureCluster {
  private constructor(
    readonly cluster: TestCluster,
    readonly routers: RouterClient,
  ) {}

  static async start({
    servers,
    clusters = 1,
    classic = false,
    serverFlags = [],
    timings = PATIENT,
    flags: more = [],
  }: SecureClusterOptions): Promise<SecureCluster> {
    const flags = [...(classic ? ['--classic'] : []), ...more];
    const cluster = await TestCluster.start({
      servers,
      routerFlags: [...timings, ...flags, '--clusters', `${clusters}`],
      serverFlags: (router) => ['--routers', router, ...flags, ...serverFlags],
    });
    await ensure(cluster.certs, [OPERATOR]);
    const credentials = readCredentials(cluster.certs, OPERATOR);
    const routers = new RouterClient({ routers: [cluster.routerAddress], credentials });
    await cluster.whenWhole(routers);
    return new SecureCluster(cluster, routers);
  }

  get certs(): string {
    return this.cluster.certs;
  }

  get networkFile(): string {
    return join(this.certs, NETWORK_FILE);
  }

  /** What a user's client has. */
  get user(): NetworkCredentials {
    return readNetworkFile(this.networkFile);
  }

  /** With the certificate of that part, made if need be. */
  async of(part: Part): Promise<NetworkCredentials> {
    await ensure(this.certs, [part]);
    return this.read(part);
  }

  read(part: Part): NetworkCredentials {
    return NetworkCredentials.parse(readFileSync(fileOf(this.certs, part), 'utf8'));
  }

  /** A certificate that counts no more. */
  async expired(part: Part): Promise<NetworkCredentials> {
    await issue(this.certs, [part], A_MINUTE_AGO);
    return this.read(part);
  }

  async revoked(part: Part): Promise<NetworkCredentials> {
    const held = await this.of(part);
    await revoke(this.certs, part);
    return held;
  }

  /** A caller that has a certificate of another network, and trusts any server. */
  async foreign(part: Part): Promise<Dialling> {
    const certs = join(this.cluster.folder, 'other-network');
    await ensure(certs, [part]);
    return believing(NetworkCredentials.parse(readFileSync(fileOf(certs, part), 'utf8')));
  }

  async destroy(): Promise<void> {
    this.routers.close();
    await this.cluster.destroy();
  }
}

/** As an attacker dials: with that certificate, and without looking at who answers. */
export function believing({ serving: { ca, cert, key } }: NetworkCredentials): Dialling {
  const context = createSecureContext({ ca, cert, key } as SecureContextOptions);
  const channel = credentials.createFromSecureContext(context, {
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  });
  return { channel: () => channel };
}
