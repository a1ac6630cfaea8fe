/**
 * A router and servers, each a process of its own; every connection between them goes through a proxy
 * (`proxied-links.ts`) that can be cut.
 *
 *   people ──┐                     ┌── s1 (its router and its address are proxied)
 *            ├─ router's links ────┼── s2
 *   s1…sN ───┘                     └── s3
 *
 * A server listens at a port of its own choice and announces the address of its proxy (`--advertise`). So it
 * can come back at another port, and only the proxy has to know.
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
import type { ClusterEvent, Victim } from '@dualping/terminal';
import {
  BehaviorSubject,
  defer,
  filter,
  firstValueFrom,
  map,
  type Observable,
  Subject,
  startWith,
} from 'rxjs';
import { LOCAL_OPERATOR, networkIn, rememberAt } from '../credentials.js';
import { NO_USER_LIMIT_FLAGS } from '../settings/limits.js';
import { Actor, endAll } from './actor.js';
import { type Party, ProxiedLinks } from './proxied-links.js';

const CLUSTER = 1;
/** Longest that a process may take to end in order, ms: a handover takes tens. */
const END_LIMIT_MS = 3_000;

export interface DemoClusterOptions {
  readonly host: string;
  /** The router's port for people; 0: a free one. */
  readonly port: number;
  readonly servers: number;
  readonly folder: string;
  readonly timing: Timing;
  /** Receives the lines that the processes write. */
  readonly onLine: (name: string, line: string) => void;
}

const partyOf = (id: number): Party => `s${id}`;
const victimOf = (party: Party): Victim =>
  party === 'router'
    ? { kind: 'router' }
    : { kind: 'server', cluster: CLUSTER, serverId: Number(party.slice(1)) };

export class DemoCluster {
  readonly #options: DemoClusterOptions;
  readonly #actors = new Map<Party, Actor>();
  readonly #links: ProxiedLinks;
  readonly #cut = new Set<Party>();
  readonly #assignment = new BehaviorSubject<Assignment | undefined>(undefined);
  readonly #updates = new Subject<WatchUpdate>();
  readonly #events = new Subject<ClusterEvent>();
  #routers: RouterClient | undefined;
  #routerAddress = '';

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

  /** The router's address for people. */
  get routerAddress(): Address {
    return this.#routerAddress;
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
    const { port, servers } = this.#options;
    const ids = Array.from({ length: servers }, (_, index) => serverId(index + 1));
    const parts = ids.map((id): Part => ({ role: 'server', cluster: CLUSTER, serverId: id }));
    await ensure(this.#certs, [{ role: 'router' }, LOCAL_OPERATOR, ...parts]);
    // The requested address comes first: its port may be taken.
    this.#routerAddress = await this.#links.lay('router', 'people', port);
    rememberAt(this.#routerAddress, this.#certs);
    const observed = await this.#links.lay('router', 'observer');
    await this.#act('router', () => this.#routerArgs());
    this.#watch(observed);
    const starts: Promise<void>[] = [];
    for (const id of ids) {
      const party = partyOf(id);
      const router = await this.#links.lay('router', party);
      const address = await this.#links.lay(party);
      const started = this.#act(party, () => this.#serverArgs(id, router, address));
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
    const servers = [...this.#actors.values()].filter(({ name }) => name !== 'router');
    const primary = this.primary;
    // Standbys first, so that no server takes over just before it ends itself.
    await endAll(
      servers.filter(({ name }) => primary === undefined || name !== partyOf(primary)),
      END_LIMIT_MS,
    );
    await endAll(servers, END_LIMIT_MS);
    this.#routers?.close();
    const router = this.#actors.get('router');
    if (router !== undefined) await endAll([router], END_LIMIT_MS);
    await this.#links.close();
  }

  /** Ends everything at once. */
  end(): void {
    for (const actor of this.#actors.values()) actor.end();
  }

  // The faults.

  kill(victim: Victim): void {
    const party = this.#party(victim);
    this.#actor(party).kill();
    this.#say('fault', `${party} killed`, victim);
  }

  freeze(victim: Victim): void {
    const party = this.#party(victim);
    this.#actor(party).freeze();
    this.#say('fault', `${party} frozen`, victim);
  }

  thaw(victim: Victim): void {
    const party = this.#party(victim);
    this.#actor(party).thaw();
    this.#say('healed', `${party} thawed`, victim);
    this.#look();
  }

  async cut(victim: Victim): Promise<void> {
    const party = this.#party(victim);
    this.#cut.add(party);
    this.#say('fault', `${party} cut off from all others`, victim);
    await this.#links.cut(party, this.#others(party));
  }

  async heal(victim: Victim): Promise<void> {
    const party = this.#party(victim);
    this.#cut.delete(party);
    await this.#links.heal(party, this.#others(party));
    this.#say('healed', `${party} has its network back`, victim);
    this.#look();
  }

  /** Undoes faults made by hand: thaws and reconnects every process. */
  async mend(): Promise<void> {
    for (const [party, actor] of this.#actors) if (actor.frozen) this.thaw(victimOf(party));
    for (const party of [...this.#cut]) await this.heal(victimOf(party));
  }

  restart(victim: Victim): void {
    const party = this.#party(victim);
    this.#say('fault', `${party} restarted`, victim);
    this.#actor(party).restart();
  }

  /** Resolves when another server is primary. */
  async handover(): Promise<void> {
    await this.#routers?.handover(CLUSTER);
  }

  get #certs(): string {
    return join(this.#options.folder, CERTS_FOLDER);
  }

  #watch(router: Address): void {
    const credentials = readCredentials(this.#certs, LOCAL_OPERATOR);
    const routers = new RouterClient({ routers: [router], credentials });
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
    const servers = parties.filter((party) => !well(party) || !live.has(party));
    return well('router') ? servers : ['router', ...servers];
  }

  #party(victim: Victim): Party {
    const party = victim.kind === 'router' ? 'router' : partyOf(victim.serverId);
    if (!this.#actors.has(party) || (victim.kind === 'server' && victim.cluster !== CLUSTER))
      throw new DualpingError('invalid-argument', `there is no ${party} here`);
    return party;
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

  #routerArgs(): readonly string[] {
    const { host, folder, timing } = this.#options;
    return [
      ...['router', '--host', host, '--port', '0', '--data', join(folder, 'router'), '--clusters', '1'],
      ...['--ping-ms', String(timing.pingIntervalMs), '--dead-after-ms', String(timing.deadAfterMs)],
      ...['--reattach-grace-ms', String(timing.reattachGraceMs), '--certs', this.#certs],
    ];
  }

  #serverArgs(id: number, router: Address, address: Address): readonly string[] {
    const { host, folder } = this.#options;
    return [
      ...['server', '--host', host, '--port', '0', '--advertise', address, '--routers', router],
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
