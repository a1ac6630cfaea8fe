/**
 * What a router tells whoever watches, as a feed of the cluster view: nothing can be done to such a cluster
 * from here.
 */
import type { RouterClient, WatchUpdate } from '@dualping/client';
import { DEFAULT_TIMING, DualpingError, unreachable } from '@dualping/core';
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
import { FIGURES_GRAIN_MS, TakeoverSight } from './takeover-sight.js';

/** A router tells figures once a second: this long without a word, and none answers. */
const SILENT_AFTER_MS = 2_500;
/** The promise for a server that is killed. */
const KILLED_BUDGET_MS = 100;
/**
 * What a takeover may take as it is seen from here, ms: silence up to the router's default, that promise, and
 * the grain of figures at both ends.
 */
export const TAKEOVER_BUDGET_MS = DEFAULT_TIMING.deadAfterMs + KILLED_BUDGET_MS + 2 * FIGURES_GRAIN_MS;

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
 * Watches while anybody is subscribed, over whichever router answers; see `RouterClient.watch` for how its
 * updates may end.
 */
export function routerFeed(
  client: Pick<RouterClient, 'watch' | 'status'>,
  title: string,
  clocks: FeedClocks = CLOCKS,
): ClusterFeed {
  const updates$ = client.watch({ figures: true }).pipe(share());
  const changes$ = changesIn(updates$, clocks).pipe(share());
  const events$ = changes$.pipe(mergeMap(({ events }) => from(events)));
  return {
    title,
    updates$,
    takeovers$: changes$.pipe(mergeMap(({ takeovers }): Observable<Takeover> => from(takeovers))),
    events$: merge(events$, routerEvents(client, updates$, clocks), troubles(updates$, clocks)),
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
  const sight = new TakeoverSight();
  return updates$.pipe(
    map(({ assignments, figures }): Told => {
      const seen = { wallMs: wallMs(), monoMs: monoMs() };
      const all = assignments.map((assignment) => changes.step(seen, assignment));
      const promoted = all.flatMap(({ promotion }) =>
        promotion === undefined ? [] : sight.promoted(seen, promotion),
      );
      // What brings assignments only tells nothing of pings.
      const finished = figures.length === 0 ? [] : sight.figures(seen, figures);
      return { events: all.flatMap(({ events }) => events), takeovers: [...promoted, ...finished] };
    }),
  );
}

/** When none answers any more, or none from the start with the reason, and when one does again. */
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

/** What the router says of itself: it begins, and it is over. */
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
 * A watch goes on over what breaks it and does not tell: a question of its own gets the address and the
 * cause.
 */
const whyNone = (client: Pick<RouterClient, 'status'>): Observable<string> =>
  defer(() => client.status()).pipe(
    ignoreElements(),
    catchError((error: unknown) => {
      if (!(error instanceof DualpingError)) throw error;
      return of(error.detail);
    }),
  );
