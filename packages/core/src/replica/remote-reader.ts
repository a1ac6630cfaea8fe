/**
 * How this cluster reads the others: its primary reads what their primaries commit, and journals the items
 * that are wanted here.
 *
 * The journal itself says how far it has read: each entry from another cluster names its position there, and
 * the next primary goes on after the last of them. So it does not matter which server fails, or when: only
 * entries that were not committed here are requested again. Which authors are wanted is decided when a follow
 * is appended, not when it is applied: after a follow in the journal no entry is appended from a subscription
 * without that author.
 */
import { type Assignment, primaryMember } from '../assignment.js';
import { type Entry, type RemoteCommand, referenceIn } from '../entry.js';
import type { ClusterId, Epoch, Instant, Position, UserName, WallTimeMs } from '../ids.js';
import { unreachable } from '../invariants.js';
import { MAX_TAIL_NAMES, MAX_TIMELINES } from '../limits.js';
import type { Attempt } from '../membership/membership-messages.js';
import type { TailBatch, TailItem, TailMessage } from '../messages.js';
import type { ReplicaContext } from './replica-context.js';

/** Silence, in multiples of `deadAfterMs`, after which the stream to another cluster is opened again. */
const PATIENCE = 2;

interface Link {
  readonly attempt: Attempt;
  readonly epoch: Epoch;
  /** Whether a message ever came on it. */
  heard: boolean;
  /** Listening time at which the last message came from the other side, and was sent to it, ms. */
  heardAt: number;
  spokenAt: number;
}

interface Remote {
  readonly cluster: ClusterId;
  /** Its users that a user here follows, or will follow when appended entries are applied. */
  readonly wanted: Set<UserName>;
  /** The wanted users whose last follower has left; they may have a new one since. */
  readonly left: Set<UserName>;
  /** Changes that were not sent to the other side yet. */
  toAdd: Set<UserName>;
  toRemove: Set<UserName>;
  /** A new subscription is needed, with this `number`; batches with lower numbers are void. */
  outdated: boolean;
  number: number;
  /** Everything wanted up to here is in the journal. */
  cursor: Position;
  /** The origin of the last entry of that cluster in the journal. */
  journalled: Position;
  /** The position here of the last item of the batch; when it is committed, `taken` is sent. */
  owed: Position | undefined;
  readonly present: Set<UserName>;
  link: Link | undefined;
  retryAt: Instant;
}

/** Why reading stops: the primary drains, or the disk of a member that commits wait for has no room. */
export type PauseReason = 'drain' | 'room';

export class RemoteReader {
  readonly #remotes = new Map<ClusterId, Remote>();
  #begun = false;
  /** Why nothing is read now; empty: it reads. */
  readonly #pausedFor = new Set<PauseReason>();

  constructor(
    readonly context: ReplicaContext,
    readonly epoch: Epoch,
    /** Appends an entry to the journal, and returns its position. */
    readonly append: (command: RemoteCommand, timeMs: WallTimeMs) => Position,
  ) {}

