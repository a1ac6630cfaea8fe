/**
 * Reads posts from the journal for timelines, in turns.
 *
 *     read, page ──► waits with its connection ──► read and sent, a piece at a time ──► written out ──► the next
 *
 * A client can't delay others by asking for much, in many timelines or again and again: a turn of the event
 * loop reads a bounded number of posts, and other calls are served between two turns; connections take turns,
 * and the timelines of one connection take turns within it. A client can't fill memory either: posts that are
 * not read yet are only a list of positions, and a connection gets no more before it has taken what was sent.
 * Without contention, reads complete in the same turn.
 */
import type { LinkId, Position, Post, PostReference, ReplicaInput } from '@dualping/core';
import type { Clock } from './clock.js';
import type { ReplicaJournal } from './replica-ports.js';
import { storageFailure } from './storage-failure.js';
import type { StoredPage, StoredPosts, TimelineSink } from './timeline-sink.js';
import type { Turns } from './turns.js';

/**
 * Posts that are read in one turn of the event loop: 50 KB to 200 KB, and well below a millisecond. A page is
 * not split, and is a turn by itself.
 */
export const MAX_POSTS_A_TURN = 50;
/** Least cost of any message on a stream, counted in posts. */
const LEAST_COST_POSTS = 4;
/**
 * Pause between two turns while connections wait, ms: it leaves at least half of the processor to everything
 * else on this machine, not only in this process.
 */
const PAUSE_MS = 1;
/**
 * Timelines of one connection that may have an unsent piece. A timeline that is never read stops only itself,
 * and a connection holds at most this many pieces.
 */
const MAX_UNWRITTEN = 4;
/**
 * Pages and answered posts that may be requested at once in one timeline. Our clients request one at a time.
 */
export const MAX_PAGES_WAITING = 4;

export interface AnsweredQuestion {
  /** Position of the post that answers. */
  readonly of: Position;
  /** Whether the reader may see it; if not, nothing about it is sent. */
  readonly isShown: boolean;
}

type Task =
  | { readonly kind: 'read'; rest: readonly Position[]; readonly unfollowed: readonly Position[] }
  | ({ readonly kind: 'page' } & StoredPage)
  | ({ readonly kind: 'answered' } & AnsweredQuestion);

interface Reader {
  readonly link: LinkId;
  readonly sink: TimelineSink;
  readonly connection: Connection;
  /**
   * In order of arrival: at most one `read` and MAX_PAGES_WAITING others. The first may be in progress.
   */
  readonly tasks: Task[];
}

interface Connection {
  readonly peer: string;
  readers: number;
  /** Readers with a task and no unsent piece, in the order of their turns. */
  readonly waiting: Set<Reader>;
  /** Readers with an unsent piece. */
  readonly unwritten: Set<Reader>;
}

export interface HistoryPorts {
  readonly journal: Pick<ReplicaJournal, 'readPosts'>;
  readonly clock: Clock;
  readonly turns: Pick<Turns, 'next'>;
  /** The position of a post in the journal. */
  readonly locate: (post: PostReference) => Position | undefined;
  readonly feed: (input: ReplicaInput) => void;
  /** Does delayed work; the owner of the reader handles its errors. */
  readonly run: (work: () => void) => void;
}

export class HistoryReader {
  readonly #connections = new Map<string, Connection>();
  readonly #readers = new Map<LinkId, Reader>();
  /** Connections that can take more now, in the order of their turns. */
  readonly #turns = new Set<Connection>();
  /** Posts that may still be read in this turn. */
  #left = MAX_POSTS_A_TURN;
  #nextTurnIsSet = false;

  constructor(readonly ports: HistoryPorts) {}

  /** @param peer the connection, by any name */
  add(link: LinkId, peer: string, sink: TimelineSink): void {
    let connection = this.#connections.get(peer);
    if (connection === undefined) {
      connection = { peer, readers: 0, waiting: new Set(), unwritten: new Set() };
      this.#connections.set(peer, connection);
    }
    connection.readers += 1;
    this.#readers.set(link, { link, sink, connection, tasks: [] });
  }

  /** The timeline has ended: its remaining tasks are dropped. */
  forget(link: LinkId): void {
    const reader = this.#readers.get(link);
    if (reader === undefined) return;
    this.#readers.delete(link);
    const { connection } = reader;
    connection.waiting.delete(reader);
    connection.unwritten.delete(reader);
    connection.readers -= 1;
    if (connection.readers === 0) {
      this.#connections.delete(connection.peer);
      this.#turns.delete(connection);
    } else this.#proceed(connection);
  }

