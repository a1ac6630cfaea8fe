/** The router: the real registry and its real driver, over a simulated disk and network. */
import type {
  Assignment,
  ClusterId,
  ClusterKey,
  ClusterRecord,
  Failure,
  Machine,
  MemberMessage,
  Reason,
  Registry,
  RegistryAnswer,
  RegistryInput,
  RegistryLink,
  RegistryOutput,
  RegistryToken,
  RouterMessage,
  ServerId,
  Timing,
} from '@dualping/core';
import type { RegistryDriver, RegistryPorts } from '@dualping/runtime';
import { call } from './call.js';
import type { Checkers } from './checkers/checker.js';
import type { Build } from './core.js';
import type { AcceptorEnd, Acceptors } from './network.js';
import { Process, type Surroundings } from './process.js';
import { RouterDisk } from './router-disk.js';
import type { Wires } from './wires.js';

/** What a member said when it attached. */
type Attached = Extract<MemberMessage, { kind: 'attach' }> & { readonly cluster: ClusterId };

const NETWORK_ID = 'sim';
/** Most unread messages of a member, as in `member-streams.ts`. */
const MAX_UNREAD_MESSAGES = 1_000;
/** How long a member may take to answer when it is dialled back, as in `dial-back.ts`, ms. */
const PROBE_TIMEOUT_MS = 2_000;
/** How long a failover may take besides detection, as in the router's `services.ts`, ms. */
const FAILOVER_SPARE_MS = 1_000;

export interface RouterSurroundings extends Surroundings, Build {
  readonly checkers: Checkers;
  readonly timing: Timing;
  readonly clusters: number;
}

interface Asker {
  readonly answer: (output: RegistryAnswer) => void;
  readonly refuse: (failure: Failure) => void;
}

export class RouterProcess extends Process {
  readonly #around: RouterSurroundings;
  readonly acceptors: Acceptors;
  readonly disk: RouterDisk;
  #registry: Registry | undefined;
  #driver: RegistryDriver | undefined;
  #links = new Map<RegistryLink, AcceptorEnd<'dual-ping'>>();
  /** The `attach` of each link. */
  readonly #members = new Map<RegistryLink, Attached>();
  /** The link on which each server attached last. */
  readonly #newest = new Map<string, RegistryLink>();
  #askers = new Map<RegistryToken, Asker>();
  #reports = new Map<RegistryToken, (dropped: boolean) => void>();
  #watchers = new Map<AcceptorEnd<'watch'>, ClusterId | undefined>();
  #told = new Map<ClusterId, Assignment>();
  #numbers = 0;
  /** The process is killed after so many more outputs; undefined: it isn't. */
  dieAfterOutputs: number | undefined;
  /** Called when the process dies in the middle of something. */
  onDied: () => void = () => {};

  constructor(around: RouterSurroundings, name = 'router') {
    super(name, around);
    this.#around = around;
    this.disk = new RouterDisk(NETWORK_ID, this.random, {
      after: (delayMs, work) => this.world.after(delayMs, 'router store', work),
      recorded: (record) => around.checkers.tell('recorded', record),
    });
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

  /** The record of a cluster on its disk. */
  recordOf(cluster: ClusterId): ClusterRecord | undefined {
    return this.disk.records.get(cluster);
  }
  /** The assignment of a cluster that it sends now; undefined while it doesn't run. */
  assignmentOf(cluster: ClusterId): Assignment | undefined {
    return this.#registry?.assignments()[cluster - 1];
  }

  start(): void {
    const { core, runtime, timing, clusters } = this.#around;
    this.begin();
    const records = [...this.disk.records.values()];
    const registry = new core.Registry({
      networkId: this.disk.networkId,
      clusters,
      timing,
      records,
      isNew: this.disk.isNew,
      dialsBack: true,
    });
    this.disk.isNew = false;
    this.#registry = registry;
    this.#driver = new runtime.RegistryDriver(this.#watched(registry), this.#ports());
    this.#told = new Map(registry.assignments().map((told) => [told.cluster, told]));
    for (let cluster = 1; cluster <= clusters; cluster += 1)
      this.#around.checkers.tell('routerStarted', { cluster, record: this.recordOf(cluster) });
    this.feed({ kind: 'tick' });
  }

  kill(powerLost = false): void {
    if (!this.running) return;
    this.disk.crash();
    this.end(powerLost);
    this.#driver?.stop();
    this.#driver = undefined;
    this.#registry = undefined;
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

  /** An operator's order; nothing comes of it while the router does not run. */
  order(kind: 'pause' | 'rest' | 'resume', cluster: ClusterId): void {
    this.receive(() => this.#ask({ kind, token: this.#number(), cluster }));
  }

  feed(input: RegistryInput): void {
    this.#driver?.feed(input);
  }

  /** The checkers see each step of the registry, and what it decides, before any of it is performed. */
  #watched(registry: Registry): Machine<RegistryInput, RegistryOutput> {
    const { checkers } = this.#around;
    return {
      nextDeadline: () => registry.nextDeadline(),
      step: (now, input) => {
        checkers.tell('routerSteps', now, registry.nextDeadline());
        if (input.kind === 'link-message') this.#noteHeard(input.link, input.message);
        if (input.kind === 'get-available' && input.waitMs > 0)
          checkers.tell('primaryAsked', { ...input, cluster: numberOf(input.cluster) });
        if (input.kind === 'cancel') checkers.tell('questionOver', input.token);
        const outputs = registry.step(now, input);
        for (const output of outputs) this.#noteDecided(output);
        // No message and no report: only silence ends a stream then.
        if (input.kind === 'tick')
          for (const output of outputs) if (output.kind === 'close') this.#noteSilent(output.link);
        checkers.tell('routerStepped');
        return outputs;
      },
    };
  }

  #noteDecided(output: RegistryOutput): void {
    const { checkers } = this.#around;
    switch (output.kind) {
      case 'persist':
        return checkers.tell('decided', output.record);
      case 'send':
        if (output.message.kind === 'refused') this.#noteRefused(output.link, output.message.reason);
        return this.#noteAssignment('spoke', output.message);
      case 'answer':
        checkers.tell('questionOver', output.token);
        return this.#noteAssignment('spoke', output.answer);
      case 'refuse':
        return checkers.tell('questionOver', output.token);
      case 'changed':
        return checkers.tell('spoke', output.assignment);
    }
  }

  #noteAssignment(how: 'spoke' | 'told', said: RouterMessage | RegistryAnswer): void {
    if ('assignment' in said && said.assignment !== undefined)
      this.#around.checkers.tell(how, said.assignment);
  }