  get #isPaused(): boolean {
    return this.#pausedFor.size > 0;
  }

  /** The epoch is open: all entries of predecessors are applied, and say where to continue. */
  begin(): void {
    this.#begun = true;
    const { social, unapplied } = this.context.ledger;
    for (const { name, home } of social.followedRemote()) this.#remote(home).wanted.add(name);
    for (const { command } of unapplied)
      if (command.kind === 'follow') {
        const home = social.homeOf(command.target);
        if (home !== undefined) this.#remote(home).wanted.add(command.target);
      }
    for (const cluster of this.context.others.keys()) this.#open(this.#remote(cluster));
  }

  /** While the primary drains nothing is appended, so all streams are closed. */
  pause(reason: PauseReason, isPaused: boolean): void {
    const wasPaused = this.#isPaused;
    if (isPaused) this.#pausedFor.add(reason);
    else this.#pausedFor.delete(reason);
    const paused = this.#isPaused;
    if (paused === wasPaused) return;
    for (const remote of this.#remotes.values())
      if (paused) this.#close(remote);
      else this.#open(remote);
  }

  /** The router has sent an assignment of another cluster. */
  assigned({ cluster, epoch }: Assignment): void {
    if (!this.#begun) return;
    const remote = this.#remote(cluster);
    if (remote.link !== undefined && remote.link.epoch < epoch) this.#close(remote);
    remote.retryAt = this.context.now;
    this.#open(remote);
  }

  /** A follow is about to be appended. */
  beforeFollow(target: UserName): void {
    const home = this.#begun ? this.#homeOf(target) : undefined;
    if (home === undefined) return;
    const remote = this.#remote(home);
    if (remote.wanted.has(target)) return;
    // The follow begins at the present position, so the journal must have that position first.
    if (remote.cursor > remote.journalled) {
      this.append({ kind: 'remote-through', origin: { cluster: home, position: remote.cursor } }, 0);
      remote.journalled = remote.cursor;
    }
    remote.wanted.add(target);
    if (!remote.toRemove.delete(target)) remote.toAdd.add(target);
    this.#outdate(remote);
  }

  /**
   * The last follower of that user has left. A later entry in the same commit may follow the user again.
   */
  left(home: ClusterId, user: UserName): void {
    this.#remotes.get(home)?.left.add(user);
  }

  heard(attempt: Attempt, batch: TailBatch): void {
    const remote = this.#byAttempt(attempt);
    const link = remote?.link;
    if (remote === undefined || link === undefined) return;
    const { context } = this;
    link.heardAt = context.heardMs;
    if (!link.heard) {
      link.heard = true;
      context.report(
        'remote-reader',
        `reads cluster ${remote.cluster} in epoch ${link.epoch}, from ${remote.cursor}`,
      );
    }
    for (const user of batch.left) remote.present.delete(user);
    // A server has at most this many timelines, so a longer list can't be true and is cut.
    for (const user of batch.arrived) if (remote.present.size < MAX_TIMELINES) remote.present.add(user);
    if (batch.number !== remote.number) return;
    if (!isNext(batch, remote.cursor))
      return this.#lose(remote, `it sent what does not follow ${remote.cursor}`);
    if (batch.items.length === 0) {
      remote.cursor = batch.through;
      return;
    }
    const here = context.identity.cluster;
    if (remote.owed !== undefined) return this.#lose(remote, 'it sent more before the last was taken');
    for (const item of batch.items) {
      // A cluster may report only about its own users, and about follows of users here.
      if ((context.homeByName(item.user) ?? remote.cluster) !== remote.cluster) continue;
      if ('target' in item && (context.homeByName(item.target) ?? here) !== here) continue;
      remote.owed = this.append(
        commandOf(item, remote.cluster, here),
        item.kind === 'post' ? item.timeMs : 0,
      );
      remote.journalled = item.position;
    }
    remote.cursor = batch.through;
    // No item was acceptable. The position is journalled nevertheless, or the other side would wait for ever.
    remote.owed ??= this.#passOver(remote);
  }

  #passOver(remote: Remote): Position {
    const { cluster, cursor } = remote;
    remote.journalled = cursor;
    return this.append({ kind: 'remote-through', origin: { cluster, position: cursor } }, 0);
  }

  broken(attempt: Attempt, detail: string): void {
    const remote = this.#byAttempt(attempt);
    if (remote !== undefined) this.#lose(remote, detail, false);
  }

  /** Everything up to here is committed: asks for the next batches. */
  committed(through: Position): void {
    for (const remote of this.#remotes.values()) {
      if (remote.left.size > 0) this.#forget(remote);
      if (remote.owed === undefined || remote.owed > through) continue;
      remote.owed = undefined;
      this.#say(remote, { kind: 'taken', number: remote.number });
    }
  }

  tick(): void {
    const { heardMs, timing } = this.context;
    for (const remote of this.#remotes.values()) {
      const { link } = remote;
      if (link === undefined) this.#open(remote);
      else if (heardMs - link.heardAt >= PATIENCE * timing.deadAfterMs)
        this.#lose(remote, `nothing heard for ${PATIENCE * timing.deadAfterMs} ms`);
      else if (heardMs - link.spokenAt >= timing.pingIntervalMs) this.#say(remote, { kind: 'alive' });
    }
  }

  /** The end of a turn: sends changed subscriptions. */
  flush(): void {
    for (const remote of this.#remotes.values()) {
      if (!remote.outdated || remote.link === undefined) continue;
      const { number, cursor: after } = remote;
      const names = [...remote.toAdd];
      const removed = [...remote.toRemove];
      remote.outdated = false;
      remote.toAdd = new Set();
      remote.toRemove = new Set();
      do {
        const add = names.splice(0, MAX_TAIL_NAMES);
        const remove = removed.splice(0, MAX_TAIL_NAMES - add.length);
        const more = names.length + removed.length > 0;
        this.#say(remote, { kind: 'subscribe', number, after, add, remove, more });
      } while (names.length + removed.length > 0);
    }
  }

  /** Whether a user of another cluster is present, as far as is known here. */
  isPresent(user: UserName): boolean {
    const home = this.context.ledger.social.homeOf(user);
    return home !== undefined && this.#remotes.get(home)?.present.has(user) === true;
  }

  /** This server is no longer primary. */
  stop(): void {
    this.#begun = false;
    for (const remote of this.#remotes.values()) this.#close(remote);
  }

  #remote(cluster: ClusterId): Remote {
    let remote = this.#remotes.get(cluster);
    if (remote === undefined) {
      const cursor = this.context.ledger.social.heardOf(cluster);
      remote = {
        cluster,
        wanted: new Set(),
        left: new Set(),
        toAdd: new Set(),
        toRemove: new Set(),
        outdated: false,
        number: 0,
        cursor,
        journalled: cursor,
        owed: undefined,
        present: new Set(),
        link: undefined,
        retryAt: this.context.now,
      };
      this.#remotes.set(cluster, remote);
    }
    return remote;
  }

  /** The cluster of a user, also if the user's entry is not applied yet. */
  #homeOf(user: UserName): ClusterId | undefined {
    const { social, unapplied } = this.context.ledger;
    return social.homeOf(user) ?? (social.has(user) ? undefined : homeIn(unapplied, user));
  }

  #byAttempt(attempt: Attempt): Remote | undefined {
    for (const remote of this.#remotes.values()) if (remote.link?.attempt === attempt) return remote;
    return undefined;
  }

  /** Removes users from the subscription who are neither followed nor about to be. */
  #forget(remote: Remote): void {
    const { social, unapplied } = this.context.ledger;
    const kept = new Set<UserName>();
    for (const { command } of unapplied) if (command.kind === 'follow') kept.add(command.target);
    for (const user of remote.left) {
      if (kept.has(user) || social.isFollowed(user) || !remote.wanted.delete(user)) continue;
      if (!remote.toAdd.delete(user)) remote.toRemove.add(user);
      this.#outdate(remote);
    }
    remote.left.clear();
  }

  #outdate(remote: Remote): void {
    if (remote.outdated) return;
    remote.outdated = true;
    remote.number += 1;
    remote.owed = undefined;
  }

  #open(remote: Remote): void {
    const { context } = this;
    if (!this.#begun || this.#isPaused || remote.link !== undefined || context.now < remote.retryAt) return;
    const assignment = context.others.get(remote.cluster);
    const member = assignment?.available === true ? primaryMember(assignment) : undefined;
    const { networkId } = context;
    if (assignment === undefined || member === undefined || networkId === '') return;
    const attempt = context.nextTailAttempt();
    const { heardMs } = context;
    const { cluster } = remote;
    const { epoch } = assignment;
    remote.link = { attempt, epoch, heard: false, heardAt: heardMs, spokenAt: heardMs };
    remote.number = 0;
    remote.outdated = false;
    remote.toAdd = new Set(remote.wanted);
    remote.toRemove = new Set();
    this.#outdate(remote);
    const from = context.identity.cluster;
    context.emit({
      kind: 'open-tail',
      attempt,
      address: member.address,
      message: { kind: 'open', networkId, from, fromEpoch: this.epoch, cluster, epoch },
    });
  }

  #lose(remote: Remote, detail: string, close = true): void {
    if (remote.link?.heard === true)
      this.context.report('remote-reader', `no longer reads cluster ${remote.cluster}: ${detail}`);
    this.#close(remote, close);
    remote.retryAt = this.context.now + this.context.timing.pingIntervalMs;
  }

  #close(remote: Remote, close = true): void {
    const { link } = remote;
    if (link === undefined) return;
    if (close) this.context.emit({ kind: 'close-tail', attempt: link.attempt });
    remote.link = undefined;
    remote.owed = undefined;
    remote.present.clear();
  }

  #say(remote: Remote, message: TailMessage): void {
    const { link } = remote;
    if (link === undefined) return;
    link.spokenAt = this.context.heardMs;
    this.context.emit({ kind: 'ask-tail', attempt: link.attempt, message });
  }
}

function homeIn(entries: Iterable<Entry>, user: UserName): ClusterId | undefined {
  for (const { command } of entries)
    if (command.kind === 'remote-user' && command.user === user) return command.origin.cluster;
  return undefined;
}

function commandOf(item: TailItem, cluster: ClusterId, here: ClusterId): RemoteCommand {
  const { position, user } = item;
  const origin = { cluster, position };
  switch (item.kind) {
    case 'user':
      return { kind: 'remote-user', user, origin };
    case 'post':
      return {
        kind: 'remote-post',
        user,
        text: item.text,
        ...(item.answers !== undefined && { answers: referenceIn(here, cluster, item.answers) }),
        origin,
      };
    case 'follow':
    case 'unfollow':
      return { kind: `remote-${item.kind}`, user, target: item.target, origin };
    default:
      return unreachable(item);
  }
}

/** Whether a batch continues directly after our position. */
function isNext({ items, through }: TailBatch, cursor: Position): boolean {
  let last = cursor;
  for (const { position } of items) {
    if (position <= last) return false;
    last = position;
  }
  return through >= last;
}
