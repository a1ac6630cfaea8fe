/** Calls of clients and operators that are answered with an assignment, now or when there is one. */
import type { Assignment } from '../assignment.js';
import { type ClusterKey, clusterTitle, type Instant, type ServiceName, serverName } from '../ids.js';
import { MAX_WAIT_MS } from '../limits.js';
import { Cluster } from './cluster.js';
import type { Clusters } from './clusters.js';
import { MAX_WAITERS, OPERATOR_HANDOVER_TIMEOUT_MS, PROMOTION_WAIT_MS } from './registry-limits.js';
import type { RegistryInput, RegistryToken } from './registry-messages.js';
import type { StepOutputs } from './step-outputs.js';
import { isContent, type Waiter, Waiting } from './waiting.js';

type Call<Kind extends RegistryInput['kind']> = Extract<RegistryInput, { readonly kind: Kind }>;

export class AssignmentCalls {
  readonly #waiting = new Waiting();

  nextDeadline(): Instant | undefined {
    return this.#waiting.next();
  }

  /** `cluster`: the requested one, or the name of a service that does not exist yet. */
  getAvailable(
    now: Instant,
    cluster: Cluster | ServiceName,
    input: Call<'get-available'>,
    outputs: StepOutputs,
  ): void {
    const { token } = input;
    const key = cluster instanceof Cluster ? cluster.key : cluster;
    const waiter: Waiter = { token, cluster: key, wants: 'primary', above: input.failedEpoch, pings: 0 };
    if (cluster instanceof Cluster && isContent(waiter, cluster.assignment))
      return outputs.answerWith(token, cluster.assignment);
    if (input.waitMs <= 0) return endInVain(waiter, cluster, outputs);
    if (this.#mayWait(token, outputs)) this.#waiting.add(now + Math.min(input.waitMs, MAX_WAIT_MS), waiter);
  }

  /** Asks the primary to hand over; the caller waits for the successor. */
  handover(now: Instant, cluster: Cluster, { token, to }: Call<'handover'>, outputs: StepOutputs): void {
    const link = cluster.grants.linkToHandOver(to);
    if (typeof link !== 'number') return outputs.refuse(token, link);
    if (!this.#mayWait(token, outputs)) return;
    const { epoch } = cluster.assignment;
    const until = now + OPERATOR_HANDOVER_TIMEOUT_MS;
    this.#waiting.add(until, { token, cluster: cluster.key, wants: 'handover', above: epoch, pings: 0 });
    outputs.send(link, { kind: 'please-hand-over', epoch });
    outputs.report(
      'handover',
      `${cluster.title}: the primary of epoch ${epoch} is asked to hand over${to === undefined ? '' : ` to ${serverName(to)}`}`,
    );
  }

  promote(now: Instant, cluster: Cluster, input: Call<'promote'>, outputs: StepOutputs): void {
    const { token } = input;
    if (!this.#mayWait(token, outputs)) return;
    const { epoch } = cluster.assignment;
    const refusal = cluster.grants.promoteUnclean(input.serverId, input.acceptLoss);
    if (refusal !== undefined) return outputs.refuse(token, refusal);
    outputs.touch(cluster);
    // Answered by the change at the end of this step, or when the chosen member attaches again.
    this.#waiting.add(now + PROMOTION_WAIT_MS, {
      token,
      cluster: cluster.key,
      wants: 'primary',
      above: epoch,
      pings: 0,
    });
  }

  /** Asks the primary to end; the caller waits until it has. */
  rest(now: Instant, cluster: Cluster, { token }: Call<'rest'>, outputs: StepOutputs): void {
    const order = cluster.orders.rest();
    if (order === 'resting') return outputs.answerWhenSealed(token, cluster);
    if (typeof order !== 'number') return outputs.refuse(token, order);
    if (!this.#mayWait(token, outputs)) return;
    const { epoch } = cluster.assignment;
    const until = now + OPERATOR_HANDOVER_TIMEOUT_MS;
    this.#waiting.add(until, { token, cluster: cluster.key, wants: 'rest', above: epoch, pings: 0 });
    outputs.send(order, { kind: 'please-rest', epoch });
    outputs.touch(cluster);
  }

  pause(cluster: Cluster, { token }: Call<'pause'>, outputs: StepOutputs): void {
    const refusal = cluster.orders.pause();
    if (refusal !== undefined) return outputs.refuse(token, refusal);
    outputs.answerWhenSealed(token, cluster);
  }

  resume(cluster: Cluster, { token }: Call<'resume'>, outputs: StepOutputs): void {
    cluster.orders.resume();
    const detail = `another operator has resumed ${cluster.title}`;
    for (const waiter of this.#waiting.takeRests(cluster.key))
      outputs.refuse(waiter.token, { reason: 'handover-impossible', detail });
    outputs.answerWhenSealed(token, cluster);
  }

  remove(cluster: Cluster, { token, serverId, acceptLoss }: Call<'remove'>, outputs: StepOutputs): void {
    const refusal = cluster.orders.remove(serverId, acceptLoss);
    if (refusal !== undefined) return outputs.refuse(token, refusal);
    outputs.answerWhenSealed(token, cluster);
  }

  cancel(token: RegistryToken): void {
    this.#waiting.cancel(token);
  }

  /**
   * The primary has pinged: a client that asks because it lost this primary has lost only its own link.
   */
  primaryPinged({ key, assignment }: Cluster, outputs: StepOutputs): void {
    for (const { token } of this.#waiting.takeReassured(key, assignment.epoch))
      outputs.answerWith(token, assignment);
  }

  /** The primary says that it can't hand over: waiting callers are refused now. */
  handoverFailed(cluster: Cluster, detail: string, outputs: StepOutputs): void {
    for (const { token } of this.#waiting.takeHandovers(cluster.key))
      outputs.refuse(token, { reason: 'handover-impossible', detail });
  }

  /** Removes and returns all calls that waited for this assignment. */
  content(assignment: Assignment): RegistryToken[] {
    return this.#waiting.takeContent(assignment).map(({ token }) => token);
  }

  /** Answers calls whose wait is over. */
  expire(now: Instant, clusters: Clusters, outputs: StepOutputs): void {
    for (let waiter = this.#waiting.takeDue(now); waiter; waiter = this.#waiting.takeDue(now)) {
      endInVain(waiter, clusters.get(waiter.cluster) ?? waiter.cluster, outputs);
    }
  }

  #mayWait(token: RegistryToken, outputs: StepOutputs): boolean {
    if (!this.#waiting.isFull) return true;
    outputs.refuse(token, { reason: 'limit-reached', detail: `${MAX_WAITERS} calls are waiting already` });
    return false;
  }
}

/** A client gets the present primary: its link may have broken without a failover. */
function endInVain({ token, wants }: Waiter, cluster: Cluster | ClusterKey, outputs: StepOutputs): void {
  if (!(cluster instanceof Cluster)) {
    const detail = `${clusterTitle(cluster)}: no member of it has ever attached`;
    return outputs.refuse(token, { reason: 'no-available-server', detail });
  }
  const { assignment } = cluster;
  if (wants === 'handover') {
    const inTime = `the primary has not handed over within ${OPERATOR_HANDOVER_TIMEOUT_MS} ms`;
    const detail = `${inTime}: ask again${cluster.grants.orStopIt()}`;
    return outputs.refuse(token, { reason: 'handover-impossible', detail });
  }
  if (wants === 'rest') {
    const inTime = `the primary has not ended within ${OPERATOR_HANDOVER_TIMEOUT_MS} ms`;
    const detail = `${inTime}: ask again, or "dualping admin resume" takes the order back`;
    return outputs.refuse(token, { reason: 'handover-impossible', detail });
  }
  if (assignment.available) return outputs.answerWith(token, assignment);
  const detail = `${cluster.title}: ${assignment.unavailableReason}`;
  outputs.refuse(token, { reason: 'no-available-server', detail });
}
