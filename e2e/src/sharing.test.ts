/**
 * Many sessions in one program, which share its connections: one session must not disturb the others.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DualpingSession, type SessionState } from '@dualping/client';
import { eventually } from './eventually.js';
import { TestCluster } from './test-cluster.js';

/**
 * Nearly as many as one connection carries. In all rounds together they are more streams than Node's HTTP/2
 * allows to be cancelled on one connection.
 */
const VISITORS = 450;
const VISITS = 3;
const STAYING = 10;
const POSTS = 20;
const DEADLINE_MS = 120_000;

test('hundreds of sessions come and go, and the others keep their server', {
  timeout: 2 * DEADLINE_MS,
}, async () => {
  // This one program is busy with hundreds of logins for seconds, on a busy machine, and so late with its signs.
  const cluster = await TestCluster.start({ servers: 2, routerFlags: ['--dead-after-ms', '5000'] });
  const { user: credentials, routerAddress } = cluster;
  const network = { routers: [routerAddress], credentials };
  const sessions: DualpingSession[] = [];
  const join = async (name: string, count: number): Promise<readonly DualpingSession[]> => {
    const joined = Array.from(
      { length: count },
      (_, i) => new DualpingSession({ ...network, user: `${name}-${i}`, timeline: { history: 0 } }),
    );
    sessions.push(...joined);
    const areLive = () => joined.every(({ state }) => state.kind === 'live');
    await eventually(`each ${name} is live`, areLive, DEADLINE_MS);
    return joined;
  };
  try {
    const staying = await join('staying', STAYING);
    const changes: SessionState[] = [];
    for (const session of staying) session.state$.subscribe((state) => changes.push(state));
    for (let visit = 0; visit < VISITS; visit += 1) {
      for (const session of await join(`visitor-${visit}`, VISITORS)) session.close();
      for (let post = 0; post < POSTS; post += 1)
        await Promise.all(staying.map((session) => session.post(`still here ${post}`)));
    }
    assert.deepEqual(
      changes.map(({ kind }) => kind),
      staying.map(() => 'live'),
    );
  } finally {
    for (const session of sessions) session.close();
    await cluster.destroy();
  }
});
