/**
 * A router's watch as a feed of the cluster view, without controls: it can't make faults in such a cluster.
 */
import type { RouterClient, WatchUpdate } from '@dualping/client';
import { type Address, DEFAULT_TIMING, DualpingError, unreachable } from '@dualping/core';
import type { ClusterEvent, ClusterFeed, Takeover } from '@dualping/terminal';
import {
  asyncScheduler,
  catchError,
  concat,
  defer,
  distinctUntilChanged,
  from,
  ignoreElements,
  map,
  merge,
  mergeMap,
  type Observable,
  of,
  type SchedulerLike,
  share,
  skip,
  startWith,
  switchMap,
  timer,
} from 'rxjs';
import { AssignmentChanges } from './assignment-changes.js';
import { leadershipEvents, routersSeen } from './leadership-feed.js';
import { STATS_GRAIN_MS, TakeoverEstimator } from './takeover-estimator.js';

/** A router sends stats once a second: after this much silence no router counts as answering. */
const SILENT_AFTER_MS = 2_500;
/** The promised time of a takeover from a killed server. */
const KILLED_BUDGET_MS = 100;
/**
 * Longest a takeover should take, as measured here, ms: the router's default for silence, that promise, and
 * the inaccuracy of stats at both ends.
 */
export const TAKEOVER_BUDGET_MS = DEFAULT_TIMING.deadAfterMs + KILLED_BUDGET_MS + 2 * STATS_GRAIN_MS;

export interface FeedClocks {
  readonly wallMs: () => number;
  readonly monoMs: () => number;
  readonly scheduler: SchedulerLike;
}

const CLOCKS: FeedClocks = {
  wallMs: () => Date.now(),
  monoMs: () => performance.now(),
  scheduler: asyncScheduler,
};

/**
 * Watches while there are subscribers, with whichever router answers. `RouterClient.watch` says how its
 * updates may end.
 */
export function routerFeed(
  client: Pick<RouterClient, 'watch' | 'status' | 'routers'>,
  title: string,
  clocks: FeedClocks = CLOCKS,
  pids: () => ReadonlyMap<Address, number> = () => new Map(),
): ClusterFeed {
  const updates$ = client.watch({ stats: true }).pipe(share());
  const changes$ = changesIn(updates$, clocks).pipe(share());
  const events$ = changes$.pipe(mergeMap(({ events }) => from(events)));
  const routers$ = routersSeen(client, pids, clocks).pipe(share());
  return {
    title,
    updates$,
    routers$,
    takeovers$: changes$.pipe(mergeMap(({ takeovers }): Observable<Takeover> => from(takeovers))),
    events$: merge(
      events$,
      routerEvents(client, updates$, clocks),
      troubles(updates$, clocks),
      leadershipEvents(routers$, clocks),
    ),
    counts$: undefined,
    controls: undefined,
    budgetMs: TAKEOVER_BUDGET_MS,
  };
}

interface Told {
  readonly events: readonly ClusterEvent[];
  readonly takeovers: readonly Takeover[];
}

function changesIn(updates$: Observable<WatchUpdate>, { wallMs, monoMs }: FeedClocks): Observable<Told> {
  const changes = new AssignmentChanges();
  const estimator = new TakeoverEstimator();
  return updates$.pipe(
    map(({ assignments, stats }): Told => {
      const seen = { wallMs: wallMs(), monoMs: monoMs() };
      const all = assignments.map((assignment) => changes.step(seen, assignment));
      const promoted = all.flatMap(({ promotion }) =>
        promotion === undefined ? [] : estimator.promoted(seen, promotion),
      );
      // An update with only assignments says nothing about pings.
      const finished = stats.length === 0 ? [] : estimator.stats(seen, stats);
      return { events: all.flatMap(({ events }) => events), takeovers: [...promoted, ...finished] };
    }),
  );
}

/** Events: no router answers (from the start, with the reason, or any more); one answers again. */
function routerEvents(
  client: Pick<RouterClient, 'status'>,
  updates$: Observable<WatchUpdate>,
  { wallMs, scheduler }: FeedClocks,
): Observable<ClusterEvent> {
  const answers$ = merge(of(undefined), updates$).pipe(
    switchMap((update) =>
      update === undefined
        ? timer(SILENT_AFTER_MS, scheduler).pipe(map((): Word => 'none yet'))
        : concat(of<Word>('answers'), timer(SILENT_AFTER_MS, scheduler).pipe(map((): Word => 'no longer'))),
    ),
    distinctUntilChanged(),
  );
  return answers$.pipe(
    switchMap((word): Observable<Omit<ClusterEvent, 'atMs'>> => {
      switch (word) {
        case 'answers':
          return of({ kind: 'up', text: 'a router answers' });
        case 'no longer':
          return of({ kind: 'down', text: 'no router answers: what is shown is from before' });
        case 'none yet':
          return whyNone(client).pipe(map((why) => ({ kind: 'down', text: `no router answers: ${why}` })));
        default:
          return unreachable(word);
      }
    }),
    map((event) => ({ atMs: wallMs(), ...event })),
  );
}

/** Events for the begin and the end of a trouble that the router reports about itself. */
const troubles = (updates$: Observable<WatchUpdate>, { wallMs }: FeedClocks): Observable<ClusterEvent> =>
  updates$.pipe(
    map(({ trouble = '' }) => trouble),
    startWith(''),
    distinctUntilChanged(),
    skip(1),
    map((trouble) =>
      trouble === ''
        ? { atMs: wallMs(), kind: 'up', text: 'the router hears members again' }
        : { atMs: wallMs(), kind: 'down', text: `the router: ${trouble}` },
    ),
  );

type Word = 'answers' | 'no longer' | 'none yet';

/**
 * A watch retries and does not report why it broke: a separate call finds the address and the cause.
 */
const whyNone = (client: Pick<RouterClient, 'status'>): Observable<string> =>
  defer(() => client.status()).pipe(
    ignoreElements(),
    catchError((error: unknown) => {
      if (!(error instanceof DualpingError)) throw error;
      return of(error.detail);
    }),
  );
