/**
 * A router and members without a journal in virtual time: the machines that run in production, and streams
 * between them with the same delay for every message. Members are killed, frozen and thawed; the router is
 * killed and started.
 *
 * After every event it looks whether two members that can act believe that they are primary.
 */
import {
  type ClusterRecord,
  DEFAULT_TIMING,
  Membership,
  type MembershipInput,
  Registry,
  type RegistryInput,
  type RegistryOutput,
} from '../index.js';

import { recordsIn } from '../registry/play.fixture.js';

interface Event {
  readonly at: number;
  readonly happen: () => void;
}

interface Stream {
  readonly link: number;
  readonly member: Life;
  readonly attempt: number;
}

/** One run of one member. */
interface Life {
  readonly id: number;
  readonly membership: Membership;
  /** What came while it was frozen; undefined: it is not frozen. */
  frozen: (() => void)[] | undefined;
  dead: boolean;
}

export class RoutedCluster {
  now = 0;
  /** Which members were primary, in order, as `s1 in epoch 1`. */
  readonly reigns: string[] = [];
  /** Moments at which two could have acted as primary. */
  readonly conflicts: string[] = [];
  readonly #lives = new Map<number, Life>();
  readonly #records = new Map<number, ClusterRecord>();
  readonly #streams = new Map<number, Stream>();
  #registry: Registry | undefined;
  #events: Event[] = [];
  #links = 0;
  #starts = 0;
  /** What waits for the router's disk, while a write is under way. */
  #writing: RegistryOutput[] | undefined;

  /** @param latencyMs how long a message takes */
  constructor(
    members: number,
    readonly latencyMs = 1,
    /** How long the router's disk takes for a write. */
    public syncMs = 0,
  ) {
    this.startRouter();
    for (let id = 1; id <= members; id += 1) this.start(id);
  }

  /** Who can act as primary now. */
  get primaries(): string[] {
    return [...this.#lives.values()]
      .filter(
        ({ dead, frozen, membership }) => !dead && frozen === undefined && membership.isPrimaryAt(this.now),
      )
      .map(({ id }) => `s${id}`);
  }

  start(id: number): void {
    if (this.#lives.get(id)?.dead === false) return;
    this.#starts += 1;
    const membership = new Membership({
      routers: ['router'],
      cluster: 1,
      serverId: id,
      incarnation: this.#starts,
      incarnationIsTime: false,
      lifeId: `life ${this.#starts}`,
      address: `s${id}`,
    });
    const life: Life = { id, membership, frozen: undefined, dead: false };
    this.#lives.set(id, life);
    this.#step(life, { kind: 'tick' });
  }

  kill(id: number): void {
    const life = this.#lives.get(id);
    if (life === undefined || life.dead) return;
    life.dead = true;
    for (const stream of this.#streams.values())
      if (stream.member === life)
        this.#toRouter(stream.link, { kind: 'link-ended', link: stream.link, reason: 'killed' });
  }

  freeze(id: number): void {
    const life = this.#lives.get(id);
    if (life !== undefined && !life.dead) life.frozen ??= [];
  }

  /**
   * What is in the buffers comes before any timer. That is the harder order, and the real one for a process
   * that was stopped while it read.
   */
  thaw(id: number): void {
    const life = this.#lives.get(id);
    if (life?.frozen === undefined) return;
    const missed = life.frozen;
    life.frozen = undefined;
    this.#look('thawed');
    for (const happen of missed) {
      happen();
      this.#look('while it reads what came meanwhile');
    }
  }

  leave(id: number): void {
    const life = this.#lives.get(id);
    if (life !== undefined && !life.dead && life.frozen === undefined) this.#step(life, { kind: 'leave' });
  }

  killRouter(): void {
    if (this.#registry === undefined) return;
    this.#registry = undefined;
    this.#writing = undefined;
    for (const { link, member, attempt } of this.#streams.values())
      this.#toMember(member, {
        kind: 'router-ended',
        attempt,
        reason: 'router-unreachable',
        detail: `link ${link}`,
      });
    this.#streams.clear();
  }

  startRouter(): void {
    this.#registry ??= new Registry({
      networkId: 'net',
      clusters: 1,
      timing: DEFAULT_TIMING,
      records: [...this.#records.values()],
    });
  }

  handOver(): void {
    this.#registryStep({ kind: 'handover', token: 0, cluster: 1 });
  }

  pass(ms: number): void {
    const until = this.now + ms;
    for (;;) {
      const next = this.#next(until);
      if (next === undefined) break;
      this.now = Math.max(this.now, next.at);
      next.happen();
      this.#look('after an event');
    }
    this.now = until;
  }

  /** What happens next, until `until`: a message arrives, or a machine's deadline comes. */
  #next(until: number): Event | undefined {
    const candidates: Event[] = [...this.#events];
    const registryDue = this.#registry?.nextDeadline();
    if (registryDue !== undefined)
      candidates.push({ at: registryDue, happen: () => this.#registryStep({ kind: 'tick' }) });
    for (const life of this.#lives.values()) {
      const due = life.membership.nextDeadline();
      if (due === undefined || life.dead || life.frozen !== undefined) continue;
      candidates.push({ at: due, happen: () => this.#step(life, { kind: 'tick' }) });
    }
    const first = candidates.reduce<Event | undefined>(
      (least, event) => (least === undefined || event.at < least.at ? event : least),
      undefined,
    );
    if (first === undefined || first.at > until) return undefined;
    this.#events = this.#events.filter((event) => event !== first);
    return first;
  }

  #after(ms: number, happen: () => void): void {
    this.#events.push({ at: this.now + ms, happen });
  }

  #step(life: Life, input: MembershipInput): void {
    if (life.dead) return;
    for (const output of life.membership.step(this.now, input))
      switch (output.kind) {
        case 'open-router':
          this.#open(life, output.attempt, output.message);
          break;
        case 'to-router': {
          const stream = this.#streamOf(life, output.attempt);
          if (stream !== undefined)
            this.#toRouter(stream.link, { kind: 'link-message', link: stream.link, message: output.message });
          break;
        }
        case 'close-router': {
          const stream = this.#streamOf(life, output.attempt);
          if (stream !== undefined)
            this.#toRouter(stream.link, { kind: 'link-ended', link: stream.link, reason: 'closed' });
          break;
        }
        case 'state':
          if (output.state.kind === 'attached' && output.state.isPrimary)
            this.#noteReign(`s${life.id} in epoch ${output.state.epoch}`);
          if (output.state.kind === 'left' || output.state.kind === 'failed') life.dead = true;
      }
  }

  #open(
    member: Life,
    attempt: number,
    message: Extract<RegistryInput, { kind: 'link-message' }>['message'],
  ): void {
    if (this.#registry === undefined)
      return this.#toMember(member, {
        kind: 'router-ended',
        attempt,
        reason: 'router-unreachable',
        detail: 'nobody',
      });
    this.#links += 1;
    this.#streams.set(this.#links, { link: this.#links, member, attempt });
    this.#toRouter(this.#links, { kind: 'link-message', link: this.#links, message });
  }

  #streamOf(member: Life, attempt: number): Stream | undefined {
    return [...this.#streams.values()].find((it) => it.member === member && it.attempt === attempt);
  }

  /** To the present router, not to its successor, which has none of these streams. */
  #toRouter(link: number, input: RegistryInput): void {
    this.#after(this.latencyMs, () => {
      if (!this.#streams.has(link)) return;
      if (input.kind === 'link-ended') this.#streams.delete(link);
      this.#registryStep(input);
    });
  }

