/**
 * Decides which server is available, in every cluster of one network.
 *
 * Inputs are the messages to the router, and their times; outputs are what it must do. The same inputs in the
 * same order give the same outputs, so any failover can be replayed. `Cluster` and its grants decide which
 * members are promoted and in sync; `MemberStreams` and the `…-calls.ts` decide which members there are and
 * who gets answers.
 *
 * Within a step all consequences of a change come after its `persist`: an assignment is durable before it is
 * announced (persisted-before-spoken).
 */
import type { Assignment, ClusterRecord } from '../assignment.js';
import type { Instant, NetworkId } from '../ids.js';
import { unreachable } from '../invariants.js';
import type { Machine } from '../machine.js';
import { memberServiceName } from '../member-service.js';
import type { Timing } from '../timing.js';
import { AssignmentCalls } from './assignment-calls.js';
import type { AuxiliaryProcess } from './auxiliary-processes.js';
import { Cluster } from './cluster.js';
import { Clusters } from './clusters.js';
import { Durable } from './durable.js';
import { HeartbeatCalls } from './heartbeat-calls.js';
import { Listening } from './listening.js';
import { MemberCalls } from './member-calls.js';
import { type MemberFigures, MemberStreams } from './member-streams.js';
import { Probes } from './reach.js';
import { DEFAULT_HEARTBEAT_TIMEOUT_MS } from './registry-limits.js';
import type { RegistryInput, RegistryOutput } from './registry-messages.js';
import { type Announcer, StepOutputs } from './step-outputs.js';

export interface RegistryOptions {
  readonly networkId: NetworkId;
  /** The number of clusters of users, which never changes. */
  readonly clusters: number;
  readonly timing: Timing;
  /** The last durable record of each cluster that ever had a member. */
  readonly records: readonly ClusterRecord[];
  /**
   * The store has just been made, so no member can know anything that it does not hold. Default: whether it
   * holds no record.
   */
  readonly isNew?: boolean;
  /** How long a unary heartbeat counts, ms. */
  readonly heartbeatTimeoutMs?: number;
  /**
   * Members with a journal are promoted only after a `probe` has reached them. Default: there are no probes.
   */
  readonly dialsBack?: boolean;
}

type Call<Kind extends RegistryInput['kind']> = Extract<RegistryInput, { readonly kind: Kind }>;

type OperatorsCall = 'handover' | 'promote' | 'pause' | 'rest' | 'resume' | 'remove' | 'history';

