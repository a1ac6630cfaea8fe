/**
 * What is committed is on the disk of every member that could be promoted, and stays there.
 *
 * This is the whole promise in one sentence, and it is looked at whenever one of its parts moves: the commit, the
 * router's recorded in-sync set, what is durable on a disk.
 */
import type { ClusterRecord, Entry, Position, ServerId } from '@dualping/core';
import { entryText, sameEntry } from '../entry-text.js';
import type { ServerProcess } from '../server-process.js';
import { type Checker, Violation } from './checker.js';
import type { History } from './history.js';

export class Durability implements Checker {
  #record: ClusterRecord | undefined;
  /** Up to where a journal's durable content is known to be what was committed, by journal id. */
  readonly #agreed = new Map<string, number>();

  /** Whom an operator wants promoted, whatever it lacks. */
  #chosen: ServerId | undefined;

  constructor(
    readonly history: History,
    readonly servers: readonly ServerProcess[],
    /** An operator has accepted that something may be lost. */
    readonly onLoss: () => void,
  ) {}

  promotedByOperator({ serverId }: { readonly serverId: ServerId }): void {
    this.#chosen = serverId;
  }

  recorded(record: ClusterRecord): void {
    const before = this.#record;
    this.#record = record;
    this.#noteUnclean(before, record);
    for (const server of this.servers)
      if (server.disk.isOlder && holds(record, server) && !holds(before, server)) server.disk.isOlder = false;
    this.#look(`the in-sync set of epoch ${record.epoch} is recorded`);
  }

  diskChanged(server: ServerProcess, same: number): void {
    const agreed = this.#agreed.get(keyOf(server)) ?? 0;
    if (same >= agreed) return;
    this.#agreed.set(keyOf(server), same);
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
    for (const server of this.servers) if (!server.isLost) this.#check(server, 'all is well again');
  }

  /** What may be lost by it is what the one that was chosen does not hold, and nothing else. */
  #noteUnclean(before: ClusterRecord | undefined, { epoch, primary }: ClusterRecord): void {
    if (primary === undefined || primary.serverId !== this.#chosen || epoch === before?.epoch) return;
    this.#chosen = undefined;
    if (
      before?.inSync.some((it) => it.serverId === primary.serverId && it.journalId === primary.journalId) ===
      true
    )
      return;
    const server = this.servers.find(
      (it) => it.id === primary.serverId && it.journalId === primary.journalId,
    );
    if (server === undefined) return;
    this.history.acceptsLoss(epoch, this.#keptBy(server));
    this.onLoss();
  }

  #keptBy({ disk: { durable } }: ServerProcess): number {
    const { history } = this;
    let kept = Math.min(durable.base.snapshot.position, history.last);
    while (kept < history.last && sameEntry(durable.read(kept + 1), history.at(kept + 1))) kept += 1;
    return kept;
  }

  #look(when: string): void {
    const record = this.#record;
    if (record === undefined || record.primary === undefined) return;
    let holders = 0;
    for (const { serverId, journalId } of record.inSync) {
      const server = this.servers.find((it) => it.id === serverId && it.journalId === journalId);
      if (server === undefined || server.isLost) continue; // its disk is gone; nobody can promote it
      holders += 1;
      const isPrimary = serverId === record.primary.serverId;
      // One that was put back from a copy may stand in the set by name, and must not get further than that.
      if (!server.disk.isOlder || (isPrimary && server.replica?.role === 'primary'))
        this.#check(server, when);
    }
    if (holders === 0)
      throw new Violation('in-sync-never-empty', `nobody in the in-sync set has its disk, when ${when}`);
  }

  #check(server: ServerProcess, when: string): void {
    const { durable } = server.disk;
    const { history } = this;
    const needed = history.safe;
    if ((this.#agreed.get(keyOf(server)) ?? 0) >= needed) return;
    const end = Math.min(durable.last, needed);
    // What a snapshot stands for is not in the journal any more.
    if (end >= durable.first - 1 && durable.checksumAt(end) !== history.checksumAt(end))
      this.#sayWhatDiffers(server, end, when);
    this.#agreed.set(keyOf(server), end);
    if (end < needed)
      throw new Violation(
        'committed-survives-on-all-in-sync',
        `${server.name} has only ${durable.last} of ${needed} committed entries, when ${when}`,
      );
  }

  #sayWhatDiffers({ name, disk: { durable } }: ServerProcess, end: number, when: string): never {
    const { history } = this;
    for (let at = durable.first; at <= end; at += 1) {
      const [entry, committed] = [durable.read(at), history.at(at)];
      if (!sameEntry(entry, committed))
        throw new Violation(
          'committed-survives-on-all-in-sync',
          `${name} has [${text(entry)}] where [${text(committed)}] was committed, when ${when}`,
        );
    }
    throw new Violation(
      'equal-checksums-at-equal-positions',
      `${name} has ${durable.checksumAt(end)} at ${end}, and the same entries give ${history.checksumAt(end)}, when ${when}`,
    );
  }
}

const keyOf = ({ name, journalId }: ServerProcess): string => `${name} ${journalId}`;

const holds = (record: ClusterRecord | undefined, { id, journalId }: ServerProcess): boolean =>
  record?.inSync.some((it) => it.serverId === id && it.journalId === journalId) === true;

const text = (entry: Entry | undefined): string => (entry === undefined ? 'nothing' : entryText(entry));
