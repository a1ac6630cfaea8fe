/**
 * What must never be false, by name.
 *
 * A broken invariant is our own mistake, never bad input from outside: the process that finds one stops and
 * prints its name and the numbers. The machines assert them as they go, the simulator checks them over the
 * whole cluster, docs/protocol.md lists them.
 */
export const INVARIANTS = {
  'epoch-is-a-count': 'an epoch is a whole number from 0',
  'position-is-a-count': 'a position is a whole number from 0',
  'server-id-is-in-range': 'a server id is a whole number from 1 to 2^31 - 1',
  'time-does-not-go-back': 'a machine is never stepped with an earlier instant than before',
  'one-primary-per-epoch': 'an epoch is granted once, to one incarnation of one server',
  'epoch-only-rises': 'the epoch of a cluster never falls, at the router or at a member',
  'persisted-before-spoken': 'an assignment is durable before anyone is told of it',
  'in-sync-never-empty': 'a cluster that has had a primary keeps at least one in-sync member',
  'primary-is-in-sync': 'the primary of a replicated cluster is in the in-sync set, with its own journal',
  'promoted-was-in-sync': 'a member is promoted only out of the in-sync set (but for an unclean promote)',
  'suspended-grants-nothing':
    'while failover is suspended no epoch is granted but by an order, or to the server that had the last one',
  'journal-is-contiguous': 'entries follow one another without a gap',
  'epochs-rise-along-journal': 'the epochs of entries never fall along a journal',
  'committed-is-never-truncated': 'no entry at or below the commit position is taken back',
  'commit-only-rises': 'the commit position of a server never falls',
  'commit-is-durable-on-all-in-sync': 'what is committed is durable on every in-sync member',
  'commit-is-durable-here': 'a primary does not commit what its own disk does not hold',
  'applied-in-order': 'committed entries are applied one after another',
  'serves-only-own-epoch': 'a primary acknowledges only in the epoch that it was granted and has opened',
  'remote-applied-once':
    'what came from another cluster is applied in the order of its positions there, each once',
  'request-applied-once': 'a request number of a session is applied at most once',
  'name-has-one-owner': 'a further key is bound to a name only by a code that was made for that name',
  'code-is-spent-once': 'a code lets in one key',
  'revoked-key-speaks-no-more': 'nothing is done, and nothing shown, by a key after it was revoked',
  'session-has-one-user': 'a session speaks for one user only',
  'waits-for-superset': 'the set a primary waits for contains the set the router would promote from',
  'timeline-only-rises': 'posts reach a timeline in the order of their positions, each once',
  'requests-settle-once': 'a request of a client session is settled exactly once',
  'supervisor-begins-once': 'a supervisor takes up its work once, with a process that runs or without',
  'service-has-one-cluster': 'a service keeps its cluster for good, and shares it with no other',
  'limit-is-kept': 'a bounded collection stays within its bound',
} as const;

export type InvariantName = keyof typeof INVARIANTS;

export class InvariantBroken extends Error {
  override readonly name = 'InvariantBroken';
  constructor(
    readonly invariant: InvariantName,
    readonly facts: Readonly<Record<string, unknown>>,
  ) {
    super(`invariant broken: ${invariant} (${INVARIANTS[invariant]}): ${JSON.stringify(facts)}`);
  }
}

export function invariant(
  holds: boolean,
  name: InvariantName,
  facts: Readonly<Record<string, unknown>>,
): asserts holds {
  if (!holds) throw new InvariantBroken(name, facts);
}

/** Ends a switch over a tagged union: doesn't compile while a case is missing. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
