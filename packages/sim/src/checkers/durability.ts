/**
 * Checks that committed entries are on the disk of every member that could be promoted, and stay there.
 *
 * This is the main guarantee in one sentence. It is checked whenever one of its parts changes: the commit
 * position, the router's recorded in-sync set, what is durable on a disk.
 */
import type { ClusterId, ClusterRecord, Entry, Position, ServerId } from '@dualping/core';
import type { Cluster } from '../cluster.js';
import { entryText, sameEntry } from '../entry-text.js';
import { isCopy, type ServerDisk } from '../server-disk.js';
import type { ServerProcess } from '../server-process.js';
import { type Checker, Violation } from './checker.js';
import type { History } from './history.js';
import type { Lineage } from './lineage.js';

export class Durability implements Checker {
  #record: ClusterRecord | undefined;
  /** The highest revision that was ever recorded. */
  #newest = 0;
  /** Up to where a journal's durable content is known to equal the history, by journal id. */
  readonly #agreed = new Map<string, number>();

  /**
   * Members that an operator wants promoted, whatever they lack: a router that was frozen takes several such
   * calls before the first promotion is recorded.
   */
  readonly #chosen = new Set<ServerId>();

  constructor(
    readonly history: History,
    readonly cluster: Cluster,
    readonly number: ClusterId,
    readonly lineage: Lineage,
    /** An operator has accepted that something may be lost. */
    readonly onLoss: () => void,
  ) {}

  promotedByOperator({ serverId }: { readonly serverId: ServerId }): void {
    this.#chosen.add(serverId);
  }

  routerStarted({ record }: { readonly record: ClusterRecord | undefined }): void {
    this.#record = record;
  }

  recorded(record: ClusterRecord): void {
    const before = this.#record;
    this.#record = record;
    if (record.epoch !== before?.epoch) this.#granted(before, record);
    for (const { disk } of this.cluster.serverProcesses(this.number))
      if (isAdded(before, record, disk)) disk.age = 'newest';
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
    for (let at = from + 1; at <= to; at += 1) {
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
    for (const server of this.cluster.serverProcesses(this.number))
      if (!server.isLost) this.#check(server, 'all is well again');
  }

  /**
   * An operator's choice may lose exactly what the chosen member does not hold. The same holds for a copy of
   * a folder that was made in the last life: only another member that has more can show that it lacks
   * something.
   */
  #granted(before: ClusterRecord | undefined, { epoch, primary }: ClusterRecord): void {
    const isChosen = primary !== undefined && this.#chosen.has(primary.serverId);
    this.#chosen.clear();
    const processes = this.cluster.serverProcesses(this.number);
    // Its life may have ended without the router knowing it yet.
    const server =
      processes.find(({ lifeId }) => lifeId === primary?.lifeId) ??
      processes.find(({ id, journalId }) => id === primary?.serverId && journalId === primary.journalId);
    if (server === undefined) return;
    const kept = this.#keptBy(server);
    const { age } = server.disk;
    server.disk.age = 'newest';
    // Perhaps nothing is lost yet, and members of the old line of epochs may still commit more.
    const isUnclean =
      isChosen && before !== undefined && !before.inSync.some((copy) => isCopy(copy, server.disk));
    if (kept >= this.history.last && !isUnclean) return;
    const isHidden = age === 'copy-of-last-life' && !this.#isKnownByOthers(server);
    if (!isChosen && !isHidden) return;
    this.history.acceptsLoss(epoch, kept);
    this.onLoss();
  }

  #isKnownByOthers(server: ServerProcess): boolean {
    const live =
      this.cluster.router.assignmentOf(server.cluster)?.members.filter((member) => member.live) ?? [];
    return this.cluster
      .serverProcesses(this.number)
      .some(
        (it) =>
          it !== server &&
          it.running &&
          live.some(({ lifeId }) => lifeId === it.lifeId) &&
          this.#keptBy(it) > this.#keptBy(server),
      );
  }

  #keptBy({ disk: { durable } }: ServerProcess): number {
    const { history } = this;
    let kept = 0;
    while (kept < history.last && sameEntry(durable.read(kept + 1), history.at(kept + 1))) kept += 1;
    return kept;
  }

  #look(when: string): void {
    const record = this.#record;
    if (record?.primary === undefined) return;
    // From a router that runs with an older folder only grants count.
    const isOlder = this.cluster
      .serverProcesses(this.number)
      .some((server) => this.lineage.isUnknownTo(server));
    if (isOlder || record.revision < this.#newest) return;
    this.#newest = record.revision;
    if (!record.inSync.some(({ journalId }) => this.cluster.isKept(journalId)))
      throw new Violation('in-sync-never-empty', `nobody in the in-sync set has its disk, when ${when}`);
    for (const copy of record.inSync) {
      const holders = this.cluster
        .serverProcesses(this.number)
        .filter(({ isLost, disk }) => !isLost && isCopy(copy, disk));
      for (const server of holders) {
        const isPrimary = server.lifeId === record.primary.lifeId;
        // A copy that was put back may be in the set by its id, but its server must not become primary.
        if (server.disk.age === 'newest' || (isPrimary && server.replica?.role === 'primary'))
          this.#check(server, when);
      }
    }
  }

  #check(server: ServerProcess, when: string): void {
    const { durable } = server.disk;
    const { history } = this;
    const needed = history.safe;
    if ((this.#agreed.get(keyOf(server)) ?? 0) >= needed) return;
    const end = Math.min(durable.last, needed);
    if (durable.checksumAt(end) !== history.checksumAt(end)) this.#sayWhatDiffers(server, end, when);
    this.#agreed.set(keyOf(server), end);
    if (end < needed)
      throw new Violation(
        'committed-survives-on-all-in-sync',
        `${server.name} has only ${durable.last} of ${needed} committed entries, when ${when}`,
      );
  }

  #sayWhatDiffers({ name, disk: { durable } }: ServerProcess, end: number, when: string): never {
    const { history } = this;
    for (let at = 1; at <= end; at += 1) {
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

/** Whether the primary has asked to add it; the primary has then given it all that it lacked. */
const isAdded = (before: ClusterRecord | undefined, { inSync }: ClusterRecord, disk: ServerDisk): boolean =>
  before?.inSync.some(({ journalId }) => journalId === disk.journalId) !== true &&
  inSync.some(({ journalId, lives }) => journalId === disk.journalId && lives.includes(disk.lifeId));

const text = (entry: Entry | undefined): string => (entry === undefined ? 'nothing' : entryText(entry));
