/**
 * The link to the server that a session talks to: dialling, opening the timeline, and its messages.
 *
 * The session decides which server that is and what a lost link means. This file decides when a link is open,
 * when it has been silent for too long, and which posts are shown.
 */
import type { Post } from '../entry.js';
import { type Instant, NO_POSITION } from '../ids.js';
import { invariant } from '../invariants.js';
import type { Failure } from '../reasons.js';
import type { Conversation } from './conversation.js';
import { earliest } from './earliest.js';
import { LinkSigns } from './link-signs.js';
import { CONNECT_TIMEOUT_MS, MAX_HELD_POSTS, REPLY_TIMEOUT_MS } from './session-limits.js';
import type { QueryAnswer, SessionInput, SessionOutput } from './session-messages.js';
import type { SessionTarget } from './session-state.js';
import { TimelineCursor, type TimelineStart } from './timeline-cursor.js';

type InputOf<Kind extends SessionInput['kind']> = Extract<SessionInput, { kind: Kind }>;

interface At<Kind extends string> {
  readonly kind: Kind;
  /** Its number. */
  readonly link: number;
  readonly target: SessionTarget;
}
/** The phase of a link. */
export type LinkPhase = At<'connecting'> | At<'live'>;

interface Connecting extends At<'connecting'> {
  readonly deadline: Instant;
  /**
   * When the first message on the timeline is due; undefined after it, and while the session is still logging
   * in.
   */
  readonly firstWordBy: Instant | undefined;
  /** The timeline was requested; before that the session is still logging in. */
  readonly opening: boolean;
}

/** What the first message of a server means. */
export type Connected =
  | At<'live'>
  /**
   * The server's commit position is below the last shown post: open the timeline again, from the server's
   * position.
   */
  | { readonly kind: 'rewound' }
  /** It is not the expected server. */
  | { readonly kind: 'wrong'; readonly because: Failure };

export class ServerLink {
  readonly #conversation: Conversation;
  readonly #emit: (output: SessionOutput) => void;
  readonly #cursor: TimelineCursor;
  readonly #signs = new LinkSigns();
  #link: Connecting | At<'live'> | undefined;
  #lastLink = 0;
  #lastDelivered = NO_POSITION;

  constructor(start: TimelineStart, conversation: Conversation, emit: (output: SessionOutput) => void) {
    this.#cursor = new TimelineCursor(start);
    this.#conversation = conversation;
    this.#emit = emit;
  }

