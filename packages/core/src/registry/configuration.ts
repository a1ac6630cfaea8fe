/**
 * Which life holds the epoch of a cluster, which copies count, and how each event changes that.
 *
 * The intuition: an epoch is a licence that is granted once, and only to a copy that has everything that was
 * ever acknowledged; the in-sync set names those copies. The set that the primary waits for is always a
 * superset of the set here: the primary counts a standby from the moment it asks to add it until the router
 * has told it about the removal. So every copy that is promoted from this set has everything, and this needs
 * no clocks.
 *
 * A configuration is a value. Each function returns the next one, or the same object when nothing changes.
 * Whether a member is live, heard or reachable is decided elsewhere: see `Cluster` and `promotion.ts`.
 *
 * After PacificA (Lin et al., 2008, §2 and §4: the configuration is kept apart from the data) and Kafka's
 * in-sync replicas.
 */
import type {
  ClusterMode,
  ClusterRecord,
  InSyncCopy,
  JournalEnd,
  OrderlyEnd,
  PrimaryRef,
  Suspension,
} from '../assignment.js';
import {
  type ClusterId,
  type JournalId,
  type LifeId,
  NO_EPOCH,
  NO_POSITION,
  nextEpoch,
  type Position,
  type ServerId,
} from '../ids.js';
import { invariant } from '../invariants.js';
import { isSameCopy } from '../same-life.js';
import { type NextLife, withHeard, withWelcomed } from './lives.js';

/** What the router stores about a cluster, but for service, members, history and revision. */
export type Configuration = Omit<ClusterRecord, 'service' | 'revision' | 'members' | 'history'>;

/** A journal, whichever process has it open. */
interface Journal {
  readonly serverId: ServerId;
  readonly journalId: JournalId;
}

/** One run of a server over a journal. */
interface JournalLife extends Journal {
  readonly lifeId: LifeId;
}

/** A life that may be promoted, with the end of its journal. */
interface Holder extends PrimaryRef {
  readonly end: JournalEnd;
  /**
   * A life that the next life may name instead of this one, which has not stored a welcome of this router
   * yet.
   */
  readonly lifeBefore?: LifeId;
}

/**
 * `old-leaves`: the copy of the former primary no longer counts. `old-stays`: it still counts.
 * `unclean`: by an operator's decision, whatever the in-sync set says.
 */
export type Grant = 'old-leaves' | 'old-stays' | 'unclean';

/** `itself`: the router, after a loss. `order`: an operator, or the primary that gives the epoch up. */
export type Granter = 'itself' | 'order';

/** The last durable configuration; a cluster without a record never had a member. */
export const restoredFrom = (cluster: ClusterId, record: ClusterRecord | undefined): Configuration => ({
  cluster,
  mode: record?.mode,
  epoch: record?.epoch ?? NO_EPOCH,
  primary: record?.primary,
  inSync: record?.inSync ?? [],
  lastUncleanEpoch: record?.lastUncleanEpoch ?? NO_EPOCH,
  committed: record?.committed ?? NO_POSITION,
  orderlyEnd: record?.orderlyEnd,
  ...(record?.suspended !== undefined && { suspended: record.suspended }),
});

/** The mode of a cluster whose members have a journal id like this. */
export const modeOf = (journalId: JournalId): ClusterMode => (journalId === '' ? 'routed' : 'replicated');

/** The in-sync copy that is exactly this journal of this server. */
export const copyOf = ({ inSync }: Configuration, journal: Journal): InSyncCopy | undefined =>
  inSync.find((copy) => isSameCopy(copy, journal));

/** Whether exactly this life is stored with an in-sync copy. */
export const holdsCopy = (configuration: Configuration, life: JournalLife): boolean =>
  copyOf(configuration, life)?.lives.includes(life.lifeId) === true;

/**
 * Whether the in-sync set has a copy of this server that is another journal than the server's present one.
 */
export const holdsAnotherCopy = ({ inSync }: Configuration, { serverId, journalId }: Journal): boolean =>
  inSync.some((copy) => copy.serverId === serverId && copy.journalId !== journalId);

/** Whether the epoch or a copy belongs to this server. */
export const dependsOn = ({ primary, inSync }: Configuration, serverId: ServerId): boolean =>
  serverId === primary?.serverId || inSync.some((copy) => copy.serverId === serverId);

/** The first member decides the mode permanently. */
export const withFirstMember = (
  configuration: Configuration,
  { journalId }: { readonly journalId: JournalId },
): Configuration =>
  configuration.mode === undefined ? { ...configuration, mode: modeOf(journalId) } : configuration;

/** The last announced server has not attached: the mode is undecided again, unless an epoch was granted. */
export const withoutMembers = (configuration: Configuration): Configuration =>
  configuration.epoch === NO_EPOCH ? { ...configuration, mode: undefined } : configuration;

