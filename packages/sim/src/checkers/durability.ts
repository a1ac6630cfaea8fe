/**
 * What is committed is on the disk of every member that could be promoted, and stays there.
 *
 * This is the whole promise in one sentence, and it is looked at whenever one of its parts moves: the commit, the
 * router's recorded in-sync set, what is durable on a disk.
 */
import type { ClusterRecord, Entry, Position } from '@dualping/core';
import { entryText, sameEntry } from '../entry-text.js';
import type { ServerProcess } from '../server-process.js';
import { type Checker, Violation } from './checker.js';
import type { History } from './history.js';

export class Durability implements Checker {
  #record: ClusterRecord | undefined;
  /** Up to where a journal's durable content is known to be what was committed, by journal id. */
  readonly #agreed = new Map<string, number>();

  constructor(
    readonly history: History,
    readonly servers: readonly ServerProcess[],
  ) {}

  recorded(record: ClusterRecord): void {
    this.#record = record;
    this.#look(`the in-sync set of epoch ${record.epoch} is recorded`);
  }

  diskChanged(server: ServerProcess, same: number): void {
    const agreed = this.#agreed.get(server.journalId) ?? 0;
    if (same >= agreed) return;
    this.#agreed.set(server.journalId, same);
    this.#look(`the journal of ${server.name} has changed after ${same}`);
  }

  committed(server: ServerProcess, from: Position, to: Position): void {
    const { image } = server.disk;
    for (let at = Math.max(from + 1, image.first); at <= to; at += 1) {
      const entry = image.read(at);
      if (entry === undefined)
        throw new Violation(
          'committed-is-appended',
          `${server.name} has committed ${at}, which it hasn't got`,
        );
      this.history.committed(server.name, entry);
    }
    if (server.replica?.role === 'primary') this.#look(`${server.name} commits ${to}`);
  }

  atEnd(): void {
    for (const server of this.servers) this.#check(server, 'all is well again');
  }

  #look(when: string): void {
    const record = this.#record;
    if (record === undefined || record.primary === undefined) return;
    let holders = 0;
    for (const { serverId, journalId } of record.inSync) {
      const server = this.servers.find((it) => it.id === serverId && it.journalId === journalId);
      if (server === undefined) continue; // its disk was replaced; nobody can promote it
      holders += 1;
      this.#check(server, when);
    }
    if (holders === 0)
      throw new Violation('in-sync-never-empty', `nobody in the in-sync set has its disk, when ${when}`);
  }

  #check(server: ServerProcess, when: string): void {
    const { durable } = server.disk;
    const { history } = this;
    let agreed = this.#agreed.get(server.journalId) ?? 0;
    if (agreed >= history.last) return;
    agreed = Math.max(agreed, Math.min(durable.base.snapshot.position, history.last));
    while (agreed < Math.min(durable.last, history.last)) {
      const entry = durable.read(agreed + 1);
      const committed = history.at(agreed + 1);
      if (!sameEntry(entry, committed))
        throw new Violation(
          'committed-survives-on-all-in-sync',
          `${server.name} has [${text(entry)}] where [${text(committed)}] was committed, when ${when}`,
        );
      agreed += 1;
    }
    this.#agreed.set(server.journalId, agreed);
    if (agreed < history.last)
      throw new Violation(
        'committed-survives-on-all-in-sync',
        `${server.name} has only ${durable.last} of ${history.last} committed entries, when ${when}`,
      );
  }
}

const text = (entry: Entry | undefined): string => (entry === undefined ? 'nothing' : entryText(entry));
