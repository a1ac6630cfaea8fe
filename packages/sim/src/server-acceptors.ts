/** Streams and calls that others open to a simulated server, for the driver of its replica. */
import type {
  Failure,
  HeldCopy,
  Position,
  Post,
  PrimaryMessage,
  SignsOfLife,
  TimelineAnswered,
  TimelineOpened,
} from '@dualping/core';
import type {
  ReplicaDriver,
  SnapshotListener,
  StoredPage,
  StoredPosts,
  TimelineSink,
  WriteAnswers,
} from '@dualping/runtime';
import type { Checkers } from './checkers/checker.js';
import type { Core } from './core.js';
import type { DiskJournal } from './disk-journal.js';
import { EMPTY, NO_BASE } from './journal-image.js';
import type { AcceptorEnd, Acceptors } from './network.js';
import type { ServerProcess } from './server-process.js';

/** Most entries of one piece of a journal, and the longest time from one to the next, ms. */
const PIECE_ENTRIES = 20;
const PIECE_MS = 3;

/** The running life of a server: it takes what comes. */
export interface Accepting {
  readonly driver: ReplicaDriver;
  readonly journal: DiskJournal;
}

export class ServerAcceptors implements Acceptors {
  constructor(
    readonly process: ServerProcess,
    readonly core: Core,
    readonly checkers: Checkers,
    readonly accepting: () => Accepting,
    /** The health service of this life of the server. */
    readonly ownService: () => string,
  ) {}

  readonly write = (end: AcceptorEnd<'write'>): void => {
    let abandon: (() => void) | undefined;
    end.onMessage = ({ kind: _, ...request }) => {
      abandon = this.accepting().driver.write(request, {
        answered: (written) => {
          end.send({ kind: 'written', ...written });
          end.close();
        },
        failed: (failure) => end.close(failure),
      });
    };
    end.onEnd = () => abandon?.();
  };

  readonly operate = (end: AcceptorEnd<'operate'>): void => {
    end.onMessage = ({ kind: _, ...ask }) =>
      this.accepting().driver.operate(ask, {
        answered: (written) => {
          end.send({ kind: 'written', ...written });
          end.close();
        },
        failed: (failure) => end.close(failure),
      });
  };

  readonly list = (end: AcceptorEnd<'list'>): void => {
    end.onMessage = ({ kind: _, ...question }) =>
      this.accepting().driver.list(question, {
        answered: (lists) => {
          end.send({ kind: 'lists', lists });
          end.close();
        },
        failed: (failure) => end.close(failure),
      });
  };

  readonly timeline = (end: AcceptorEnd<'timeline'>): void => {
    const { driver, journal } = this.accepting();
    const sink = new EndSink(end, journal, (posts) => this.checkers.tell('shown', this.process, posts));
    const timeline = driver.acceptTimeline(end.peer, sink);
    end.onMessage = (message) => {
      switch (message.kind) {
        case 'open': {
          const { kind: _, ...opening } = message;
          return timeline.open(opening);
        }
        case 'writes':
          return timeline.writes(message.writes);
        case 'older':
          return timeline.older(message.before, message.limit);
        case 'answered':
          return timeline.answered(message.of);
        case 'alive':
          return timeline.alive();
      }
    };
    end.onEnd = () => timeline.ended();
    end.onDrain = () => timeline.drained();
  };

  readonly replicate = (end: AcceptorEnd<'replicate'>): void => {
    const standby = this.accepting().driver.acceptStandby({
      send: (message) => this.#toStandby(end, message),
      close: (failure) => end.close(failure),
    });
    end.onMessage = (message) => {
      this.checkers.tell('fromStandby', this.process, end, message);
      standby.heard(message);
    };
    end.onEnd = ({ kind }) => standby.ended(kind);
  };

  readonly tail = (end: AcceptorEnd<'tail'>): void => {
    const reader = this.accepting().driver.acceptTail({
      send: (batch) => {
        this.checkers.tell('tellsOthers', this.process, batch);
        end.send(batch);
      },
      close: (failure) => end.close(failure),
    });
    end.onMessage = (message) => reader.heard(message);
    end.onEnd = ({ kind }) => reader.ended(kind);
  };

