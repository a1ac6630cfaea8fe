/**
 * A whole network as a model, for one session under test: a router, servers that share one journal (as if
 * replication were perfect), and links that lose, repeat, reorder and delay. What happens next is chosen from
 * outside, so that any run can be played again.
 */
import type { Assignment } from '../assignment.js';
import type { Post } from '../entry.js';
import { epoch, type Instant, position } from '../ids.js';
import { unreachable } from '../invariants.js';
import type { Reason } from '../reasons.js';
import { ClientSession } from './client-session.js';
import type { RequestResult, SessionInput, SessionOutput } from './session-messages.js';
import { assignment, FAILOVER_WAIT_MS, NETWORK } from './stage.fixture.js';

export const HISTORY = 5;

type OutputOf<Kind extends SessionOutput['kind']> = Extract<SessionOutput, { kind: Kind }>;

interface OpenLink {
  readonly open: OutputOf<'open'>;
  readonly epoch: number;
  sentUpTo: number;
  /** On their way to the client, in order. */
  readonly stream: SessionInput[];
}

/** Everything that can happen next, by name; each does nothing when it isn't possible now. */
export const HAPPENINGS = [
  'submit',
  'submit',
  'server-takes',
  'server-takes',
  'server-takes',
  'server-takes-out-of-order',
  'server-takes-reply-lost',
  'server-is-busy',
  'reply',
  'reply',
  'reply-twice',
  'late-reply',
  'stream',
  'stream',
  'stream',
  'late-stream',
  'push',
  'push',
  'push-again',
  'someone-posts',
  'link-breaks',
  'move',
  'move-and-tell',
  'tell',
  'router-answers',
  'router-answers',
  'router-away',
  'nobody-there',
  'time',
] as const;
export type Happening = (typeof HAPPENINGS)[number];

export class ModelNetwork {
  readonly session: ClientSession;
  /** What each ticket came to, every time it was said. */
  readonly settled = new Map<number, RequestResult[]>();
  readonly delivered: number[] = [];
  /** Texts of our own posts as they were applied. */
  readonly applied: string[] = [];
  submitted = 0;
  /** Where the client first learned that its timeline is open. */
  firstOpenedAt: number | undefined;

  #now: Instant = 0;
  /** Posts by position − 1; undefined: an entry that is no post. */
  readonly #journal: (Post | undefined)[] = [undefined];
  readonly #replies = new Map<string, number[]>();
  #epoch = 1;
  #revision = 1;
  #asked: OutputOf<'introduce' | 'resolve'>[] = [];
  #link: OpenLink | undefined;
  #inFlight: OutputOf<'send'>[] = [];
  #answers: SessionInput[] = [];
  /** Of links and sends that are over: may still come. */
  readonly #spent: SessionInput[] = [];
  readonly #spentStream: SessionInput[] = [];

  constructor() {
    this.session = new ClientSession({
      routers: ['r1', 'r2'],
      user: 'bob',
      sessionId: 'session',
      timeline: { kind: 'history', posts: HISTORY },
      chance: () => 0.5,
    });
    this.#feed({ kind: 'start' });
  }

  get posts(): number[] {
    return this.#journal.flatMap((post) => (post === undefined ? [] : [post.position]));
  }

  /** Everything submitted is settled, and everything posted has been shown. */
  get isQuiet(): boolean {
    return (
      this.session.pending === 0 &&
      this.session.state.kind === 'live' &&
      this.delivered.at(-1) === this.posts.at(-1)
    );
  }

