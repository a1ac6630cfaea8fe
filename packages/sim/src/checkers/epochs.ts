/**
 * Checks that an epoch has one primary, and that epochs only rise: at the router, at each member, and in
 * every assignment that was sent.
 */
import type {
  Assignment,
  ClusterId,
  ClusterRecord,
  Entry,
  Epoch,
  Incarnation,
  InSyncMember,
  PrimaryRef,
  Reply,
  ServerId,
} from '@dualping/core';
import { entryText, sameEntry } from '../entry-text.js';
import type { RouterProcess } from '../router-process.js';
import type { ServerProcess } from '../server-process.js';
import { type Checker, type Request, Violation } from './checker.js';

const refText = ({ serverId, incarnation, journalId }: PrimaryRef): string =>
  `s${serverId}, incarnation ${incarnation}, ${journalId}`;

type Copy = Pick<InSyncMember, 'serverId' | 'journalId'>;

const isSame = (one: PrimaryRef, other: PrimaryRef): boolean =>
  one.serverId === other.serverId &&
  one.incarnation === other.incarnation &&
  one.journalId === other.journalId &&
  one.lifeId === other.lifeId;

const holds = (inSync: readonly Copy[], copy: Copy): boolean =>
  inSync.some(({ serverId, journalId }) => serverId === copy.serverId && journalId === copy.journalId);

interface Member {
  incarnation: number;
  assigned: number;
  revision: number;
  served: number;
}

export class Epochs implements Checker {
  #record: ClusterRecord | undefined;
  /** The member that an operator wants promoted, even if it is not in sync. */
  #chosen: ServerId | undefined;
  /** Whether a primary was available before the router's present step. */
  #wasAvailable = false;
  readonly #granted = new Map<Epoch, PrimaryRef>();
  readonly #members = new Map<string, Member>();
  /** By epoch and position. */
  readonly #written = new Map<string, Entry>();

  constructor(
    readonly router: RouterProcess,
    readonly cluster: ClusterId,
  ) {}

  routerStarted({ record }: { readonly record: ClusterRecord | undefined }): void {
    this.#record = record;
  }