  readonly snapshot = (end: AcceptorEnd<'snapshot'>): void => {
    let listener: SnapshotListener | undefined;
    const ended = (): void => listener?.ended();
    end.onMessage = ({ question, held }) => {
      listener = this.accepting().driver.acceptSnapshotCall(question, {
        send: (through) => this.#sendSnapshot(end, through, held, ended),
        refuse: (failure) => end.close(failure),
      });
    };
    end.onEnd = ended;
  };

  readonly health = (end: AcceptorEnd<'health'>): void => {
    end.onMessage = ({ service }) => {
      if (service === this.ownService()) {
        end.send({ kind: 'serving' });
        end.close();
      } else end.close({ reason: 'not-a-server', detail: `there is no service ${service}` });
    };
  };

  #toStandby(end: AcceptorEnd<'replicate'>, message: PrimaryMessage): void {
    this.checkers.tell('toStandby', this.process, end, message);
    const { journal } = this.accepting();
    const entries = message.kind === 'entries' ? journal.read(message.from, message.to) : [];
    end.send({ kind: message.kind, message, entries });
  }

  #sendSnapshot(
    end: AcceptorEnd<'snapshot'>,
    through: Position,
    held: HeldCopy | undefined,
    ended: () => void,
  ): void {
    const { journal } = this.accepting();
    const { image, durable } = journal.disk;
    const copied = { base: NO_BASE, checksumAt: (at: Position) => image.checksumAt(at) };
    const header = this.core.headerOfCopy(copied, through, held);
    const kept = durable.snapshot.position <= through ? durable.snapshot : EMPTY;
    end.send({ kind: 'header', header, snapshot: kept });
    this.#sendRecords(end, header.after.position, through, ended);
  }

  /** Some entries, and later the rest: the call or the process may break in between. */
  #sendRecords(end: AcceptorEnd<'snapshot'>, after: number, through: number, ended: () => void): void {
    this.process.later(this.process.random.within(0, PIECE_MS), `${this.process.name} sends a piece`, () => {
      if (end.over) return;
      const { journal } = this.accepting();
      if (after === through) {
        end.send({ kind: 'end' });
        end.close();
        return ended();
      }
      const to = Math.min(through, after + this.process.random.between(1, PIECE_ENTRIES));
      const previous = journal.disk.image.checksumAt(after);
      end.send({ kind: 'records', previous, entries: journal.read(after + 1, to) });
      this.#sendRecords(end, to, through, ended);
    });
  }
}

/** A timeline over the simulated network. */
class EndSink implements TimelineSink {
  constructor(
    readonly end: AcceptorEnd<'timeline'>,
    readonly journal: DiskJournal,
    /** So many posts are shown in one message. */
    readonly shows: (posts: number) => void,
  ) {}

  opened(opened: TimelineOpened): void {
    this.end.send({ kind: 'opened', ...opened });
  }

  live(posts: readonly Post[]): boolean {
    this.shows(posts.length);
    return posts.length === 0 || this.end.send({ kind: 'posts', posts });
  }

  read(stored: StoredPosts, left: () => void): void {
    this.end.send({ kind: 'posts', posts: this.#posts(stored) }, left);
  }

  page({ before, oldest, ...stored }: StoredPage, left: () => void): void {
    this.end.send({ kind: 'page', before, posts: this.#posts(stored), oldest }, left);
  }

  answered(answered: TimelineAnswered, left: () => void): void {
    this.end.send({ kind: 'answered', ...answered }, left);
  }

  writes(answers: WriteAnswers, left: () => void): void {
    this.end.send({ kind: 'answer', ...answers }, left);
  }

  sign(signs: SignsOfLife): void {
    if (this.end.outgoing.length === 0) this.end.send({ kind: 'sign', signs });
  }

  close(failure: Failure): void {
    this.end.close(failure);
  }

  #posts({ positions, unfollowed }: StoredPosts): Post[] {
    this.shows(positions.length);
    return this.journal.readPosts(positions).map((post, index) => {
      if (post === undefined) throw new Error(`entry ${positions[index]} is no post to show`);
      return unfollowed.includes(post.position) ? { ...post, unfollowed: true } : post;
    });
  }
}
