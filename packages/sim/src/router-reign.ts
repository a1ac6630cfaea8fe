/**
 * One registry at work on a router: the real registry and its real driver, over the simulated network.
 *
 * A router that is alone has one for as long as it runs. A router of several has one for each term in which
 * it leads, as `Reign` of `@dualping/router` says.
 */
import type {
  Assignment,
  ClusterId,
  ClusterKey,
  ClusterRecord,
  Failure,
  Machine,
  MemberMessage,
  NetworkId,
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
import type { RegistryDriver, RegistryFence, RegistryPorts } from '@dualping/runtime';
import { call } from './call.js';
import type { Checkers } from './checkers/checker.js';
import type { Build } from './core.js';
import type { AcceptorEnd } from './network.js';
import type { Process, Surroundings } from './process.js';
import type { OperatorOrder } from './router-view.js';
import type { Wires } from './wires.js';

export interface RouterSurroundings extends Surroundings, Build {
  readonly checkers: Checkers;
  readonly timing: Timing;
  readonly clusters: number;
}

/** What a member said when it attached. */
type Attached = Extract<MemberMessage, { kind: 'attach' }> & { readonly cluster: ClusterId };

/** Most unread messages of a member, as in `member-streams.ts`. */
const MAX_UNREAD_MESSAGES = 1_000;
/** How long a member may take to answer when it is dialled back, as in `dial-back.ts`, ms. */
const PROBE_TIMEOUT_MS = 2_000;
/** How long a failover may take besides detection, as in the router's `services.ts`, ms. */
const FAILOVER_SPARE_MS = 1_000;

export interface ReignParts {
  readonly process: Process;
  readonly around: RouterSurroundings;
  readonly networkId: NetworkId;
  readonly records: readonly ClusterRecord[];
  readonly isNew: boolean;
  /** With the grace that a takeover needs. */
  readonly timing: Timing;
  /** 0: this router is alone. */
  readonly term: number;
  /** Undefined when it is alone. */
  readonly fence?: RegistryFence;
  readonly persist: RegistryPorts['persist'];
  /** Undefined when it is alone. */
  readonly hears?: (hears: boolean) => void;
  /** Performs an output, unless the process dies before it. */
  readonly perform: (what: string, work: () => void) => void;
  /** Whether this router leads, as somebody knows who sees everything. A deposed one decides nothing. */
  readonly counts: () => boolean;
}

interface Asker {
  readonly answer: (output: RegistryAnswer) => void;
  readonly refuse: (failure: Failure) => void;
}

/** Calls with one answer that a router takes, besides `Connect`. */
export type RouterCall = 'get-available' | 'crash' | 'register-server' | 'add-master';

export class RouterReign {
  readonly #parts: ReignParts;
  readonly #registry: Registry;
  readonly #driver: RegistryDriver;
  readonly #links = new Map<RegistryLink, AcceptorEnd<'dual-ping'>>();
  /** The `attach` of each link. */
  readonly #members = new Map<RegistryLink, Attached>();
  /** The link on which each server attached last. */
  readonly #newest = new Map<string, RegistryLink>();
  readonly #askers = new Map<RegistryToken, Asker>();
  readonly #reports = new Map<RegistryToken, (dropped: boolean) => void>();
  readonly #watchers = new Map<AcceptorEnd<'watch'>, ClusterId | undefined>();
  readonly #told: Map<ClusterId, Assignment>;
  #numbers = 0;

  constructor(parts: ReignParts) {
    const { core, runtime, clusters } = parts.around;
    const { networkId, timing, records, isNew } = parts;
    this.#parts = parts;
    const registry = new core.Registry({ networkId, clusters, timing, records, isNew, dialsBack: true });
    this.#registry = registry;
    this.#driver = new runtime.RegistryDriver(this.#watched(registry), this.#ports());
    this.#told = new Map(registry.assignments().map((told) => [told.cluster, told]));
  }

  get term(): number {
    return this.#parts.term;
  }

  /** The assignment of a cluster that it tells now. */
  assignmentOf(cluster: ClusterId): Assignment | undefined {
    return this.#registry.assignments()[cluster - 1];
  }

  /** The grace of members from before begins. */
  begin(): void {
    const { around, records } = this.#parts;
    for (let cluster = 1; cluster <= around.clusters; cluster += 1)
      this.#tell('routerStarted', {
        cluster,
        record: records.find((record) => record.cluster === cluster),
      });
    this.feed({ kind: 'tick' });
  }

  /** Nothing more of it is said. */
  stop(): void {
    this.#driver.stop();
  }

  /** Ends all streams and calls, after `stop`. */
  sayGoodbye(failure: Failure): void {
    for (const { refuse } of this.#askers.values()) refuse(failure);
    for (const watcher of this.#watchers.keys()) watcher.close(failure);
    for (const end of this.#links.values()) end.close();
  }

  /** An operator asks the primary to hand over. */
  handOver(cluster: ClusterId): void {
    this.#ask({ kind: 'handover', token: this.#number(), cluster });
  }

  /** An operator makes a member primary that may lack acknowledged writes. */
  promoteUnclean(cluster: ClusterId, serverId: ServerId, acceptLoss: boolean): void {
    this.#ask({ kind: 'promote', token: this.#number(), cluster, serverId, acceptLoss });
  }

  /** An operator's order. */
  order(kind: OperatorOrder, cluster: ClusterId): void {
    this.#ask({ kind, token: this.#number(), cluster });
  }

  feed(input: RegistryInput): void {
    this.#driver.feed(input);
  }

  acceptMember(end: AcceptorEnd<'dual-ping'>): void {
    const link = this.#number();
    this.#links.set(link, end);
    end.onMessage = (message) => this.feed({ kind: 'link-message', link, message });
    end.onEnd = ({ kind }) => {
      this.#links.delete(link);
      this.feed({ kind: 'link-ended', link, reason: `its stream ${kind}` });
    };
  }

  /** Its first message has come. */
  watch(end: AcceptorEnd<'watch'>, { cluster }: Wires['watch']['up']): void {
    const { networkId, around } = this.#parts;
    this.#watchers.set(end, cluster);
    for (const assignment of this.#told.values()) {
      if (cluster !== undefined && assignment.cluster !== cluster) continue;
      around.checkers.tell('told', assignment);
      end.send({ kind: 'assignment', networkId, assignment });
    }
    end.onEnd = () => this.#watchers.delete(end);
  }

  /** Its question has come. */
  connect(end: AcceptorEnd<'connect'>, { user }: Wires['connect']['up']): void {
    const { networkId, around } = this.#parts;
    const { core, clusters, timing } = around;
    const cluster = core.clusterOf(user, clusters);
    const assignment = this.#told.get(cluster);
    if (assignment !== undefined) around.checkers.tell('told', assignment);
    end.send(connected({ networkId, cluster, clusters, timing, assignment }));
    end.close();
  }

  /** Its question has come. */
  take<K extends RouterCall>(end: AcceptorEnd<K>, question: Wires[K]['up']): void {
    const token = this.#number();
    this.#askers.set(token, {
      answer: (answer) => {
        const { networkId } = this.#parts;
        const told = answer.kind === 'assignment' ? { ...answer, networkId } : answer;
        end.send(told as Parameters<AcceptorEnd<K>['send']>[0]);
        end.close();
      },
      refuse: (failure) => end.close(failure),
    });
    end.onEnd = () => {
      if (this.#askers.delete(token)) this.feed({ kind: 'cancel', token });
    };
    this.feed(this.#asInput(question, token));
  }

  /** Tells the checkers what only a router's own word makes true. */
  readonly #tell: Checkers['tell'] = (hook, ...facts) => {
    if (this.#parts.counts()) this.#parts.around.checkers.tell(hook, ...facts);
  };

  /** The checkers see each step of the registry, and what it decides, before any of it is performed. */
  #watched(registry: Registry): Machine<RegistryInput, RegistryOutput> {
    return {
      nextDeadline: () => registry.nextDeadline(),
      step: (now, input) => {
        this.#tell('routerSteps', now, registry.nextDeadline());
        if (input.kind === 'link-message') this.#noteHeard(input.link, input.message);
        if (input.kind === 'get-available' && input.waitMs > 0)
          this.#tell('primaryAsked', { ...input, cluster: numberOf(input.cluster) });
        if (input.kind === 'cancel') this.#tell('questionOver', input.token);
        // Not when it is asked: a tick that is overdue comes before it.
        if (input.kind === 'promote')
          this.#tell('promotedByOperator', {
            cluster: numberOf(input.cluster),
            serverId: input.serverId,
          });
        const outputs = registry.step(now, input);
        for (const output of outputs) this.#noteDecided(output);
        // No message and no report: only silence ends a stream then.
        if (input.kind === 'tick')
          for (const output of outputs) if (output.kind === 'close') this.#noteSilent(output.link);
        this.#tell('routerStepped');
        return outputs;
      },
    };
  }

  #noteDecided(output: RegistryOutput): void {
    switch (output.kind) {
      case 'persist':
        return this.#tell('decided', output.record);
      case 'send':
        if (output.message.kind === 'refused') this.#noteRefused(output.link, output.message.reason);
        return this.#noteSpoken(output.message);
      case 'answer':
        this.#tell('questionOver', output.token);
        return this.#noteSpoken(output.answer);
      case 'refuse':
        return this.#tell('questionOver', output.token);
      case 'changed':
        return this.#tell('spoke', output.assignment);
    }
  }

  #noteSpoken(said: RouterMessage | RegistryAnswer): void {
    const assignment = assignmentIn(said);
    if (assignment !== undefined) this.#tell('spoke', assignment);
  }

  #noteTold(said: RouterMessage | RegistryAnswer): void {
    const assignment = assignmentIn(said);
    if (assignment !== undefined) this.#parts.around.checkers.tell('told', assignment);
  }

  #ports(): RegistryPorts {
    const { process, around, fence, persist, perform, networkId, hears } = this.#parts;
    const { checkers } = around;
    return {
      clock: process.timers,
      wallTime: () => process.clock.wall(process.world.now),
      ...(fence && { fence }),
      persist,
      send: (link, message) => perform('send', () => this.#send(link, message)),
      close: (link) =>
        perform('close', () => {
          const end = this.#links.get(link);
          if (end !== undefined) this.#close(link, end);
        }),
      answer: (token, answer) =>
        perform('answer', () => {
          this.#noteTold(answer);
          if (answer.kind === 'crash-noted') this.#reports.get(token)?.(answer.dropped);
          this.#reports.delete(token);
          this.#take(token)?.answer(answer);
        }),
      refuse: (token, failure) => perform('refuse', () => this.#take(token)?.refuse(failure)),
      changed: (assignment) =>
        perform('changed', () => {
          checkers.tell('told', assignment);
          this.#told.set(assignment.cluster, assignment);
          for (const [watcher, wanted] of this.#watchers)
            if (wanted === undefined || wanted === assignment.cluster)
              watcher.send({ kind: 'assignment', networkId, assignment });
        }),
      probe: (question) => perform('probe', () => this.#dialBack(question)),
      troubled: (detail) => process.world.say(process.name, detail ?? 'is in no trouble any more'),
      report: ({ text }) => process.world.say(process.name, text),
      ...(hears && { hears }),
      failed: (error) => {
        throw error;
      },
    };
  }

  #send(link: RegistryLink, message: RouterMessage): void {
    this.#noteTold(message);
    const { term } = this.#parts;
    const end = this.#links.get(link);
    end?.send(message.kind === 'welcome' && term > 0 ? { ...message, term } : message);
    if (message.kind === 'welcome') this.#noteWelcome(link);
    if (end !== undefined && end.outgoing.length > MAX_UNREAD_MESSAGES) this.#close(link, end);
  }

  #dialBack({ probe, address, service }: Extract<RegistryOutput, { kind: 'probe' }>): void {
    const { process, around } = this.#parts;
    const [, cluster, serverId, ...lifeId] = service.split('/');
    const life = {
      cluster: Number(cluster),
      serverId: Number(serverId) as ServerId,
      lifeId: lifeId.join('/'),
    };
    const answer = (detail: string | undefined): void => this.feed({ kind: 'probed', probe, detail });
    call(process, address, 'health', { kind: 'health', service }, PROBE_TIMEOUT_MS, 'server-unreachable', {
      answered: () => {
        around.checkers.tell('memberReached', life);
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
    this.#tell('memberHeard', member);
    const { cluster, serverId } = member;
    const { epoch, primary, available } = this.assignmentOf(cluster) ?? {};
    const isPrimary =
      available && primary?.serverId === serverId && this.#newest.get(nameOf(member)) === link;
    if (message.kind === 'ping' && epoch !== undefined && isPrimary)
      this.#tell('primaryPinged', { cluster, epoch });
  }

  #noteSilent(link: RegistryLink): void {
    const member = this.#members.get(link);
    const end = this.#links.get(link);
    if (member === undefined || end === undefined) return;
    this.#tell('memberSilent', member, end.incoming().unreadMs);
  }

  #noteRefused(link: RegistryLink, reason: Reason): void {
    const member = this.#members.get(link);
    if (member === undefined) return;
    const { cluster, serverId, incarnation, lifeId } = member;
    this.#tell('memberRefused', { cluster, serverId, incarnation, lifeId, reason });
  }

  /**
   * A member speaks only after its welcome, which may wait for the router's disk: its silence counts from
   * here.
   */
  #noteWelcome(link: RegistryLink): void {
    const member = this.#members.get(link);
    if (member === undefined) return;
    this.#tell('memberWelcomed', member);
    // The registry notes the welcome in a step at this very time.
    this.#tell('routerSteps', this.#parts.process.now, this.#registry.nextDeadline());
    this.#tell('memberHeard', member);
  }

  /** The registry gets the end of every stream, also of those that it closed. */
  #close(link: RegistryLink, end: AcceptorEnd<'dual-ping'>): void {
    if (end.over) return;
    end.close();
    this.#links.delete(link);
    this.#parts.process.later(0, 'router closes a stream', () =>
      this.feed({ kind: 'link-ended', link, reason: 'its stream was closed' }),
    );
  }

  #asInput(question: Wires[RouterCall]['up'], token: RegistryToken): RegistryInput {
    switch (question.kind) {
      case 'get-available':
        return { ...question, token };
      case 'crash':
        return this.#crash(question, token);
      default:
        return introduction(question, token);
    }
  }

  /** The checkers get what the registry knew when the report came. */
  #crash({ cluster, serverId, incarnation }: Wires['crash']['up'], token: RegistryToken): RegistryInput {
    const known = this.assignmentOf(cluster)?.members.find(
      (member) => member.serverId === serverId,
    )?.incarnation;
    this.#reports.set(token, (dropped) =>
      this.#parts.around.checkers.tell('crashNoted', { cluster, serverId }, incarnation, known, dropped),
    );
    return { kind: 'crash', token, cluster, serverId, incarnation, detail: 'said the supervisor' };
  }

  #ask(input: Extract<RegistryInput, { kind: 'handover' | 'promote' | OperatorOrder }>): void {
    const { world, name } = this.#parts.process;
    this.#askers.set(input.token, {
      answer: () => world.say(name, `tells the operator that ${input.kind} is done`),
      refuse: ({ reason }) => world.say(name, `refuses the operator: ${reason}`),
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

