/**
 * What timelines read from the journal, in turns.
 *
 *     read, page ──► waits with its connection ──► read and sent, a piece at a time ──► written out ──► the next
 *
 * Nobody can make others wait by asking for much, in many timelines or again and again: a turn of the event
 * loop reads only so much, and everybody else's calls come between two turns; connections take turns, and so
 * do the timelines of one. Nobody can fill memory by it: what is not read yet is a list of positions, and a
 * connection gets no more before it has taken what it got. Who is alone is answered in the turn that asked.
 */
import type { LinkId, Position, Post, PostReference, ReplicaInput } from '@dualping/core';
import type { Clock } from './clock.js';
import type { ReplicaJournal } from './replica-ports.js';
import { storageFailure } from './storage-failure.js';
import type { TimelineSink } from './timeline-sink.js';
import type { Turns } from './turns.js';

/**
 * Posts that are read in one turn of the event loop: 50 KB to 200 KB, and well below a millisecond. A page is
 * not split, and is a turn by itself.
 */
export const MAX_POSTS_A_TURN = 50;
/** What is put on a stream costs as much as so many posts, however few they are. */
const LEAST_COST_POSTS = 4;
/**
 * From a turn to the next while others wait for theirs, ms: at least half of the processor is left for
 * everything else, on this machine and not only in this process.
 */
const PAUSE_MS = 1;
/**
 * Timelines of one connection that may have a piece on its way: one that is never read stops only itself, and
 * however many there are, a connection holds at most so many pieces.
 */
const MAX_UNWRITTEN = 4;
/**
 * Pages and answered posts that may be asked for at once in one timeline. Clients of ours ask for one at a
 * time.
 */
export const MAX_PAGES_WAITING = 4;

/** Posts that are to be read for a timeline. */
export interface Wanted {
  readonly positions: readonly Position[];
  /** Those of them that are there only because they name the reader. */
  readonly unfollowed: readonly Position[];
}

export interface PageQuestion extends Wanted {
  readonly before: Position;
  readonly oldest: boolean;
}

export interface AnsweredQuestion {
  /** Of the post that answers. */
  readonly of: Position;
  /** Its reader sees it; else nothing is told. */
  readonly isShown: boolean;
}

type Task =
  | { readonly kind: 'read'; rest: readonly Position[]; readonly unfollowed: readonly Position[] }
  | ({ readonly kind: 'page' } & PageQuestion)
  | ({ readonly kind: 'answered' } & AnsweredQuestion);

interface Reader {
  readonly link: LinkId;
  readonly sink: TimelineSink;
  readonly connection: Connection;
  /**
   * In the order they were asked for: at most one `read` and MAX_PAGES_WAITING others. The first may be on
   * its way.
   */
  readonly tasks: Task[];
}

interface Connection {
  readonly peer: string;
  readers: number;
  /** Those with a task and nothing on its way, in the order of their turns. */
  readonly waiting: Set<Reader>;
  /** Those with a piece on its way. */
  readonly unwritten: Set<Reader>;
}

export interface HistoryPorts {
  readonly journal: Pick<ReplicaJournal, 'readPosts'>;
  readonly clock: Clock;
  readonly turns: Pick<Turns, 'next'>;
  /** Where in the journal a post is. */
  readonly locate: (post: PostReference) => Position | undefined;
  readonly feed: (input: ReplicaInput) => void;
  /** Does what was put off: whoever drives the reader deals with what it throws. */
  readonly run: (work: () => void) => void;
}

export class HistoryReader {
  readonly #connections = new Map<string, Connection>();
  readonly #readers = new Map<LinkId, Reader>();
  /** Connections that can be read for now, in the order of their turns. */
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

  /** The timeline is over: what it still wants is not read. */
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

  /** `timeline-read-out` follows when all of it has drained. */
  read(link: LinkId, { positions, unfollowed }: Wanted): void {
    const reader = this.#readers.get(link);
    if (reader !== undefined) this.#ask(reader, { kind: 'read', rest: positions, unfollowed });
  }

  /** False when too many wait already. */
  page(link: LinkId, question: PageQuestion): boolean {
    return this.#question(link, { kind: 'page', ...question });
  }

  /** The same of the post that another one answers. */
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

  /** Whether something is yet to be read for a timeline: its stream's draining says nothing of that. */
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
      // To the end of the queue before anything is done that may call back.
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
    const posts = this.#posts(positions, task.unfollowed);
    if (posts === undefined) return;
    const written = (): void => this.#written(reader, positions.length);
    if (task.kind === 'read') reader.sink.read(posts, written);
    else reader.sink.page({ before: task.before, posts, oldest: task.oldest }, written);
  }

  #sendAnswered(reader: Reader, { of, isShown }: AnsweredQuestion): void {
    this.#left -= LEAST_COST_POSTS;
    const answering = isShown ? this.#posts([of]) : [];
    if (answering === undefined) return;
    const [answers] = answering.map((post) => post.answers);
    const at = answers && this.ports.locate(answers);
    const found = at === undefined ? [] : this.#posts([at]);
    if (found === undefined) return;
    reader.sink.answered({ of, post: found[0] }, () => this.#written(reader, found.length));
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

  #posts(positions: readonly Position[], unfollowed: readonly Position[] = []): readonly Post[] | undefined {
    const strange = new Set(unfollowed);
    try {
      return this.ports.journal.readPosts(positions).map((post, index) => {
        if (post === undefined) throw new Error(`entry ${positions[index]} is no post`);
        return strange.has(post.position) ? { ...post, unfollowed: true } : post;
      });
    } catch (error) {
      this.ports.feed({ kind: 'journal-failed', detail: storageFailure(error).detail });
      return undefined;
    }
  }
}