  #ports(): RegistryPorts {
    const { checkers } = this.#around;
    return {
      clock: this.timers,
      wallTime: () => this.clock.wall(this.world.now),
      persist: (records, durable) => this.disk.persist(records, () => this.receive(durable)),
      send: (link, message) => this.#perform('send', () => this.#send(link, message)),
      close: (link) =>
        this.#perform('close', () => {
          const end = this.#links.get(link);
          if (end !== undefined) this.#close(link, end);
        }),
      answer: (token, answer) =>
        this.#perform('answer', () => {
          this.#noteAssignment('told', answer);
          if (answer.kind === 'crash-noted') this.#reports.get(token)?.(answer.dropped);
          this.#reports.delete(token);
          this.#take(token)?.answer(answer);
        }),
      refuse: (token, failure) => this.#perform('refuse', () => this.#take(token)?.refuse(failure)),
      changed: (assignment) =>
        this.#perform('changed', () => {
          checkers.tell('told', assignment);
          this.#told.set(assignment.cluster, assignment);
          for (const [watcher, wanted] of this.#watchers)
            if (wanted === undefined || wanted === assignment.cluster)
              watcher.send({ kind: 'assignment', networkId: this.disk.networkId, assignment });
        }),
      probe: (question) => this.#perform('probe', () => this.#dialBack(question)),
      troubled: (detail) => this.world.say(this.name, detail ?? 'is in no trouble any more'),
      report: ({ text }) => this.world.say(this.name, text),
      failed: (error) => {
        throw error;
      },
    };
  }

  /** Performs an output, unless the process dies before it. */
  #perform(what: string, work: () => void): void {
    if (this.dieAfterOutputs === 0) {
      this.world.say(this.name, `dies before it can ${what}`);
      this.kill();
      return this.onDied();
    }
    if (this.dieAfterOutputs !== undefined) this.dieAfterOutputs -= 1;
    work();
  }

  #send(link: RegistryLink, message: RouterMessage): void {
    this.#noteAssignment('told', message);
    const end = this.#links.get(link);
    end?.send(message);
    if (message.kind === 'welcome') this.#noteWelcome(link);
    if (end !== undefined && end.outgoing.length > MAX_UNREAD_MESSAGES) this.#close(link, end);
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
      const attached = { ...message, cluster: numberOf(message.cluster) };
      this.#members.set(link, attached);
      this.#newest.set(nameOf(attached), link);
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

  #noteSilent(link: RegistryLink): void {
    const member = this.#members.get(link);
    const end = this.#links.get(link);
    if (member === undefined || end === undefined) return;
    this.#around.checkers.tell('memberSilent', member, end.incoming().unreadMs);
  }

  #noteRefused(link: RegistryLink, reason: Reason): void {
    const member = this.#members.get(link);
    if (member === undefined) return;
    const { cluster, serverId, incarnation, lifeId } = member;
    this.#around.checkers.tell('memberRefused', { cluster, serverId, incarnation, lifeId, reason });
  }

  /**
   * A member speaks only after its welcome, which may wait for the router's disk: its silence counts from
   * here.
   */
  #noteWelcome(link: RegistryLink): void {
    const member = this.#members.get(link);
    if (member === undefined) return;
    const { checkers } = this.#around;
    checkers.tell('memberWelcomed', member);
    // The registry notes the welcome in a step at this very time.
    checkers.tell('routerSteps', this.now, this.#registry?.nextDeadline());
    checkers.tell('memberHeard', member);
  }

  /** The registry gets the end of every stream, also of those that it closed. */
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
        end.send({ kind: 'assignment', networkId: this.disk.networkId, assignment });
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
        networkId: this.disk.networkId,
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

  /** The checkers get what the registry knew when the report came. */
  #crash({ cluster, serverId, incarnation }: Wires['crash']['up'], token: RegistryToken): RegistryInput {
    const known = this.assignmentOf(cluster)?.members.find(
      (member) => member.serverId === serverId,
    )?.incarnation;
    this.#reports.set(token, (dropped) =>
      this.#around.checkers.tell('crashNoted', { cluster, serverId }, incarnation, known, dropped),
    );
    return { kind: 'crash', token, cluster, serverId, incarnation, detail: 'said the supervisor' };
  }

  #ask(input: Extract<RegistryInput, { kind: 'handover' | 'promote' | 'pause' | 'rest' | 'resume' }>): void {
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
  // A supervisor does not know its server's life id.
  return { kind, token, candidate: { ...vouching, lifeId: '', welcomedLife: '' } };
}

const nameOf = ({ cluster, serverId }: Attached): string => `${cluster}/${serverId}`;

/** Services have members without a journal, and these worlds have none. */
function numberOf(cluster: ClusterKey): ClusterId {
  if (typeof cluster === 'number') return cluster;
  throw new Error(`service ${cluster} in a world without services`);
}
