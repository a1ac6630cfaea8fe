/**
 * Drives a client session: performs each of its outputs. It keeps one link to a server, the unanswered
 * questions to routers, and one watch of the session's cluster.
 */
import {
  type Address,
  type Assignment,
  type ClientSession,
  DualpingError,
  type Epoch,
  type Failure,
  type NetworkId,
  type Post,
  type QueryResult,
  type RequestResult,
  type SessionInput,
  type SessionOutput,
  type SessionState,
  type SessionTarget,
  unreachable,
} from '@dualping/core';
import type { Clock } from './clock.js';
import { MachineLoop } from './machine-loop.js';

type InputOf<Kind extends SessionInput['kind']> = Extract<SessionInput, { readonly kind: Kind }>;
type OutputOf<Kind extends SessionOutput['kind']> = Extract<SessionOutput, { readonly kind: Kind }>;
type Home = NonNullable<ClientSession['home']>;
/** The part of a session that a driver needs. */
type Session = Pick<ClientSession, 'step' | 'nextDeadline' | 'state' | 'home'>;

/** Cancels the call; does nothing when it has already ended. */
export type Cancel = () => void;

/** One of the two callbacks is called once, immediately or later. */
export interface Asker<Answer> {
  readonly answered: (answer: Answer) => void;
  readonly failed: (failure: Failure) => void;
}

export type Introduction = Omit<InputOf<'introduced'>, 'kind' | 'askNo'>;
export type Resolution = Omit<InputOf<'resolved'>, 'kind' | 'askNo'>;

/** Asks for the primary of a cluster, above `failedEpoch` if there is one within `waitMs`. */
export interface AvailableQuestion {
  readonly home: Home;
  readonly failedEpoch: Epoch;
  readonly waitMs: number;
}

/** A timeline at a server, and other calls to it. Answers are fed to the session. */
export interface SessionLink {
  open(timeline: OutputOf<'open'>): void;
  send(request: OutputOf<'send'>): void;
  ask(question: OutputOf<'ask'>): void;
  giveSign(): void;
  /** Ends everything at once. `isSilent`: the connection may be dead. Nothing is fed any more. */
  drop(isSilent: boolean): void;
  /** Ends everything in order, for a session that has ended. Nothing is fed any more. */
  leave(): void;
}

/** How a session reaches routers and servers. */
export interface SessionNetwork {
  /** Asks a router's `Connect` for the user. `anew`: over a new connection. */
  introduce(router: Address, anew: boolean, asker: Asker<Introduction>): Cancel;
  /** Asks a router's `GetAvailable`. */
  resolve(router: Address, question: AvailableQuestion, asker: Asker<Resolution>): Cancel;
  /** Watches the assignments of the session's cluster, at any router that answers. */
  watch(home: Home, learn: (networkId: NetworkId, assignment: Assignment) => void): Cancel;
  link(target: SessionTarget, feed: (input: SessionInput) => void): SessionLink;
  /** Keeps an open connection to this server only; undefined: to none. */
  keepWarm(address: Address | undefined): void;
}

/** Gets the session's results. */
export interface SessionListener {
  settled(ticket: number, result: RequestResult): void;
  querySettled(ticket: number, result: QueryResult): void;
  delivered(posts: readonly Post[]): void;
  entered(state: SessionState): void;
  moved(move: Omit<OutputOf<'moved'>, 'kind'>): void;
  /** The session has ended, and nothing is open any more. Called once. */
  ended(): void;
}

export interface SessionPorts {
  readonly clock: Clock;
  readonly network: SessionNetwork;
  readonly listener: SessionListener;
}

export class SessionDriver {
  readonly #session: Session;
  readonly #ports: SessionPorts;
  readonly #loop: MachineLoop<SessionInput, SessionOutput>;
  #link: { readonly no: number; readonly link: SessionLink } | undefined;
  /** Open questions to routers. */
  readonly #asks = new Map<number, Cancel>();
  #watch: { readonly networkId: NetworkId; readonly cancel: Cancel } | undefined;
  #hasEnded = false;