  /** `timeline-read-out` follows when all posts were sent. */
  read(link: LinkId, { positions, unfollowed }: StoredPosts): void {
    const reader = this.#readers.get(link);
    if (reader !== undefined) this.#ask(reader, { kind: 'read', rest: positions, unfollowed });
  }

  /** Returns false when too many wait already. */
  page(link: LinkId, question: StoredPage): boolean {
    return this.#question(link, { kind: 'page', ...question });
  }

  /** The same for the post that another post answers. */
  answered(link: LinkId, question: AnsweredQuestion): boolean {
    return this.#question(link, { kind: 'answered', ...question });
  }

  #question(link: LinkId, task: Task): boolean {
    const reader = this.#readers.get(link);
    if (reader === undefined) return true;
    if (reader.tasks.filter(({ kind }) => kind !== 'read').length >= MAX_PAGES_WAITING) return false;
    this.#ask(reader, task);
    return true;
  }

  /** Whether a timeline has an unfinished read: then a drained stream means nothing. */
  reads(link: LinkId): boolean {
    return this.#readers.get(link)?.tasks.some(({ kind }) => kind === 'read') ?? false;
  }

  #ask(reader: Reader, task: Task): void {
    reader.tasks.push(task);
    const { connection } = reader;
    if (!connection.unwritten.has(reader)) connection.waiting.add(reader);
    this.#proceed(connection);
  }

  #proceed(connection: Connection): void {
    if (connection.waiting.size === 0 || connection.unwritten.size >= MAX_UNWRITTEN) return;
    this.#turns.add(connection);
    this.#takeTurns();
  }

  #takeTurns(): void {
    for (const connection of this.#turns) {
      if (this.#left <= 0) break;
      this.#turns.delete(connection);
      const [reader] = connection.waiting;
      if (reader === undefined) continue;
      connection.waiting.delete(reader);
      connection.unwritten.add(reader);
      // It goes to the end of the queue before any call that may call back.
      if (connection.waiting.size > 0 && connection.unwritten.size < MAX_UNWRITTEN)
        this.#turns.add(connection);
      this.#sendPiece(reader);
    }
    if (this.#left === MAX_POSTS_A_TURN || this.#nextTurnIsSet) return;
    this.#nextTurnIsSet = true;
    const { clock, turns, run } = this.ports;
    const next = (): void => {
      this.#nextTurnIsSet = false;
      this.#left = MAX_POSTS_A_TURN;
      run(() => this.#takeTurns());
    };
    if (this.#turns.size > 0) clock.setTimer(clock.now() + PAUSE_MS, next);
    else turns.next(next);
  }

  #sendPiece(reader: Reader): void {
    const [task] = reader.tasks;
    if (task === undefined) return;
    if (task.kind === 'answered') return this.#sendAnswered(reader, task);
    const positions = task.kind === 'read' ? task.rest.slice(0, MAX_POSTS_A_TURN) : task.positions;
    this.#left -= Math.max(LEAST_COST_POSTS, positions.length);
    const written = (): void => this.#written(reader, positions.length);
    const stored = { positions, unfollowed: task.unfollowed };
    this.#reading(() => {
      if (task.kind === 'read') reader.sink.read(stored, written);
      else reader.sink.page({ ...stored, before: task.before, oldest: task.oldest }, written);
    });
  }

  #sendAnswered(reader: Reader, { of, isShown }: AnsweredQuestion): void {
    this.#left -= LEAST_COST_POSTS;
    this.#reading(() => {
      const { locate } = this.ports;
      const answers = isShown ? this.#post(of).answers : undefined;
      const at = answers && locate(answers);
      const post = at === undefined ? undefined : this.#post(at);
      reader.sink.answered({ of, post }, () => this.#written(reader, 1));
    });
  }

  #written(reader: Reader, posts: number): void {
    const { connection, tasks, link } = reader;
    if (this.#readers.get(link) !== reader) return;
    const [task] = tasks;
    if (task?.kind === 'read') task.rest = task.rest.slice(posts);
    const isDone = task?.kind !== 'read' || task.rest.length === 0;
    if (isDone) tasks.shift();
    connection.unwritten.delete(reader);
    if (tasks.length > 0) connection.waiting.add(reader);
    this.#proceed(connection);
    if (isDone && task?.kind === 'read') this.ports.feed({ kind: 'timeline-read-out', timeline: link });
  }

  /** A journal that can't be read has failed. */
  #reading(send: () => void): void {
    try {
      send();
    } catch (error) {
      this.ports.feed({ kind: 'journal-failed', detail: storageFailure(error).detail });
    }
  }

  #post(at: Position): Post {
    const [post] = this.ports.journal.readPosts([at]);
    if (post === undefined) throw new Error(`entry ${at} is no post`);
    return post;
  }
}
