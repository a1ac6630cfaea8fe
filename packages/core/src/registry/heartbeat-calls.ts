/**
 * Takes unary heartbeats: from servers that can only make calls, and from auxiliary processes.
 *
 * A heartbeat is evidence like any other: the first one makes a member, silence drops the member, the next
 * one brings it back in its old place. Most bring nothing new, and cost no write.
 */
import type { Instant, ServerId } from '../ids.js';
import { serverName } from '../ids.js';
import { quote } from '../text.js';
import { objectionToHeartbeat } from './admission.js';
import { type AuxiliaryProcess, AuxiliaryProcesses, auxiliaryKey } from './auxiliary-processes.js';
import { Cluster } from './cluster.js';
import { Heartbeats } from './heartbeats.js';
import type { Member } from './member.js';
import { MAX_AUXILIARY_PROCESSES } from './registry-limits.js';
import {
  type Candidate,
  type Heartbeat,
  type Refusal,
  type RegistryInput,
  SERVER_TYPE,
} from './registry-messages.js';
import type { StepOutputs } from './step-outputs.js';

type HeartbeatCall = Extract<RegistryInput, { readonly kind: 'heartbeat' }>;

type Sender =
  | { readonly kind: 'member'; readonly cluster: Cluster; readonly serverId: ServerId }
  | { readonly kind: 'auxiliary'; readonly auxiliary: AuxiliaryProcess };

export class HeartbeatCalls {
  readonly #heartbeats: Heartbeats<Sender>;
  readonly #auxiliaries = new AuxiliaryProcesses();
  /** The heartbeat to answer at the end of this step. */
  #noted: { readonly call: HeartbeatCall; readonly cluster: Cluster } | undefined;

  /** Members that sent heartbeats before the router was away count as heard when it began. */
  constructor(clusters: readonly Cluster[], timeoutMs: number) {
    this.#heartbeats = new Heartbeats(timeoutMs);
    for (const cluster of clusters) for (const id of cluster.callers) this.#heardOf(0, cluster, id);
  }

  get auxiliaries(): readonly AuxiliaryProcess[] {
    return this.#auxiliaries.all;
  }

  /** `cluster`: the one that the heartbeat names, or why there is none. */
  take(
    now: Instant,
    listeningMs: number,
    call: HeartbeatCall,
    cluster: Cluster | Refusal,
    outputs: StepOutputs,
  ): void {
    const refusal = !(cluster instanceof Cluster)
      ? cluster
      : call.heartbeat.type === SERVER_TYPE
        ? this.#member(now, listeningMs, call, cluster, outputs)
        : this.#auxiliary(listeningMs, call.heartbeat, outputs);
    if (refusal === undefined) {
      if (cluster instanceof Cluster) this.#noted = { call, cluster };
      return;
    }
    outputs.refuse(call.token, refusal);
    outputs.report('refused', `a heartbeat is refused (${refusal.reason}): ${refusal.detail}`);
  }

  /**
   * Answers the heartbeat at the end of the step: its first heartbeat may have made the server primary.
   */
  confirm(outputs: StepOutputs): void {
    if (this.#noted === undefined) return;
    const { call, cluster } = this.#noted;
    this.#noted = undefined;
    const { type, serverId } = call.heartbeat;
    const { available, primary } = cluster.assignment;
    const isFirst =
      type === SERVER_TYPE
        ? available && primary?.serverId === serverId
        : this.#auxiliaries.isFirst(call.heartbeat);
    outputs.answer(call.token, { kind: 'heartbeat-noted', isFirst });
  }

  /** Drops senders that have been silent for too long. */
  expire(now: Instant, listeningMs: number, outputs: StepOutputs): void {
    for (const { who, silentMs } of this.#heartbeats.takeSilent(listeningMs)) {
      if (who.kind === 'auxiliary') {
        this.#auxiliaries.forget(who.auxiliary);
        continue;
      }
      const { cluster, serverId } = who;
      // Since then it may have attached with a stream, or its supervisor may have registered it.
      if (cluster.find(serverId)?.presence.kind !== 'heartbeat') continue;
      cluster.drop(now, serverId, `no heartbeat from it for ${Math.round(silentMs)} ms`);
      outputs.touch(cluster);
    }
  }

  /** Listening time until a sender may have to be dropped; undefined when none sends heartbeats. */
  nextSilenceInMs(listeningMs: number): number | undefined {
    return this.#heartbeats.nextSilenceInMs(listeningMs);
  }

  #member(
    now: Instant,
    listeningMs: number,
    { heartbeat }: HeartbeatCall,
    cluster: Cluster,
    outputs: StepOutputs,
  ): Refusal | undefined {
    const { serverId, address } = heartbeat;
    const known = cluster.find(serverId);
    const candidate = candidateOf(heartbeat, known);
    const objection = cluster.objectionTo(candidate) ?? objectionToHeartbeat(heartbeat, known);
    if (objection !== undefined) return objection;
    if (known?.presence.kind === 'stream') return undefined; // judged by its stream
    this.#heardOf(listeningMs, cluster, serverId);
    if (known?.presence.kind === 'heartbeat') return undefined;
    cluster.admit(now, candidate, { kind: 'heartbeat' });
    outputs.touch(cluster);
    outputs.report(
      'registered',
      `cluster ${cluster.id}: ${serverName(serverId)} is registered by its heartbeat, at ${address}`,
    );
    return undefined;
  }

  #auxiliary(listeningMs: number, auxiliary: AuxiliaryProcess, outputs: StepOutputs): Refusal | undefined {
    const { cluster, type, serverId, address } = auxiliary;
    if (this.#auxiliaries.size >= MAX_AUXILIARY_PROCESSES && !this.#auxiliaries.has(auxiliary))
      return {
        reason: 'limit-reached',
        detail: `${MAX_AUXILIARY_PROCESSES} auxiliary processes are registered already`,
      };
    this.#heartbeats.heard(listeningMs, auxiliaryKey(auxiliary), { kind: 'auxiliary', auxiliary });
    if (this.#auxiliaries.note(auxiliary))
      outputs.report(
        'registered',
        `cluster ${cluster}: ${quote(type)} ${serverId} is registered by its heartbeat, at ${address}: not a server, clients are not sent to it`,
      );
    return undefined;
  }

  #heardOf(listeningMs: number, cluster: Cluster, serverId: ServerId): void {
    this.#heartbeats.heard(listeningMs, `${cluster.id}/${serverId}`, { kind: 'member', cluster, serverId });
  }
}

/**
 * The sender of a heartbeat as a candidate. A heartbeat names no life. From the known address it counts as
 * the same life (a restart of a routed member loses nothing), from another address as the next life.
 */
function candidateOf({ cluster, serverId, address }: Heartbeat, known: Member | undefined): Candidate {
  const before =
    known === undefined ? 0 : known.address === address ? known.incarnation - 1 : known.incarnation;
  return {
    networkId: '',
    cluster,
    serverId,
    incarnation: before + 1,
    journalId: '',
    lifeId: '',
    welcomedLife: '',
    address,
  };
}
