import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Assignment, DualpingError, epoch } from '@dualping/core';
import { DualpingSession } from './dualping-session.js';
import { FakeCluster, FakeRouter, until } from './fake-network.fixture.js';
import { NetworkRouters } from './network-routers.js';

interface Play {
  readonly cluster: FakeCluster;
  readonly router: FakeRouter;
  /** The assignment after s2 took over from s1. */
  readonly takenOver: Assignment;
  killPrimary(): void;
}

async function play(context: TestContext): Promise<Play> {
  const cluster = new FakeCluster();
  const first = await cluster.addServer();
  const second = await cluster.addServer();
  const router = await FakeRouter.start(0, cluster.assignment(1, first));
  context.after(() => {
    router.kill();
    for (const server of cluster.servers) server.kill();
  });
  return { cluster, router, takenOver: cluster.assignment(2, second), killPrimary: () => first.kill() };
}

const calls = (router: FakeRouter, call: string): number =>
  router.calls.filter((made) => made.startsWith(call)).length;

test('however many sessions there are, a takeover takes one message and one question', async (context) => {
  const { router, takenOver, killPrimary } = await play(context);
  const sessions = ['ann', 'bob', 'cem', 'dee'].map(
    (user) => new DualpingSession({ routers: [router.address], user }),
  );
  context.after(() => sessions.forEach((session) => void session.close()));
  await Promise.all(sessions.map((session) => session.post('hello')));
  assert.equal(router.watchers, 1);
  killPrimary();
  await until(() => sessions.every(({ state }) => state.kind === 'resolving'), 'each has lost its server');
  await until(() => calls(router, 'available') > 0, 'the router is asked');
  router.tell(takenOver);
  await Promise.all(sessions.map((session) => session.post('still here')));
  assert.equal(calls(router, 'available'), 1, router.calls.join());
  assert.equal(calls(router, 'watch'), 1);

  const [first, ...others] = sessions;
  first?.close();
  await Promise.all(others.map((session) => session.post('without the first')));
  assert.equal(router.watchers, 1, 'it was not the watch of the first alone');
  for (const session of others) session.close();
  await until(() => router.watchers === 0, 'nobody watches any more');
});

test('equal questions in flight share one answer; when all askers are gone the question is cancelled', async (context) => {
  const { router, takenOver } = await play(context);
  const routers = NetworkRouters.acquire([router.address]);
  context.after(() => routers.release());
  const question = { cluster: 1, failedEpoch: epoch(1), waitMs: 20_000 };
  const answers: number[] = [];
  const ask = () =>
    routers.available(router.address, question).subscribe(({ assignment }) => answers.push(assignment.epoch));
  const [one, other] = [ask(), ask()];
  await until(() => calls(router, 'available') === 1, 'asked');
  one.unsubscribe();
  router.tell(takenOver);
  await until(() => answers.length > 0, 'answered');
  assert.deepEqual([answers, other.closed, calls(router, 'available')], [[2], true, 1]);

  const later = { ...question, failedEpoch: epoch(2) };
  const unheard = routers.available(router.address, later).subscribe();
  await until(() => calls(router, 'available') === 2, 'another question is another call');
  unheard.unsubscribe();
  const anew = routers.available(router.address, later).subscribe();
  await until(() => calls(router, 'available') === 3, 'it was not waited for any more');
  anew.unsubscribe();
});

test('a failure reaches all askers, and the next question makes a new call', async (context) => {
  const { router } = await play(context);
  const routers = NetworkRouters.acquire([router.address]);
  context.after(() => routers.release());
  const reasons: string[] = [];
  const ask = () =>
    routers.available(router.address, { cluster: 7, failedEpoch: epoch(0), waitMs: 0 }).subscribe({
      error: (error: unknown) => reasons.push(error instanceof DualpingError ? error.reason : String(error)),
    });
  ask();
  ask();
  await until(() => reasons.length === 2, 'both were told');
  ask();
  await until(() => reasons.length === 3, 'the third, too');
  assert.deepEqual(new Set(reasons), new Set(['unknown-cluster']));
  assert.equal(calls(router, 'available'), 2);
});

test('a later subscriber gets the last known assignment at once, but none of another network', async (context) => {
  const { router, takenOver } = await play(context);
  const routers = NetworkRouters.acquire([router.address]);
  context.after(() => routers.release());
  const heard: string[] = [];
  const watch = (name: string, networkId: string) =>
    routers.watch(networkId, 1).subscribe(({ networkId: of, assignments }) => {
      for (const told of assignments) heard.push(`${name} hears of epoch ${told.epoch} in ${of}`);
    });
  const own = router.networkId;
  const watches = [watch('ann', own)];
  await until(() => heard.length === 1, 'the first');
  router.tell(takenOver);
  await until(() => heard.length === 2, 'the change');
  watches.push(watch('bob', own));
  assert.equal(heard.at(-1), `bob hears of epoch 2 in ${own}`);
  router.networkId = 'another';
  watches.push(watch('cem', 'another'));
  await until(() => heard.length === 4, 'the other network');
  assert.equal(heard.at(-1), 'cem hears of epoch 2 in another');
  for (const subscription of watches) subscription.unsubscribe();
  await until(() => router.watchers === 0, 'nobody watches any more');
});

test('a question during an answer shares it, and a question during a failure makes a new call', async (context) => {
  const { router, takenOver } = await play(context);
  const routers = NetworkRouters.acquire([router.address]);
  context.after(() => routers.release());
  const question = { cluster: 1, failedEpoch: epoch(1), waitMs: 20_000 };
  const heard: string[] = [];
  routers.available(router.address, question).subscribe(() => {
    routers.available(router.address, question).subscribe({
      next: ({ assignment }) => heard.push(`epoch ${assignment.epoch}`),
      complete: () => heard.push('complete'),
    });
  });
  await until(() => calls(router, 'available') === 1, 'asked');
  router.tell(takenOver);
  await until(() => heard.length === 2, 'both are told');
  assert.deepEqual([heard, calls(router, 'available')], [['epoch 2', 'complete'], 1]);

  const reasons: string[] = [];
  const wrong = { cluster: 7, failedEpoch: epoch(0), waitMs: 0 };
  const ask = (then: () => void) =>
    routers.available(router.address, wrong).subscribe({
      error: (error: unknown) => {
        reasons.push(error instanceof DualpingError ? error.reason : String(error));
        then();
      },
    });
  ask(() => [1, 2].forEach(() => void ask(() => {})));
  await until(() => reasons.length === 3, 'all were told');
  assert.equal(calls(router, 'available'), 3, 'the two that came later share a call');
});

test("a session that is closed by the watch's first message leaves no watch behind", async (context) => {
  const { router, takenOver } = await play(context);
  const first = new DualpingSession({ routers: [router.address], user: 'ann' });
  context.after(() => first.close());
  await first.post('hello');
  const before = router.assignment;
  router.tell(takenOver);
  await until(() => first.state.kind === 'live' && first.state.target.epoch === 2, 'it has moved');
  // The watch has overtaken the answer to a new session.
  router.assignment = before;
  const second = new DualpingSession({ routers: [router.address], user: 'bob' });
  let attempts = 0;
  second.state$.subscribe(({ kind }) => {
    if (kind === 'connecting') attempts += 1;
    if (attempts === 2) second.close();
  });
  await until(() => second.state.kind === 'closed', 'the watch has told it of epoch 2');
  first.close();
  await until(() => router.watchers === 0, 'nobody watches any more');
});
