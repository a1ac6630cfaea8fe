/**
 * What a server does while it is primary: takes requests, appends them, commits what every in-sync member
 * holds, answers requests and pushes posts once they are committed.
 *
 * It opens its epoch with an entry of its own, `EpochStart`. Once that is committed, everything before it is
 * committed too, and every in-sync member has this journal. Only then does the primary answer reads and push
 * posts.
 */
import type { Assignment, InSyncMember } from '../assignment.js';
import type { Entry, JournalCommand } from '../entry.js';
import {
  type Epoch,
  NO_EPOCH,
  nextPosition,
  type Position,
  position,
  type RequestNumber,
  type ServerId,
  type SessionId,
  serverName,
  type UserName,
  type WallTimeMs,
} from '../ids.js';
import { invariant, unreachable } from '../invariants.js';
import { MAX_MEMBERS, MAX_TAIL_UNKNOWN_NAMES, MAX_TIMELINES } from '../limits.js';
import type { RouterLink } from '../membership/router-link.js';
import type { StandbyMessage, TailMessage } from '../messages.js';
import type { ListPage, UserPresence } from '../presence.js';
import type { Reason } from '../reasons.js';
import { isSameLife } from '../same-life.js';
import type { Effect } from '../social/index.js';
import { keyRefusalText } from './key-refusals.js';
import type { Asking, KeysRequest, LinkId, ListRequest, TimelineOpenRequest, Token } from './messages.js';
import { ReaderSigns } from './reader-signs.js';
import { RemoteFeeds } from './remote-feeds.js';
import { RemoteReader } from './remote-reader.js';
import type { ReplicaContext } from './replica-context.js';
import { Snapshots } from './snapshots.js';
import { Standbys } from './standbys.js';
import { Timelines } from './timelines.js';
import { UserWrites, wrongKey } from './user-writes.js';

/**
 * A new standby that lacks more than this many entries pulls a snapshot; below it, replaying them is quicker.
 */
export const SNAPSHOT_WORTH_ENTRIES = 1_000;

export class PrimaryRole {
  readonly kind = 'primary';
  readonly standbys: Standbys;
  readonly timelines = new Timelines();
  readonly readerSigns = new ReaderSigns();
  readonly snapshots: Snapshots;
  readonly writes: UserWrites;
  /** Reads from the other clusters (`remoteReader`), and serves their reads (`#remoteFeeds`). */
  readonly remoteReader: RemoteReader;
  readonly #remoteFeeds = new RemoteFeeds();
  /** The server whose disk was last reported to have no room. */
  #toldFull: ServerId | undefined;
  readonly #opensAt: Position;
  readonly #assignedAt: number;
  #opened = false;
  #isolated = false;

  constructor(
    readonly context: ReplicaContext,
    readonly router: RouterLink,
    readonly epoch: Epoch,
    inSync: readonly InSyncMember[],
  ) {
    const { identity, ledger } = context;
    this.standbys = new Standbys(epoch, identity, inSync, context.heardMs, () => router.nextRequest());
    this.snapshots = new Snapshots(context);
    this.#assignedAt = context.now;
    this.remoteReader = new RemoteReader(context, epoch, (command, timeMs) =>
      this.append(command, '', 0, timeMs),
    );
    this.writes = new UserWrites(context, this);
    this.#opensAt = nextPosition(ledger.outline.last);
    invariant(epoch > ledger.outline.lastEpoch, 'one-primary-per-epoch', {
      epoch,
      last: ledger.outline.lastEpoch,
    });
    context.timelines = () => this.timelines.size;
    context.report('promoted', `primary of epoch ${epoch}, journal at ${ledger.outline.last}`);
    this.append({ kind: 'epoch-start', serverId: identity.serverId }, '', 0, 0);
  }

  /** Whether the epoch is open: committed entries may be shown. */
  get opened(): boolean {
    return this.#opened;
  }
  /** Whether it has lost contact with all parts that could tell it about a newer epoch. */
  get isolated(): boolean {
    return this.#isolated;
  }

  /** In-sync members that have been silent for so long that they count as unreachable. */
  get cannotReach(): readonly ServerId[] {
    const { heardMs, timing } = this.context;
    return this.standbys.unheard(heardMs, timing.deadAfterMs);
  }

  // Requests.

