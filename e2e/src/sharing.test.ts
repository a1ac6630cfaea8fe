/** Many sessions in one program, which share its connections: what one does must not be felt by the others. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DualpingSession, type SessionState } from '@dualping/client';
import { startOwnCluster } from './bench/own-cluster.js';
import { eventually } from './eventually.js';

/** More than Node's HTTP/2 lets be cancelled on a connection in one go; and with that many sessions there are several connections. */
const VISITORS = 1_200;
const STAYING = 10;
const POSTS = 50;
const DEADLINE_MS = 120_000;

test('a thousand sessions end at once, and those that stay are not thrown off their server', {
  timeout: 2 * DEADLINE_MS,
}, async () => {
  const own = await startOwnCluster(2);
  const routers = [own.cluster.routerAddress];
  const join = (user: string) => new DualpingSession({ routers, user, timeline: { history: 0 } });
  const staying = Array.from({ length: STAYING }, (_, i) => join(`staying-${i}`));
  const visitors = Array.from({ length: VISITORS }, (_, i) => join(`visitor-${i}`));
  try {
    const everybody = [...staying, ...visitors];
    for (const session of everybody) session.posts$.subscribe();
    const areLive = () => everybody.every(({ state }) => state.kind === 'live');
    await eventually('all are live', areLive, DEADLINE_MS);
    const changes: SessionState[] = [];
    for (const session of staying) session.state$.subscribe((state) => changes.push(state));
    for (const session of visitors) session.close();
    for (let post = 0; post < POSTS; post += 1)
      await Promise.all(staying.map((session) => session.post(`still here ${post}`)));
    assert.deepEqual(
      changes.map(({ kind }) => kind),
      staying.map(() => 'live'),
    );
  } finally {
    for (const session of [...staying, ...visitors]) session.close();
    await own.end();
  }
});