  get deadline(): Instant | undefined {
    const { replyDeadline, pausedUntil } = this.#conversation;
    const link = this.#link;
    if (link === undefined) return undefined;
    if (link.kind === 'connecting') return earliest(earliest(link.deadline, link.firstWordBy), pausedUntil);
    return earliest(earliest(replyDeadline, pausedUntil), this.#signs.deadline);
  }

  /** Reads the clock, at the beginning of a step. */
  advance(now: Instant): void {
    this.#signs.advance(now);
  }

  /** Begins a new link to this server; `open` follows. */
  connect(now: Instant, target: SessionTarget): LinkPhase {
    this.#lastLink += 1;
    const deadline = now + CONNECT_TIMEOUT_MS;
    const link = this.#lastLink;
    this.#link = { kind: 'connecting', link, target, deadline, firstWordBy: undefined, opening: false };
    return { kind: 'connecting', link, target };
  }

  /** Opens the timeline, if it isn't open and the login is done: before that a new user has none. */
  open(now: Instant): void {
    const connecting = this.#link;
    if (connecting?.kind !== 'connecting' || connecting.opening || !this.#conversation.loggedIn) return;
    this.#link = { ...connecting, opening: true, firstWordBy: now + this.#signs.firstWordMs };
    const { link, target } = connecting;
    const { sessionId } = this.#conversation;
    this.#emit({ kind: 'open', link, target, sessionId, ...this.#cursor.opening() });
  }

  /** The server has answered. Undefined: on another link. */
  connected(input: InputOf<'connected'>): Connected | undefined {
    const connecting = this.#link;
    if (connecting?.kind !== 'connecting' || connecting.link !== input.link) return undefined;
    const { link, target } = connecting;
    if (input.serverId !== target.serverId || input.epoch < target.epoch) {
      const detail = `${target.address} is s${input.serverId} of epoch ${input.epoch}, not s${target.serverId} of epoch ${target.epoch}`;
      return { kind: 'wrong', because: { reason: 'not-primary', detail } };
    }
    const opened = this.#cursor.opened(input.committed);
    if (opened.kind === 'rewound') {
      this.#lastDelivered = NO_POSITION;
      return { kind: 'rewound' };
    }
    if (opened.kind === 'page-needed')
      this.#conversation.askForPast({ kind: 'older', before: opened.before, limit: opened.limit });
    this.#signs.begin(input.signs);
    const live = { kind: 'live', link, target: { ...target, epoch: input.epoch } } as const;
    this.#link = live;
    return live;
  }

  signed(input: InputOf<'sign'>): void {
    const link = this.#link;
    if (link?.link !== input.link) return;
    if (link.kind === 'live') return this.#signs.sign(input.signs);
    this.#signs.hasWord();
    this.#link = { ...link, firstWordBy: undefined };
  }

  /** @returns why the link can't be used any more; undefined: it can */
  posts(input: InputOf<'posts'>): Failure | undefined {
    if (this.#link?.kind !== 'live' || this.#link.link !== input.link) return undefined;
    this.#signs.heard();
    const shown = this.#cursor.take(input.posts);
    if (shown === undefined) {
      const detail = `more than ${MAX_HELD_POSTS} posts came before the page of older ones`;
      return { reason: 'limit-reached', detail };
    }
    this.#deliver(shown);
    return undefined;
  }

  answered(sendNo: number, answer: QueryAnswer): void {
    if (answer.kind === 'page') this.#signs.heard();
    const page = this.#conversation.answered(sendNo, answer);
    if (page !== undefined) this.#deliver(this.#cursor.takePast(page.posts));
  }

  /** @returns why the link counts as dead; undefined: it doesn't */
  tick(now: Instant): Failure | undefined {
    const link = this.#link;
    if (link === undefined) return undefined;
    const silentMs = link.kind === 'connecting' ? this.#connectingMs(now, link) : this.#silentMs(now);
    if (silentMs !== undefined) return silence(link.target, silentMs);
    if (link.kind === 'live' && this.#signs.takeDue()) this.#emit({ kind: 'give-sign', link: link.link });
    return undefined;
  }

  /** The link has ended; later messages on it are ignored. `isSilent`: its path may be dead. */
  drop(isSilent: boolean): void {
    const link = this.#link;
    if (link === undefined) return;
    this.#link = undefined;
    this.#signs.end();
    this.#emit({ kind: 'drop', link: link.link, isSilent });
    this.#conversation.linkLost();
  }

  /** How long the session has waited for the server, if that is too long. */
  #connectingMs(now: Instant, { deadline, firstWordBy }: Connecting): number | undefined {
    if (firstWordBy === undefined || now < firstWordBy)
      return now >= deadline ? CONNECT_TIMEOUT_MS : undefined;
    const waitedMs = this.#signs.firstWordMs;
    this.#signs.wasWordless();
    return waitedMs;
  }

  /** How long the server was silent, or left a call unanswered, if that is too long. */
  #silentMs(now: Instant): number | undefined {
    const silentMs = this.#signs.takeSilence();
    if (silentMs !== undefined) return silentMs;
    const { replyDeadline } = this.#conversation;
    return replyDeadline !== undefined && now >= replyDeadline ? REPLY_TIMEOUT_MS : undefined;
  }

  #deliver(posts: readonly Post[]): void {
    if (posts.length === 0) return;
    for (const { position } of posts) {
      const last = this.#lastDelivered;
      invariant(position > last, 'timeline-only-rises', { position, last });
      this.#lastDelivered = position;
    }
    this.#emit({ kind: 'deliver', posts });
  }
}

const silence = (target: SessionTarget, ms: number): Failure => ({
  reason: 'may-have-happened',
  detail: `${target.address} did not answer for ${ms.toFixed(0)} ms`,
});