  #toMember(life: Life, input: MembershipInput): void {
    this.#after(this.latencyMs, () => {
      if (life.frozen === undefined) this.#step(life, input);
      else life.frozen.push(() => this.#step(life, input));
    });
  }

  #registryStep(input: RegistryInput): void {
    const waiting: RegistryOutput[] = [];
    for (const output of this.#registry?.step(this.now, input) ?? [])
      if ('overtakes' in output && output.overtakes) this.#perform([output]);
      else waiting.push(output);
    if (this.#writing === undefined) this.#write(waiting);
    else this.#writing.push(...waiting);
  }

  /** One write for all that waits; what comes meanwhile waits for the next write. */
  #write(outputs: readonly RegistryOutput[]): void {
    const records = recordsIn(outputs);
    const registry = this.#registry;
    if (records.length === 0) return this.#perform(outputs);
    this.#writing = [];
    const written = (): void => {
      if (this.#registry !== registry || registry === undefined) return;
      for (const record of records) this.#records.set(record.cluster, record);
      this.#perform(outputs);
      this.#registryStep({ kind: 'told', records });
      const next = this.#writing ?? [];
      this.#writing = undefined;
      this.#write(next);
    };
    if (this.syncMs === 0) written();
    else this.#after(this.syncMs, written);
  }

  #perform(outputs: readonly RegistryOutput[]): void {
    for (const output of outputs)
      switch (output.kind) {
        case 'send': {
          const stream = this.#streams.get(output.link);
          if (stream !== undefined)
            this.#toMember(stream.member, {
              kind: 'router-message',
              attempt: stream.attempt,
              message: output.message,
            });
          break;
        }
        case 'close': {
          const stream = this.#streams.get(output.link);
          if (stream === undefined) break;
          const { member, attempt, link } = stream;
          this.#toMember(member, {
            kind: 'router-ended',
            attempt,
            reason: 'router-unreachable',
            detail: output.why,
          });
          this.#toRouter(link, { kind: 'link-ended', link, reason: 'closed' });
          break;
        }
        default: // what callers, watchers and operators are told
      }
  }

  #noteReign(reign: string): void {
    if (this.reigns.at(-1) !== reign) this.reigns.push(reign);
  }

  #look(when: string): void {
    const { primaries } = this;
    if (primaries.length > 1) this.conflicts.push(`${this.now} ms, ${when}: ${primaries.join(' ')}`);
  }
}
