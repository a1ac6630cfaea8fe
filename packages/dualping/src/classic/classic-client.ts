/**
 * The csce438 line client: resolve, log in, commands, and then the timeline, which it can't leave again.
 *
 * It is better than the original in two ways. After a break the next command asks the coordinator again and
 * logs in again. When a timeline's server is gone, the timeline is opened again on the next server, without
 * posts that were already shown.
 */
import { createInterface, type Interface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type Address,
  type ClassicAnswer,
  ClassicConnection,
  type ClassicTimelineHandle,
  DualpingError,
  type Post,
  resolveClassic,
} from '@dualping/client';
import { type EndingSignal, EXIT, SIGNAL_EXITS } from '@dualping/host';
import { type Io, renderError } from '../io.js';
import { cleanForTerminal } from '../terminal-text.js';
import {
  answerLines,
  BANNER,
  CONNECTION_FAILED,
  grpcFailed,
  IN_TIMELINE,
  listLines,
  PROMPT,
  postLine,
  readCommand,
  statusText,
} from './classic-words.js';

/**
 * Wait before the second attempt to open a timeline again, ms; the first attempt is immediate, and later
 * waits double.
 */
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 2_000;
/**
 * Posts that are remembered so that they are not shown again: several times as many as come when a timeline
 * is opened again.
 */
const MAX_SHOWN = 1_000;
/** Most lines that are kept while there is no server. */
const MAX_KEPT_LINES = 64;

export interface ClassicClientOptions {
  readonly coordinator: Address;
  readonly user: number;
  /** Text of the first message on a timeline; undefined: no such message. */
  readonly opener: string | undefined;
  readonly io: Io;
  /** A signal that ends the client. */
  readonly signal: Promise<EndingSignal>;
}

const reasonOf = (error: unknown): string =>
  error instanceof DualpingError ? error.detail : error instanceof Error ? error.message : String(error);

export class ClassicClient {
  readonly #coordinator: Address;
  readonly #number: number;
  readonly #opener: string | undefined;
  readonly #io: Io;
  readonly #signal: Promise<EndingSignal>;
  #connection: ClassicConnection | undefined;
  #timeline: ClassicTimelineHandle | undefined;
  #inTimeline = false;
  /** What earlier streams have shown; and what this stream has shown. */
  #shownBefore = new Set<string>();
  #shown: string[] = [];
  readonly #keptLines: string[] = [];
  #isOver = false;

  constructor({ coordinator, user, opener, io, signal }: ClassicClientOptions) {
    this.#coordinator = coordinator;
    this.#number = user;
    this.#opener = opener;
    this.#io = io;
    this.#signal = signal;
  }

