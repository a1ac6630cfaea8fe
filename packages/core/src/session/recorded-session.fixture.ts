/** A test bench for one session: virtual time, outputs as readable lines. */
import type { Assignment, MemberInfo } from '../assignment.js';
import type { Post } from '../entry.js';
import { type Address, type Epoch, epoch, type Instant, position, type ServerId, serverId } from '../ids.js';
import { unreachable } from '../invariants.js';
import type { Reason } from '../reasons.js';
import type { SignsOfLife } from '../signs-of-life.js';
import { ClientSession } from './client-session.js';
import type { SessionInput, SessionOutput, SessionQuery } from './session-messages.js';
import type { ClientSessionOptions } from './session-options.js';
import type { SessionTarget } from './session-state.js';

export const NETWORK = 'net-1';
export const FAILOVER_WAIT_MS = 800;

export const addressOf = (id: number): Address => `127.0.0.1:70${String(id).padStart(2, '0')}`;

/** Three in-sync members, one of them primary; the others are live unless named in `dead`. */
export function assignment(
  revision: number,
  atEpoch: number,
  primary: number,
  dead: readonly number[] = [],
): Assignment {
  const members = [1, 2, 3].map(
    (id): MemberInfo => ({
      serverId: serverId(id),
      incarnation: 1,
      journalId: `j${id}`,
      lifeId: '',
      address: addressOf(id),
      liveness: 'stream',
      live: !dead.includes(id),
      inSync: true,
      unreachable: false,
    }),
  );
  const available = !dead.includes(primary);
  return {
    cluster: 1,
    revision,
    epoch: epoch(atEpoch),
    primary: { serverId: serverId(primary), incarnation: 1, journalId: `j${primary}`, lifeId: '' },
    available,
    lastUncleanEpoch: epoch(0),
    unavailableReason: available ? '' : 'no in-sync member is live',
    inSync: members.map((member) => ({ serverId: member.serverId, journalId: member.journalId, lifeId: '' })),
    members,
  };
}

export const post = (at: number, text = `text ${at}`): Post => ({
  position: position(at),
  author: 'ann',
  text,
  timeMs: 0,
});

export class RecordedSession {
  readonly session: ClientSession;
  now: Instant = 0;
  /** The last question to each router, and to any. */
  readonly #askNos = new Map<string, number>();
  #lastAskNo = 0;
  #lastTicket = 0;

  constructor(options: Partial<ClientSessionOptions> = {}) {
    this.session = new ClientSession({
      routers: ['r1'],
      user: 'bob',
      sessionId: 'session',
      timeline: { kind: 'history', posts: 20 },
      chance: () => 0.5,
      ...options,
    });
  }

  /** Feeds one input. @returns the outputs, one line each */
  step(input: SessionInput): string[] {
    const outputs = this.session.step(this.now, input);
    for (const output of outputs)
      if (output.kind === 'introduce' || output.kind === 'resolve') {
        this.#askNos.set(output.router, output.askNo);
        this.#lastAskNo = output.askNo;
      }
    return outputs.map(line);
  }

  after(ms: number): this {
    this.now += ms;
    return this;
  }

  /** Lets time pass to the next deadline. */
  tick(): string[] {
    const deadline = this.session.nextDeadline();
    if (deadline === undefined) throw new Error('there is no deadline');
    this.now = Math.max(this.now, deadline);
    return this.step({ kind: 'tick' });
  }

  start = (): string[] => this.step({ kind: 'start' });

  /** The answer of the router that was asked last, or of the given one. */
  introduced = (told: Assignment | undefined, networkId = NETWORK, router?: string): string[] =>
    this.step({
      kind: 'introduced',
      askNo: this.#askNo(router),
      networkId,
      cluster: 1,
      clusters: 1,
      failoverWaitMs: FAILOVER_WAIT_MS,
      assignment: told,
    });

