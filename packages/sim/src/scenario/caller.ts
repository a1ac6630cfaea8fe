/**
 * A user who sends each request by hand, to the server that a scenario names, and has one timeline. The
 * session has the user's name as its id, and its requests are numbered one by one.
 */
import {
  type Answers,
  type Command,
  type Epoch,
  type ListPage,
  MAX_LIST_PAGE,
  type Position,
  type Post,
  type RequestNumber,
  serverName,
  type UserName,
} from '@dualping/core';
import type { DiallerEnd, Network } from '../network.js';
import type { Host } from '../stream.js';
import type { StreamEnd, Wires } from '../wires.js';
import { ScenarioError } from './script.js';

/** Most posts that a line shows one by one. */
const MAX_TEXTS = 5;
/** Past posts that a new timeline begins with. */
const HISTORY = 20;

/** Where a request goes, and the epoch in which it is to be done. */
export interface Place {
  readonly server: string;
  readonly epoch: Epoch;
}

export class Caller implements Host {
  readonly running = true;
  readonly awake = true;
  readonly #sent = new Map<RequestNumber, Command>();
  #call: DiallerEnd<'write'> | undefined;
  #timeline: DiallerEnd<'timeline'> | undefined;
  #reads = true;
  /** Requests without an outcome. */
  unsettled = 0;

  constructor(
    readonly name: UserName,
    readonly network: Network,
    readonly say: (text: string) => void,
  ) {}

  receive(work: () => void): void {
    work();
  }

  logIn = (place: Place): void => this.#do({ kind: 'register', user: this.name }, place);
  follow = (target: UserName, place: Place): void =>
    this.#do({ kind: 'follow', user: this.name, target }, place);
  unfollow = (target: UserName, place: Place): void =>
    this.#do({ kind: 'unfollow', user: this.name, target }, place);
  post = (text: string, place: Place, answers?: Answers): void =>
    this.#do({ kind: 'post', user: this.name, text, ...(answers && { answers }) }, place);

  /** Sends a request with the number that it had, or one that is out of turn. */
  send(requestNo: RequestNumber, { server, epoch }: Place): void {
    const command = this.#sent.get(requestNo) ?? { kind: 'post', user: this.name, text: 'out of turn' };
    const end = this.network.dial(this, server, 'write', {
      kind: 'write',
      sessionId: this.name,
      requestNo,
      epoch,
      command,
    });
    const settled = (outcome: string): void => {
      this.unsettled -= 1;
      this.say(`${requestNo} ${outcome}`);
    };
    this.unsettled += 1;
    end.onMessage = (written) => {
      end.close();
      settled(`is ok at ${written.position} (${server}, epoch ${written.epoch})`);
    };
    end.onEnd = (how) => settled(endText(how));
    this.#call = end;
  }

  /** Waits no longer for the answer to the last request. */
  giveUp(): void {
    if (this.#call === undefined || this.#call.over) return;
    this.unsettled -= 1;
    this.#call.abort();
  }

  list({ server, epoch }: Place): void {
    const question = {
      kind: 'list',
      user: this.name,
      epoch,
      after: undefined,
      limit: MAX_LIST_PAGE,
    } as const;
    const end = this.network.dial(this, server, 'list', question);
    end.onMessage = ({ lists }) => {
      end.close();
      this.say(`the list has ${listText(lists)}`);
    };
    end.onEnd = (how) => this.say(`the list ${endText(how)}`);
  }

  openTimeline(resumeAfter: Position, { server, epoch }: Place): void {
    const end = this.network.dial(this, server, 'timeline', {
      kind: 'open',
      user: this.name,
      sessionId: this.name,
      epoch,
      resumeAfter,
      history: HISTORY,
      posts: true,
      mentions: false,
      signs: false,
    });
    end.onMessage = (update) => this.#see(update);
    end.onEnd = (how) =>
      this.say(`has lost the timeline: ${(how.kind === 'ended' && how.failure?.reason) || how.kind}`);
    if (!this.#reads) end.pause();
    this.#timeline = end;
  }

  closeTimeline(): void {
    this.#timeline?.abort();
  }

  /** Stops reading its timeline, or goes on. */
  read(reads: boolean): void {
    this.#reads = reads;
    if (reads) this.#timeline?.resume();
    else this.#timeline?.pause();
  }

  /** On its timeline. */
  ask(question: Wires['timeline']['up']): void {
    if (this.#timeline === undefined) throw new ScenarioError(`${this.name} has no timeline`);
    this.#timeline.send(question);
  }

  #do(command: Command, place: Place): void {
    const requestNo = this.#sent.size + 1;
    this.#sent.set(requestNo, command);
    this.send(requestNo, place);
  }

  #see(update: Wires['timeline']['down']): void {
    switch (update.kind) {
      case 'opened':
        return this.say(`is on ${serverName(update.serverId)} at ${update.committed}`);
      case 'posts':
        return this.say(`sees ${textsOf(update.posts)}`);
      case 'page':
        return this.say(
          `reads before ${update.before}: ${textsOf(update.posts)}${update.oldest ? ' (the oldest)' : ''}`,
        );
      case 'answered':
        return this.say(
          `reads what ${update.of} answers: ${update.post === undefined ? 'nothing' : textOf(update.post)}`,
        );
    }
  }
}

const textOf = ({ position, text }: Post): string => `${position} "${text}"`;

/** Those who are present, and those who follow and are followed, are marked. */
const listText = ({ users, followers, following }: ListPage): string =>
  users
    .map(({ user, present }) => {
      const marks = [
        ...(present ? ['present'] : []),
        ...(followers.some((each) => each.user === user) ? ['follower'] : []),
        ...(following.some((each) => each.user === user) ? ['followed'] : []),
      ];
      return marks.length === 0 ? user : `${user} (${marks.join(', ')})`;
    })
    .join(' ');

/** Of many posts only the first and the last. */
function textsOf(posts: readonly Post[]): string {
  const texts = posts.map(textOf);
  return texts.length <= MAX_TEXTS
    ? texts.join(' ')
    : `${texts[0]} to ${texts.at(-1)}, ${texts.length} posts`;
}

const endText = (end: StreamEnd): string =>
  end.kind === 'broken' ? 'is broken off' : `is refused: ${end.failure?.reason}`;
