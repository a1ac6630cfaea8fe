/** A router and servers as separate processes, in a folder of their own, at ports that stay the same. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NetworkCredentials, RouterClient } from '@dualping/client';
import { type Assignment, serverId } from '@dualping/core';
import type { Part } from '@dualping/protocol';
import { CERTS_FOLDER, ensure, NETWORK_FILE, readCredentials, readNetworkFile } from '@dualping/security';
import { DualpingProcess } from './dualping-process.js';
import { eventually } from './eventually.js';

/** Where a process runs, and under which conditions. */
export interface Housing {
  readonly host?: string;
  readonly environment?: NodeJS.ProcessEnv;
  readonly prefix?: readonly string[];
}

export interface TestClusterOptions {
  /** Servers in each cluster. */
  readonly servers: number;
  /** One when absent. */
  readonly clusters?: number;
  /** Without TLS: for tests that speak to the ports in bytes of their own. Default: as users run it. */
  readonly insecure?: boolean;
  /** More flags for the router: timings. */
  readonly routerFlags?: readonly string[];
  /** Flags for servers, given the router's address. Default: `--routers` with that address. */
  readonly serverFlags?: (routerAddress: string) => readonly string[];
  /** Called at each start of `router`, `s1`, `s2` …. Default: all on loopback, without limits. */
  readonly housing?: (name: string) => Housing;
}

const LOOPBACK = '127.0.0.1';
const ROUTER: Part = { role: 'router' };
/** What operators of a network have that was made by `up`, or by its router. */
export const operatorIn = (certs: string): NetworkCredentials => readCredentials(certs, OPERATOR);
const OPERATOR: Part = { role: 'operator', name: 'up' };

/** `s1`, and `c2s1` in the second cluster. */
const nameOf = (id: number, cluster: number): string => (cluster === 1 ? `s${id}` : `c${cluster}s${id}`);

export class TestCluster {
  readonly folder = mkdtempSync(join(tmpdir(), 'dualping-e2e-'));
  readonly #ports = new Map<string, string>();
  readonly #processes = new Map<string, DualpingProcess>();
  readonly #past: DualpingProcess[] = [];

  private constructor(readonly options: TestClusterOptions) {}

  static async start(options: TestClusterOptions): Promise<TestCluster> {
    const cluster = new TestCluster(options);
    await cluster.#makeCertificates();
    await cluster.startRouter();
    for (const number of cluster.clusterNumbers)
      for (const id of cluster.serverIds) await cluster.startServer(id, number);
    return cluster;
  }

  /** Where its parts look for their certificates. */
  get certs(): string {
    return join(this.folder, CERTS_FOLDER);
  }
  /** What an operator has; undefined without TLS. */
  get operator(): NetworkCredentials | undefined {
    return this.options.insecure ? undefined : operatorIn(this.certs);
  }
  /** What a user's client has; undefined without TLS. */
  get user(): NetworkCredentials | undefined {
    return this.options.insecure ? undefined : readNetworkFile(join(this.certs, NETWORK_FILE));
  }
  /** For commands in an environment of their own. */
  get environment(): NodeJS.ProcessEnv {
    return this.options.insecure ? {} : { DUALPING_CERTS: this.certs };
  }

  get router(): DualpingProcess {
    return this.#process('router');
  }
  get routerAddress(): string {
    return `${this.#housing('router').host ?? LOOPBACK}:${this.#ports.get('router')}`;
  }
  get serverIds(): readonly number[] {
    return Array.from({ length: this.options.servers }, (_, i) => i + 1);
  }

  get clusterNumbers(): readonly number[] {
    return Array.from({ length: this.options.clusters ?? 1 }, (_, i) => i + 1);
  }

