/**
 * A client: the real session machine, with links over the network. Does what `dualping-session.ts` of
 * `@dualping/client` does, and decides nothing.
 */
import {
  type ClientSession,
  type ClusterId,
  type Command,
  type Failure,
  NO_EPOCH,
  type Position,
  type SessionCommand,
  type SessionInput,
  type SessionOutput,
  type SessionQuery,
  type TimelineStart,
  type UserName,
} from '@dualping/core';
import type { MachineLoop } from '@dualping/runtime';
import { type Call, call } from './call.js';
import type { Checkers } from './checkers/checker.js';
import type { Build } from './core.js';
import type { Acceptors } from './network.js';
import { Process, type Surroundings } from './process.js';
import { RouterWatch } from './router-watch.js';
import { ServerLink } from './server-link.js';
import { SessionRecord } from './session-record.js';

/** A call that a router answers from what it knows, ms. */
const ROUTER_TIMEOUT_MS = 2_000;
/** An answer that nobody waits for, ms. */
const TRESPASS_TIMEOUT_MS = 1_000;

export interface ClientSurroundings extends Surroundings, Build {
  readonly checkers: Checkers;
  readonly routers: readonly string[];
  /** Whether servers may forget a session that lives. */
  readonly forgets: boolean;
}

type OutputOf<Kind extends SessionOutput['kind']> = Extract<SessionOutput, { kind: Kind }>;

export class ClientProcess extends Process {
  readonly acceptors: Acceptors = {};
  readonly #around: ClientSurroundings;
  readonly sessions: SessionRecord[] = [];
  #machine: ClientSession | undefined;
  #loop: MachineLoop<SessionInput, SessionOutput> | undefined;
  #link: { readonly no: number; readonly link: ServerLink } | undefined;
  /** Questions to routers that are on their way. */
  #asks = new Map<number, Call>();
  #watching = false;
  #lastTicket = 0;
  readonly #queries = new Map<number, SessionQuery>();
  #paused = false;
  #trespasses = 0;

