/**
 * Transcripts of the social network: one line for each request, and after `=>` its result.
 *
 *     ann joins => ok
 *     ann posts "hello" => ok, seen by ann
 *     (bob's timeline) => "hello"
 *
 * `perform` runs the left sides and writes the right sides, so that a whole transcript is compared at once.
 */
import {
  type Entry,
  epoch,
  type JournalCommand,
  nextPosition,
  type Position,
  position,
  type RequestNumber,
  type SessionId,
  type UserName,
} from '../index.js';
import { type Effect, SocialState } from './social-state.js';

export class Play {
  readonly #texts = new Map<Position, string>();
  readonly #requests = new Map<UserName, RequestNumber>();

  constructor(readonly state: SocialState = new SocialState()) {}

  perform(script: string): string {
    return script
      .split('\n')
      .map((line) => {
        const [left = ''] = line.split(' =>');
        return left.trim() === '' ? line : `${left} => ${this.#line(left.trim())}`;
      })
      .join('\n');
  }

  /** Each user has one session, with the user's name as id. */
  request(user: UserName, command: JournalCommand): string {
    const requestNo = (this.#requests.get(user) ?? 0) + 1;
    this.#requests.set(user, requestNo);
    return this.#outcome(this.state.apply(entryOf(this.state, command, user, requestNo)));
  }

  #line(line: string): string {
    const timeline = /^\((\w+)'s timeline\)$/.exec(line)?.[1];
    if (timeline !== undefined) return this.#show(timeline);
    const [, user = '', verb = '', rest = ''] = /^(\w+) (\w+) ?(.*)$/.exec(line) ?? [];
    switch (verb) {
      case 'joins':
        return this.request(user, { kind: 'register', user });
      case 'follows':
        return this.request(user, { kind: 'follow', user, target: rest });
      case 'unfollows':
        return this.request(user, { kind: 'unfollow', user, target: rest });
      case 'posts':
        return this.request(user, { kind: 'post', user, text: JSON.parse(rest) });
      case 'answers': {
        const [, author = '', at, text = ''] = /^(\w+) at (\d+) (.*)$/.exec(rest) ?? [];
        const answers = { author, position: position(Number(at)) };
        return this.request(user, { kind: 'post', user, text: JSON.parse(text), answers });
      }
      default:
        throw new Error(`the play has a line that nobody can say: ${line}`);
    }
  }

  #outcome(effects: readonly Effect[]): string {
    return effects
      .map((effect) => {
        if (effect.kind === 'reply') return effect.reply.kind === 'ok' ? 'ok' : effect.reply.reason;
        if (effect.kind !== 'post') return '';
        this.#texts.set(effect.post.position, effect.post.text);
        return `seen by ${[...this.state.audience(effect.post.author)].sort().join(', ')}`;
      })
      .filter((text) => text !== '')
      .join(', ');
  }

  #show(user: UserName): string {
    const { positions } = this.state.timelineBefore(user, undefined, 20);
    return positions.map((position) => `"${this.#texts.get(position)}"`).join(' ') || 'empty';
  }
}

/** The entry that would come next. */
export function entryOf(
  state: SocialState,
  command: JournalCommand,
  sessionId: SessionId = '',
  requestNo: RequestNumber = 0,
): Entry {
  return { position: nextPosition(state.applied), epoch: epoch(1), timeMs: 7, sessionId, requestNo, command };
}

/** The lists of a user, collected from pages. */
export function listsOf(state: SocialState, asker: UserName, pageSize = 2) {
  const lists = { users: [] as UserName[], followers: [] as UserName[], following: [] as UserName[] };
  for (let after: UserName | undefined, pages = 0; ; pages += 1) {
    const { users, next } = state.listAfter(asker, after, pageSize);
    for (const { user, follows, isFollowed } of users) {
      lists.users.push(user);
      if (follows) lists.followers.push(user);
      if (isFollowed) lists.following.push(user);
    }
    if (next === undefined) return lists;
    if (pages > 100) throw new Error(`the pages have no end: ${lists.users.join(' ')}`);
    after = next;
  }
}
