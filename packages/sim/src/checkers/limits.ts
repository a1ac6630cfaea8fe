/** Checks from the outside that machines keep every named bound. */
import type { PrimaryMessage, SocialSnapshot, StandbyMessage } from '@dualping/core';
import type { Core } from '../core.js';
import type { ServerProcess } from '../server-process.js';
import type { SessionRecord } from '../session-record.js';
import { type Checker, Violation } from './checker.js';

/** What a primary has on its way to one standby. */
interface Stream {
  /** Everything up to here is known to be at the standby. */
  there: number;
}

export class Limits implements Checker {
  readonly #streams = new WeakMap<object, Stream>();

  constructor(
    readonly core: Core,
    readonly servers: readonly ServerProcess[],
  ) {}

  serverStepped({ name, replica }: ServerProcess): void {
    const { MAX_UNCOMMITTED_ENTRIES } = this.core;
    if (replica?.role !== 'primary' || replica.ledger.uncommitted <= MAX_UNCOMMITTED_ENTRIES) return;
    // Entries that it had when it became primary don't count: after a start that may be the whole journal.
    const { assignment, ledger } = replica;
    const taken = [...ledger.unapplied].filter(
      ({ epoch, sessionId }) => epoch === assignment?.epoch && sessionId !== '',
    );
    this.#keep('MAX_UNCOMMITTED_ENTRIES', taken.length, MAX_UNCOMMITTED_ENTRIES, `uncommitted at ${name}`);
  }

  toStandby(server: ServerProcess, stream: object, message: PrimaryMessage): void {
    const { MAX_BATCH_ENTRIES, MAX_REPLICATION_WINDOW } = this.core;
    if (message.kind === 'joined') this.#streams.set(stream, { there: message.common });
    if (message.kind !== 'entries') return;
    const count = message.to - message.from + 1;
    this.#keep('MAX_BATCH_ENTRIES', count, MAX_BATCH_ENTRIES, `in a message of ${server.name}`);
    const there = this.#streams.get(stream)?.there ?? 0;
    // A batch may begin within the window and end beyond it.
    const most = MAX_REPLICATION_WINDOW + MAX_BATCH_ENTRIES - 1;
    if (count > 0)
      this.#keep('MAX_REPLICATION_WINDOW', message.to - there, most, `on the way from ${server.name}`);
  }

  fromStandby(server: ServerProcess, stream: object, message: StandbyMessage): void {
    const known = this.#streams.get(stream);
    if (message.kind === 'durable' && known !== undefined)
      known.there = Math.max(known.there, message.position);
    if (message.kind === 'join') {
      const starts = message.epochStarts.length;
      this.#keep('MAX_EPOCH_STARTS', starts, this.core.MAX_EPOCH_STARTS, `in a join at ${server.name}`);
    }
  }

  tellsOthers(
    { name }: ServerProcess,
    {
      items,
      arrived,
      left,
    }: {
      readonly items: readonly unknown[];
      readonly arrived: readonly unknown[];
      readonly left: readonly unknown[];
    },
  ): void {
    const { MAX_TAIL_ITEMS, MAX_TAIL_NAMES } = this.core;
    this.#keep('MAX_TAIL_ITEMS', items.length, MAX_TAIL_ITEMS, `in a message of ${name}`);
    this.#keep('MAX_TAIL_NAMES', arrived.length + left.length, MAX_TAIL_NAMES, `in a message of ${name}`);
  }

  shown(server: ServerProcess, posts: number): void {
    this.#keep('MAX_PAGE_POSTS', posts, this.core.MAX_PAGE_POSTS, `in a message of ${server.name}`);
  }

  asked({ sessionId }: SessionRecord, inFlight: number): void {
    this.#keep('SESSION_WINDOW', inFlight, this.core.SESSION_WINDOW, `unanswered of ${sessionId}`);
  }

  serverRebuilt({ name, replica }: ServerProcess): void {
    if (replica !== undefined) this.#keepIn(name, replica.ledger.social.toSnapshot());
  }

  atEnd(): void {
    for (const server of this.servers) this.serverRebuilt(server);
  }

  #keepIn(name: string, { sessions }: SocialSnapshot): void {
    const { MAX_SESSIONS, SESSION_WINDOW } = this.core;
    this.#keep('MAX_SESSIONS', sessions.length, MAX_SESSIONS, `kept by ${name}`);
    for (const { sessionId, replies } of sessions)
      this.#keep(
        'SESSION_WINDOW',
        replies.length,
        SESSION_WINDOW,
        `outcomes of ${sessionId} kept by ${name}`,
      );
  }

  #keep(limit: string, found: number, most: number, where: string): void {
    if (found > most) throw new Violation('limit-is-kept', `${found} ${where}, ${limit} is ${most}`);
  }
}