  constructor(
    name: string,
    readonly user: UserName,
    readonly cluster: ClusterId,
    readonly history: number | undefined,
    around: ClientSurroundings,
  ) {
    super(name, around);
    this.#around = around;
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
    const session = new SessionRecord(sessionId, this.user, this.cluster, this.history, again !== undefined);
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
    this.#loop = new runtime.MachineLoop(this.#machine, {
      clock: this.timers,
      perform: (output) => this.#perform(output),
    });
    this.feed({ kind: 'start' });
    for (const { command } of again?.requests.values() ?? []) this.submit(command);
  }

  /**
   * A program that is run again with the same session id, and asks for the same in the same order, changes nothing. Not
   * with small limits: then its session may have been forgotten.
   */
  #sameAgain(): boolean {
    return !this.#around.forgets && this.random.chance(0.4);
  }

  /** Of those who come back some go on after what they saw last. */
  #timelineStart(seen: Position | undefined): TimelineStart {
    if (this.history === undefined) return { kind: 'none' };
    if (seen !== undefined && this.random.chance(0.5)) return { kind: 'after', position: seen };
    return { kind: 'history', posts: this.history };
  }

  /** Ends its session in order, whatever it has asked and was not told. */
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
    this.#loop?.stop();
    this.#loop = undefined;
    this.#machine = undefined;
    this.#link = undefined;
    this.#asks = new Map();
    this.#watching = false;
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
   * Asks a server of another cluster, past the router: a login and a post right behind it. No library does that; whoever
   * writes to a port may.
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
    this.#link?.link.pause(paused);
  }

  feed(input: SessionInput): void {
    this.#loop?.feed(input);
  }

  #perform(output: SessionOutput): void {
    const { checkers } = this.#around;
    const { session } = this;
    if (session === undefined) return;
    switch (output.kind) {
      case 'introduce':
        return this.#introduce(output);
      case 'resolve':
        return this.#resolve(output);
      case 'cancel-ask':
        this.#asks.get(output.askNo)?.cancel();
        this.#asks.delete(output.askNo);
        return;
      case 'give-sign':
        if (this.#link?.no === output.link) this.#link.link.giveSign();
        return;
      case 'open':
        return this.#linkOf(output).open(output);
      case 'send': {
        const link = this.#linkOf(output);
        link.send(output);
        return checkers.tell('asked', session, link.writesInFlight(output.sessionId));
      }
      case 'ask':
        return this.#linkOf(output).ask(output);
      case 'drop':
        if (this.#link?.no === output.link) this.#dropLink();
        return;
      case 'warm':
        return;
      case 'settle-query': {
        const query = this.#queries.get(output.ticket);
        this.#queries.delete(output.ticket);
        if (query !== undefined && output.result.kind === 'answered')
          checkers.tell('answered', session, query, output.result.answer);
        return;
      }
      case 'settle': {
        const { ticket, result } = output;
        const asked = session.requests.get(ticket);
        if (asked === undefined) throw new Error(`${this.name} settles ticket ${ticket}, which it never had`);
        checkers.tell('settled', session, ticket, asked.command, result);
        asked.result = result;
        session.unsettled -= 1;
        return;
      }
      case 'deliver':
        checkers.tell('delivered', session, output.posts);
        session.delivered.push(...output.posts);
        return;
      case 'state':
        if (output.state.kind === 'failed') session.failure = output.state.because.detail;
        return this.world.say(this.name, stateText(output));
      case 'moved':
        return this.world.say(
          this.name,
          `has moved from s${output.from.serverId} to s${output.to.serverId} in ${output.gapMs.toFixed(0)} ms`,
        );
    }
  }

  #introduce({ askNo, router }: OutputOf<'introduce'>): void {
    const question = { kind: 'connect', user: this.user } as const;
    const asked = call(this, router, 'connect', question, ROUTER_TIMEOUT_MS, 'router-unreachable', {
      answered: ({ networkId, cluster, clusters, failoverWaitMs, assignment }) => {
        this.#asks.delete(askNo);
        this.#watch();
        this.feed({ kind: 'introduced', askNo, networkId, cluster, clusters, failoverWaitMs, assignment });
      },
      failed: (failure) => this.#askFailed(askNo, failure),
    });
    this.#asks.set(askNo, asked);
  }

  #askFailed(askNo: number, failure: Failure): void {
    this.#asks.delete(askNo);
    this.feed({ kind: 'ask-failed', askNo, ...failure });
  }

  #resolve({ askNo, router, failedEpoch, waitMs }: OutputOf<'resolve'>): void {
    const question = { kind: 'get-available', cluster: this.cluster, failedEpoch, waitMs } as const;
    const timeoutMs = waitMs + ROUTER_TIMEOUT_MS;
    const asked = call(this, router, 'get-available', question, timeoutMs, 'router-unreachable', {
      answered: ({ networkId, assignment }) => {
        this.#asks.delete(askNo);
        this.feed({ kind: 'resolved', askNo, networkId, assignment });
      },
      failed: (failure) => this.#askFailed(askNo, failure),
    });
    this.#asks.set(askNo, asked);
  }

  #watch(): void {
    if (this.#watching) return;
    this.#watching = true;
    const { routers } = this.#around;
    new RouterWatch(this, routers, this.cluster, (networkId, assignment) =>
      this.feed({ kind: 'assignment-learned', networkId, assignment }),
    ).open();
  }

  #linkOf({ link: no, target }: OutputOf<'open' | 'send' | 'ask'>): ServerLink {
    if (this.#link?.no === no) return this.#link.link;
    this.#dropLink();
    const link = new ServerLink(this, target.address, this.user, (input) => this.#heard(input));
    link.pause(this.#paused);
    this.#link = { no, link };
    return link;
  }

  #heard(input: SessionInput): void {
    const { session } = this;
    if (input.kind === 'connected' && session !== undefined && session.beganAt === undefined) {
      session.beganAt = input.committed;
      this.#around.checkers.tell('timelineBegan', session, input.committed);
    }
    this.feed(input);
  }

  #dropLink(): void {
    this.#link?.link.drop();
    this.#link = undefined;
  }
}

function stateText({ state }: OutputOf<'state'>): string {
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