  happen(what: Happening): void {
    switch (what) {
      case 'submit':
        this.submitted += 1;
        this.#feed({
          kind: 'submit',
          ticket: this.submitted,
          command: { kind: 'post', text: String(this.submitted) },
        });
        break;
      case 'server-takes':
        this.#serverTakes(this.#inFlight.shift());
        break;
      case 'server-takes-out-of-order':
        this.#serverTakes(this.#inFlight.pop());
        break;
      case 'server-takes-reply-lost': {
        const before = this.#answers.length;
        this.#serverTakes(this.#inFlight.shift());
        this.#answers.length = before;
        break;
      }
      case 'server-is-busy': {
        const send = this.#inFlight.shift();
        if (send !== undefined) this.#answers.push(refusal(send.sendNo, 'busy'));
        break;
      }
      case 'reply':
        this.#answer(this.#answers.shift());
        break;
      case 'reply-twice': {
        const [answer] = this.#answers;
        this.#answer(answer);
        this.#answer(answer);
        break;
      }
      case 'late-reply':
        this.#answer(this.#spent.shift());
        break;
      case 'stream': {
        const message = this.#link?.stream.shift();
        if (message?.kind === 'connected') this.firstOpenedAt ??= message.committed;
        if (message !== undefined) this.#feed(message);
        break;
      }
      case 'late-stream': {
        const message = this.#spentStream.shift();
        if (message !== undefined) this.#feed(message);
        break;
      }
      case 'push':
        this.#push();
        break;
      case 'push-again': {
        const last = this.#link?.stream.at(-1);
        if (last?.kind === 'posts') this.#link?.stream.push(last);
        break;
      }
      case 'someone-posts':
        this.#append('from somebody else');
        break;
      case 'link-breaks':
        this.#break();
        break;
      case 'move':
        this.#epoch += 1;
        this.#revision += 1;
        break;
      case 'move-and-tell':
        this.happen('move');
        this.happen('tell');
        break;
      case 'tell':
        this.#feed({ kind: 'assignment-learned', networkId: NETWORK, assignment: this.#assignment });
        break;
      case 'router-answers':
        this.#routerAnswers();
        break;
      case 'router-away':
        this.#routerFails('router-unreachable');
        break;
      case 'nobody-there':
        this.#routerFails('no-available-server');
        break;
      case 'time': {
        const deadline = this.session.nextDeadline();
        if (deadline === undefined) break;
        this.#now = Math.max(this.#now, deadline);
        this.#feed({ kind: 'tick' });
        break;
      }
      default:
        unreachable(what);
    }
  }

  get #assignment(): Assignment {
    return assignment(this.#revision, this.#epoch, ((this.#epoch - 1) % 3) + 1);
  }

  #routerAnswers(): void {
    const asked = this.#asked.shift();
    if (asked?.kind === 'introduce')
      this.#feed({
        kind: 'introduced',
        askNo: asked.askNo,
        networkId: NETWORK,
        cluster: 1,
        clusters: 1,
        failoverWaitMs: FAILOVER_WAIT_MS,
        assignment: this.#assignment,
      });
    else if (asked !== undefined)
      this.#feed({ kind: 'resolved', askNo: asked.askNo, networkId: NETWORK, assignment: this.#assignment });
  }

  #routerFails(reason: Reason): void {
    const [asked] = this.#asked;
    if (asked === undefined || (asked.kind === 'introduce' && reason === 'no-available-server')) return;
    this.#asked.shift();
    this.#feed({ kind: 'ask-failed', askNo: asked.askNo, reason, detail: reason });
  }

  /** Exactly once, as replicas do it. */
  #serverTakes(send: OutputOf<'send'> | undefined): void {
    if (send === undefined) return;
    const { sendNo, sessionId, requestNo, command, target } = send;
    if (target.epoch < this.#epoch) {
      this.#answers.push(refusal(sendNo, 'not-primary'));
      return;
    }
    const replies = this.#replies.get(sessionId) ?? [];
    this.#replies.set(sessionId, replies);
    if (requestNo > replies.length + 1) {
      this.#answers.push(refusal(sendNo, 'sequence-gap'));
      return;
    }
    const known = replies[requestNo - 1];
    const at = known ?? this.#append(command.kind === 'post' ? command.text : undefined);
    if (known === undefined) {
      replies.push(at);
      if (command.kind === 'post') this.applied.push(command.text);
    }
    this.#answers.push({ kind: 'reply', sendNo, position: position(at), epoch: epoch(this.#epoch) });
  }

  #append(text: string | undefined): number {
    const at = this.#journal.length + 1;
    this.#journal.push(
      text === undefined ? undefined : { position: position(at), author: 'ann', text, timeMs: 0 },
    );
    return at;
  }

  #answer(answer: SessionInput | undefined): void {
    if (answer === undefined) return;
    const at = this.#answers.indexOf(answer);
    if (at >= 0) this.#answers.splice(at, 1);
    this.#spent.push(answer);
    this.#feed(answer);
  }

  #postsWithin(after: number, before: number): Post[] {
    return this.#journal.flatMap((post) =>
      post !== undefined && post.position > after && post.position < before ? [post] : [],
    );
  }

  #open(open: OutputOf<'open'>): void {
    const committed = this.#journal.length;
    const past = this.#postsWithin(0, committed + 1).slice(-open.history);
    const first = open.history === 0 ? undefined : past[0];
    const sentUpTo = open.resumeAfter > 0 ? open.resumeAfter : (first?.position ?? committed + 1) - 1;
    const { link, target } = open;
    const isPrimary = target.epoch === this.#epoch;
    const stream: SessionInput[] = [
      isPrimary
        ? {
            kind: 'connected',
            link,
            epoch: target.epoch,
            serverId: target.serverId,
            committed: position(committed),
            signs: undefined,
          }
        : { kind: 'link-lost', link, reason: 'not-primary', detail: 'not primary' },
    ];
    this.#link = { open, epoch: target.epoch, sentUpTo, stream };
  }

  /** One post at a time, so that breaks can fall between any two. A deposed server has nothing new to say. */
  #push(): void {
    const link = this.#link;
    if (link === undefined || link.epoch < this.#epoch) return;
    const [next] = this.#postsWithin(link.sentUpTo, Number.POSITIVE_INFINITY);
    if (next === undefined) return;
    link.sentUpTo = next.position;
    link.stream.push({ kind: 'posts', link: link.open.link, posts: [next] });
  }

  #break(): void {
    const link = this.#link;
    if (link === undefined) return;
    const reason = 'server-unreachable';
    this.#feed({ kind: 'link-lost', link: link.open.link, reason, detail: reason });
  }

  #feed(input: SessionInput): void {
    for (const output of this.session.step(this.#now, input)) this.#perform(output);
  }

  #perform(output: SessionOutput): void {
    switch (output.kind) {
      case 'introduce':
      case 'resolve':
        this.#asked.push(output);
        break;
      case 'cancel-ask':
        this.#asked = this.#asked.filter(({ askNo }) => askNo !== output.askNo);
        break;
      case 'open':
        this.#open(output);
        break;
      case 'drop':
        // What a server has not taken yet may still arrive there: half of it does.
        for (const [index, send] of this.#inFlight.entries()) if (index % 2 === 0) this.#serverTakes(send);
        this.#spent.push(...this.#answers);
        this.#answers = [];
        this.#inFlight = [];
        this.#spentStream.push(...(this.#link?.stream ?? []));
        this.#link = undefined;
        break;
      case 'send':
        this.#inFlight.push(output);
        break;
      case 'ask':
        if (output.query.kind === 'older') this.#page(output.sendNo, output.query);
        break;
      case 'settle':
        this.settled.set(output.ticket, [...(this.settled.get(output.ticket) ?? []), output.result]);
        break;
      case 'deliver':
        this.delivered.push(...output.posts.map((post) => post.position));
        break;
      case 'give-sign':
      case 'settle-query':
      case 'warm':
      case 'state':
      case 'moved':
        break;
      default:
        unreachable(output);
    }
  }

  #page(sendNo: number, { before, limit }: { readonly before: number; readonly limit: number }): void {
    const all = this.#postsWithin(0, before);
    const posts = all.slice(-limit);
    const page = { posts, oldest: posts.length === all.length };
    this.#link?.stream.push({ kind: 'query-answered', sendNo, answer: { kind: 'page', page } });
  }
}

const refusal = (sendNo: number, reason: Reason): SessionInput => ({
  kind: 'request-failed',
  sendNo,
  reason,
  detail: reason,
});
