/**
 * Deliberate bugs, each a small change to the built core or runtime, found by its tokens and not by its
 * layout. Each must be caught: one that survives shows that a checker, or a kind of fault, is missing. The
 * list shows that the checkers find bugs.
 */
import type { Patch } from './build.js';
import type { Needed } from './setup.js';

export interface Mutant {
  readonly name: string;
  /** What the bug does, for people. */
  readonly bug: string;
  readonly patches: readonly Patch[];
  /** How many clusters a world needs to show it. Default: one. */
  readonly clusters?: number;
  /** How many routers. Default: one. */
  readonly routers?: number;
  /** What its worlds need for the bug to show. */
  readonly needs?: Needed;
  /**
   * First seed of the hunt. Where several worlds do not show the bug it is one that does. It may cease to
   * when worlds change; then the hunt goes on from there.
   */
  readonly from?: number;
}

const STANDBYS = 'replica/standbys.js';
const PRIMARY = 'replica/primary-role.js';
const USER_WRITES = 'replica/user-writes.js';
const STANDBY = 'replica/standby-role.js';
const REPLICA = 'replica/replica.js';
const STATE = 'social/social-state.js';
const NAME_KEYS = 'social/name-keys.js';
const REMOTE_READER = 'replica/remote-reader.js';
const LEDGER = 'replica/ledger.js';
const CONFIGURATION = 'registry/configuration.js';
const GRANTS = 'registry/epoch-grants.js';
const LINK_SIGNS = 'session/link-signs.js';
const SAME_LIFE = 'same-life.js';
const LOOP = { package: 'runtime', file: 'machine-loop.js' } as const;
const SESSION_DRIVER = { package: 'runtime', file: 'session-driver.js' } as const;
const HISTORY_READER = { package: 'runtime', file: 'history-reader.js' } as const;
const TIMELINE_WRITES = { package: 'runtime', file: 'timeline-writes.js' } as const;
const TAIL_FEEDS = { package: 'runtime', file: 'tail-feeds.js' } as const;
const REGISTRY_DRIVER = { package: 'runtime', file: 'registry-driver.js' } as const;

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'commits-without-absent-members',
    bug: 'a commit does not wait for an in-sync member that has no stream now',
    patches: [
      {
        file: STANDBYS,
        find: 'this.#standbyOf(member)?.durable ?? NO_POSITION',
        replace: 'this.#standbyOf(member)?.durable ?? ownDurable',
      },
    ],
  },
  {
    name: 'commits-without-waiting-for-anyone',
    bug: 'a commit waits for the own disk only',
    patches: [{ file: STANDBYS, find: 'if (durable < least)', replace: 'if (durable < 0)' }],
  },
  {
    name: 'commits-before-the-own-disk',
    bug: 'the primary counts itself as holding what its disk has not synced',
    patches: [
      {
        file: PRIMARY,
        find: 'this.standbys.advance(ledger.outline.durable',
        replace: 'this.standbys.advance(ledger.outline.last',
      },
      { file: PRIMARY, find: 'invariant(through <= ledger.outline.durable', replace: 'invariant(true' },
    ],
  },
  {
    name: 'standby-acknowledges-before-its-disk',
    bug: 'a standby says that what it has appended is durable',
    patches: [
      {
        file: STANDBY,
        find: 'const { durable } = this.context.ledger.outline;',
        replace: 'const { last: durable } = this.context.ledger.outline;',
      },
    ],
  },
  {
    name: 'asks-to-add-and-does-not-wait',
    bug: 'a standby that the router was asked to add is not waited for until the answer',
    patches: [{ file: STANDBYS, find: 'this.#asked.set(change.request, member);', replace: '' }],
  },
  {
    name: 'drops-a-removed-member-before-the-router-said-so',
    bug: 'the primary no longer waits for a member from the moment in which it asks for its removal',
    patches: [
      {
        file: STANDBYS,
        find: "changes.push(this.#change('remove', member",
        replace:
          "this.#told = this.#told.filter((other) => other !== member); changes.push(this.#change('remove', member",
      },
    ],
  },
  {
    name: 'new-journal-counts-as-in-sync',
    from: 145,
    bug: 'membership of the in-sync set is decided by the server id alone, so that a wiped disk inherits it',
    patches: [
      {
        file: 'registry/admission.js',
        find: "copy !== undefined && candidate.lifeId !== '' && !continuesFrom(copy, candidate)",
        replace: 'false',
      },
      { file: 'registry/admission.js', find: '!copy.lives.includes(candidate.lifeId)', replace: 'false' },
      {
        file: SAME_LIFE,
        find: 'one.serverId === other.serverId && one.journalId === other.journalId',
        replace: 'one.serverId === other.serverId',
      },
    ],
  },
  {
    name: 'new-incarnation-resumes-its-epoch',
    bug: 'a primary that was started again goes on in its epoch',
    patches: [
      {
        file: SAME_LIFE,
        find: 'isSameCopy(one, other) && one.incarnation === other.incarnation && one.lifeId === other.lifeId',
        replace: 'isSameCopy(one, other)',
      },
    ],
  },
  {
    name: 'late-words-make-a-copy',
    from: 91,
    bug: 'an old message, from before the router was frozen, makes an in-sync life an older copy',
    patches: [
      { file: 'registry/admission.js', find: '!copy.lives.includes(candidate.lifeId)', replace: 'true' },
    ],
  },
  {
    name: 'answers-what-is-not-durable',
    bug: 'a client is told at once of a primary that the router still has to make durable',
    patches: [
      {
        file: 'registry/step-outputs.js',
        find: 'overtakes: atOnce !== undefined',
        replace: 'overtakes: true',
      },
    ],
  },
  {
    name: 'announces-before-persisting',
    bug: 'the router tells of an assignment and makes it durable afterwards',
    patches: [
      {
        file: 'registry/step-outputs.js',
        find: "outputs.push({ kind: 'persist', record: change.record });",
        replace: "this.#said.push({ kind: 'persist', record: change.record });",
      },
    ],
  },
  {
    name: 'drops-before-it-has-read',
    from: 3,
    bug: 'a router drops members at the look that finds them silent, with words of theirs unread',
    needs: { what: 'by-turns' },
    patches: [{ file: 'registry/listening.js', find: 'return this.#mayJudge;', replace: 'return true;' }],
  },
  {
    name: 'any-report-drops-a-member',
    bug: "a supervisor's report counts whatever life it is about",
    patches: [
      {
        file: 'registry/member-calls.js',
        find: 'if (member.incarnation === incarnation) {',
        replace: 'if (true) {',
      },
    ],
  },
  {
    name: 'router-forgets-the-set',
    bug: 'a router that starts again knows the primary and not who else is in sync',
    patches: [
      {
        file: CONFIGURATION,
        find: 'inSync: record?.inSync ?? []',
        replace: 'inSync: record?.primary === undefined ? [] : [record.primary]',
      },
    ],
  },
  {
    name: 'router-forgets-who-held-the-epoch',
    bug: 'a router that starts again takes whoever comes first for the holder of the recorded epoch',
    patches: [{ file: CONFIGURATION, find: 'primary: record?.primary', replace: 'primary: undefined' }],
  },
  {
    name: 'takes-up-an-older-epoch',
    from: 20,
    bug: 'a primary that stepped down for a higher epoch takes its own, older one up again',
    patches: [{ file: REPLICA, find: '&& assignment.epoch === context.highestEpoch', replace: '' }],
  },
  {
    name: 'grants-what-a-deposed-primary-asks',
    from: 434,
    bug: 'the router changes the in-sync set at the request of any member, in any epoch',
    patches: [
      { file: GRANTS, find: '|| link !== this.#state.primaryLink || asked.epoch !== epoch', replace: '' },
    ],
  },
  {
    name: 'promotes-whoever-is-live',
    bug: 'a member is promoted though it is not in sync',
    patches: [
      {
        file: 'registry/promotion.js',
        find: 'return holdsCopy(configuration, member) && !isShort;',
        replace: 'return true;',
      },
      {
        file: CONFIGURATION,
        find: "|| holdsCopy(before, holder), 'promoted-was-in-sync'",
        replace: "|| true, 'promoted-was-in-sync'",
      },
    ],
  },
  {
    name: 'fails-over-while-paused',
    bug: 'a standby takes over from a lost primary although an operator has paused failover',
    patches: [
      {
        file: GRANTS,
        find: 'promotion.successor(this.#grantedMs, this.#mayInherit)',
        replace: 'promotion.successor(this.#grantedMs)',
      },
    ],
    needs: { what: 'orders' },
  },
  {
    name: 'hands-over-while-it-comes-to-rest',
    from: 16,
    bug: 'a primary that ends because its cluster is to rest is followed by another',
    patches: [{ file: GRANTS, find: 'if (this.#isComingToRest) return false;', replace: '' }],
    needs: { what: 'orders' },
  },
  {
    name: 'prunes-the-set-without-a-primary',
    bug: 'a member that goes while nobody is primary leaves the in-sync set',
    patches: [
      {
        file: GRANTS,
        find: '#prune() { if (!this.#state.isAvailable) return;',
        replace: '#prune() {',
      },
    ],
  },
  {
    name: 'promotes-whom-it-does-not-hear',
    from: 18,
    bug: 'a member is promoted although nothing was heard from it for two pings',
    patches: [
      {
        file: 'registry/eligibility.js',
        find: "evidence.isHeard(link, sinceMs) ? undefined : 'is not heard now'",
        replace: 'undefined',
      },
    ],
  },
  {
    name: 'promotes-whom-it-has-not-reached',
    bug: 'a member is promoted before it has answered at its address',
    patches: [
      {
        file: 'registry/eligibility.js',
        find: "if (reach.kind === 'unknown')",
        replace: 'if (false)',
      },
    ],
  },
  {
    name: 'reached-is-for-good',
    bug: 'a member counts as reached because an earlier life of it was reached',
    patches: [
      {
        file: 'registry/member.js',
        find: 'if (!isAgain || member.address !== life.address)',
        replace: 'if (false)',
      },
    ],
  },
  {
    name: 'forgets-to-truncate',
    bug: 'a standby keeps the tail that its new primary does not have',
    patches: [
      { file: STANDBY, find: 'ledger.truncateAfter(common);', replace: '' },
      { file: STANDBY, find: "context.emit({ kind: 'truncate', after: common });", replace: '' },
    ],
  },
  {
    name: 'truncates-in-memory-only',
    bug: 'the disk is not told of a cut',
    patches: [{ file: STANDBY, find: "context.emit({ kind: 'truncate', after: common });", replace: '' }],
  },
  {
    name: 'journals-agree-by-length',
    from: 5,
    bug: 'where two journals part is judged by their lengths, not by their epochs',
    patches: [
      {
        file: PRIMARY,
        find: 'outline.commonWith(join.lastPosition, join.epochStarts)',
        replace: 'Math.min(outline.last, join.lastPosition)',
      },
    ],
  },
  {
    name: 'shows-before-the-epoch-is-open',
    bug: 'a new primary serves reads and timelines before its EpochStart is committed',
    patches: [{ file: PRIMARY, find: '#opened = false;', replace: '#opened = true;' }],
  },
  {
    name: 'deposed-primary-is-not-fenced',
    from: 8,
    bug: 'a primary that hears of a higher epoch goes on',
    patches: [
      {
        file: REPLICA,
        find: 'context.highestEpoch > this.#primary.epoch) this.#stepDown();',
        replace: 'false) this.#stepDown();',
      },
    ],
  },
  {
    name: 'snapshot-without-sessions',
    bug: 'the session table is left out of the snapshot',
    patches: [
      {
        file: 'social/social-state.js',
        find: 'sessions: this.#sessions.toSnapshot()',
        replace: 'sessions: []',
      },
    ],
  },
  {
    name: 'snapshot-beyond-the-commit',
    from: 258,
    bug: 'a snapshot for a standby ends with what is appended, which counts as committed there',
    patches: [
      {
        file: 'replica/snapshots.js',
        find: 'through: ledger.committed',
        replace: 'through: ledger.outline.last',
      },
    ],
  },
  {
    name: 'copy-holds-what-was-announced',
    from: 180,
    bug: 'a standby says of a copy that broke off that it has all of it',
    patches: [
      {
        file: 'replica/journal-copy.js',
        find: 'return { base: this.header.base, end: this.#end };',
        replace: 'return { base: this.header.base, end: this.header.through };',
      },
    ],
  },
  {
    name: 'resend-is-not-recognised',
    bug: 'a repeated request that was applied before is done again',
    patches: [
      {
        file: 'social/sessions.js',
        find: 'if (requestNo === session.lastRequestNo + 1)',
        replace: 'if (requestNo === session.lastRequestNo + 1 || requestNo === session.lastRequestNo)',
      },
      {
        file: 'social/sessions.js',
        find: "invariant(requestNo === session.lastRequestNo + 1, 'request-applied-once'",
        replace: "invariant(true, 'request-applied-once'",
      },
    ],
  },
  {
    name: 'tail-is-not-taken-over',
    from: 9,
    bug: 'a new primary does not recognise a resend of what its predecessor left uncommitted',
    patches: [
      { file: USER_WRITES, find: 'this.#pendingRequests.takeOver(context.ledger.unapplied);', replace: '' },
    ],
  },
  {
    name: 'timeline-is-pushed-before-the-commit',
    bug: 'followers see a post when it is appended',
    patches: [
      {
        file: PRIMARY,
        find: 'ledger.append([entry]);',
        replace:
          "ledger.append([entry]); if (command.kind === 'post') this.timelines.posted({ position: entry.position, author: command.user, text: command.text, timeMs }, [], ledger.social);",
      },
      { file: PRIMARY, find: 'this.timelines.posted(effect.post, effect.named, social);', replace: '' },
    ],
  },
  {
    name: 'announcement-after-the-whole-commit',
    from: 10,
    bug: 'the readers of a post are decided after everything that was committed with it is applied',
    patches: [
      {
        file: LEDGER,
        find: 'for (const entry of this.#unapplied.takeThrough(to)) this.#social.apply(entry).forEach(settle);',
        replace:
          'this.#unapplied.takeThrough(to).flatMap((entry) => this.#social.apply(entry)).forEach(settle);',
      },
    ],
  },
  {
    name: 'shows-posts-from-before-the-follow',
    bug: 'a page of the past has posts from before the follow began',
    patches: [
      {
        file: 'social/timeline.js',
        find: 'if (post <= since || !chosen.offer(post))',
        replace: 'if (!chosen.offer(post))',
      },
      {
        file: 'social/post-log.js',
        find: 'this.#show(author.number, since);',
        replace: 'this.#show(author.number, 0);',
      },
    ],
  },
  {
    name: 'shows-those-who-were-followed',
    bug: 'a page of the past is of those whom its reader followed when it last asked',
    patches: [
      { file: 'social/post-log.js', find: 'if (user === this.#reader)', replace: 'if (user === undefined)' },
    ],
  },
  {
    name: 'resumes-one-too-late',
    bug: 'a timeline goes on one position after where it should',
    patches: [
      {
        file: 'session/timeline-cursor.js',
        find: 'return { resumeAfter, history: 0, posts: true };',
        replace: 'return { resumeAfter: resumeAfter + 1, history: 0, posts: true };',
      },
    ],
  },
  {
    name: 'slow-reader-loses-what-was-gathered',
    from: 9,
    bug: 'a timeline that falls behind goes on after what was gathered for it, not after what it was given',
    patches: [
      {
        file: 'replica/timelines.js',
        find: "timeline.mode = 'behind'; timeline.gathered = [];",
        replace:
          "timeline.mode = 'behind'; timeline.after = (timeline.gathered.at(-1)?.position ?? timeline.after) + 1; timeline.gathered = [];",
      },
    ],
  },
  {
    name: 'timeline-is-live-before-it-has-read',
    from: 9,
    bug: 'a timeline gets new posts while older ones are still being read for it',
    patches: [
      {
        file: 'replica/timelines.js',
        find: 'return [reads(timeline, next)]; timeline.mode',
        replace:
          "{ const last = reads(timeline, next); if (!next.more) timeline.mode = 'live'; return [last]; } timeline.mode",
      },
    ],
  },
  {
    name: 'client-does-not-send-again',
    bug: 'what was unanswered when a link broke is not sent over the next one',
    patches: [
      {
        file: 'session/request-queue.js',
        find: 'slot.sendNo = undefined; slot.whenLowest = false;',
        replace: 'slot.whenLowest = false;',
      },
    ],
  },
  {
    name: 'client-renumbers-what-it-sends-again',
    bug: 'a break makes the client begin a new session, and ask in it for what may have been done in the old one',
    patches: [
      {
        file: 'session/conversation.js',
        find: 'this.#requests.sendAllAgain();',
        replace: 'if (this.#requests.loggedIn) this.#requests.renew(); else this.#requests.sendAllAgain();',
      },
    ],
  },
  {
    name: 'lists-who-was-known-at-first',
    from: 13,
    bug: 'a list of users that was once asked for is given for ever',
    patches: [
      {
        file: 'social/users.js',
        find: 'if (added.length > 0) this.#added = []; return this.#byNameInOrder;',
        replace: 'this.#added = []; return this.asked ??= this.#byNameInOrder.slice();',
      },
    ],
  },
  {
    name: 'timeline-begins-with-one-too-few',
    bug: 'a timeline that begins with posts of the past leaves one of them out',
    patches: [
      {
        file: 'replica/timelines.js',
        find: 'social.timelineBefore(user, undefined, request.history, shown)',
        replace: 'social.timelineBefore(user, undefined, Math.max(0, request.history - 1), shown)',
      },
    ],
  },
  {
    name: 'waits-for-a-silent-standby-for-ever',
    from: 28,
    bug: 'a primary does not ask for the removal of a standby that no longer acknowledges',
    needs: { what: 'partial-partition', alone: true },
    patches: [
      { file: STANDBYS, find: 'for (const member of this.#told) {', replace: 'for (const member of []) {' },
    ],
  },
  {
    name: 'promotes-over-a-primary',
    from: 551,
    bug: 'an operator may make a member primary that lacks something while there is a primary',
    needs: { what: 'unclean' },
    patches: [
      {
        file: GRANTS,
        find: 'if (this.#state.isAvailable && (isSame ? !isOlder : !this.#isPrimaryInDoubt())) {',
        replace: 'if (isSame) {',
      },
    ],
  },
  {
    name: 'names-those-who-follow',
    bug: 'a reader who is named and follows the author is shown the post twice',
    patches: [
      {
        file: 'social/users.js',
        find: 'if (user.home !== undefined || user.following.has(by))',
        replace: 'if (user.home !== undefined)',
      },
    ],
  },
  {
    name: 'forgets-who-was-named',
    bug: 'a copy of the state does not have the posts of strangers that name somebody',
    patches: [
      {
        file: 'social/users.js',
        find: '...(mentions.length > 0 && { mentions })',
        replace: '...{}',
      },
    ],
  },
  {
    name: 'answers-what-is-not-there',
    bug: 'a post is taken whether or not the one that it answers is there',
    patches: [
      {
        file: 'social/users.js',
        find: 'if (answers !== undefined && this.positionOf(answers) === undefined)',
        replace: 'if (answers === null)',
      },
    ],
  },
  {
    name: 'answers-by-the-place-elsewhere',
    bug: 'a post that is told to another cluster names what it answers as its own cluster does',
    clusters: 2,
    patches: [
      {
        file: REMOTE_READER,
        find: 'answers: referenceIn(here, cluster, item.answers)',
        replace: 'answers: item.answers',
      },
    ],
  },
  {
    name: 'void-batches-count',
    from: 34,
    bug: 'what another cluster sent before it heard of a follow is taken as if it had been sent after',
    clusters: 2,
    patches: [{ file: REMOTE_READER, find: 'if (batch.number !== remote.number) return;', replace: '' }],
  },
  {
    name: 'subscribing-does-not-go-back',
    from: 5,
    bug: 'posts of a newly followed author are sent from the present position of the stream, not from where the follow begins',
    clusters: 2,
    patches: [
      {
        file: 'replica/remote-feeds.js',
        find: 'tail.after = after;',
        replace: 'tail.after = Math.max(tail.after, after);',
      },
    ],
  },
  {
    name: 'follow-begins-nowhere',
    bug: 'the journal does not say where in the other cluster a follow begins',
    clusters: 2,
    patches: [
      {
        file: REMOTE_READER,
        find: "this.append({ kind: 'remote-through', origin: { cluster: home, position: remote.cursor } }, 0);",
        replace: '',
      },
    ],
  },
  {
    name: 'silence-of-a-server-means-nothing',
    from: 320,
    bug: 'a client waits for a reply, or for keepalive, on a path that is dead',
    needs: { what: 'black-hole', alone: true },
    patches: [
      {
        file: LINK_SIGNS,
        find: 'if (this.#told === undefined || silentMs <',
        replace: 'if (true || silentMs <',
      },
    ],
  },
  {
    name: 'only-a-successor-is-an-answer',
    bug: 'a client whose own link broke is told of the same primary only when its wait is over',
    patches: [
      { file: 'registry/waiting.js', find: 'waiter.pings >= PINGS_OF_A_LIVE_PRIMARY', replace: 'false' },
    ],
  },
  {
    name: 'unfollowed-for-good',
    from: 549,
    bug: 'an author whose last follower has left is not asked for any more, though another follower has come meanwhile',
    clusters: 2,
    patches: [{ file: REMOTE_READER, find: 'kept.has(user) || social.isFollowed(user) ||', replace: '' }],
  },
  {
    name: 'new-primary-hears-from-the-end',
    bug: 'a new primary asks other clusters only for what comes, not for what its predecessor had not got to',
    clusters: 2,
    patches: [
      {
        file: REMOTE_READER,
        find: 'const { number, cursor: after } = remote;',
        replace: 'const { number } = remote; const after = number === 1 ? 1000000 : remote.cursor;',
      },
    ],
  },
  {
    name: 'snapshot-without-what-was-heard',
    from: 4,
    bug: 'a state that is made from a snapshot has heard of no other cluster',
    clusters: 2,
    patches: [
      {
        file: 'social/social-state.js',
        find: 'state.#heard = new Map(',
        replace: 'state.#heard = new Map(); new Map(',
      },
    ],
  },
  {
    name: 'unfollows-are-not-told',
    bug: 'the cluster of a user is told of new followers, and not of followers that leave',
    clusters: 2,
    patches: [
      {
        file: STATE,
        find: 'const reason = this.#users.unfollow(command.user, command.target); if (reason === undefined)',
        replace: 'const reason = this.#users.unfollow(command.user, command.target); if (reason === 0)',
      },
    ],
  },
  {
    name: 'edges-are-not-caught-up-with',
    from: 3,
    bug: 'a follow is told only to a cluster that is connected when it happens',
    clusters: 2,
    patches: [
      {
        file: 'social/tail.js',
        find: 'users.edgesInto(cluster, after)',
        replace: '[]',
      },
    ],
  },
  {
    name: 'edges-are-told-to-everybody',
    bug: 'a third cluster is told who follows a user that is not its own, and believes it',
    clusters: 3,
    patches: [
      { file: 'replica/remote-feeds.js', find: 'effect.home === tail.from', replace: 'true' },
      { file: REMOTE_READER, find: "'target' in item &&", replace: 'false &&' },
    ],
  },
  {
    name: 'refused-follows-are-told',
    bug: 'a follow that was refused is told to the cluster of the target',
    clusters: 2,
    patches: [
      {
        file: STATE,
        find: 'const reason = this.#users.follow(command.user, command.target, at); if (reason === undefined)',
        replace: 'const reason = this.#users.follow(command.user, command.target, at); if (at > 0)',
      },
    ],
  },
  {
    name: 'snapshot-without-ended-edges',
    bug: 'a state that is made from a snapshot has forgotten follows that ended',
    clusters: 2,
    patches: [{ file: 'social/users.js', find: 'left: ended', replace: '' }],
  },
  {
    name: 'lets-in-users-of-other-clusters',
    bug: 'a server does what users of other clusters ask',
    clusters: 2,
    patches: [
      {
        file: 'replica/client-requests.js',
        find: 'if (home !== context.identity.cluster)',
        replace: 'if (false)',
      },
    ],
  },
  {
    name: 'a-start-hides-an-older-store',
    from: 152,
    bug: 'a router compares what a member was told with what it has numbered itself since its start with an older folder',
    needs: { what: 'older-store' },
    patches: [
      {
        file: 'registry/older-store.js',
        find: 'loaded === undefined || hasAttached',
        replace: 'loaded === undefined || true',
      },
    ],
  },
  {
    name: 'an-older-journal-counts',
    bug: 'a server whose journal lacks what its note says was committed goes on as the holder of that journal',
    needs: { what: 'older-journal' },
    patches: [
      {
        file: 'replica/known-note.js',
        find: 'const isCutOrOther = committed > journal.last ||',
        replace: 'const isCutOrOther =',
      },
    ],
  },
  {
    name: 'a-whole-journal-is-taken-for-older',
    bug: 'a server that starts with a journal that ends where it is committed takes it for an older copy',
    patches: [
      {
        file: 'replica/known-note.js',
        find: 'committed > journal.last',
        replace: 'committed >= journal.last',
      },
    ],
  },
  {
    name: 'any-refusal-tells-of-an-epoch',
    from: 66,
    bug: "a standby believes the epoch of whoever refuses it, also of a server of another cluster at its primary's address",
    needs: { what: 'stranger-server' },
    patches: [{ file: STANDBY, find: "return reason === 'fenced' &&", replace: 'return true || reason &&' }],
  },
  {
    name: 'router-speaks-while-it-writes',
    bug: 'the driver of the registry performs what follows a write before the write is done',
    patches: [
      {
        ...REGISTRY_DRIVER,
        find: 'if (this.#overtakes(output))',
        replace: "if (output.kind !== 'persist')",
      },
    ],
  },
  {
    name: 'writes-an-older-record',
    bug: 'when several records of a cluster share a write, the first is written, not the last',
    patches: [
      {
        ...REGISTRY_DRIVER,
        find: "if (output.kind === 'persist') latest",
        replace: "if (output.kind === 'persist' && !latest.has(output.record.cluster)) latest",
      },
    ],
  },
  {
    name: 'two-writes-at-once',
    bug: 'the driver of the registry begins a write while another one is under way',
    patches: [{ ...REGISTRY_DRIVER, find: 'while (!this.#isWriting &&', replace: 'while (' }],
  },
  {
    name: 'calls-go-by-the-old-link',
    bug: 'the driver of a session goes on with the link that it has, whatever link the session names',
    patches: [
      { ...SESSION_DRIVER, find: 'if (this.#link?.no === no)', replace: 'if (this.#link !== undefined)' },
      {
        ...SESSION_DRIVER,
        find: 'if (this.#link?.no === output.link) this.#dropLink',
        replace: 'if (false) this.#dropLink',
      },
    ],
  },
  {
    name: 'leaves-out-a-post-between-two-pieces',
    from: 7,
    bug: 'what a timeline reads in several pieces goes on one post after the end of the last piece',
    patches: [
      {
        ...HISTORY_READER,
        find: 'task.rest = task.rest.slice(posts)',
        replace: 'task.rest = task.rest.slice(posts + 1)',
      },
    ],
  },
  {
    name: 'answers-the-wrong-requests',
    bug: 'requests that are done are answered as a run, also when one between them was refused',
    patches: [
      {
        ...TIMELINE_WRITES,
        find: 'last.requestNo + last.positions.length === requestNo',
        replace: 'true',
      },
    ],
  },
  {
    name: 'tells-another-cluster-the-wrong-texts',
    bug: 'all posts of a batch for another cluster have the text of its first one',
    clusters: 2,
    patches: [{ ...TAIL_FEEDS, find: 'next += 1', replace: '' }],
  },
  {
    name: 'leaves-by-its-former-role',
    bug: 'servers that are asked to stop in the middle of a handover end as their former roles would',
    patches: [
      { file: 'replica/replica.js', find: 'else this.#linger();', replace: '' },
      {
        file: 'replica/replica.js',
        find: 'this.#linger(); this.#judgeEarlyJoins();',
        replace: 'this.#judgeEarlyJoins();',
      },
    ],
    from: 9_929_041,
  },
  {
    name: 'a-welcome-counts-as-a-word',
    bug: 'a member whose welcome is sent counts as heard, though the router hears nobody',
    patches: [
      {
        file: 'registry/silence.js',
        find: 'this.#expected.get(link) ?? this.#links.get(link)?.spokenMs ?? listeningMs',
        replace: 'listeningMs',
      },
    ],
    from: 9_920_912,
  },
  {
    name: 'believes-more-than-the-disk-has',
    bug: 'what a member knows to be committed counts for its copy before it is on its disk',
    patches: [{ file: 'registry/cluster.js', find: 'Math.min(committed, durable)', replace: 'committed' }],
    from: 9_906_192,
  },
  {
    name: 'hands-over-to-a-server-that-stops',
    bug: 'a server that attaches while it is being stopped counts as one that stays',
    patches: [
      {
        file: 'registry/member.js',
        find: 'member.isLeaving = life.leaving === true;',
        replace: 'member.isLeaving = false;',
      },
    ],
    needs: { what: 'shutdown' },
    from: 20_051,
  },
  {
    name: 'another-key-takes-the-name',
    bug: 'any key is let in to a name that belongs to another one',
    needs: { what: 'keyholders' },
    patches: [
      { file: NAME_KEYS, find: "if (code === undefined) return 'wrong-key';", replace: '' },
      { file: NAME_KEYS, find: 'if (useless !== undefined) return useless;', replace: '' },
      { file: NAME_KEYS, find: "if (this.#codes.get(code)?.user !== user) return 'wrong-key';", replace: '' },
      { file: NAME_KEYS, find: '!this.isOwned(user) || opened?.user === user', replace: 'true' },
    ],
  },
  {
    name: 'a-spent-code-lets-in-again',
    from: 4,
    bug: 'a code lets in a second key',
    needs: { what: 'keyholders' },
    patches: [
      { file: NAME_KEYS, find: 'known.spentAt !== undefined || timeMs', replace: 'timeMs' },
      { file: NAME_KEYS, find: 'invariant(opened.spentAt === undefined', replace: 'invariant(true' },
    ],
  },
  {
    name: 'a-revoked-key-writes-on',
    from: 9,
    bug: 'a session goes on writing after its key was revoked',
    needs: { what: 'keyholders' },
    patches: [
      { file: STATE, find: "command.kind !== 'register' && this.#isMute", replace: 'false && this.#isMute' },
    ],
  },
  {
    name: 'a-revoked-key-reads-on',
    bug: 'timelines of a key that was revoked stay open',
    needs: { what: 'keyholders' },
    patches: [{ file: PRIMARY, find: 'return this.#endMuted(effect.user);', replace: 'return;' }],
  },
  {
    name: 'early-timer-is-the-last',
    from: 5,
    bug: 'a timer that fires before the deadline is not set anew',
    patches: [
      {
        ...LOOP,
        find: 'this.feed(TICK); else this.#arm();',
        replace: 'this.feed(TICK);',
      },
    ],
  },
];

export function mutantNamed(name: string): Mutant {
  const found = MUTANTS.find((mutant) => mutant.name === name);
  if (found === undefined)
    throw new Error(`there is no mutant "${name}"; there are ${MUTANTS.map((it) => it.name).join(', ')}`);
  return found;
}
