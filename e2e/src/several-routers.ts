/** A network with several routers on one etcd, each a process of its own at a place that stays the same. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { RouterClient } from '@dualping/client';
import type { Assignment } from '@dualping/core';
import { DualpingProcess } from './dualping-process.js';
import { eventually } from './eventually.js';
import type { Housing } from './test-cluster.js';

const LOOPBACK = '127.0.0.1';
/** What a router says when it begins and when it ceases to lead. */
const LEADS = / router leads: /;
const TURNS = / router (leads|steps-down|follows): /;
/** Which of the leader's deaths is one of the primary, too. */
const PRIMARY_TOO_EVERY = 3;

export interface SeveralRoutersOptions {
  readonly routers: number;
  readonly servers: number;
  /** Of all processes. Default: `--insecure`. */
  readonly flags?: readonly string[];
  readonly routerFlags?: readonly string[];
  /** Called at each start of `router1`, `s1` …. Default: all on loopback. */
  readonly housing?: (name: string) => Housing;
}

/** As `housing` knows a router. */
export const routerName = (at: number): string => `router${at + 1}`;

export class SeveralRouters {
  readonly #folder = mkdtempSync(join(tmpdir(), 'dualping-e2e-'));
  readonly #routers: DualpingProcess[] = [];
  readonly #servers = new Map<number, DualpingProcess>();
  readonly #ports = new Map<string, string>();
  #addresses: readonly string[] = [];
  #routerFlags: readonly string[] = [];
  #housing: (name: string) => Housing = () => ({});

  private constructor(
    readonly store: string,
    readonly serverCount: number,
    /** Of all processes. */
    readonly flags: readonly string[],
  ) {}

  static async start(
    store: string,
    { routers, servers, flags = ['--insecure'], routerFlags = [], housing }: SeveralRoutersOptions,
  ): Promise<SeveralRouters> {
    const network = new SeveralRouters(store, servers, flags);
    network.#routerFlags = routerFlags;
    if (housing !== undefined) network.#housing = housing;
    for (let at = 0; at < routers; at += 1) {
      network.#routers.push(network.#startRouter(at, '0'));
      const address = await network.#router(at).ready();
      network.#addresses = [...network.#addresses, address];
    }
    for (let id = 1; id <= servers; id += 1) await network.startServer(id);
    return network;
  }

  /** Of all routers, whether they run or not. */
  get addresses(): readonly string[] {
    return this.#addresses;
  }

