import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Assignment,
  type Command,
  epoch,
  NO_POSITION,
  position,
  Replica,
  type ReplicaInput,
  SocialState,
  serverId,
} from '../index.js';

const SELF = { serverId: serverId(1), incarnation: 1, journalId: 'journal', lifeId: 'life' };
const ASSIGNMENT: Assignment = {
  cluster: 1,
  revision: 1,
  epoch: epoch(1),
  primary: SELF,
  available: true,
  unavailableReason: '',
  lastUncleanEpoch: epoch(0),
  inSync: [{ serverId: SELF.serverId, journalId: SELF.journalId, lifeId: SELF.lifeId }],
  members: [{ ...SELF, address: 's1', liveness: 'stream', live: true, inSync: true, unreachable: false }],
};

test('a post is for users who follow at its position, whatever is committed together with it', () => {
  const replica = new Replica(
    {
      identity: {
        ...SELF,
        welcomedLife: SELF.lifeId,
        cluster: 1,
        networkId: 'net',
        address: 's1',
        routers: ['router'],
      },
      snapshotAt: NO_POSITION,
      social: new SocialState(),
      epochStarts: [],
      first: position(1),
      entries: [],
      checksum: 0,
      known: { committed: NO_POSITION, epoch: epoch(0), revision: 0 },
    },
    { pingIntervalMs: 100, deadAfterMs: 500 },
  );
  const step = (input: ReplicaInput) => replica.step(0, input);
  let token = 0;
  const numbers = new Map<string, number>();
  const ask = (command: Command): void => {
    token += 1;
    const requestNo = (numbers.get(command.user) ?? 0) + 1;
    numbers.set(command.user, requestNo);
    const sessionId = command.user;
    step({ kind: 'write', token, sessionId, requestNo, epoch: epoch(1), command, timeMs: 0 });
  };
  const sync = (to: number) => step({ kind: 'durable', position: position(to), checksum: 0 });

  step({ kind: 'start' });
  const timing = { pingIntervalMs: 100, deadAfterMs: 500 };
  step({
    kind: 'router-message',
    attempt: 1,
    message: { kind: 'welcome', networkId: 'net', clusters: 1, ...timing, assignment: ASSIGNMENT },
  });
  for (const user of ['mira', 'ben', 'ida']) ask({ kind: 'register', user });
  ask({ kind: 'follow', user: 'ida', target: 'mira' });
  sync(5);
  for (const [at, user] of ['mira', 'ben', 'ida'].entries())
    step({
      kind: 'timeline-open',
      timeline: 100 + at,
      user,
      epoch: epoch(1),
      resumeAfter: NO_POSITION,
      history: 0,
      posts: true,
    });

  ask({ kind: 'post', user: 'mira', text: 'before' });
  ask({ kind: 'follow', user: 'ben', target: 'mira' });
  ask({ kind: 'unfollow', user: 'ida', target: 'mira' });
  ask({ kind: 'post', user: 'mira', text: 'after' });
  sync(9);
  const shown = step({ kind: 'flush' }).flatMap((output) =>
    output.kind === 'timeline-posts'
      ? [[output.timeline, ...output.posts.map((post) => post.text)].join(' ')]
      : [],
  );
  assert.deepEqual(shown.sort(), ['100 before after', '101 after', '102 before']);
});
