/**
 * Routers and servers, each a process of its own; every connection between them goes through a proxy
 * (`proxied-links.ts`) that can be cut.
 *
 *   people ──┐                      ┌── s1
 *            ├─ the router's proxy  ├── s2 (each behind a proxy, too)
 *   s1…sN ───┘                      └── s3
 *
 * A process listens at a port of its own choice and announces the address of its proxy (`--advertise`). So it
 * can come back at another port, and only the proxy has to know. Several routers share an etcd of three nodes
 * on this machine, which no fault of the demo touches.
 */
import { join } from 'node:path';
import { type NetworkCredentials, RouterClient, type WatchUpdate } from '@dualping/client';
import {
  type Address,
  type Assignment,
  DualpingError,
  type ServerId,
  serverId,
  serverName,
  type Timing,
} from '@dualping/core';
import type { Part } from '@dualping/protocol';
import { CERTS_FOLDER, ensure, readCredentials } from '@dualping/security';
import { type ClusterEvent, type RoutersSeen, sameVictim, type Victim } from '@dualping/terminal';
import {
  asyncScheduler,
  BehaviorSubject,
  defer,
  EMPTY,
  filter,
  firstValueFrom,
  map,
  type Observable,
  Subject,
  startWith,
} from 'rxjs';
import { LocalEtcd } from '../cluster/local-etcd.js';
import { LOCAL_OPERATOR, networkIn, rememberAt } from '../credentials.js';
import { NO_USER_LIMIT_FLAGS } from '../settings/limits.js';
import { routersSeen } from '../top/leadership-feed.js';
import { Actor, endAll } from './actor.js';
import { type Party, ProxiedLinks } from './proxied-links.js';

const CLUSTER = 1;
/** Longest that a process may take to end in order, ms: a handover takes tens. */
const END_LIMIT_MS = 3_000;

export interface DemoClusterOptions {
  readonly host: string;
  /** The first router's port for people; 0: a free one. */
  readonly port: number;
  readonly routers: number;
  readonly servers: number;
  readonly folder: string;
  readonly timing: Timing;
  /** Receives the lines that the processes write. */
  readonly onLine: (name: string, line: string) => void;
}

const partyOf = (id: number): Party => `s${id}`;
const isServer = (party: Party): boolean => /^s\d/.test(party);
const victimOf = (party: Party): Victim =>
  isServer(party)
    ? { kind: 'server', cluster: CLUSTER, serverId: Number(party.slice(1)) }
    : { kind: 'router' };

export class DemoCluster {
  readonly #options: DemoClusterOptions;
  readonly #actors = new Map<Party, Actor>();
  readonly #links: ProxiedLinks;
  readonly #cut = new Set<Party>();
  readonly #assignment = new BehaviorSubject<Assignment | undefined>(undefined);
  readonly #updates = new Subject<WatchUpdate>();
  readonly #events = new Subject<ClusterEvent>();
  /** Where others dial each router. */
  readonly #routerAddresses = new Map<Party, Address>();
  #etcd: LocalEtcd | undefined;
  #routers: RouterClient | undefined;

  readonly updates$: Observable<WatchUpdate>;
  readonly events$: Observable<ClusterEvent>;

  constructor(options: DemoClusterOptions) {
    this.#options = options;
    // The view subscribes when everything runs already, so it first gets the present state.
    this.updates$ = defer(() => {
      const { assignment } = this;
      return assignment === undefined
        ? this.#updates
        : this.#updates.pipe(startWith({ assignments: [assignment], stats: [] }));
    });
    this.events$ = this.#events.asObservable();
    this.#links = new ProxiedLinks(options.host, () => this.#parties());
  }