/** What a router answers to `Connect`. */
export function connected({
  networkId,
  cluster,
  clusters,
  timing: { deadAfterMs, reattachGraceMs },
  assignment,
}: {
  readonly networkId: NetworkId;
  readonly cluster: ClusterId;
  readonly clusters: number;
  readonly timing: Timing;
  readonly assignment: Assignment | undefined;
}): Wires['connect']['down'] {
  return {
    kind: 'connected',
    networkId,
    cluster,
    clusters,
    failoverWaitMs: 2 * deadAfterMs + reattachGraceMs + FAILOVER_SPARE_MS,
    assignment: assignment?.primary === undefined ? undefined : assignment,
  };
}

function introduction(
  { kind, ...vouching }: Wires['register-server' | 'add-master']['up'],
  token: RegistryToken,
): RegistryInput {
  // A supervisor does not know its server's life id.
  return { kind, token, candidate: { ...vouching, lifeId: '', welcomedLife: '' } };
}

const assignmentIn = (said: RouterMessage | RegistryAnswer): Assignment | undefined =>
  'assignment' in said ? said.assignment : undefined;

const nameOf = ({ cluster, serverId }: Attached): string => `${cluster}/${serverId}`;

/** Services have members without a journal, and these worlds have none. */
function numberOf(cluster: ClusterKey): ClusterId {
  if (typeof cluster === 'number') return cluster;
  throw new Error(`service ${cluster} in a world without services`);
}
