/** Over a real socket, with turns by hand: what hundreds of calls of users leave to the others. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { credentials, type ServiceError } from '@grpc/grpc-js';
import { RoutingServiceClient, RoutingServiceService } from '../gen/dualping/v1/routing.js';
import { SocialServiceClient } from '../gen/dualping/v1/social.js';
import { CHANNEL_OPTIONS, listenToConnections } from '../serve.js';
import { SocialServiceDefinition } from '../services.js';
import { fromServiceError } from '../status.js';
import { TURN_BUDGET_MS, TurnBudget } from '../turn-budget.js';
import { Access } from './access.js';
import { GuardedServer } from './guarded-server.js';

const USERS = 200;

/** Each turn of users' calls has room for one of them, and comes when `turn` is called. */
async function serve(context: TestContext, maxWaiting: number, access = new Access()) {
  const soon: (() => void)[] = [];
  let nowMs = 0;
  const now = (): number => {
    nowMs += TURN_BUDGET_MS;
    return nowMs;
  };
  const budget = new TurnBudget(maxWaiting, { now, soon: (act) => void soon.push(act) });
  const server = new GuardedServer({}, access, budget);
  const served: string[] = [];
  server.addService(SocialServiceDefinition, {
    list: ({ request }: { request: { user: string } }, callback: (error: null, answer: object) => void) => {
      served.push(request.user);
      callback(null, { users: [], followers: [], following: [], next: '' });
    },
  });
  server.addService(RoutingServiceService, {
    addMaster: (_call: unknown, callback: (error: null, answer: object) => void) => {
      served.push('a part');
      callback(null, { networkId: '', pingIntervalMs: 0, deadAfterMs: 0, graceMs: 0 });
    },
  });
  const { address, close } = await listenToConnections(server, '127.0.0.1', 0);
  const users = new SocialServiceClient(address, credentials.createInsecure(), CHANNEL_OPTIONS);
  const part = new RoutingServiceClient(address, credentials.createInsecure(), CHANNEL_OPTIONS);
  context.after(() => {
    users.close();
    part.close();
    close();
    server.forceShutdown();
  });
  const list = (user: string): Promise<string> =>
    new Promise((resolve) =>
      users.list({ user, epoch: 0, after: '', limit: 0 }, (error: ServiceError | null) =>
        resolve(error === null ? 'done' : fromServiceError(error, { sent: true, peer: 'server' }).reason),
      ),
    );
  return {
    served,
    list,
    addMaster: () =>
      new Promise<void>((resolve, reject) =>
        part.addMaster({ server: undefined }, (error) => (error === null ? resolve() : reject(error))),
      ),
    turn: (): void => {
      for (const act of soon.splice(0)) act();
    },
  };
}

async function allAnswered<T>(answers: readonly Promise<T>[], turn: () => void): Promise<T[]> {
  let isDone = false;
  const all = Promise.all(answers).finally(() => {
    isDone = true;
  });
  while (!isDone) {
    turn();
    await nextTurn();
  }
  return await all;
}

test('while hundreds of users wait, a part is answered, and then they are, in order', async (context) => {
  const { served, list, addMaster, turn } = await serve(context, USERS);
  const names = Array.from({ length: USERS }, (_, i) => `user-${i}`);
  const answers = names.map(list);
  await answers[0];
  await addMaster();
  assert.deepEqual(served, ['user-0', 'a part']);
  assert.ok((await allAnswered(answers, turn)).every((answer) => answer === 'done'));
  assert.deepEqual(
    served.filter((name) => name !== 'a part'),
    names,
  );
});

test('a stranger who makes a call of parts waits like a user', async (context) => {
  let arrived = false;
  class AmongStrangers extends Access {
    override isPart(): boolean {
      arrived = true;
      return false;
    }
  }
  const { served, list, addMaster, turn } = await serve(context, USERS, new AmongStrangers());
  await list('ann');
  const answer = addMaster();
  while (!arrived) await nextTurn();
  assert.deepEqual(served, ['ann']);
  await allAnswered([answer], turn);
  assert.deepEqual(served, ['ann', 'a part']);
});

test('beyond the bound a call is refused as busy, and nothing is lost of the others', async (context) => {
  const { served, list, turn } = await serve(context, 3);
  const answers = Array.from({ length: 10 }, (_, i) => list(`user-${i}`));
  assert.equal(await answers[9], 'busy');
  assert.deepEqual(served, ['user-0']);
  const outcomes = await allAnswered(answers, turn);
  assert.deepEqual(outcomes, [...Array(4).fill('done'), ...Array(6).fill('busy')]);
  assert.equal(await allAnswered([list('again')], turn).then(([outcome]) => outcome), 'done');
});
