/**
 * The router: the real registry, with a store, and streams over the network. Does what `registry-driver.ts` of
 * `@dualping/router` does: outputs in order, each `persist` durable before what comes after it.
 */
import type {
  Assignment,
  ClusterId,
  ClusterRecord,
  Failure,
  Instant,
  MemberMessage,
  NetworkId,
  Reason,
  Registry,
  RegistryInput,
  RegistryLink,
  RegistryOutput,
  RegistryToken,
  ServerId,
  Timing,
} from '@dualping/core';
import { call } from './call.js';
import type { Checkers } from './checkers/checker.js';
import type { Core } from './core.js';
import type { AcceptorEnd, Acceptors } from './network.js';
import { Process, type Surroundings } from './process.js';
import { LONG_WORK_MS } from './server-disk.js';
import type { Wires } from './wires.js';

const NETWORK_ID = 'sim';
/** Of a router that begins with an empty folder. */
const NEW_NETWORK_ID = 'another';
/** Messages that wait for a member to read them, as in `member-streams.ts`. */
const MAX_UNREAD_MESSAGES = 1_000;
/** How long a member may take to answer when it is dialled back, as in `dial-back.ts`, ms. */
const PROBE_TIMEOUT_MS = 2_000;
/** Besides detection a failover may take this long, as in the router's `services.ts`, ms. */
const FAILOVER_SPARE_MS = 1_000;

export interface RouterSurroundings extends Surroundings {
  readonly core: Core;
  readonly checkers: Checkers;
  readonly timing: Timing;
  readonly clusters: number;
}

/** What a router's folder holds. */
export interface RouterFolder {
  readonly networkId: NetworkId;
  readonly records: ReadonlyMap<ClusterId, ClusterRecord>;
}

export const EMPTY_FOLDER: RouterFolder = { networkId: NEW_NETWORK_ID, records: new Map() };

interface Asker {
  readonly answer: (output: Extract<RegistryOutput, { kind: 'answer' }>['answer']) => void;
  readonly refuse: (failure: Failure) => void;
}

export class RouterProcess extends Process {
  readonly #around: RouterSurroundings;
  readonly acceptors: Acceptors;
  #store = new Map<ClusterId, ClusterRecord>();
  #networkId = NETWORK_ID;
  /** How many faults keep its syncs from ending, and what goes on then. */
  #hung = 0;
  #persistingMs = 0;
  #stuck: (() => void) | undefined;
  /** Sync of one write, ms: at least and on average. */
  syncMs = { least: 0.05, mean: 0.5 };
  #registry: Registry | undefined;
  #queue: RegistryOutput[] = [];
  #persisting: readonly ClusterRecord[] | undefined;
  #performing = false;
  #links = new Map<RegistryLink, AcceptorEnd<'dual-ping'>>();
  /** Who attached on each link. */
  readonly #members = new Map<RegistryLink, Extract<MemberMessage, { kind: 'attach' }>>();
  /** The link on which each server attached last. */
  readonly #newest = new Map<string, RegistryLink>();
  #askers = new Map<RegistryToken, Asker>();
  #reports = new Map<RegistryToken, (dropped: boolean) => void>();
  #watchers = new Map<AcceptorEnd<'watch'>, ClusterId | undefined>();
  #told = new Map<ClusterId, Assignment>();
  #numbers = 0;
  /** Of what comes next only so many outputs are performed, then the process is killed. */
  dieAfterOutputs: number | undefined;
  /** Told when the process dies in the middle of something. */
  onDied: () => void = () => {};

