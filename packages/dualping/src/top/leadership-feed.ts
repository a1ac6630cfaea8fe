/** The routers that share a store: the state of each, and events when it changes. */
import type { RouterClient } from '@dualping/client';
import type { Address } from '@dualping/core';
import type { ClusterEvent, RoutersSeen } from '@dualping/terminal';
import { exhaustMap, filter, from, map, mergeMap, type Observable, pairwise, timer } from 'rxjs';
import type { FeedClocks } from './router-feed.js';

/** How often routers are asked for their state, ms: as often as stats come. */
const ASK_INTERVAL_MS = 1_000;

export const routersSeen = (
  client: Pick<RouterClient, 'routers'>,
  pids: () => ReadonlyMap<Address, number>,
  { scheduler }: Pick<FeedClocks, 'scheduler'>,
): Observable<RoutersSeen> =>
  timer(0, ASK_INTERVAL_MS, scheduler).pipe(
    exhaustMap(() => from(client.routers())),
    filter((shared) => shared !== undefined),
    map(({ leader, routers }) => {
      const known = pids();
      const seen = routers.map(({ address, state }) => ({ address, state, pid: known.get(address) }));
      return { term: leader.term, routers: seen };
    }),
  );

export const leadershipEvents = (
  routers$: Observable<RoutersSeen>,
  { wallMs }: Pick<FeedClocks, 'wallMs'>,
): Observable<ClusterEvent> =>
  routers$.pipe(
    pairwise(),
    mergeMap(([before, after]) => changesBetween(before, after).map((each) => ({ atMs: wallMs(), ...each }))),
  );

function changesBetween(before: RoutersSeen, after: RoutersSeen): readonly Omit<ClusterEvent, 'atMs'>[] {
  const was = new Map(before.routers.map(({ address, state }) => [address, state]));
  return after.routers.flatMap(({ address, state }): Omit<ClusterEvent, 'atMs'>[] => {
    const former = was.get(address);
    if (former === state) return [];
    if (state === 'leads')
      return [{ kind: 'promoted', text: `router ${address} leads in term ${after.term}` }];
    if (state === 'absent') return [{ kind: 'down', text: `router ${address} does not answer` }];
    return former === 'absent' ? [{ kind: 'up', text: `router ${address} answers again` }] : [];
  });
}