  /** The routers' addresses for people. */
  get routerAddresses(): readonly Address[] {
    return [...this.#routerAddresses.values()];
  }

  /** Emits only where there are several routers. */
  get routers$(): Observable<RoutersSeen> {
    const client = this.#routers;
    if (client === undefined || this.#options.routers === 1) return EMPTY;
    return routersSeen(client, () => this.#routerPids, { scheduler: asyncScheduler });
  }

  get assignment(): Assignment | undefined {
    return this.#assignment.value;
  }

  get primary(): ServerId | undefined {
    return this.assignment?.available === true ? this.assignment.primary?.serverId : undefined;
  }

  /** What its people know of the network, once it has started. */
  get credentials(): NetworkCredentials {
    return networkIn(this.#certs);
  }

  /** By the addresses of the routers that run. */
  get #routerPids(): ReadonlyMap<Address, number> {
    return new Map(
      [...this.#routerAddresses].flatMap(([party, address]) => {
        const pid = this.#actors.get(party)?.pid;
        return pid === undefined ? [] : [[address, pid]];
      }),
    );
  }

  /** Process ids by name, of the processes that run. */
  get pids(): ReadonlyMap<string, number> {
    return new Map([...this.#actors].flatMap(([name, { pid }]) => (pid === undefined ? [] : [[name, pid]])));
  }

  /** Whether every server is live, in sync and untouched. */
  get whole(): boolean {
    return this.#missing(this.assignment).length === 0;
  }

  /** The processes that are not live, in sync and untouched; for people. */
  get missing(): readonly string[] {
    return this.#missing(this.assignment);
  }

  /** Starts everything; resolves when the cluster is complete. */
  async start(): Promise<void> {
    const { port, servers, routers } = this.#options;
    const ids = Array.from({ length: servers }, (_, index) => serverId(index + 1));
    const parts = ids.map((id): Part => ({ role: 'server', cluster: CLUSTER, serverId: id }));
    await ensure(this.#certs, [{ role: 'router' }, LOCAL_OPERATOR, ...parts]);
    const names = Array.from(
      { length: routers },
      (_, at): Party => (routers === 1 ? 'router' : `r${at + 1}`),
    );
    // The requested address comes first: its port may be taken.
    for (const [at, name] of names.entries())
      this.#routerAddresses.set(name, await this.#links.lay(name, undefined, at === 0 ? port : 0));
    for (const address of this.routerAddresses) rememberAt(address, this.#certs);
    const observed = await Promise.all(names.map((name) => this.#links.lay(name, 'observer')));
    if (routers > 1) this.#etcd = await this.#startEtcd();
    await Promise.all(names.map((name) => this.#act(name, () => this.#routerArgs(name))));
    this.#watch(observed);
    const starts: Promise<void>[] = [];
    for (const id of ids) {
      const party = partyOf(id);
      const address = await this.#links.lay(party);
      const started = this.#act(party, () => this.#serverArgs(id, address));
      // s1 first, so that it is the first primary, as people expect.
      if (id === 1) await started;
      else starts.push(started);
    }
    await Promise.all(starts);
  }

  async whenWhole(): Promise<Assignment> {
    const assignment$ = this.#assignment.pipe(
      map((assignment) => (this.#missing(assignment).length === 0 ? assignment : undefined)),
      filter((assignment) => assignment !== undefined),
    );
    return await firstValueFrom(assignment$);
  }

  async stop(): Promise<void> {
    await this.mend();
    const servers = [...this.#actors].flatMap(([party, actor]) => (isServer(party) ? [actor] : []));
    const primary = this.primary;
    // Standbys first, so that no server takes over just before it ends itself.
    await endAll(
      servers.filter(({ name }) => primary === undefined || name !== partyOf(primary)),
      END_LIMIT_MS,
    );
    await endAll(servers, END_LIMIT_MS);
    this.#routers?.close();
    const routers = [...this.#routerAddresses.keys()].flatMap((party) => this.#actors.get(party) ?? []);
    await endAll(routers, END_LIMIT_MS);
    await this.#etcd?.stop(END_LIMIT_MS);
    await this.#links.close();
  }

  /** Ends everything at once. */
  end(): void {
    for (const actor of this.#actors.values()) actor.end();
    this.#etcd?.kill();
  }

  // The faults. Of several routers, the victim is the one that leads.

  async kill(victim: Victim): Promise<void> {
    this.#kill(await this.#party(victim));
  }

  /** Kills the router and the victim in the same moment. @returns that moment, by `performance.now()` */
  async killWithRouter(victim: Victim): Promise<number> {
    const parties = [await this.#party({ kind: 'router' }), await this.#party(victim)];
    const at = performance.now();
    for (const party of parties) this.#kill(party);
    return at;
  }

  async freeze(victim: Victim): Promise<void> {
    const party = await this.#party(victim);
    this.#actor(party).freeze();
    this.#say('fault', `${party} frozen`, victim);
  }

  async thaw(victim: Victim): Promise<void> {
    for (const [party, actor] of this.#actors)
      if (actor.frozen && sameVictim(victimOf(party), victim)) this.#thaw(party);
  }

  async cut(victim: Victim): Promise<void> {
    const party = await this.#party(victim);
    this.#cut.add(party);
    this.#say('fault', `${party} cut off from all others`, victim);
    await this.#links.cut(party, this.#others(party));
  }

  async heal(victim: Victim): Promise<void> {
    for (const party of [...this.#cut]) if (sameVictim(victimOf(party), victim)) await this.#heal(party);
  }

  /** Undoes faults made by hand: thaws and reconnects every process. */
  async mend(): Promise<void> {
    for (const [party, actor] of this.#actors) if (actor.frozen) this.#thaw(party);
    for (const party of [...this.#cut]) await this.#heal(party);
  }

  async restart(victim: Victim): Promise<void> {
    const party = await this.#party(victim);
    this.#say('fault', `${party} restarted`, victim);
    this.#actor(party).restart();
  }

  /** Resolves when another server is primary. */
  async handover(): Promise<void> {
    await this.#routers?.handover(CLUSTER);
  }

  #kill(party: Party): void {
    this.#actor(party).kill();
    this.#say('fault', `${party} killed`, victimOf(party));
  }

  #thaw(party: Party): void {
    this.#actor(party).thaw();
    this.#say('healed', `${party} thawed`, victimOf(party));
    this.#look();
  }

  async #heal(party: Party): Promise<void> {
    this.#cut.delete(party);
    await this.#links.heal(party, this.#others(party));
    this.#say('healed', `${party} has its network back`, victimOf(party));
    this.#look();
  }

  async #startEtcd(): Promise<LocalEtcd> {
    return await LocalEtcd.start({
      dataFolder: this.#options.folder,
      onLine: this.#options.onLine,
      report: (_event, text) => this.#say('said', text),
      onStarted: () => {},
    });
  }

  get #certs(): string {
    return join(this.#options.folder, CERTS_FOLDER);
  }

  #watch(observed: readonly Address[]): void {
    const credentials = readCredentials(this.#certs, LOCAL_OPERATOR);
    const routers = new RouterClient({ routers: observed, credentials });
    this.#routers = routers;
    routers.watch({ stats: true }).subscribe({
      next: (update) => {
        const assignment = update.assignments.find(({ cluster }) => cluster === CLUSTER);
        if (assignment !== undefined) this.#learn(assignment);
        this.#updates.next(update);
      },
      error: (error: Error) => this.#say('said', `the watch ended: ${error.message}`),
    });
  }

  #learn(assignment: Assignment): void {
    const before = this.#assignment.value;
    this.#assignment.next(assignment);
    const { primary, epoch } = assignment;
    if (primary !== undefined && epoch > (before?.epoch ?? 0))
      this.#say(
        'promoted',
        `${serverName(primary.serverId)} is primary of epoch ${epoch}`,
        victimOf(partyOf(primary.serverId)),
      );
  }

  /** Publishes a change of a process that the router does not know about. */
  #look(): void {
    this.#assignment.next(this.#assignment.value);
  }

  #missing(assignment: Assignment | undefined): readonly string[] {
    const well = (party: Party): boolean => {
      const actor = this.#actors.get(party);
      return actor?.up === true && !actor.frozen && !this.#cut.has(party);
    };
    const parties = Array.from({ length: this.#options.servers }, (_, index) => partyOf(index + 1));
    const live = new Set(
      assignment?.available === true
        ? assignment.members.flatMap((member) =>
            member.live && member.inSync ? [partyOf(member.serverId)] : [],
          )
        : [],
    );
    const routers = [...this.#routerAddresses.keys()].filter((party) => !well(party));
    return [...routers, ...parties.filter((party) => !well(party) || !live.has(party))];
  }

  /** Of several routers, the one that leads. @throws DualpingError when there is no such process */
  async #party(victim: Victim): Promise<Party> {
    const party = victim.kind === 'router' ? await this.#leadingRouter() : partyOf(victim.serverId);
    if (!this.#actors.has(party) || (victim.kind === 'server' && victim.cluster !== CLUSTER))
      throw new DualpingError('invalid-argument', `there is no ${party} here`);
    return party;
  }

  async #leadingRouter(): Promise<Party> {
    if (this.#options.routers === 1) return 'router';
    const address = (await this.#routers?.routers())?.leader.address;
    const leader = [...this.#routerAddresses].find(([, at]) => at === address);
    if (leader === undefined) throw new DualpingError('router-unreachable', 'no router leads now');
    return leader[0];
  }

  /** All parties except this one and the observer. */
  #others(party: Party): readonly Party[] {
    return ['people' as const, ...this.#actors.keys()].filter((other) => other !== party);
  }

  #parties(): ReadonlyMap<number, Party> {
    return new Map(
      [...this.#actors].flatMap(([party, { pid }]) => (pid === undefined ? [] : [[pid, party]])),
    );
  }

  #actor(party: Party): Actor {
    const actor = this.#actors.get(party);
    if (actor === undefined) throw new DualpingError('invalid-argument', `there is no ${party} here`);
    return actor;
  }

  async #act(party: Party, args: () => readonly string[]): Promise<void> {
    const actor = new Actor({
      name: party,
      args,
      onReady: (address) => this.#links.moved(party, address),
      onEvent: (kind, text) => {
        if (kind === 'down') this.#links.moved(party, undefined);
        this.#say(kind, text, victimOf(party));
        this.#look();
      },
      onLine: this.#options.onLine,
    });
    this.#actors.set(party, actor);
    await actor.start();
  }

  #routerArgs(party: Party): readonly string[] {
    const { host, folder, timing } = this.#options;
    const store =
      this.#etcd === undefined
        ? ['--data', join(folder, 'router')]
        : ['--store', this.#etcd.store, '--advertise', this.#routerAddresses.get(party) ?? ''];
    return [
      ...['router', '--host', host, '--port', '0', ...store, '--clusters', '1'],
      ...['--ping-ms', String(timing.pingIntervalMs), '--dead-after-ms', String(timing.deadAfterMs)],
      ...['--reattach-grace-ms', String(timing.reattachGraceMs), '--certs', this.#certs],
    ];
  }

  #serverArgs(id: number, address: Address): readonly string[] {
    const { host, folder } = this.#options;
    return [
      ...['server', '--host', host, '--port', '0', '--advertise', address],
      ...['--routers', this.routerAddresses.join()],
      // Its people need no invitation, even if others can reach it.
      ...['--registration', 'open'],
      ...['--id', String(id), '--cluster', String(CLUSTER), '--certs', this.#certs],
      ...['--data', join(folder, serverName(serverId(id)))],
      ...NO_USER_LIMIT_FLAGS,
    ];
  }

  /** @param about the servers, or the router, that the event is about */
  #say(kind: ClusterEvent['kind'], text: string, ...about: readonly Victim[]): void {
    this.#events.next({ atMs: Date.now(), kind, text, ...(about.length > 0 && { about }) });
  }
}