export class Registry implements Machine<RegistryInput, RegistryOutput> {
  readonly #clusters: Clusters;
  readonly #listening: Listening;
  readonly #streams: MemberStreams;
  readonly #calls: MemberCalls;
  readonly #heartbeats: HeartbeatCalls;
  readonly #assignmentCalls = new AssignmentCalls();
  readonly #probes = new Probes();
  readonly #durable: Durable;
  /** Outputs of the present step. */
  readonly #outputs = new StepOutputs();
  readonly #announcer: Announcer = {
    tell: (link, assignment, isWelcome) => this.#streams.tell(link, assignment, isWelcome),
    content: (assignment) => this.#assignmentCalls.content(assignment),
  };

  constructor(options: RegistryOptions) {
    const { timing, heartbeatTimeoutMs = DEFAULT_HEARTBEAT_TIMEOUT_MS, dialsBack = false } = options;
    const outputs = this.#outputs;
    const listening = new Listening(timing);
    const clusters = new Clusters(options, listening);
    this.#listening = listening;
    this.#clusters = clusters;
    this.#durable = new Durable(this.assignments());
    this.#heartbeats = new HeartbeatCalls(clusters.all, heartbeatTimeoutMs);
    const { reattachGraceMs } = timing;
    const streams = new MemberStreams({
      clusters,
      listening,
      assignmentCalls: this.#assignmentCalls,
      durable: this.#durable,
      probes: dialsBack ? this.#probes : undefined,
      outputs,
      reattachGraceMs,
    });
    this.#streams = streams;
    this.#calls = new MemberCalls({ clusters, listening, streams, outputs, graceMs: reattachGraceMs });
  }

  /**
   * Assignments that may be announced now: valid at the start, and after the outputs of a step are performed.
   */
  assignments(): Assignment[] {
    return this.#clusters.all.map((cluster) => cluster.assignment);
  }

  /** Last stats of all live members that ping. */
  stats(): MemberFigures[] {
    return this.#streams.stats();
  }

  /** Auxiliary processes, in the order in which they registered. */
  auxiliaries(): readonly AuxiliaryProcess[] {
    return this.#heartbeats.auxiliaries;
  }

  step(now: Instant, input: RegistryInput): RegistryOutput[] {
    if (input.kind === 'wall-time') {
      this.#listening.noteWallTime(now, input.timeMs);
      return [];
    }
    this.#listening.advance(now, this.#nextLook(), input.kind === 'tick');
    this.#take(now, input);
    // After the input: the message is a sign of life, however late this step is.
    this.#expire(now);
    const told = this.#outputs.seal(now, this.#announcer);
    for (const output of told) if (output.kind === 'changed') this.#durable.sealed(output.assignment);
    // Last: a call that this step answers must not be refused because its wait is over.
    this.#assignmentCalls.expire(now, this.#clusters, this.#outputs);
    this.#heartbeats.confirm(this.#outputs);
    this.#streams.answerPing();
    return told.concat(this.#outputs.takeRest(this.#durable));
  }

  /** When to step at the latest; undefined: not before there is an input. */
  nextDeadline(): Instant | undefined {
    const deadlines = [
      this.#nextLook(),
      this.#streams.nextDeadline(),
      this.#assignmentCalls.nextDeadline(),
      this.#calls.nextDeadline(),
      this.#probes.nextDeadline(),
    ];
    const due = deadlines.filter((at) => at !== undefined);
    return due.length === 0 ? undefined : Math.min(...due);
  }

  /** When it has to read the clock because of silence. */
  #nextLook(): Instant | undefined {
    const silenceMs = this.#heartbeats.nextSilenceInMs(this.#listening.heardMs);
    return this.#listening.nextLook([this.#streams.graceMs, silenceMs]);
  }

  #take(now: Instant, input: Exclude<RegistryInput, { readonly kind: 'wall-time' }>): void {
    switch (input.kind) {
      case 'link-message':
        return this.#streams.take(now, input.link, input.message);
      case 'link-ended':
        return this.#streams.ended(now, input.link, input.reason);
      case 'add-master':
        return this.#calls.addMaster(now, input);
      case 'register-server':
        return this.#calls.registerServer(now, input);
      case 'heartbeat':
        return this.#heartbeats.take(
          now,
          this.#listening.heardMs,
          input,
          this.#clusters.find(input.heartbeat.cluster),
          this.#outputs,
        );
      case 'crash':
        return this.#calls.crash(now, input);
      case 'get-available':
      case 'handover':
      case 'promote':
      case 'pause':
      case 'rest':
      case 'resume':
      case 'remove':
      case 'history':
        return this.#call(now, input);
      case 'cancel':
        return this.#assignmentCalls.cancel(input.token);
      case 'told':
        return this.#streams.told(input.records);
      case 'probed':
        return this.#probed(now, input);
      case 'tick':
        return;
      default:
        return unreachable(input);
    }
  }

  #call(now: Instant, input: Call<'get-available' | OperatorsCall>): void {
    // The service may be made later: the caller waits, as for a primary that is gone.
    if (input.kind === 'get-available' && typeof input.cluster === 'string')
      return this.#assignmentCalls.getAvailable(
        now,
        this.#clusters.get(input.cluster) ?? input.cluster,
        input,
        this.#outputs,
      );
    const cluster = this.#clusters.find(input.cluster);
    if (!(cluster instanceof Cluster)) return this.#outputs.refuse(input.token, cluster);
    switch (input.kind) {
      case 'get-available':
        return this.#assignmentCalls.getAvailable(now, cluster, input, this.#outputs);
      case 'handover':
        return this.#assignmentCalls.handover(now, cluster, input, this.#outputs);
      case 'promote':
        return this.#assignmentCalls.promote(now, cluster, input, this.#outputs);
      case 'pause':
        return this.#assignmentCalls.pause(cluster, input, this.#outputs);
      case 'rest':
        return this.#assignmentCalls.rest(now, cluster, input, this.#outputs);
      case 'resume':
        return this.#assignmentCalls.resume(cluster, input, this.#outputs);
      case 'remove':
        return this.#assignmentCalls.remove(cluster, input, this.#outputs);
      case 'history':
        return this.#outputs.answer(input.token, { kind: 'history', entries: cluster.history });
      default:
        return unreachable(input);
    }
  }

  #probed(now: Instant, { probe, detail }: Call<'probed'>): void {
    const question = this.#probes.answered(probe);
    const cluster = question === undefined ? undefined : this.#clusters.get(question.cluster);
    if (question === undefined || cluster === undefined) return;
    const againMs = cluster.reached(question, detail);
    if (againMs !== undefined) this.#probes.add(now + againMs, question);
    this.#outputs.touch(cluster);
  }

  #expire(now: Instant): void {
    for (const { probe, question } of this.#probes.takeDue(now))
      this.#outputs.say({
        kind: 'probe',
        probe,
        address: question.address,
        service: memberServiceName(question),
      });
    this.#streams.dropSilent(now);
    this.#heartbeats.expire(now, this.#listening.heardMs, this.#outputs);
    this.#streams.expire(now);
    this.#calls.expire(now);
  }
}