  /** Of those that say that they lead, and run: by index. */
  leaders(): readonly number[] {
    return [...this.#routers.keys()].filter((at) => {
      const last = this.#router(at).lines.findLast((line) => TURNS.test(line));
      return !this.#router(at).ended && last !== undefined && LEADS.test(last);
    });
  }

  leader(): number {
    const [leader, ...others] = this.leaders();
    if (leader === undefined || others.length > 0)
      throw new Error(`not one router leads, but ${this.leaders().length}\n${this.tails()}`);
    return leader;
  }

  async whenLedByAnother(former: number): Promise<void> {
    await eventually(
      'another router leads',
      () => this.leaders().some((at) => at !== former),
      undefined,
      () => this.tails(),
    );
  }

  /** When a router other than this one says that it leads, by performance.now(). */
  async whenNextLeads(former: number): Promise<number> {
    return await new Promise((resolve) => {
      for (const [at, router] of this.#routers.entries())
        if (at !== former)
          router.onLine((line) => {
            if (LEADS.test(line)) resolve(performance.now());
          });
    });
  }

  async whenFollows(at: number): Promise<void> {
    await eventually(
      'it has seen that another router leads',
      () => !this.leaders().includes(at),
      undefined,
      () => this.tails(),
    );
  }

  async whenWhole(client: RouterClient): Promise<Assignment> {
    return await eventually(
      'all servers are live and in-sync',
      async () => {
        const assignment = await client.available({ cluster: 1 }).catch(() => undefined);
        const whole = assignment?.members.filter(({ live, inSync }) => live && inSync).length;
        return assignment?.available === true && whole === this.serverCount ? assignment : undefined;
      },
      60_000,
      () => this.tails(),
    );
  }

  signal(at: number, signal: NodeJS.Signals): void {
    this.#router(at).signal(signal);
  }

  /** Everything that it has said. */
  linesOf(at: number): readonly string[] {
    return this.#router(at).lines;
  }

  async kill(at: number): Promise<void> {
    await this.#router(at).kill();
  }

  /**
   * Kills the leader again and again, every third time with the primary. They are started again when another
   * router leads and `goesOn` has resolved.
   *
   * @param forMs for so long, and at least once
   * @param everyMs at least from one to the next
   * @returns how many times
   */
  async killLeaders(
    client: RouterClient,
    { forMs, everyMs = 0 }: { readonly forMs: number; readonly everyMs?: number },
    goesOn: () => Promise<void>,
  ): Promise<number> {
    const until = performance.now() + forMs;
    let times = 0;
    do {
      const killedAt = performance.now();
      const { primary } = await this.whenWhole(client);
      const leader = this.leader();
      times += 1;
      const server = times % PRIMARY_TOO_EVERY === 0 ? primary?.serverId : undefined;
      await Promise.all([this.kill(leader), ...(server === undefined ? [] : [this.killServer(server)])]);
      await this.whenLedByAnother(leader);
      await goesOn();
      await this.restart(leader);
      if (server !== undefined) await this.startServer(server);
      await delay(Math.max(0, everyMs - (performance.now() - killedAt)));
    } while (performance.now() < until);
    return times;
  }

  hasEnded(at: number): boolean {
    return this.#router(at).ended;
  }

  /** The next line like that of this router. */
  async whenSays(at: number, pattern: RegExp, from = 0): Promise<string> {
    return await this.#router(at).line(pattern, from);
  }

  async stop(at: number): Promise<void> {
    await this.#router(at).stop();
  }

  /** At the place where it was. */
  async restart(at: number): Promise<void> {
    const port = this.#addresses[at]?.split(':').at(-1) ?? '';
    this.#routers[at] = this.#startRouter(at, port);
    await this.#router(at).ready();
  }

  async killServer(id: number): Promise<void> {
    await this.#servers.get(id)?.kill();
  }

  async startServer(id: number): Promise<void> {
    const name = `s${id}`;
    const place = ['--id', String(id), '--data', join(this.#folder, name)];
    const port = ['--port', this.#ports.get(name) ?? '0'];
    const routers = ['--routers', this.#addresses.join(',')];
    const server = this.#run(name, ['server', ...place, ...port, ...routers, ...this.flags]);
    this.#servers.set(id, server);
    this.#ports.set(name, (await server.ready()).split(':').at(-1) ?? '0');
  }

  /** What all processes said last, for the message of a failing test. */
  tails(): string {
    const routers = this.#routers.map((router, at) => `--- router ${at}\n${router.tail(25)}`);
    const servers = [...this.#servers].map(([id, server]) => `--- s${id}\n${server.tail(25)}`);
    return [...routers, ...servers].join('\n');
  }

  async destroy(): Promise<void> {
    await Promise.all([...this.#routers, ...this.#servers.values()].map((process) => process.kill()));
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #startRouter(at: number, port: string): DualpingProcess {
    const store = ['--store', this.store, ...this.flags, ...this.#routerFlags];
    return this.#run(routerName(at), ['router', '--port', port, ...store]);
  }

  #run(name: string, args: readonly string[]): DualpingProcess {
    const { host = LOOPBACK, environment, prefix } = this.#housing(name);
    return new DualpingProcess([...args, '--host', host], environment, prefix);
  }

  #router(at: number): DualpingProcess {
    const found = this.#routers[at];
    if (found === undefined) throw new Error(`no router ${at}`);
    return found;
  }
}