  resolved = (told: Assignment, router?: string, networkId = NETWORK): string[] =>
    this.step({ kind: 'resolved', askNo: this.#askNo(router), networkId, assignment: told });

  askFailed = (reason: Reason, router?: string): string[] =>
    this.step({ kind: 'ask-failed', askNo: this.#askNo(router), reason, detail: reason });

  watched = (told: Assignment, networkId = NETWORK): string[] =>
    this.step({ kind: 'assignment-learned', networkId, assignment: told });

  connected = (link: number, id: number, atEpoch: number, committed: number, signs?: SignsOfLife): string[] =>
    this.step({
      kind: 'connected',
      link,
      serverId: serverId(id),
      epoch: epoch(atEpoch),
      committed: position(committed),
      signs,
    });

  sign = (link: number, signs: SignsOfLife): string[] => this.step({ kind: 'sign', link, signs });

  lost = (link: number, reason: Reason = 'may-have-happened'): string[] =>
    this.step({ kind: 'link-lost', link, reason, detail: reason });

  posts = (link: number, ...positions: readonly number[]): string[] =>
    this.step({ kind: 'posts', link, posts: positions.map((at) => post(at)) });

  submit = (text: string): string[] => {
    this.#lastTicket += 1;
    return this.step({ kind: 'submit', ticket: this.#lastTicket, command: { kind: 'post', text } });
  };

  query = (query: SessionQuery): string[] => {
    this.#lastTicket += 1;
    return this.step({ kind: 'query', ticket: this.#lastTicket, query });
  };

  reply = (sendNo: number, at: number): string[] =>
    this.step({ kind: 'reply', sendNo, position: position(at), epoch: epoch(1) });

  refuse = (sendNo: number, reason: Reason): string[] =>
    this.step({ kind: 'request-failed', sendNo, reason, detail: reason });

  /** Live at s1 of epoch 1: link 1, send 1 was the login. */
  goLive(committed = 10, signs?: SignsOfLife): this {
    this.start();
    this.introduced(assignment(1, 1, 1));
    this.reply(1, 2);
    this.connected(1, 1, 1, committed, signs);
    return this;
  }

  #askNo(router: string | undefined): number {
    const askNo = router === undefined ? this.#lastAskNo : this.#askNos.get(router);
    if (!askNo) throw new Error('the router has not been asked');
    return askNo;
  }
}

const at = (target: SessionTarget): string => name(target.serverId, target.epoch);
const name = (id: ServerId, inEpoch: Epoch): string => `s${id} e${inEpoch}`;

/** One output as one line, with what the reader of a transcript must know. */
export function line(output: SessionOutput): string {
  switch (output.kind) {
    case 'introduce':
      return `introduce ${output.router}${output.anew ? ' anew' : ''}`;
    case 'resolve':
      return `resolve ${output.router} failed e${output.failedEpoch} wait ${output.waitMs}`;
    case 'cancel-ask':
      return 'cancel-ask';
    case 'open': {
      const from = output.resumeAfter > 0 ? `after ${output.resumeAfter}` : `history ${output.history}`;
      return `open ${output.link} ${at(output.target)} ${output.posts ? from : 'without posts'}`;
    }
    case 'drop':
      return `drop ${output.link}${output.isSilent ? ' and its connection' : ''}`;
    case 'give-sign':
      return `give-sign ${output.link}`;
    case 'warm':
      return `warm ${output.address ?? 'nobody'}`;
    case 'send':
      return `send ${output.sendNo} ${at(output.target)} ${output.sessionId}#${output.requestNo} ${output.command.kind === 'post' ? output.command.text : output.command.kind}`;
    case 'ask':
      return `ask ${output.sendNo} ${at(output.target)} ${output.query.kind === 'older' ? `${output.query.limit} before ${output.query.before}` : 'list'}`;
    case 'settle':
      return `settle ${output.ticket} ${output.result.kind === 'ok' ? `at ${output.result.position}` : `${output.result.kind} ${output.result.reason}`}`;
    case 'settle-query':
      return `settle-query ${output.ticket} ${output.result.kind === 'answered' ? output.result.answer.kind : output.result.reason}`;
    case 'deliver':
      return `deliver ${output.posts.map((each) => each.position).join(' ')}`;
    case 'moved':
      return `moved ${at(output.from)} to ${at(output.to)} in ${output.gapMs} ms`;
    case 'state':
      return stateLine(output.state);
    default:
      return unreachable(output);
  }
}

function stateLine(state: Extract<SessionOutput, { kind: 'state' }>['state']): string {
  switch (state.kind) {
    case 'resolving':
      return `resolving at ${state.router}${state.because ? ` because ${state.because.reason}` : ''}`;
    case 'connecting':
    case 'live': {
      const heldUp = state.kind === 'live' ? state.heldUp : undefined;
      return `${state.kind} ${at(state.target)}${heldUp === undefined ? '' : `, held up: ${heldUp.reason}`}`;
    }
    case 'waiting':
      return `waiting until ${state.retryAt}, attempt ${state.attempt}: ${state.because.reason}`;
    case 'closed':
      return 'closed';
    case 'failed':
      return `failed ${state.because.reason}`;
    default:
      return unreachable(state);
  }
}