  constructor(around: RouterSurroundings, name = 'router') {
    super(name, around);
    this.#around = around;
    this.acceptors = {
      'dual-ping': (end) => this.#acceptMember(end),
      watch: (end) => this.#acceptWatcher(end),
      connect: (end) => this.#acceptConnect(end),
      'get-available': (end) =>
        this.#acceptCall(end, ({ cluster, failedEpoch, waitMs }, token) => ({
          kind: 'get-available',
          token,
          cluster,
          failedEpoch,
          waitMs,
        })),
      'register-server': (end) => this.#acceptCall(end, introduction),
      'add-master': (end) => this.#acceptCall(end, introduction),
      crash: (end) => this.#acceptCall(end, (report, token) => this.#crash(report, token)),
    };
  }

  /** What is on its disk of a cluster. */
  recordOf(cluster: ClusterId): ClusterRecord | undefined {
    return this.#store.get(cluster);
  }
  /** What it tells of a cluster now; undefined while it doesn't run. */
  assignmentOf(cluster: ClusterId): Assignment | undefined {
    return this.#registry?.assignments()[cluster - 1];
  }
  get registry(): Registry | undefined {
    return this.#registry;
  }
  get networkId(): NetworkId {
    return this.#networkId;
  }
  /** Also for as long as what was begun on a slow disk goes on. */
  get isHung(): boolean {
    return this.#hung > 0 || (this.#persisting !== undefined && this.#persistingMs > LONG_WORK_MS);
  }

  /** A copy of its folder, as it is now. */
  folder(): RouterFolder {
    return { networkId: this.#networkId, records: new Map(this.#store) };
  }

  /** Another folder takes the place of its own, while it is down. */
  putIn({ networkId, records }: RouterFolder): void {
    this.#networkId = networkId;
    this.#store = new Map(records);
  }

  /** Syncs do not end until then. Gives what ends it. */
  hang(): () => void {
    this.#hung += 1;
    return () => {
      this.#hung -= 1;
      const goOn = this.#stuck;
      if (this.#hung > 0 || goOn === undefined) return;
      this.#stuck = undefined;
      goOn();
    };
  }

  start(): void {
    const { core, timing, clusters } = this.#around;
    this.begin();
    const records = [...this.#store.values()];
    this.#registry = new core.Registry({
      networkId: this.#networkId,
      clusters,
      timing,
      records,
      dialsBack: true,
    });
    this.#told = new Map(this.#registry.assignments().map((told) => [told.cluster, told]));
    for (let cluster = 1; cluster <= clusters; cluster += 1)
      this.#around.checkers.tell('routerStarted', { cluster, record: this.recordOf(cluster) });
    this.feed({ kind: 'tick' });
  }

  /** What was being written is on the disk or isn't. */
  kill(powerLost = false): void {
    if (!this.running) return;
    if (this.#persisting !== undefined && this.random.chance(0.5)) this.#keep(this.#persisting);
    this.end(powerLost);
    this.#registry = undefined;
    this.#queue = [];
    this.#persisting = undefined;
    this.#stuck = undefined;
    this.#performing = false;
    this.#links = new Map();
    this.#askers = new Map();
    this.#reports = new Map();
    this.#watchers = new Map();
    this.dieAfterOutputs = undefined;
  }

  /** An operator asks the primary to hand over. */
  handOver(cluster: ClusterId): void {
    this.receive(() => this.#ask({ kind: 'handover', token: this.#number(), cluster }));
  }

  /** An operator makes a member primary that may lack acknowledged writes. */
  promoteUnclean(cluster: ClusterId, serverId: ServerId, acceptLoss: boolean): void {
    this.receive(() => {
      this.#around.checkers.tell('promotedByOperator', { cluster, serverId });
      this.#ask({ kind: 'promote', token: this.#number(), cluster, serverId, acceptLoss });
    });
  }

  feed(input: RegistryInput): void {
    if (this.#registry === undefined) return;
    const { checkers } = this.#around;
    checkers.tell('routerSteps', this.now);
    if (input.kind === 'link-message') this.#noteHeard(input.link, input.message);
    if (input.kind === 'get-available' && input.waitMs > 0) checkers.tell('primaryAsked', input);
    if (input.kind === 'cancel') checkers.tell('questionOver', input.token);
    for (const output of this.#registry.step(this.now, input)) {
      if (output.kind === 'answer' || output.kind === 'refuse') checkers.tell('questionOver', output.token);
      if (output.kind === 'send' && output.message.kind === 'refused')
        this.#noteRefused(output.link, output.message.reason);
      if (output.kind === 'persist') checkers.tell('decided', output.record);
      else {
        const spoken = assignmentIn(output);
        if (spoken !== undefined) checkers.tell('spoke', spoken);
      }
      if ('overtakes' in output && output.overtakes) this.#perform(output);
      else this.#queue.push(output);
    }
    checkers.tell('routerStepped');
    this.arm();
    this.#drain();
  }

  protected override tick(): void {
    this.feed({ kind: 'tick' });
  }

  protected override nextDeadline(): Instant | undefined {
    return this.#registry?.nextDeadline();
  }

  #drain(): void {
    if (this.#performing) return;
    this.#performing = true;
    while (this.#queue.length > 0) {
      const batch = this.#queue;
      this.#queue = [];
      // Of each cluster only the last counts.
      const newest = new Map<ClusterId, ClusterRecord>();
      for (const output of batch)
        if (output.kind === 'persist') newest.set(output.record.cluster, output.record);
      const records = [...newest.values()];
      if (records.length > 0) return this.#persist(records, batch);
      if (!this.#performAll(batch)) return;
    }
    this.#performing = false;
  }

  #persist(records: readonly ClusterRecord[], batch: readonly RegistryOutput[]): void {
    this.#persisting = records;
    const { life } = this;
    const ms = this.syncMs.least + this.random.exponential(this.syncMs.mean);
    this.#persistingMs = ms;
    const synced = (): void => {
      if (this.life !== life) return;
      if (this.#hung > 0) {
        this.#stuck = synced;
        return;
      }
      this.#keep(records);
      this.#persisting = undefined;
      this.receive(() => {
        if (!this.#performAll(batch)) return;
        this.feed({ kind: 'told', records });
        this.#performing = false;
        this.#drain();
      });
    };
    this.world.after(ms, 'router store', synced);
  }

  #keep(records: readonly ClusterRecord[]): void {
    for (const record of records) {
      this.#store.set(record.cluster, record);
      this.#around.checkers.tell('recorded', record);
    }
  }

  /** False when the process has died of it. */
  #performAll(batch: readonly RegistryOutput[]): boolean {
    for (const output of batch) {
      if (output.kind === 'persist') continue;
      if (this.dieAfterOutputs !== undefined) {
        if (this.dieAfterOutputs === 0) {
          this.world.say(this.name, `dies before it can ${output.kind}`);
          this.kill();
          this.onDied();
          return false;
        }
        this.dieAfterOutputs -= 1;
      }
      this.#perform(output);
    }
    return true;
  }

  #perform(output: Exclude<RegistryOutput, { kind: 'persist' }>): void {
    const { checkers } = this.#around;
    const spoken = assignmentIn(output);
    if (spoken !== undefined) checkers.tell('told', spoken);
    switch (output.kind) {
      case 'send': {
        const { message } = output;
        const end = this.#links.get(output.link);
        end?.send(message);
        if (message.kind === 'welcome') this.#noteWelcome(output.link);
        if (end !== undefined && end.outgoing.length > MAX_UNREAD_MESSAGES) this.#close(output.link, end);
        return;
      }
      case 'close': {
        const end = this.#links.get(output.link);
        if (end !== undefined) this.#close(output.link, end);
        return;
      }
      case 'answer': {
        if (output.answer.kind === 'crash-noted') this.#reports.get(output.token)?.(output.answer.dropped);
        this.#reports.delete(output.token);
        this.#take(output.token)?.answer(output.answer);
        return;
      }
      case 'refuse': {
        const { reason, detail } = output;
        this.#take(output.token)?.refuse({ reason, detail });
        return;
      }
      case 'changed': {
        const { assignment } = output;
        this.#told.set(assignment.cluster, assignment);
        for (const [watcher, wanted] of this.#watchers)
          if (wanted === undefined || wanted === assignment.cluster)
            watcher.send({ kind: 'assignment', networkId: this.#networkId, assignment });
        return;
      }
      case 'probe':
        return this.#dialBack(output);
      case 'trouble':
        return this.world.say(this.name, output.detail ?? 'is in no trouble any more');
      case 'report':
        return this.world.say(this.name, output.event.text);
    }
  }

  #dialBack({ probe, address, service }: Extract<RegistryOutput, { kind: 'probe' }>): void {
    const [, cluster, serverId, ...lifeId] = service.split('/');
    const life = {
      cluster: Number(cluster),
      serverId: Number(serverId) as ServerId,
      lifeId: lifeId.join('/'),
    };
    const answer = (detail: string | undefined): void => this.feed({ kind: 'probed', probe, detail });
    call(this, address, 'health', { kind: 'health', service }, PROBE_TIMEOUT_MS, 'server-unreachable', {
      answered: () => {
        this.#around.checkers.tell('memberReached', life);
        answer(undefined);
      },
      failed: ({ detail }) => answer(detail),
    });
  }

  #noteHeard(link: RegistryLink, message: MemberMessage): void {
    if (message.kind === 'attach') {
      this.#members.set(link, message);
      this.#newest.set(nameOf(message), link);
    }
    const member = this.#members.get(link);
    if (member === undefined) return;
    const { checkers } = this.#around;
    checkers.tell('memberHeard', member);
    const { cluster, serverId } = member;
    const { epoch, primary, available } = this.assignmentOf(cluster) ?? {};
    const isPrimary =
      available && primary?.serverId === serverId && this.#newest.get(nameOf(member)) === link;
    if (message.kind === 'ping' && epoch !== undefined && isPrimary)
      checkers.tell('primaryPinged', { cluster, epoch });
  }

  #noteRefused(link: RegistryLink, reason: Reason): void {
    const member = this.#members.get(link);
    if (member === undefined) return;
    const { cluster, serverId, incarnation, lifeId } = member;
    this.#around.checkers.tell('memberRefused', { cluster, serverId, incarnation, lifeId, reason });
  }

  /** A member can't be heard before it is welcomed, which may wait for the router's disk: its silence begins here. */
  #noteWelcome(link: RegistryLink): void {
    const member = this.#members.get(link);
    if (member === undefined) return;
    const { checkers } = this.#around;
    checkers.tell('memberWelcomed', member);
    // The registry hears of it in a step at this very time.
    checkers.tell('routerSteps', this.now);
    checkers.tell('memberHeard', member);
  }

  /** The registry hears of the end of every stream, also of those that it closed. */
  #close(link: RegistryLink, end: AcceptorEnd<'dual-ping'>): void {
    if (end.over) return;
    end.close();
    this.#links.delete(link);
    this.later(0, 'router closes a stream', () =>
      this.feed({ kind: 'link-ended', link, reason: 'its stream was closed' }),
    );
  }

  #acceptMember(end: AcceptorEnd<'dual-ping'>): void {
    const link = this.#number();
    this.#links.set(link, end);
    end.onMessage = (message) => this.feed({ kind: 'link-message', link, message });
    end.onEnd = ({ kind }) => {
      this.#links.delete(link);
      this.feed({ kind: 'link-ended', link, reason: `its stream ${kind}` });
    };
  }

  #acceptWatcher(end: AcceptorEnd<'watch'>): void {
    end.onMessage = ({ cluster }) => {
      this.#watchers.set(end, cluster);
      for (const assignment of this.#told.values()) {
        if (cluster !== undefined && assignment.cluster !== cluster) continue;
        this.#around.checkers.tell('told', assignment);
        end.send({ kind: 'assignment', networkId: this.#networkId, assignment });
      }
    };
    end.onEnd = () => this.#watchers.delete(end);
  }

  #acceptConnect(end: AcceptorEnd<'connect'>): void {
    end.onMessage = ({ user }) => {
      const { core, clusters, timing } = this.#around;
      const { deadAfterMs, reattachGraceMs } = timing;
      const cluster = core.clusterOf(user, clusters);
      const assignment = this.#told.get(cluster);
      if (assignment !== undefined) this.#around.checkers.tell('told', assignment);
      end.send({
        kind: 'connected',
        networkId: this.#networkId,
        cluster,
        clusters,
        failoverWaitMs: 2 * deadAfterMs + reattachGraceMs + FAILOVER_SPARE_MS,
        assignment: assignment?.primary === undefined ? undefined : assignment,
      });
      end.close();
    };
  }

  #acceptCall<K extends 'get-available' | 'crash' | 'register-server' | 'add-master'>(
    end: AcceptorEnd<K>,
    ask: (question: Parameters<AcceptorEnd<K>['onMessage']>[0], token: RegistryToken) => RegistryInput,
  ): void {
    const token = this.#number();
    end.onMessage = (question) => {
      this.#askers.set(token, {
        answer: (answer) => {
          const told = answer.kind === 'assignment' ? { ...answer, networkId: NETWORK_ID } : answer;
          end.send(told as Parameters<AcceptorEnd<K>['send']>[0]);
          end.close();
        },
        refuse: (failure) => end.close(failure),
      });
      this.feed(ask(question, token));
    };
    end.onEnd = () => {
      if (this.#askers.delete(token)) this.feed({ kind: 'cancel', token });
    };
  }

  /** The checkers are told what the registry knew when the report came. */
  #crash({ cluster, serverId, incarnation }: Wires['crash']['up'], token: RegistryToken): RegistryInput {
    const known = this.assignmentOf(cluster)?.members.find(
      (member) => member.serverId === serverId,
    )?.incarnation;
    this.#reports.set(token, (dropped) =>
      this.#around.checkers.tell('crashNoted', { cluster, serverId }, incarnation, known, dropped),
    );
    return { kind: 'crash', token, cluster, serverId, incarnation, detail: 'said the supervisor' };
  }

  #ask(input: Extract<RegistryInput, { kind: 'handover' | 'promote' }>): void {
    this.#askers.set(input.token, {
      answer: () => this.world.say(this.name, `tells the operator that ${input.kind} is done`),
      refuse: ({ reason }) => this.world.say(this.name, `refuses the operator: ${reason}`),
    });
    this.feed(input);
  }

  #take(token: RegistryToken): Asker | undefined {
    const asker = this.#askers.get(token);
    this.#askers.delete(token);
    return asker;
  }

  #number(): number {
    this.#numbers += 1;
    return this.#numbers;
  }
}

function introduction(
  { kind, ...vouching }: Wires['register-server' | 'add-master']['up'],
  token: RegistryToken,
): RegistryInput {
  // A supervisor does not know its server's life.
  return { kind, token, candidate: { ...vouching, lifeId: '', welcomedLife: '' } };
}

const nameOf = ({ cluster, serverId }: Extract<MemberMessage, { kind: 'attach' }>): string =>
  `${cluster}/${serverId}`;

/** What an output tells of a cluster, to whomever. */
function assignmentIn(output: RegistryOutput): Assignment | undefined {
  switch (output.kind) {
    case 'send':
      return 'assignment' in output.message ? output.message.assignment : undefined;
    case 'answer':
      return output.answer.kind === 'assignment' ? output.answer.assignment : undefined;
    case 'changed':
      return output.assignment;
    default:
      return undefined;
  }
}
