/** A client: the real session and its real driver, over the simulated network. */
import {
  type ClientSession,
  type ClusterId,
  type Command,
  NO_EPOCH,
  type Position,
  type SessionCommand,
  type SessionInput,
  type SessionQuery,
  type SessionState,
  type TimelineStart,
  type UserName,
} from '@dualping/core';
import type { Asker, SessionDriver, SessionListener, SessionNetwork, Turns } from '@dualping/runtime';
import { call } from './call.js';
import type { Checkers } from './checkers/checker.js';
import type { Build } from './core.js';
import type { Acceptors } from './network.js';
import { Process, type Surroundings } from './process.js';
import { RouterWatch } from './router-watch.js';
import { SimulatedServerCalls } from './server-calls.js';
import { SessionRecord } from './session-record.js';
import type { Wires } from './wires.js';

/** Time-out of a call that a router answers at once, ms. */
const ROUTER_TIMEOUT_MS = 2_000;
/** Time-out of a trespassing call, whose answer does not matter, ms. */
const TRESPASS_TIMEOUT_MS = 1_000;

export interface ClientSurroundings extends Surroundings, Build {
  readonly checkers: Checkers;
  readonly routers: readonly string[];
  /** Whether servers may forget a living session. */
  readonly forgets: boolean;
}

export class ClientProcess extends Process {
  readonly acceptors: Acceptors = {};
  readonly #around: ClientSurroundings;
  readonly sessions: SessionRecord[] = [];
  #machine: ClientSession | undefined;
  #driver: SessionDriver | undefined;
  /** Of the last link that was opened. */
  #calls: SimulatedServerCalls | undefined;
  #lastTicket = 0;
  readonly #queries = new Map<number, SessionQuery>();
  #paused = false;
  #trespasses = 0;

  /** Whether it wants all posts that name its user. */
  readonly mentions: boolean;

  constructor(
    name: string,
    readonly user: UserName,
    readonly cluster: ClusterId,
    readonly history: number | undefined,
    around: ClientSurroundings,
  ) {
    super(name, around);
    this.#around = around;
    this.mentions = this.random.fork('mentions').chance(0.5);
  }

  /** The present session, if the client runs. */
  get session(): SessionRecord | undefined {
    return this.#machine === undefined ? undefined : this.sessions.at(-1);
  }
  get machine(): ClientSession | undefined {
    return this.#machine;
  }

