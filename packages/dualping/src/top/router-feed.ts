/** What a router tells whoever watches, as a feed of the cluster view: nothing can be done to such a cluster from here. */
import type { RouterClient, WatchUpdate } from '@dualping/client';
import type { ClusterEvent, ClusterFeed, Takeover } from '@dualping/terminal';
import {
  asyncScheduler,
  concat,
  distinctUntilChanged,
  from,
  map,
  merge,
  mergeMap,
  type Observable,
  of,
  type SchedulerLike,
  share,
  switchMap,
  timer,
} from 'rxjs';
import { AssignmentChanges, type Changes } from './assignment-changes.js';

/** A router tells figures once a second: this long without a word, and none answers. */
const SILENT_AFTER_MS = 2_500;
/** What a takeover may take, ms: the promise for a server that is killed. */
export const TAKEOVER_BUDGET_MS = 100;

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

/** Watches while anybody is subscribed, over whichever router answers; see `RouterClient.watch` for how its updates may end. */
export function routerFeed(
  client: Pick<RouterClient, 'watch'>,
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
    events$: merge(events$, routerEvents(updates$, clocks)),
    counts$: undefined,
    controls: undefined,
    budgetMs: TAKEOVER_BUDGET_MS,
  };
}

function changesIn(updates$: Observable<WatchUpdate>, { wallMs, monoMs }: FeedClocks): Observable<Changes> {
  const changes = new AssignmentChanges();
  return updates$.pipe(
    mergeMap(({ assignments }) => {
      const seen = { wallMs: wallMs(), monoMs: monoMs() };
      return from(assignments.map((assignment) => changes.step(seen, assignment)));
    }),
  );
}

/** When none answers any more, and when one does again. */
function routerEvents(
  updates$: Observable<WatchUpdate>,
  { wallMs, scheduler }: FeedClocks,
): Observable<ClusterEvent> {
  const answers$ = merge(of(undefined), updates$).pipe(
    switchMap((update) => {
      const silent$ = timer(SILENT_AFTER_MS, scheduler).pipe(map(() => false));
      return update === undefined ? silent$ : concat(of(true), silent$);
    }),
    distinctUntilChanged(),
  );
  return answers$.pipe(
    map((answers): ClusterEvent => {
      const atMs = wallMs();
      return answers
        ? { atMs, kind: 'up', text: 'a router answers' }
        : { atMs, kind: 'down', text: 'no router answers: what is shown is from before' };
    }),
  );
}
