/**
 * A router and members without a journal in virtual time: the machines and drivers that run in production,
 * and streams between them with the same delay for every message. Members are killed, frozen and thawed; the
 * router is killed and started.
 *
 * After every event it checks whether two members that can act believe that they are primary.
 */
import {
  type ClusterRecord,
  DEFAULT_TIMING,
  type Instant,
  type MemberMessage,
  type MemberState,
  Membership,
  Registry,
  type RegistryInput,
} from '@dualping/core';
import { ManualClock } from './manual-clock.fixture.js';
import { MemberDriver, type OpenedRouter, type RouterListener } from './member-driver.js';
import { RegistryDriver } from './registry-driver.js';

interface Stream {
  readonly link: number;
  readonly life: Life;
  readonly listener: RouterListener;
}

/** One run of one member. */
interface Life {
  readonly id: number;
  readonly membership: Membership;
  readonly driver: MemberDriver;
  /** Messages that arrived and timers that were due while it was frozen; undefined: it is not frozen. */
  frozen: { readonly messages: (() => void)[]; readonly timers: (() => void)[] } | undefined;
  dead: boolean;
}

export class RoutedCluster {
  /** Which members were primary, in order, as `s1 in epoch 1`. */
  readonly reigns: string[] = [];
  /** Moments at which two could have acted as primary. */
  readonly conflicts: string[] = [];
  readonly #clock = new ManualClock();
  readonly #lives = new Map<number, Life>();
  readonly #records = new Map<number, ClusterRecord>();
  readonly #streams = new Map<number, Stream>();
  #router: RegistryDriver | undefined;
  #links = 0;
  #starts = 0;

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

  /** The members that can act as primary now. */
  get primaries(): string[] {
    const now = this.#clock.now();
    return [...this.#lives.values()]
      .filter(({ dead, frozen, membership }) => !dead && frozen === undefined && membership.isPrimaryAt(now))
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
    const life: Life = {
      id,
      membership,
      driver: new MemberDriver(membership, {
        clock: {
          now: () => this.#clock.now(),
          setTimer: (at, fire) => this.#clock.setTimer(at, () => this.#happens(life, 'timers', fire)),
        },
        openRouter: (_, message, listener) => this.#open(life, message, listener),
        changed: (state) => this.#noteState(life, state),
      }),
      frozen: undefined,
      dead: false,
    };
    this.#lives.set(id, life);
    life.driver.start();
  }

  kill(id: number): void {
    const life = this.#lives.get(id);
    if (life === undefined || life.dead) return;
    life.dead = true;
    life.driver.stop();
    for (const { link, life: owner } of this.#streams.values()) if (owner === life) this.#endAtRouter(link);
  }

  freeze(id: number): void {
    const life = this.#lives.get(id);
    if (life !== undefined && !life.dead) life.frozen ??= { messages: [], timers: [] };
  }

  /**
   * Buffered messages come before any timer. That is the harder order, and the real one for a process that
   * was stopped while it read.
   */
  thaw(id: number): void {
    const life = this.#lives.get(id);
    if (life?.frozen === undefined) return;
    const missed = life.frozen;
    life.frozen = undefined;
    this.#look('thawed');
    for (const happen of [...missed.messages, ...missed.timers]) {
      happen();
      this.#look('while it reads what came meanwhile');
    }
  }

  leave(id: number): void {
    const life = this.#lives.get(id);
    if (life !== undefined && !life.dead && life.frozen === undefined) life.driver.leave();
  }

  killRouter(): void {
    this.#router?.stop();
    this.#router = undefined;
    for (const stream of this.#streams.values()) this.#endAtMember(stream);
    this.#streams.clear();
  }

  startRouter(): void {
    if (this.#router !== undefined) return;
    const records = [...this.#records.values()];
    const registry = new Registry({ networkId: 'net', clusters: 1, timing: DEFAULT_TIMING, records });
    const router: RegistryDriver = new RegistryDriver(registry, {
      clock: this.#clock,
      wallTime: () => this.#clock.now(),
      persist: (changed, durable) => {
        const written = (): void => {
          if (this.#router !== router) return;
          for (const record of changed) this.#records.set(record.cluster, record);
          durable();
        };
        if (this.syncMs === 0) written();
        else this.#after(this.syncMs, written);
      },
      send: (link, message) => {
        const stream = this.#streams.get(link);
        if (stream !== undefined) this.#toMember(stream.life, () => stream.listener.heard(message));
      },
      close: (link) => {
        const stream = this.#streams.get(link);
        if (stream === undefined) return;
        this.#endAtMember(stream);
        this.#endAtRouter(link);
      },
      // Answers and messages to callers, watchers and operators.
      answer: () => {},
      refuse: () => {},
      changed: () => {},
      probe: () => {},
      troubled: () => {},
      report: () => {},
      failed: (error) => {
        throw error;
      },
    });
    this.#router = router;
  }

  handOver(): void {
    this.#router?.feed({ kind: 'handover', token: 0, cluster: 1 });
  }

  pass(ms: number): void {
    this.#clock.advanceTo(this.#clock.now() + ms);
  }

  #open(life: Life, message: MemberMessage, listener: RouterListener): OpenedRouter {
    this.#links += 1;
    const link = this.#links;
    const stream: Stream = { link, life, listener };
    if (this.#router === undefined) this.#endAtMember(stream);
    else {
      this.#streams.set(link, stream);
      this.#toRouter({ kind: 'link-message', link, message });
    }
    return {
      send: (said) => this.#toRouter({ kind: 'link-message', link, message: said }),
      abort: () => this.#endAtRouter(link),
    };
  }

  /** To the present router, not to its successor, which has none of these streams. */
  #toRouter(input: Extract<RegistryInput, { readonly link: number }>): void {
    if (!this.#streams.has(input.link)) return;
    this.#after(this.latencyMs, () => {
      if (!this.#streams.has(input.link)) return;
      if (input.kind === 'link-ended') this.#streams.delete(input.link);
      this.#router?.feed(input);
    });
  }

  #endAtRouter(link: number): void {
    this.#toRouter({ kind: 'link-ended', link, reason: 'closed' });
  }

  #endAtMember({ link, life, listener }: Stream): void {
    this.#toMember(life, () => listener.ended({ reason: 'router-unreachable', detail: `link ${link}` }));
  }

  #toMember(life: Life, hear: () => void): void {
    this.#after(this.latencyMs, () => this.#happens(life, 'messages', hear));
  }

  /** Later when the member is frozen. */
  #happens({ frozen, dead }: Life, what: 'messages' | 'timers', work: () => void): void {
    if (dead) return;
    if (frozen === undefined) work();
    else frozen[what].push(work);
  }

  #after(ms: Instant, happen: () => void): void {
    this.#clock.setTimer(this.#clock.now() + ms, () => {
      happen();
      this.#look('after an event');
    });
  }

  #noteState(life: Life, state: MemberState): void {
    if (state.kind === 'attached' && state.isPrimary) this.#noteReign(`s${life.id} in epoch ${state.epoch}`);
    if (state.kind === 'left' || state.kind === 'failed') life.dead = true;
  }

  #noteReign(reign: string): void {
    if (this.reigns.at(-1) !== reign) this.reigns.push(reign);
  }

  #look(when: string): void {
    const { primaries } = this;
    if (primaries.length > 1) this.conflicts.push(`${this.#clock.now()} ms, ${when}: ${primaries.join(' ')}`);
  }
}