  /** The port of a process: `router`, `s1` … */
  portOf(name: string): number {
    return Number(this.#ports.get(name));
  }

  server(id: number, cluster = 1): DualpingProcess {
    return this.#process(nameOf(id, cluster));
  }

  folderOf(id: number, cluster = 1): string {
    return join(this.folder, nameOf(id, cluster));
  }

  /** @param folder of a wrong router that is to run in its place */
  async startRouter(folder = join(this.folder, 'router')): Promise<void> {
    await this.#start('router', [
      'router',
      '--data',
      folder,
      ...(this.options.clusters === undefined ? [] : ['--clusters', `${this.options.clusters}`]),
      ...(this.options.routerFlags ?? []),
    ]);
  }

  async startServer(id: number, cluster = 1): Promise<void> {
    const place = ['--id', `${id}`, '--cluster', `${cluster}`, '--data', this.folderOf(id, cluster)];
    const flags = this.options.serverFlags?.(this.routerAddress) ?? ['--routers', this.routerAddress];
    await this.#start(nameOf(id, cluster), ['server', ...place, ...flags]);
  }

  /** Waits until all servers of a cluster are live and in sync under one primary. @returns its assignment */
  async whenWhole(routers: RouterClient, cluster = 1): Promise<Assignment> {
    return await eventually(
      'all servers are live and in-sync',
      async () => {
        const assignment = await this.assignment(routers, cluster);
        const whole = assignment?.members.filter((member) => member.live && member.inSync).length;
        return assignment?.available === true && whole === this.options.servers ? assignment : undefined;
      },
      60_000,
      () => this.tails(),
    );
  }

  /** Undefined while no server is available. Unlike a status it doesn't wait for stats. */
  async assignment(routers: RouterClient, cluster = 1): Promise<Assignment | undefined> {
    return await routers.available({ cluster }).catch(() => undefined);
  }

  /** Ends everything: servers in order, then the router. Leaves the folder. */
  async stop(): Promise<void> {
    const servers = [...this.#processes].filter(([name]) => name !== 'router').map(([, process]) => process);
    await Promise.all(servers.map((server) => server.stop()));
    await this.#processes.get('router')?.stop();
  }

  async destroy(): Promise<void> {
    await Promise.all([...this.#processes.values()].map((p) => p.kill()));
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** The last lines of all processes, for the message of a failing test. */
  tails(): string {
    return [...this.#processes].map(([name, p]) => `--- ${name}\n${p.tail(25)}`).join('\n');
  }

  /** All lines of all processes, also of those that have ended. */
  allLines(): string[] {
    return [...this.#past, ...this.#processes.values()].flatMap((p) => p.lines);
  }

  /** Each part would make its own; here that costs less time. */
  async #makeCertificates(): Promise<void> {
    if (this.options.insecure) return;
    const servers = this.clusterNumbers.flatMap((cluster) =>
      this.serverIds.map((id): Part => ({ role: 'server', cluster, serverId: serverId(id) })),
    );
    await ensure(this.certs, [ROUTER, OPERATOR, ...servers]);
  }

  async #start(name: string, args: readonly string[]): Promise<void> {
    const old = this.#processes.get(name);
    if (old !== undefined) this.#past.push(old);
    const { host = LOOPBACK, environment, prefix } = this.#housing(name);
    const place = ['--host', host, '--port', this.#ports.get(name) ?? '0'];
    const transport = this.options.insecure
      ? [`--insecure=${host === LOOPBACK ? 'loopback' : 'beyond-loopback'}`]
      : [];
    // Where others can reach a server, new names would need an invitation.
    const isOpen = args[0] === 'server' && !args.includes('--registration');
    const registration = isOpen ? ['--registration', 'open'] : [];
    const flags = [...place, ...transport, ...registration];
    const started = new DualpingProcess([...args, ...flags], environment, prefix);
    this.#processes.set(name, started);
    const address = await started.ready();
    this.#ports.set(name, address.slice(address.lastIndexOf(':') + 1));
  }

  #housing(name: string): Housing {
    return this.options.housing?.(name) ?? {};
  }

  #process(name: string): DualpingProcess {
    const found = this.#processes.get(name);
    if (found === undefined) throw new Error(`no process "${name}"`);
    return found;
  }
}
