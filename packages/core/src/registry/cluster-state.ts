/**
 * The state that `Cluster` and `EpochGrants` share, and what has changed since the last seal.
 */
import { type ClusterRecord, type HistoryEntry, namesAsPrimary } from '../assignment.js';
import { LEVEL } from '../build.js';
import {
  type ClusterId,
  type ClusterKey,
  clusterTitle,
  type ServerId,
  type ServiceName,
  serverName,
} from '../ids.js';
import { type Configuration, copyOf, dependsOn, restoredFrom } from './configuration.js';
import type { Evidence } from './eligibility.js';
import { isLive, levelOf, linkOf, type Member, memberFromRecord, memberToRecord } from './member.js';
import { OlderStore } from './older-store.js';
import { Promotion } from './promotion.js';
import { MAX_HISTORY, MAX_HISTORY_DETAIL } from './registry-limits.js';
import type { RegistryEvent, RegistryLink } from './registry-messages.js';
import { Roster } from './roster.js';

/** A cluster's number, and its service's name. */
export interface ClusterName {
  readonly id: ClusterId;
  /** Absent: a cluster of users. */
  readonly service?: ServiceName;
}

export class ClusterState {
  readonly roster: Roster;
  readonly olderStore: OlderStore;
  #configuration: Configuration;
  #revision: number;
  #dispute: string | undefined;
  #isChanged = false;
  #events: RegistryEvent[] = [];
  #history: readonly HistoryEntry[];

  constructor(
    readonly name: ClusterName,
    record: ClusterRecord | undefined,
    readonly evidence: Evidence,
  ) {
    this.#configuration = restoredFrom(name.id, record);
    const members = (record?.members ?? []).map((member) =>
      memberFromRecord(
        member,
        member.serverId === record?.primary?.serverId || copyOf(this.#configuration, member) !== undefined,
      ),
    );
    this.roster = new Roster(members, ({ serverId }) => dependsOn(this.#configuration, serverId));
    this.olderStore = new OlderStore(record);
    this.#history = record?.history ?? [];
    // No member is attached now, so this differs from the last announced assignment. It need not be made
    // durable: every restart makes the same one from the same record.
    this.#revision = record === undefined ? 0 : record.revision + 1;
  }

  get key(): ClusterKey {
    return this.name.service ?? this.name.id;
  }

  get title(): string {
    return clusterTitle(this.key);
  }

  get configuration(): Configuration {
    return this.#configuration;
  }

  get revision(): number {
    return this.#revision;
  }

  /** Whether there is a change to announce. */
  get isChanged(): boolean {
    return this.#isChanged;
  }

  /**
   * Why no member is promoted although one could be, until an operator decides; undefined: there is no
   * dispute.
   */
  get dispute(): string | undefined {
    return this.#dispute;
  }

  /** Whether only an operator can choose the member to promote. */
  get isHalted(): boolean {
    return this.#dispute !== undefined || this.olderStore.detail !== undefined;
  }

  /** The member that holds the epoch, live or not, if it is still the life to which it was granted. */
  get holder(): Member | undefined {
    return this.roster.all.find((member) => namesAsPrimary(this.#configuration, member));
  }

  get isAvailable(): boolean {
    const { holder } = this;
    return this.#dispute === undefined && holder !== undefined && isLive(holder);
  }

  /** The stream of the holder of the epoch, if it is live. */
  get primaryLink(): RegistryLink | undefined {
    const { holder } = this;
    return holder === undefined ? undefined : linkOf(holder);
  }

  /** For people. */
  get primaryName(): string {
    const { primary } = this.#configuration;
    return primary === undefined ? 'nobody' : serverName(primary.serverId);
  }

  get promotion(): Promotion {
    return new Promotion(this.#configuration, this.roster.all, this.evidence, this.isHalted);
  }

  configure(configuration: Configuration): void {
    if (configuration === this.#configuration) return;
    this.#configuration = configuration;
    this.#isChanged = true;
  }

  /** Takes a configuration that differs only in parts that are not announced. */
  note(configuration: Configuration): void {
    this.#configuration = configuration;
  }

  setDispute(detail: string | undefined): void {
    this.#dispute = detail;
    this.#isChanged = true;
  }

  /** Revisions from now on are higher than this one. */
  numberPast(revision: number): void {
    if (revision <= this.#revision) return;
    this.#revision = revision;
    this.#isChanged = true;
  }

  /** Something else must be announced: about a member, or why the cluster is unavailable. */
  touch(): void {
    this.#isChanged = true;
  }

  /** The changes get a revision of their own. */
  seal(): void {
    this.#isChanged = false;
    this.#revision += 1;
  }

  record(): ClusterRecord {
    const members = this.roster.all.map(memberToRecord);
    const { service } = this.name;
    const history = this.#history.length > 0 && { history: this.#history };
    const kept = { ...this.#configuration, revision: this.#revision, members, ...history };
    return service === undefined ? kept : { ...kept, service };
  }

  /** The highest level that this router and all members have, also those that are away. */
  get level(): number {
    return Math.min(LEVEL, ...this.roster.all.map((member) => levelOf(member) ?? LEVEL));
  }

  /** The oldest first. */
  get history(): readonly HistoryEntry[] {
    return this.#history;
  }

  /** Made durable with the change that it tells of. */
  remember(what: HistoryEntry['what'], detail: string, serverId?: ServerId): void {
    const { epoch } = this.#configuration;
    const entry = {
      what,
      timeMs: this.evidence.wallTimeMs,
      epoch,
      ...(serverId !== undefined && { serverId }),
      detail: detail.slice(0, MAX_HISTORY_DETAIL),
    };
    this.#history = [...this.#history.slice(1 - MAX_HISTORY), entry];
    this.#isChanged = true;
  }

  event(event: RegistryEvent['event'], text: string): void {
    this.#events.push({ event, text: `${this.title}: ${text}` });
  }

  /** Events since the last time. */
  takeEvents(): RegistryEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }
}