  /** @returns the exit code. */
  async run(): Promise<number> {
    const signalled = this.#signal.then((signal) => SIGNAL_EXITS[signal]);
    try {
      return await Promise.race([this.#converse(), signalled]);
    } finally {
      this.#isOver = true;
      this.#timeline?.close();
      this.#connection?.close();
    }
  }

  async #converse(): Promise<number> {
    if (!(await this.#enter())) {
      this.#io.out(CONNECTION_FAILED);
      return EXIT.refused;
    }
    for (const line of BANNER) this.#io.out(line);
    const lines = createInterface({ input: this.#io.input, crlfDelay: Number.POSITIVE_INFINITY });
    try {
      await this.#readLines(lines);
    } finally {
      lines.close();
    }
    return EXIT.done;
  }

  /**
   * Whether there is a server and it accepts the login. If not, the reason goes to stderr, which programs
   * don't read.
   */
  async #enter(): Promise<boolean> {
    try {
      const { isSuccess, status, text } = await this.#connect();
      if (!isSuccess)
        this.#io.note(`dualping: user ${this.#number} is not let in: ${cleanForTerminal(text)}`);
      else if (status === undefined) this.#io.note(`dualping: the server says: ${cleanForTerminal(text)}`);
      return isSuccess;
    } catch (error) {
      this.#io.note(renderError(error, false));
      return false;
    }
  }

  async #readLines(lines: Interface): Promise<void> {
    this.#prompt();
    for await (const line of { [Symbol.asyncIterator]: () => lines[Symbol.asyncIterator]() }) {
      if (this.#inTimeline) this.#say(line);
      else {
        await this.#command(line);
        if (!this.#inTimeline) this.#prompt();
      }
    }
    this.#isOver = true;
    await this.#timeline?.finish();
  }

  #prompt(): void {
    this.#io.output.write(PROMPT);
  }

  async #command(line: string): Promise<void> {
    const command = readCommand(line);
    if (command.kind === 'nothing') return;
    if (command.kind === 'mistake') return this.#io.out(command.text);
    try {
      if (this.#connection === undefined) await this.#connect();
      const connection = this.#connection;
      if (connection === undefined) return;
      switch (command.kind) {
        case 'follow':
        case 'unfollow':
          for (const said of answerLines(await connection[command.kind](command.target))) this.#io.out(said);
          return;
        case 'list': {
          const lists = await connection.list();
          this.#io.out(statusText('success'));
          for (const each of listLines(lists)) this.#io.out(each);
          return;
        }
        case 'timeline':
          this.#io.out(statusText('success'));
          this.#io.out(IN_TIMELINE);
          this.#inTimeline = true;
          return this.#openTimeline(connection);
      }
    } catch (error) {
      this.#lose();
      this.#io.out(grpcFailed(reasonOf(error)));
    }
  }

  /**
   * Asks where the server is and logs in. @returns the answer to the login. Throws when there is no server
   */
  async #connect(): Promise<ClassicAnswer> {
    const address = await resolveClassic(this.#coordinator, this.#number);
    if (address === undefined) throw new DualpingError('no-available-server', 'no server is available');
    const connection = new ClassicConnection(address, String(this.#number));
    try {
      // A server that has not yet noticed the end of our former connection refuses the login as "on already".
      // It serves us nevertheless.
      const answer = await connection.login();
      this.#connection = connection;
      return answer;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  #lose(): void {
    this.#connection?.close();
    this.#connection = undefined;
    this.#timeline = undefined;
  }

  #openTimeline(connection: ClassicConnection): void {
    this.#timeline = connection.timeline(
      {
        onPost: (post) => this.#show(post),
        onEnd: (end) => {
          if (this.#isOver) return;
          const reason =
            end.kind === 'broken' && end.error !== undefined ? end.error.detail : 'the stream has ended';
          this.#io.out(grpcFailed(reason));
          this.#reopen().catch((error: unknown) => this.#io.out(grpcFailed(reasonOf(error))));
        },
      },
      this.#opener,
    );
    for (const line of this.#keptLines.splice(0)) this.#say(line);
  }

  async #reopen(): Promise<void> {
    this.#lose();
    this.#shownBefore = new Set([...this.#shownBefore, ...this.#shown].slice(-MAX_SHOWN));
    this.#shown = [];
    for (
      let waitMs = 0;
      !this.#isOver;
      waitMs = Math.min(Math.max(FIRST_WAIT_MS, 2 * waitMs), LONGEST_WAIT_MS)
    ) {
      await delay(waitMs);
      try {
        await this.#connect();
      } catch {
        continue; // reported already, when it broke
      }
      if (this.#connection !== undefined) return this.#openTimeline(this.#connection);
    }
  }

  #say(line: string): void {
    if (line.trim() === '') return;
    if (this.#timeline !== undefined) this.#timeline.post(line, Date.now());
    else if (this.#keptLines.length < MAX_KEPT_LINES) this.#keptLines.push(line);
    else this.#io.out(grpcFailed(`${MAX_KEPT_LINES} lines wait for a server already`));
  }

  #show(post: Post): void {
    const key = `${post.author} ${post.timeMs} ${post.text}`;
    if (this.#shownBefore.has(key)) return;
    this.#shown.push(key);
    if (this.#shown.length > MAX_SHOWN) this.#shown.shift();
    this.#io.out(postLine(post));
  }
}