  /** The member of the in-sync set whose disk has no room, if there is one. */
  get lowDisk(): ServerId | undefined {
    const { diskIsLow, identity } = this.context;
    return diskIsLow ? identity.serverId : this.standbys.withLowDisk;
  }

  /** Other clusters' posts fill disks as those of users do. */
  #watchRoom(): void {
    const full = this.lowDisk;
    const before = this.#toldFull;
    if (full === before) return;
    const { context } = this;
    const { serverId } = context.identity;
    this.remoteReader.pause('room', full !== undefined);
    this.#toldFull = full;
    if ((full ?? before) === serverId) return; // this server has said so itself
    if (full === undefined) context.report('disk-has-room', "users' writes are accepted again");
    else
      context.report(
        'disk-low',
        `the disk of ${serverName(full)} is nearly full: users' writes are refused until it has room`,
      );
  }

  keys(request: KeysRequest): void {
    const { context } = this;
    const refusal = this.#whyNotRead(request);
    if (refusal !== undefined) return this.#refuse(request.token, ...refusal);
    const keys = context.ledger.social.keysOf(request.user);
    context.emit({ kind: 'answer-keys', token: request.token, keys });
  }

  /** Why a user may not read; undefined: the user exists, and the caller may use the name. */
  #whyNotRead({ user, by }: Asking & { readonly user: UserName }): readonly [Reason, string] | undefined {
    const { social } = this.context.ledger;
    if (!social.has(user)) return ['unknown-user', `"${user}" has never logged in`];
    return social.speaks(user, by) ? undefined : wrongKey(user, by);
  }

  list(request: ListRequest): void {
    const refusal = this.#whyNotRead(request);
    if (refusal !== undefined) this.#refuse(request.token, ...refusal);
    else
      this.context.emit({
        kind: 'answer-list',
        token: request.token,
        page: this.#listPage(request),
      });
  }

  #listPage({ user: asker, after, limit }: ListRequest): ListPage {
    const { users, next } = this.context.ledger.social.listAfter(asker, after, limit);
    const all: UserPresence[] = [];
    const followers: UserPresence[] = [];
    const following: UserPresence[] = [];
    for (const { user, follows, isFollowed } of users) {
      const present = this.timelines.isPresent(user) || this.remoteReader.isPresent(user);
      const listed = { user, present };
      all.push(listed);
      if (follows) followers.push(listed);
      if (isFollowed) following.push(listed);
    }
    return { users: all, followers, following, next };
  }

  openTimeline(request: TimelineOpenRequest): void {
    const { context } = this;
    const { social } = context.ledger;
    const { timeline } = request;
    const refusal = this.#whyNotRead(request);
    if (refusal !== undefined) {
      const [reason, detail] = refusal;
      context.emit({ kind: 'timeline-end', timeline, reason, detail });
    } else if (this.timelines.size >= MAX_TIMELINES) {
      const detail = `${MAX_TIMELINES} timelines are open here`;
      context.emit({ kind: 'timeline-end', timeline, reason: 'limit-reached', detail });
    } else {
      const { serverId } = context.identity;
      const { committed } = context.ledger;
      const signs = request.signs
        ? this.readerSigns.opened(timeline, context.heardMs, context.timing)
        : undefined;
      context.emit({ kind: 'timeline-opened', timeline, epoch: this.epoch, serverId, committed, signs });
      context.emit(...this.timelines.open(request, social));
    }
  }

  timelineEnded(timeline: LinkId): void {
    this.timelines.ended(timeline);
    this.readerSigns.ended(timeline);
  }

  // Standbys.

  standbyMessage(link: LinkId, message: StandbyMessage): void {
    switch (message.kind) {
      case 'join':
        this.#join(link, message);
        return;
      case 'durable':
        if (message.epoch !== this.epoch || !this.standbys.has(link)) return;
        if (!this.standbys.durableAt(link, message.position, this.context.heardMs, message.diskIsLow)) {
          const detail = `position ${message.position} was never sent on this stream`;
          this.#refuseStandby(link, 'invalid-argument', detail);
        }
        return;
      case 'lacking':
        return this.#lacking(link, message.committed);
      case 'fenced':
        return; // The replica steps down; see Replica.
    }
  }

  /**
   * A live member of this cluster holds committed entries that are missing here. So the router has promoted a
   * copy that is older than it seemed. This reports it to the router, which decides which server serves. Only
   * live members are believed.
   */
  #lacking(link: LinkId, committed: Position): void {
    const { context, epoch } = this;
    const join = this.standbys.joinOn(link);
    const isMember = context.assignment?.members.some(
      (member) => join !== undefined && member.live && isSameLife(member, join),
    );
    if (join === undefined || !isMember) return;
    const detail = `${serverName(join.serverId)}, journal ${join.journalId}, holds entries up to ${committed} that were committed and that journal ${context.identity.journalId} of ${serverName(context.identity.serverId)}, primary of epoch ${epoch}, lacks`;
    context.report('conflict', detail);
    this.router.send({ kind: 'dispute', epoch, serverId: join.serverId, detail });
  }

  standbyEnded(link: LinkId, detail: string): void {
    const serverId = this.standbys.ended(link);
    if (serverId !== undefined)
      this.context.report('standby-lost', `${serverName(serverId)} stopped replicating: ${detail}`);
  }

  // Other clusters.

  tailAsked(link: LinkId, message: TailMessage): void {
    const tails = this.#remoteFeeds;
    const { heardMs } = this.context;
    switch (message.kind) {
      case 'open':
        return this.#openTail(link, message);
      case 'subscribe':
        return this.#subscribe(link, message);
      case 'taken':
        return tails.taken(link, message.number, heardMs);
      case 'alive':
        return tails.alive(link, heardMs);
      default:
        unreachable(message);
    }
  }

  tailEnded(link: LinkId): void {
    this.#remoteFeeds.ended(link);
  }

  #openTail(link: LinkId, open: Extract<TailMessage, { kind: 'open' }>): void {
    const { context } = this;
    const replaced = this.#remoteFeeds.open(link, open, context.heardMs);
    if (replaced !== undefined)
      this.#endTail(replaced, 'superseded', `cluster ${open.from} reads on another stream`);
  }

  #subscribe(link: LinkId, subscribe: Extract<TailMessage, { kind: 'subscribe' }>): void {
    const { context } = this;
    const { social } = context.ledger;
    const canExist = (user: UserName): boolean =>
      (context.homeByName(user) ?? context.identity.cluster) === context.identity.cluster;
    if (this.#remoteFeeds.subscribe(link, subscribe, social, canExist, context.heardMs)) return;
    this.#remoteFeeds.ended(link);
    const detail = `more than ${MAX_TAIL_UNKNOWN_NAMES} of the names that are asked for are no users here`;
    this.#endTail(link, 'limit-reached', detail);
  }

  #endTail(link: LinkId, reason: Reason, detail: string): void {
    this.context.emit({ kind: 'end-tail', link, reason, detail });
  }

  // The epoch, from its start to its end.

  /**
   * The router's assignment for exactly this epoch. `lastRequest` undefined: it came as a welcome on a new
   * stream.
   */
  assigned(assignment: Assignment, lastRequest: number | undefined): void {
    const before = this.standbys.awaited;
    if (lastRequest === undefined) this.standbys.welcomed(assignment.inSync);
    else this.standbys.assigned(assignment.inSync, lastRequest);
    const { awaited } = this.standbys;
    if (awaited.length === before.length) return;
    const names = assignment.inSync.map(({ serverId }) => serverName(serverId)).join(' ');
    const fallen = before.filter(({ serverId }) => !awaited.some((member) => member.serverId === serverId));
    this.context.report('in-sync', `in-sync set is now ${names}${this.standbys.takeWhyRemoved(fallen)}`);
  }

  /**
   * Commits the entries that every awaited member holds; answers the committed requests and gathers posts.
   * Only the replica calls it, at the end of each step, so that it notices at once when the epoch opens.
   */
  advance(): void {
    const { ledger } = this.context;
    const through = this.standbys.advance(ledger.outline.durable, this.context.heardMs);
    invariant(through <= ledger.outline.durable, 'commit-is-durable-here', {
      through,
      durable: ledger.outline.durable,
    });
    // The predecessor's entries are committed together with the opening: no request is answered before it.
    if (through < this.#opensAt) return;
    ledger.commitThrough(through, (effect) => this.#settle(effect));
    this.remoteReader.committed(ledger.committed);
    if (!this.#opened && ledger.committed >= this.#opensAt) {
      this.#opened = true;
      const tookMs = (this.context.now - this.#assignedAt).toFixed(1);
      this.context.report(
        'serving',
        `serves epoch ${this.epoch} from ${this.#opensAt}, ${tookMs} ms after it was assigned`,
      );
      this.remoteReader.begin();
    }
  }

  tick(): void {
    const { context, standbys } = this;
    const { heardMs, timing, ledger } = context;
    for (const link of standbys.silentLinks(heardMs, timing.deadAfterMs)) {
      this.standbyEnded(link, `nothing heard for ${timing.deadAfterMs} ms`);
      context.emit({ kind: 'close-standby', link });
    }
    for (const outgoing of standbys.signsOfLife(ledger.committed, heardMs, timing.pingIntervalMs))
      context.emit({ kind: 'to-standby', ...outgoing });
    this.#tickReaders();
    this.remoteReader.tick();
    for (const link of this.#remoteFeeds.silentLinks(heardMs, timing.deadAfterMs)) {
      this.#remoteFeeds.ended(link);
      this.#endTail(link, 'may-have-happened', `nothing heard for ${timing.deadAfterMs} ms`);
    }
    const { social } = ledger;
    context.emit(...this.#remoteFeeds.signsOfLife(social, this.timelines, heardMs, timing.pingIntervalMs));
    this.#watchForIsolation();
    this.#watchRoom();
    const limited = this.writes.takeLimitedLine(context.now);
    if (limited !== undefined) context.report('limited', limited);
  }

  /**
   * Ends the timelines of readers that are silent: their users are no longer present, and their resources are
   * freed.
   */
  #tickReaders(): void {
    const { context } = this;
    for (const { link, silentMs } of this.readerSigns.takeSilent(context.heardMs)) {
      this.timelines.ended(link);
      const detail = `nothing was heard from its reader for ${silentMs.toFixed(0)} ms`;
      context.emit({ kind: 'timeline-end', timeline: link, reason: 'may-have-happened', detail });
    }
    for (const { link, signs } of this.readerSigns.due(context.heardMs, context.timing))
      context.emit({ kind: 'timeline-sign', timeline: link, signs });
  }

  /** The end of a turn: sends entries to standbys, posts to timelines, questions to the router. */
  flush(): void {
    const { context, standbys } = this;
    const { ledger, heardMs } = context;
    standbys.watchSlow(ledger.outline.durable, heardMs, context.timing.deadAfterMs);
    for (const outgoing of standbys.entriesToSend(ledger.outline.last, ledger.committed, heardMs))
      context.emit({ kind: 'to-standby', ...outgoing });
    context.emit(...this.timelines.flush());
    context.emit(...this.#remoteFeeds.flush(ledger.social, this.timelines, heardMs));
    this.remoteReader.flush();
    if (!this.router.attached || context.assignment?.epoch !== this.epoch) return;
    // Until the epoch is open our commit position may lag behind what the predecessor acknowledged.
    const required = position(Math.max(ledger.committed, this.#opensAt));
    const changes = standbys.changesToAsk(heardMs, context.timing, context.assignment, required);
    // The router decides about a removal by the members that the primary can't reach, so a ping has to name
    // them first.
    if (changes.some(({ change }) => change === 'remove')) this.router.pingNow();
    for (const change of changes) this.router.send(change);
  }

  /** Stops being primary: all waiting clients are sent back to the router. */
  stepDown(detail: string, reason: Reason = 'not-primary'): void {
    const { context } = this;
    context.report('stepped-down', `no longer primary of epoch ${this.epoch}: ${detail}`);
    this.#sendAway(detail, reason);
    this.writes.stop();
    this.remoteReader.stop();
    for (const link of this.standbys.links) this.#refuseStandby(link, 'fenced', detail);
    context.timelines = () => 0;
  }

  /** Sends all waiting callers and readers back to the router. */
  #sendAway(detail: string, reason: Reason = 'not-primary'): void {
    this.writes.dismiss(reason, detail);
    this.readerSigns.clear();
    for (const timeline of this.timelines.clear())
      this.context.emit({ kind: 'timeline-end', timeline, reason, detail });
    for (const link of this.#remoteFeeds.clear()) this.#endTail(link, reason, detail);
    this.snapshots.endAll(detail);
  }

  /** Appends an entry of this epoch, and returns its position. */
  append(
    command: JournalCommand,
    sessionId: SessionId,
    requestNo: RequestNumber,
    timeMs: WallTimeMs,
  ): Position {
    const { ledger } = this.context;
    const entry: Entry = {
      position: nextPosition(ledger.outline.last),
      epoch: this.epoch,
      timeMs,
      sessionId,
      requestNo,
      command,
    };
    ledger.append([entry]);
    this.context.emit({ kind: 'append', entries: [entry] });
    return entry.position;
  }

  #settle(effect: Effect): void {
    const { context } = this;
    invariant(
      context.highestEpoch === this.epoch && context.ledger.committed >= this.#opensAt,
      'serves-only-own-epoch',
      {
        epoch: this.epoch,
        highest: context.highestEpoch,
      },
    );
    const { social } = context.ledger;
    switch (effect.kind) {
      case 'post':
        if (social.has(effect.post.author)) context.postsAccepted += 1;
        this.timelines.posted(effect.post, effect.named, social);
        return this.#remoteFeeds.committed(effect, social);
      case 'user':
      case 'edge':
        return this.#remoteFeeds.committed(effect, social);
      case 'unwanted':
        return this.remoteReader.left(effect.home, effect.user);
      case 'keys':
        return this.#endMuted(effect.user);
      case 'operator-reply':
      case 'reply':
        return this.writes.settle(effect);
      default:
        unreachable(effect);
    }
  }

  /** The keys of a user have changed: ends the timelines of readers whose key is no longer valid. */
  #endMuted(user: UserName): void {
    const { context } = this;
    const { social } = context.ledger;
    for (const timeline of this.timelines.mutedOf(user, social)) {
      this.timelineEnded(timeline);
      const detail = keyRefusalText('wrong-key', user);
      context.emit({ kind: 'timeline-end', timeline, reason: 'wrong-key', detail });
    }
    const left = this.timelines.mutedOf(user, social);
    invariant(left.length === 0, 'revoked-key-speaks-no-more', { user, timelines: left.length });
  }

  #join(link: LinkId, join: Extract<StandbyMessage, { kind: 'join' }>): void {
    const { context, standbys } = this;
    const { outline, committed } = context.ledger;
    if (standbys.has(link))
      return this.#refuseStandby(link, 'invalid-argument', 'it has joined on this stream already');
    if (standbys.isFullFor(join.serverId))
      return this.#refuseStandby(link, 'limit-reached', `${MAX_MEMBERS - 1} standbys have joined already`);
    const common = outline.commonWith(join.lastPosition, join.epochStarts);
    const lacks = outline.last - common;
    const isNew = join.lastPosition === 0 && lacks > SNAPSHOT_WORTH_ENTRIES;
    if (!outline.canContinueAfter(common) || isNew) {
      const lastEpoch = join.epochStarts.at(-1)?.epoch ?? NO_EPOCH;
      const undisputed = outline.undisputedWith(join.lastPosition, lastEpoch);
      context.emit({
        kind: 'to-standby',
        link,
        message: {
          kind: 'snapshot-needed',
          epoch: this.epoch,
          common: position(Math.max(common, undisputed)),
        },
      });
      context.emit({ kind: 'close-standby', link });
      return;
    }
    const replaced = standbys.joined(link, join, common, context.heardMs);
    if (replaced !== undefined) this.#refuseStandby(replaced, 'superseded', 'the same server joined again');
    context.emit({
      kind: 'to-standby',
      link,
      message: { kind: 'joined', epoch: this.epoch, common, committed, checksum: 0 },
    });
    context.report(
      'standby-joined',
      `${serverName(join.serverId)} joined at ${common}, ${lacks} entries behind`,
    );
  }

  #refuseStandby(link: LinkId, reason: Reason, detail: string): void {
    this.standbys.ended(link);
    this.context.refuseStandby(link, reason, detail);
  }

  #refuse(token: Token, reason: Reason, detail: string): void {
    this.context.emit({ kind: 'refuse', token, reason, detail });
  }

  /**
   * Without contact to the router, and to a member that commits wait for, another primary may exist by now.
   */
  #watchForIsolation(): void {
    const { context } = this;
    const isolated =
      this.router.isLost() && this.standbys.lacksAwaited(context.heardMs, context.timing.deadAfterMs);
    if (isolated === this.#isolated) return;
    this.#isolated = isolated;
    if (isolated) {
      const detail = `out of touch with the router and an in-sync standby for ${context.timing.deadAfterMs} ms`;
      context.report('isolated', `refuses all requests: ${detail}`);
      this.#sendAway(detail);
    } else {
      context.report('isolated', 'in touch again, serves again');
    }
  }
}
