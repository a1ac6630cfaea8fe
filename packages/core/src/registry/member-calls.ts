/**
 * Takes calls about members: a server announces itself, or its supervisor registers it and reports its end.
 */
import type { Instant, ServerId } from '../ids.js';
import { serverName } from '../ids.js';
import { Cluster } from './cluster.js';
import type { Clusters } from './clusters.js';
import { Deadlines } from './deadlines.js';
import type { Listening } from './listening.js';
import type { MemberStreams } from './member-streams.js';
import type { RegistryInput } from './registry-messages.js';
import type { StepOutputs } from './step-outputs.js';

type Call<Kind extends RegistryInput['kind']> = Extract<RegistryInput, { readonly kind: Kind }>;

export interface MemberCallsParts {
  readonly clusters: Clusters;
  readonly listening: Listening;
  readonly streams: MemberStreams;
  /** Outputs of the present step. */
  readonly outputs: StepOutputs;
  /** How long the place of an announced server is kept, ms. */
  readonly graceMs: number;
}

export class MemberCalls {
  readonly #clusters: Clusters;
  readonly #listening: Listening;
  readonly #streams: MemberStreams;
  readonly #outputs: StepOutputs;
  readonly #graceMs: number;
  /** Announced servers, and when their places become free. */
  readonly #announced = new Deadlines<{ readonly cluster: Cluster; readonly serverId: ServerId }>();

  constructor({ clusters, listening, streams, outputs, graceMs }: MemberCallsParts) {
    this.#clusters = clusters;
    this.#listening = listening;
    this.#streams = streams;
    this.#outputs = outputs;
    this.#graceMs = graceMs;
  }

  nextDeadline(): Instant | undefined {
    return this.#announced.next();
  }

  /** Announced servers that have not attached in time lose their places. */
  expire(now: Instant): void {
    for (let due = this.#announced.takeDue(now); due; due = this.#announced.takeDue(now)) {
      due.cluster.lapse(due.serverId);
      this.#outputs.touch(due.cluster);
    }
  }

  addMaster(now: Instant, { token, candidate }: Call<'add-master'>): void {
    const cluster = this.#clusters.placeFor(candidate);
    if (!(cluster instanceof Cluster)) return this.#outputs.refuse(token, cluster);
    const graceMs = this.#graceMs;
    if (cluster.announce(candidate)) {
      this.#clusters.keep(cluster);
      this.#announced.add(now + graceMs, { cluster, serverId: candidate.serverId });
      this.#outputs.touch(cluster);
      this.#outputs.report(
        'announced',
        `${cluster.title}: ${serverName(candidate.serverId)} is announced, at ${candidate.address}`,
      );
    }
    const { pingIntervalMs } = this.#listening.silence;
    const deadAfterMs = this.#listening.deadAfterMs;
    this.#outputs.answer(token, { kind: 'announced', pingIntervalMs, deadAfterMs, graceMs });
  }

  registerServer(now: Instant, { token, candidate }: Call<'register-server'>): void {
    const cluster = this.#clusters.placeFor(candidate);
    if (!(cluster instanceof Cluster)) return this.#outputs.refuse(token, cluster);
    this.#streams.admit(now, cluster, candidate, { kind: 'watched' });
    if (cluster.isChanged)
      this.#outputs.report(
        'registered',
        `${cluster.title}: ${serverName(candidate.serverId)} is registered by its supervisor, incarnation ${candidate.incarnation}, at ${candidate.address}`,
      );
    this.#outputs.answer(token, { kind: 'registered' });
  }

  crash(now: Instant, input: Call<'crash'>): void {
    const { token, serverId, incarnation } = input;
    const cluster = this.#clusters.find(input.cluster);
    if (!(cluster instanceof Cluster)) return this.#outputs.refuse(token, cluster);
    const member = cluster.find(serverId);
    if (member === undefined) {
      const detail = `${cluster.title} knows no ${serverName(serverId)}`;
      return this.#outputs.refuse(token, { reason: 'unknown-member', detail });
    }
    // Late, repeated and older reports are about a life that has already ended.
    let dropped = false;
    if (member.incarnation === incarnation) {
      const { presence } = member;
      const why = `its supervisor reports a crash${input.detail === '' ? '' : `: ${input.detail}`}`;
      dropped = cluster.drop(now, serverId, why);
      this.#outputs.touch(cluster);
      if (dropped && presence.kind === 'stream') this.#streams.end(presence.link, why);
    }
    this.#outputs.answer(token, { kind: 'crash-noted', dropped });
  }
}