/** This life gets the next epoch. */
export function granted(before: Configuration, holder: Holder, how: Grant, by: Granter): Configuration {
  const { mode, primary: old } = before;
  const { serverId, incarnation, journalId, lifeId } = holder;
  invariant(
    how === 'unclean' || old === undefined || mode === 'routed' || holdsCopy(before, holder),
    'promoted-was-in-sync',
    { cluster: before.cluster, serverId, journalId, inSync: before.inSync },
  );
  invariant(mayBeGranted(before, serverId, by), 'suspended-grants-nothing', {
    cluster: before.cluster,
    suspended: before.suspended,
    primary: old?.serverId,
    serverId,
  });
  const after: Configuration = {
    ...before,
    epoch: nextEpoch(before.epoch),
    primary: { serverId, incarnation, journalId, lifeId },
    inSync: mode === 'replicated' ? inSyncUnder(before, holder, how) : before.inSync,
    orderlyEnd: undefined,
  };
  if (how !== 'unclean') return after;
  return { ...after, lastUncleanEpoch: after.epoch, committed: holder.end.committed };
}

/** Whether an operator's order lets this server have the next epoch. */
export function mayBeGranted(
  { suspended, primary }: Configuration,
  serverId: ServerId,
  by: Granter,
): boolean {
  if (suspended === undefined) return true;
  if (suspended === 'resting') return false;
  return by === 'order' || primary === undefined || primary.serverId === serverId;
}

/** An operator's order holds from now on; undefined: none does. */
export function withSuspension(
  { suspended: _, ...configuration }: Configuration,
  suspended: Suspension | undefined,
): Configuration {
  return suspended === undefined ? configuration : { ...configuration, suspended };
}

/** Which copies count under a new primary. */
function inSyncUnder(
  { primary: old, inSync }: Configuration,
  holder: Holder,
  how: Grant,
): readonly InSyncCopy[] {
  if (old === undefined || how === 'unclean') return [copyHeldBy(holder, holder.lifeBefore)];
  const oldLeaves = how === 'old-leaves' && !isSameCopy(old, holder);
  return oldLeaves ? inSync.filter((copy) => !isSameCopy(copy, old)) : inSync;
}

/** The copy of this life counts from now on. */
export const withCopy = (configuration: Configuration, life: JournalLife): Configuration => ({
  ...configuration,
  inSync: [...configuration.inSync, copyHeldBy(life)],
});

const copyHeldBy = ({ serverId, journalId, lifeId }: JournalLife, lifeBefore?: LifeId): InSyncCopy => ({
  serverId,
  journalId,
  lives: lifeBefore === undefined ? [lifeId] : [lifeId, lifeBefore],
});

/** Only these copies count from now on. */
export function withOnly(configuration: Configuration, counts: (copy: InSyncCopy) => boolean): Configuration {
  const inSync = configuration.inSync.filter(counts);
  return inSync.length === configuration.inSync.length ? configuration : { ...configuration, inSync };
}

/** A life that continues a copy is welcomed; a life without an id changes nothing. */
export const welcomed = (configuration: Configuration, life: Journal & NextLife): Configuration =>
  life.lifeId === '' ? configuration : withLives(configuration, life, (copy) => withWelcomed(copy, life));

/** A welcomed life is heard for the first time. */
export const heard = (configuration: Configuration, life: JournalLife): Configuration =>
  withLives(configuration, life, (copy) => withHeard(copy, life.lifeId));

function withLives(
  configuration: Configuration,
  journal: Journal,
  change: (copy: InSyncCopy) => InSyncCopy,
): Configuration {
  const before = copyOf(configuration, journal);
  if (before === undefined) return configuration;
  const after = change(before);
  if (after === before) return configuration;
  const inSync = configuration.inSync.map((copy) => (copy === before ? after : copy));
  return { ...configuration, inSync };
}

/** The holder of an in-sync copy knows that everything up to here is committed. */
export const withCommitted = (configuration: Configuration, committed: Position): Configuration =>
  committed > configuration.committed ? { ...configuration, committed } : configuration;

/** The primary took no more writes and has ended. Its journal has everything acknowledged, and ends here. */
export const endedInOrder = (
  configuration: Configuration,
  { lastEpoch, durable, checksum }: OrderlyEnd,
): Configuration => ({ ...configuration, orderlyEnd: { lastEpoch, durable, checksum } });

/** Whether this journal ends exactly where the cluster ended in order: then it has everything. */
export const isWhole = ({ orderlyEnd: whole }: Configuration, end: OrderlyEnd): boolean =>
  whole !== undefined &&
  end.lastEpoch === whole.lastEpoch &&
  end.durable === whole.durable &&
  end.checksum === whole.checksum;