  start(): void {
    const { core, runtime, routers } = this.#around;
    this.begin();
    const before = this.sessions.at(-1);
    const again = before !== undefined && !before.isInDoubt && this.#sameAgain() ? before : undefined;
    if (again !== undefined) again.repeated = true;
    const timeline = this.#timelineStart(before?.delivered.at(-1)?.position);
    const sessionId = again?.sessionId ?? `${this.name}-${this.sessions.length + 1}`;
    const session = new SessionRecord(sessionId, this, again !== undefined);
    if (timeline.kind === 'after') session.beganAt = timeline.position;
    if (before !== undefined && (timeline.kind === 'after' || again !== undefined))
      session.isInDoubt = before.isInDoubt;
    this.sessions.push(session);
    this.#machine = new core.ClientSession({
      routers,
      user: this.user,
      sessionId,
      timeline,
      chance: () => this.random.next(),
    });
    this.#driver = new runtime.SessionDriver(this.#machine, {
      clock: this.timers,
      network: this.#reach,
      listener: this.#listenerOf(session),
    });
    this.feed({ kind: 'start' });
    for (const { command } of again?.requests.values() ?? []) this.submit(command);
  }

  /**
   * A program that is run again with the same session id, and sends the same requests in the same order,
   * changes nothing. Not done with small limits: the session may have been forgotten.
   */
  #sameAgain(): boolean {
    return !this.#around.forgets && this.random.chance(0.4);
  }

  /** Some returning clients go on after the last post that they saw. */
  #timelineStart(seen: Position | undefined): TimelineStart {
    if (this.history === undefined) return { kind: 'none' };
    if (seen !== undefined && this.random.chance(0.5)) return { kind: 'after', position: seen };
    return { kind: 'history', posts: this.history };
  }

  /** Ends its session in order, also with unanswered requests. */
  close(): void {
    if (this.session === undefined) return;
    this.session.closed = true;
    this.feed({ kind: 'close' });
    this.kill();
  }

  /** Its process is gone. */
  kill(): void {
    if (!this.running) return;
    this.end();
    this.#driver?.stop();
    this.#driver = undefined;
    this.#machine = undefined;
    this.#calls = undefined;
    this.#lastTicket = 0;
    this.#queries.clear();
    this.#paused = false;
  }

  submit(command: SessionCommand): void {
    const { session } = this;
    if (session === undefined) return;
    this.#lastTicket += 1;
    const ticket = this.#lastTicket;
    session.requests.set(ticket, { command, askedAt: this.world.now, result: undefined });
    session.unsettled += 1;
    this.#around.checkers.tell('submitted', session, ticket, command);
    this.receive(() => this.feed({ kind: 'submit', ticket, command }));
  }

  query(query: SessionQuery): void {
    if (this.#machine === undefined) return;
    this.#lastTicket += 1;
    const ticket = this.#lastTicket;
    this.#queries.set(ticket, query);
    this.session?.asks(query);
    this.receive(() => this.feed({ kind: 'query', ticket, query }));
  }

  /**
   * Asks a server of another cluster directly: a login and at once a post. Our library never does that, but
   * any program can.
   */
  trespass(address: string): void {
    this.#trespasses += 1;
    const sessionId = `${this.name}-at-${address}-${this.#trespasses}`;
    const commands: readonly Command[] = [
      { kind: 'register', user: this.user },
      { kind: 'post', user: this.user, text: `${sessionId}, who is not from here` },
    ];
    const ignored = { answered: () => {}, failed: () => {} };
    for (const [at, command] of commands.entries()) {
      const write = { kind: 'write', sessionId, requestNo: at + 1, epoch: NO_EPOCH, command } as const;
      call(this, address, 'write', write, TRESPASS_TIMEOUT_MS, 'server-unreachable', ignored);
    }
  }

  /** Leaves its timeline unread, or reads on. */
  pause(paused: boolean): void {
    this.#paused = paused;
    this.#calls?.pause(paused);
  }

  feed(input: SessionInput): void {
    this.#driver?.feed(input);
  }

  #listenerOf(session: SessionRecord): SessionListener {
    const { checkers } = this.#around;
    return {
      settled: (ticket, result) => {
        const asked = session.requests.get(ticket);
        if (asked === undefined) throw new Error(`${this.name} settles ticket ${ticket}, which it never had`);
        checkers.tell('settled', session, ticket, asked.command, result);
        asked.result = result;
        session.unsettled -= 1;
      },
      querySettled: (ticket, result) => {
        const query = this.#queries.get(ticket);
        this.#queries.delete(ticket);
        if (query !== undefined && result.kind === 'answered')
          checkers.tell('answered', session, query, result.answer);
      },
      delivered: (posts) => {
        checkers.tell('delivered', session, posts);
        session.delivered.push(...posts);
      },
      entered: (state) => {
        if (state.kind === 'failed') session.failure = state.because.detail;
        this.world.say(this.name, stateText(state));
      },
      moved: ({ from, to, gapMs }) =>
        this.world.say(
          this.name,
          `has moved from s${from.serverId} to s${to.serverId} in ${gapMs.toFixed(0)} ms`,
        ),
      ended: () => {},
    };
  }

  readonly #turns: Pick<Turns, 'soon'> = {
    soon: (work) => this.later(0, `${this.name} turn`, work),
  };

  readonly #reach: SessionNetwork = {
    introduce: (router, _anew, asker) =>
      this.#ask(router, 'connect', { kind: 'connect', user: this.user }, ROUTER_TIMEOUT_MS, asker),
    resolve: (router, { home, failedEpoch, waitMs }, asker) => {
      const question = { kind: 'get-available', cluster: home.cluster, failedEpoch, waitMs } as const;
      return this.#ask(router, 'get-available', question, waitMs + ROUTER_TIMEOUT_MS, asker);
    },
    watch: ({ cluster }, learn) => {
      const watch = new RouterWatch(this, this.#around.routers, cluster, learn);
      watch.open();
      return () => watch.close();
    },
    link: ({ address }, feed) => {
      const { session } = this;
      const calls = new SimulatedServerCalls(this, address, (inFlight) => {
        if (session !== undefined) this.#around.checkers.tell('asked', session, inFlight);
      });
      calls.pause(this.#paused);
      this.#calls = calls;
      const { user, mentions } = this;
      return new this.#around.runtime.ServerLink({ user, mentions }, calls, this.#turns, (input) => {
        this.#noteBeginning(input);
        feed(input);
      });
    },
    keepWarm: () => {},
  };

  #ask<K extends 'connect' | 'get-available'>(
    router: string,
    kind: K,
    question: Wires[K]['up'],
    timeoutMs: number,
    asker: Asker<Wires[K]['down']>,
  ): () => void {
    const asked = call(this, router, kind, question, timeoutMs, 'router-unreachable', asker);
    return () => asked.cancel();
  }

  #noteBeginning(input: SessionInput): void {
    const { session } = this;
    if (input.kind !== 'connected' || session === undefined || session.beganAt !== undefined) return;
    session.beganAt = input.committed;
    this.#around.checkers.tell('timelineBegan', session, input.committed);
  }
}

function stateText(state: SessionState): string {
  switch (state.kind) {
    case 'resolving':
      return `asks ${state.router}${state.because === undefined ? '' : ` (${state.because.reason})`}`;
    case 'connecting':
    case 'live':
      return `is ${state.kind} at ${state.target.address}, epoch ${state.target.epoch}`;
    case 'waiting':
      return `waits: ${state.because.reason}`;
    case 'closed':
      return 'is closed';
    case 'failed':
      return `can't go on: ${state.because.reason}: ${state.because.detail}`;
  }
}
