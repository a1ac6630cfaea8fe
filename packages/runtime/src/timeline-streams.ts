/**
 * The timelines of clients, by the machine's numbers for them.
 *
 * A timeline's sink puts its posts on the wire. When a stream's buffer is full that is reported to the
 * machine, which lets the timeline read on from the journal when there is room. Timelines read in turns.
 */
import type {
  Failure,
  LinkId,
  Position,
  ReplicaInput,
  ReplicaOutput,
  SessionId,
  TimelineOpenRequest,
  TimelineRefused,
  TimelineWrite,
} from '@dualping/core';
import { type HistoryPorts, HistoryReader, MAX_PAGES_WAITING } from './history-reader.js';
import type { TimelineSink } from './timeline-sink.js';
import { TimelineWrites, type TimelineWritesPorts } from './timeline-writes.js';

type OutputOf<Kind extends ReplicaOutput['kind']> = Extract<ReplicaOutput, { readonly kind: Kind }>;

/** `sessionId`: the session of writes on it, if it may have writes. */
export type TimelineOpening = Omit<TimelineOpenRequest, 'kind' | 'timeline'> & {
  readonly sessionId?: SessionId;
};

/** The messages from the reader of a timeline. */
export interface TimelineListener {
  /** Called once, and first. */
  open(opening: TimelineOpening): void;
  /** @throws DualpingError `busy` for a client that leaves its answers unread */
  writes(writes: readonly (TimelineWrite | TimelineRefused)[]): void;
  older(before: Position, limit: number): void;
  answered(of: Position): void;
  alive(): void;
  /** The stream was full and has room again. */
  drained(): void;
  ended(): void;
}

interface Timeline {
  readonly sink: TimelineSink;
  /** The writes of a timeline on which the client may write, when it is open. */
  writes: TimelineWrites | undefined;
}

export type TimelinePorts = HistoryPorts & Pick<TimelineWritesPorts, 'take' | 'abandon' | 'soon'>;

export class TimelineStreams {
  readonly #timelines = new Map<LinkId, Timeline>();
  readonly #history: HistoryReader;
  readonly #ports: TimelinePorts;

  constructor(ports: TimelinePorts) {
    this.#ports = ports;
    this.#history = new HistoryReader(ports);
  }

  /** @param peer the connection that it is on, by any name */
  add(link: LinkId, peer: string, sink: TimelineSink): TimelineListener {
    const timeline: Timeline = { sink, writes: undefined };
    this.#timelines.set(link, timeline);
    this.#history.add(link, peer, sink);
    const feed = (input: ReplicaInput): void => this.#ports.feed(input);
    return {
      open: ({ sessionId, ...request }) => {
        if (sessionId !== undefined) {
          const { user, epoch, by } = request;
          timeline.writes = this.#writesOf({ user, sessionId, epoch, by }, sink);
        }
        feed({ ...request, kind: 'timeline-open', timeline: link });
      },
      writes: (writes) => {
        timeline.writes?.add(writes);
        feed({ kind: 'timeline-alive', timeline: link });
      },
      older: (before, limit) => feed({ kind: 'timeline-older', timeline: link, before, limit }),
      answered: (of) => feed({ kind: 'timeline-answered', timeline: link, of }),
      alive: () => feed({ kind: 'timeline-alive', timeline: link }),
      drained: () => {
        if (!this.#history.reads(link)) feed({ kind: 'timeline-writable', timeline: link });
      },
      ended: () => {
        timeline.writes?.end();
        this.#forget(link);
        feed({ kind: 'timeline-ended', timeline: link });
      },
    };
  }

  opened({ timeline, epoch, serverId, committed, signs }: OutputOf<'timeline-opened'>): void {
    this.#sinkOf(timeline)?.opened({ epoch, serverId, committed, signs });
  }

  sign({ timeline, signs }: OutputOf<'timeline-sign'>): void {
    this.#sinkOf(timeline)?.sign(signs);
  }

  posts({ timeline, posts }: OutputOf<'timeline-posts'>): void {
    const hasRoom = this.#sinkOf(timeline)?.live(posts) ?? true;
    if (!hasRoom) this.#ports.feed({ kind: 'timeline-full', timeline });
  }

  read({ timeline, positions, unfollowed }: OutputOf<'timeline-read'>): void {
    this.#history.read(timeline, { positions, unfollowed });
  }

  page({ timeline, kind: _, ...question }: OutputOf<'timeline-page'>): void {
    if (!this.#history.page(timeline, question)) this.#tooMuchAsked(timeline);
  }

  answered({ timeline, of, isShown }: OutputOf<'timeline-answered'>): void {
    if (!this.#history.answered(timeline, { of, isShown })) this.#tooMuchAsked(timeline);
  }

  /** Gathered answers are sent first. */
  end(link: LinkId, failure: Failure): void {
    const timeline = this.#timelines.get(link);
    this.#forget(link);
    timeline?.writes?.flush();
    timeline?.sink.close(failure);
  }

  endAll(failure: Failure): void {
    for (const link of [...this.#timelines.keys()]) this.end(link, failure);
  }

  #tooMuchAsked(link: LinkId): void {
    const detail = `${MAX_PAGES_WAITING} pages or posts of this timeline were asked for and are not read yet`;
    this.#sinkOf(link)?.close({ reason: 'busy', detail });
  }

  #sinkOf(link: LinkId): TimelineSink | undefined {
    return this.#timelines.get(link)?.sink;
  }

  #forget(link: LinkId): void {
    this.#timelines.delete(link);
    this.#history.forget(link);
  }

  #writesOf(writer: TimelineWrites['writer'], sink: TimelineSink): TimelineWrites {
    const { take, abandon, soon } = this.#ports;
    return new TimelineWrites(writer, {
      take,
      abandon,
      soon,
      send: (answers, left) => sink.writes(answers, left),
    });
  }
}