  decided(record: ClusterRecord): void {
    const before = this.#record;
    this.#record = record;
    const { epoch, primary, inSync } = record;
    if (before !== undefined && epoch < before.epoch)
      throw new Violation('epoch-only-rises', `the router goes from epoch ${before.epoch} to ${epoch}`);
    if (before !== undefined && record.revision < before.revision)
      throw new Violation(
        'revision-only-rises',
        `the router goes from revision ${before.revision} to ${record.revision}`,
      );
    if (primary === undefined) return;
    if (!holds(inSync, primary))
      throw new Violation('primary-is-in-sync', `${refText(primary)} is not in the set of epoch ${epoch}`);
    if (before?.primary === undefined || epoch === before.epoch) return;
    const isChosen = primary.serverId === this.#chosen;
    this.#chosen = undefined;
    if (isChosen && this.#wasAvailable && !holds(before.inSync, primary))
      throw new Violation(
        'unclean-only-without-primary',
        `${refText(primary)} gets epoch ${epoch} from an operator, and ${refText(before.primary)} was there`,
      );
    // After an orderly end a member whose journal ends there has everything; `Durability` checks that.
    if (!holds(before.inSync, primary) && !isChosen && before.orderlyEnd === undefined)
      throw new Violation(
        'promoted-was-in-sync',
        `${refText(primary)} was not in sync, and gets epoch ${epoch}`,
      );
    // If there is an epoch between the two, another member had it and was lost in the same step.
    if (epoch === before.epoch + 1 && isSame(before.primary, primary) && !isChosen)
      throw new Violation(
        'one-primary-per-epoch',
        `${refText(primary)} gets epoch ${epoch} and had the one before`,
      );
  }

  promotedByOperator({ serverId }: { readonly serverId: ServerId }): void {
    this.#chosen = serverId;
  }

  routerStepped(): void {
    this.#chosen = undefined;
    this.#wasAvailable = this.router.assignmentOf(this.cluster)?.available === true;
  }

  recorded({ epoch, primary }: ClusterRecord): void {
    this.#grant(epoch, primary);
  }

  /** The machine sends only what it has decided before. */
  spoke(assignment: Assignment): void {
    this.#checkSaid(assignment, this.#record, 'was decided last');
  }

  /** What is sent is durable, or has been replaced by something durable. */
  told(assignment: Assignment): void {
    this.#checkSaid(assignment, this.router.recordOf(this.cluster), 'is on the disk');
    this.#grant(assignment.epoch, assignment.primary);
  }

  crashNoted(
    { serverId }: { readonly serverId: ServerId },
    incarnation: Incarnation,
    known: Incarnation | undefined,
    dropped: boolean,
  ): void {
    if (dropped && known !== incarnation)
      throw new Violation(
        'stale-report-drops-nobody',
        `s${serverId} is dropped for the end of incarnation ${incarnation}, it is at ${known}`,
      );
  }

  serverStepped(server: ServerProcess): void {
    const { replica } = server;
    if (replica === undefined) return;
    const key = `${server.name} ${server.journalId}`;
    let member = this.#members.get(key);
    if (member === undefined || member.incarnation !== server.incarnation) {
      member = { incarnation: server.incarnation, assigned: 0, revision: 0, served: member?.served ?? 0 };
      this.#members.set(key, member);
    }
    const { assignment, servingEpoch } = replica;
    if (assignment !== undefined && assignment.epoch !== member.assigned) {
      if (assignment.epoch < member.assigned)
        throw new Violation(
          'epoch-only-rises',
          `${server.name} goes from epoch ${member.assigned} to ${assignment.epoch}`,
        );
      member.assigned = assignment.epoch;
    }
    if (assignment !== undefined && assignment.revision !== member.revision) {
      if (assignment.revision < member.revision)
        throw new Violation(
          'epoch-only-rises',
          `${server.name} goes from revision ${member.revision} to ${assignment.revision}`,
        );
      member.revision = assignment.revision;
    }
    if (servingEpoch !== 0 && servingEpoch !== member.served) {
      if (servingEpoch < member.served)
        throw new Violation(
          'epoch-only-rises',
          `${server.name} serves epoch ${servingEpoch} after ${member.served}`,
        );
      member.served = servingEpoch;
      this.#checkHolder(server, servingEpoch, 'serves');
    }
  }

  appended(server: ServerProcess, entries: readonly Entry[]): void {
    for (const entry of entries) {
      const key = `${entry.epoch}:${entry.position}`;
      const known = this.#written.get(key);
      if (known === undefined) {
        this.#written.set(key, entry);
        this.#checkHolder(server, entry.epoch, `begins position ${entry.position} of`);
      } else if (!sameEntry(known, entry)) {
        throw new Violation(
          'same-epoch-and-position-same-entry',
          `${server.name} has [${entryText(entry)}], another has [${entryText(known)}]`,
        );
      }
    }
  }

  acknowledged(server: ServerProcess, epoch: Epoch, request: Request, reply: Reply): void {
    this.#checkHolder(
      server,
      epoch,
      `acknowledges ${request.sessionId}#${request.requestNo} at ${reply.position} in`,
    );
  }

  /**
   * An epoch counts as granted when it is recorded or sent. A crash may undo a decision before that, and the
   * epoch is then granted again.
   */
  #grant(epoch: Epoch, primary: PrimaryRef | undefined): void {
    if (primary === undefined) return;
    const holder = this.#granted.get(epoch);
    if (holder === undefined) this.#granted.set(epoch, primary);
    else if (!isSame(holder, primary))
      throw new Violation(
        'one-primary-per-epoch',
        `epoch ${epoch} of ${refText(holder)} is granted to ${refText(primary)}`,
      );
  }

  #checkSaid(
    { epoch, revision, primary, inSync }: Assignment,
    record: ClusterRecord | undefined,
    is: string,
  ): void {
    if (primary === undefined || (record !== undefined && record.revision >= revision)) return;
    // After a start the same content is sent with a higher revision, since all members have to attach again.
    const isSaid =
      record?.primary !== undefined &&
      record.epoch === epoch &&
      isSame(record.primary, primary) &&
      record.inSync.length === inSync.length &&
      record.inSync.every((copy) => holds(inSync, copy));
    if (!isSaid)
      throw new Violation(
        'persisted-before-spoken',
        `revision ${revision}, epoch ${epoch}, is told, and revision ${record?.revision} ${is}`,
      );
  }

  #checkHolder(server: ServerProcess, epoch: Epoch, what: string): void {
    const { serverId, incarnation, journalId, lifeId } = server;
    const self = { serverId, incarnation, journalId, lifeId };
    const holder = this.#granted.get(epoch);
    if (holder === undefined || !isSame(holder, self))
      throw new Violation(
        'one-primary-per-epoch',
        `${refText(self)} ${what} epoch ${epoch} of ${holder === undefined ? 'nobody' : refText(holder)}`,
      );
  }
}