  constructor(session: Session, ports: SessionPorts) {
    this.#session = session;
    this.#ports = ports;
    this.#loop = new MachineLoop<SessionInput, SessionOutput>(session, {
      clock: ports.clock,
      perform: (output) => this.#perform(output),
      performed: (input) => {
        if (this.#isOver) this.#end();
        // Only now: before a router has answered `Connect` it is not known what to watch.
        else if (input.kind === 'introduced') this.#watchHome();
      },
    });
  }

  /** May be called after the session has ended: requests are then refused. */
  readonly feed = (input: SessionInput): void => this.#loop.feed(input);

  /** Stops at once, as if the process had ended: nothing is fed or performed any more. */
  stop(): void {
    this.#loop.stop();
  }

  get #isOver(): boolean {
    const { kind } = this.#session.state;
    return kind === 'closed' || kind === 'failed';
  }

  #perform(output: SessionOutput): void {
    const { network, listener } = this.#ports;
    switch (output.kind) {
      case 'introduce': {
        const { askNo, router, anew } = output;
        return this.#ask<Introduction>(
          askNo,
          (asker) => network.introduce(router, anew, asker),
          (told) => ({ ...told, kind: 'introduced', askNo }),
        );
      }
      case 'resolve':
        return this.#resolve(output);
      case 'cancel-ask':
        this.#asks.get(output.askNo)?.();
        this.#asks.delete(output.askNo);
        return;
      case 'open':
        return this.#linkOf(output).open(output);
      case 'send':
        return this.#linkOf(output).send(output);
      case 'ask':
        return this.#linkOf(output).ask(output);
      case 'give-sign':
        if (this.#link?.no === output.link) this.#link.link.giveSign();
        return;
      case 'drop':
        if (this.#link?.no === output.link) this.#dropLink(output.isSilent);
        return;
      case 'warm':
        return network.keepWarm(output.address);
      case 'settle':
        return listener.settled(output.ticket, output.result);
      case 'settle-query':
        return listener.querySettled(output.ticket, output.result);
      case 'deliver':
        return listener.delivered(output.posts);
      case 'state':
        return listener.entered(output.state);
      case 'moved':
        return listener.moved({ from: output.from, to: output.to, gapMs: output.gapMs });
      default:
        return unreachable(output);
    }
  }

  #resolve({ askNo, router, failedEpoch, waitMs }: OutputOf<'resolve'>): void {
    const { home } = this.#session;
    if (home === undefined) throw new DualpingError('internal', 'asked for a primary of no cluster');
    const question = { home, failedEpoch, waitMs };
    this.#ask<Resolution>(
      askNo,
      (asker) => this.#ports.network.resolve(router, question, asker),
      (told) => ({ ...told, kind: 'resolved', askNo }),
    );
  }

  #ask<Answer>(
    askNo: number,
    begin: (asker: Asker<Answer>) => Cancel,
    inputOf: (answer: Answer) => SessionInput,
  ): void {
    let isOver = false;
    const over = (): void => {
      isOver = true;
      this.#asks.delete(askNo);
    };
    const cancel = begin({
      answered: (answer) => {
        over();
        this.feed(inputOf(answer));
      },
      failed: ({ reason, detail }) => {
        over();
        this.feed({ kind: 'ask-failed', askNo, reason, detail });
      },
    });
    // The answer may have come at once, if another session has asked the same.
    if (!isOver) this.#asks.set(askNo, cancel);
  }

  #watchHome(): void {
    const { home } = this.#session;
    if (home === undefined || home.networkId === this.#watch?.networkId) return;
    this.#watch?.cancel();
    const cancel = this.#ports.network.watch(home, (networkId, assignment) =>
      this.feed({ kind: 'assignment-learned', networkId, assignment }),
    );
    this.#watch = { networkId: home.networkId, cancel };
  }

  #linkOf({ link: no, target }: OutputOf<'open' | 'send' | 'ask'>): SessionLink {
    if (this.#link?.no === no) return this.#link.link;
    this.#dropLink(false);
    const link = this.#ports.network.link(target, this.feed);
    this.#link = { no, link };
    return link;
  }

  #dropLink(isSilent: boolean): void {
    if (this.#isOver) this.#link?.link.leave();
    else this.#link?.link.drop(isSilent);
    this.#link = undefined;
  }

  /** Closes everything that would keep the process running. */
  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#watch?.cancel();
    this.#dropLink(false);
    this.#ports.network.keepWarm(undefined);
    for (const cancel of this.#asks.values()) cancel();
    this.#ports.listener.ended();
  }
}
