/** The client for a person at a terminal without a full screen, or for a script on a pipe. */
import { clockDifferenceText, type DualpingSession } from '@dualping/client';
import {
  DualpingError,
  MAX_PAGE_POSTS,
  type Position,
  type Post,
  quote,
  type SessionState,
  TIMELINE_ENTRY_POSTS,
} from '@dualping/core';
import { type EndingSignal, EXIT, exitCodeFor, SIGNAL_EXITS } from '@dualping/host';
import { filter, firstValueFrom, of, type Subscription, timeout } from 'rxjs';
import type { Io } from '../io.js';
import { renderLists, renderMove, renderPost, renderState } from '../render.js';
import { cleanForTerminal } from '../terminal-text.js';
import { TerminalLines } from './lines.js';
import { readTypedLine, TYPED_HELP, type TypedLine } from './typed-line.js';

/**
 * Longest that a script waits for its last post on the timeline, ms: far longer than a takeover at that
 * moment.
 */
const ECHO_LIMIT_MS = 10_000;

export interface LineClientOptions {
  readonly session: DualpingSession;
  readonly user: string;
  readonly io: Io;
  /** A signal that ends the client. */
  readonly signal: Promise<EndingSignal>;
}

/** @returns the exit code; the session is closed. */
export async function runLineClient(options: LineClientOptions): Promise<number> {
  return await new LineClient(options).run();
}

class LineClient {
  readonly #session: DualpingSession;
  readonly #io: Io;
  readonly #lines: TerminalLines;
  readonly #signal: Promise<EndingSignal>;
  readonly #interrupted: Promise<EndingSignal>;
  #oldestSeen: Position | undefined;
  /** Position of the newest post on the timeline. */
  #newestSeen = 0;
  /** Position of the newest acknowledged post. */
  #newestPosted = 0;
  #everLive = false;
  #exitCode: number = EXIT.done;

  constructor({ session, user, io, signal }: LineClientOptions) {
    this.#session = session;
    this.#io = io;
    this.#lines = new TerminalLines(io, `${user}> `);
    this.#signal = signal;
    this.#interrupted = new Promise((resolve) => this.#lines.onInterrupt(() => resolve('SIGINT')));
  }

  async run(): Promise<number> {
    const failed = new Promise<number>((resolve) => this.#listen(resolve));
    const signalled = Promise.race([this.#signal, this.#interrupted]).then((signal) => SIGNAL_EXITS[signal]);
    const subscriptions = this.#subscriptions;
    const exitCode = await Promise.race([this.#readLines(), failed, signalled]);
    this.#isOver = true;
    this.#lines.close();
    for (const subscription of subscriptions) subscription.unsubscribe();
    this.#session.close();
    return exitCode;
  }

  readonly #subscriptions: Subscription[] = [];
  /** Lines that come now are not carried out. */
  #isOver = false;

  #listen(fail: (exitCode: number) => void): void {
    this.#subscriptions.push(
      this.#session.posts$.subscribe((post) => {
        this.#newestSeen = Math.max(this.#newestSeen, post.position);
        this.#showPosts([post]);
      }),
      this.#session.clocks$.subscribe((clocks) => this.#lines.note(clockDifferenceText(clocks))),
      this.#session.moves$.subscribe((move) => this.#lines.note(renderMove(move))),
      this.#session.state$.subscribe((state) => {
        this.#showState(state);
        if (state.kind === 'failed')
          fail(exitCodeFor(new DualpingError(state.because.reason, state.because.detail)));
      }),
    );
  }

  #showPosts(posts: readonly Post[]): void {
    for (const post of posts) {
      if (this.#oldestSeen === undefined || post.position < this.#oldestSeen)
        this.#oldestSeen = post.position;
      this.#lines.print(renderPost(post, Date.now()));
    }
  }

  /** While the session reconnects, only failures are shown; the move reports the new server. */
  #showState(state: SessionState): void {
    switch (state.kind) {
      case 'connecting':
      case 'closed':
        return;
      case 'resolving':
        if (state.because === undefined) return;
        break;
      case 'live':
        if (this.#everLive) return;
        this.#everLive = true;
        break;
      default:
    }
    this.#lines.note(renderState(state, performance.now()));
  }

  async #readLines(): Promise<number> {
    if (this.#io.interactive) this.#lines.note('type help for what you can do');
    this.#lines.prompt();
    for await (const line of { [Symbol.asyncIterator]: () => this.#lines[Symbol.asyncIterator]() }) {
      if (this.#isOver) break;
      const typed = readTypedLine(line);
      if (typed.kind === 'quit') break;
      const done = this.#perform(typed);
      // A person may go on typing while a post waits for a takeover; a script needs its lines done in order.
      if (!this.#io.interactive) await done;
      this.#lines.prompt();
    }
    if (!this.#io.interactive) await this.#untilAllIsShown();
    return this.#exitCode;
  }

  /** The timeline may show a post a moment after its acknowledgement. */
  async #untilAllIsShown(): Promise<void> {
    const last = this.#newestPosted;
    if (this.#newestSeen >= last) return;
    const shown = this.#session.posts$.pipe(
      filter(({ position }) => position >= last),
      timeout({ first: ECHO_LIMIT_MS, with: () => of(undefined) }),
    );
    await firstValueFrom(shown, { defaultValue: undefined });
  }

  /** Never rejects: failures are shown, and the first one decides the exit code of a script. */
  async #perform(typed: TypedLine): Promise<void> {
    try {
      await this.#carryOut(typed);
    } catch (error) {
      const text = error instanceof DualpingError ? `${error.detail} (${error.reason})` : String(error);
      // A person sees what was typed; of a script's lines somebody has to find the one that failed.
      const isOfScript = typed.kind === 'post' && !this.#io.interactive;
      const what = isOfScript ? `${typed.kind} ${quote(typed.text)}` : typed.kind;
      this.#fail(exitCodeFor(error), `${what}: ${text}`);
    }
  }

  #fail(exitCode: number, text: string): void {
    if (this.#exitCode === EXIT.done && !this.#io.interactive) this.#exitCode = exitCode;
    this.#lines.note(cleanForTerminal(text));
  }

  async #carryOut(typed: TypedLine): Promise<void> {
    switch (typed.kind) {
      case 'nothing':
      case 'quit':
        return;
      case 'follow':
        await this.#session.follow(typed.target);
        this.#lines.note(`you follow ${typed.target}`);
        return;
      case 'unfollow':
        await this.#session.unfollow(typed.target);
        this.#lines.note(`you no longer follow ${typed.target}`);
        return;
      case 'post':
        // The post is shown when it arrives on the timeline.
        this.#newestPosted = (await this.#session.post(typed.text)).position;
        return;
      case 'list':
        for (const line of renderLists(await this.#session.list())) this.#lines.print(line);
        return;
      case 'older':
        return await this.#showOlder();
      case 'help':
        for (const line of TYPED_HELP) this.#lines.note(line);
        return;
      case 'mistake':
        this.#fail(EXIT.usage, typed.text);
        return;
    }
  }

  async #showOlder(): Promise<void> {
    if (this.#oldestSeen === undefined) {
      this.#lines.note('nothing older');
      return;
    }
    const page = await this.#session.older(this.#oldestSeen, Math.min(TIMELINE_ENTRY_POSTS, MAX_PAGE_POSTS));
    this.#showPosts(page.posts);
    if (page.oldest) this.#lines.note('nothing older');
  }
}
