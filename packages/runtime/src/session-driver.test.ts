import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  epoch,
  type Failure,
  NO_EPOCH,
  NO_POSITION,
  type SessionInput,
  type SessionOutput,
  type SessionState,
  serverId,
  type Tick,
} from '@dualping/core';
import { ManualClock } from './manual-clock.fixture.js';
import { type Asker, type Introduction, SessionDriver, type SessionNetwork } from './session-driver.js';

const TARGET = { epoch: epoch(1), serverId: serverId(1), address: 's1:1' };
const ABOUT_TARGET = { target: TARGET, sessionId: 'a session' };
const INTRODUCTION: Introduction = {
  networkId: 'one',
  cluster: 1,
  clusters: 1,
  failoverWaitMs: 0,
  assignment: undefined,
};
const REFUSED: Failure = { reason: 'not-a-router', detail: 'a web server' };

const introduce = (askNo: number): SessionOutput => ({
  kind: 'introduce',
  askNo,
  router: 'r:1',
  anew: false,
});
const open = (link: number): SessionOutput => ({
  ...ABOUT_TARGET,
  kind: 'open',
  link,
  resumeAfter: NO_POSITION,
  history: 0,
  posts: true,
});
const drop = (link: number): SessionOutput => ({ kind: 'drop', link, isSilent: true });

/** A session whose outputs the test gives, and a network that notes everything. */
function driverOfPuppet(introduced: (asker: Asker<Introduction>) => void = () => {}) {
  const inputs: (SessionInput | Tick)[] = [];
  const noted: string[] = [];
  let next: readonly SessionOutput[] = [];
  const session = {
    state: { kind: 'resolving', router: 'r:1', because: undefined } as SessionState,
    home: undefined as { readonly networkId: string; readonly cluster: number } | undefined,
    nextDeadline: () => undefined,
    step: (_now: number, input: SessionInput) => {
      inputs.push(input);
      const outputs = next;
      next = [];
      return outputs;
    },
  };
  let links = 0;
  const network: SessionNetwork = {
    introduce: (router, _anew, asker) => {
      noted.push(`introduces itself to ${router}`);
      introduced(asker);
      return () => noted.push('asks no more');
    },
    resolve: (router, { home }) => {
      noted.push(`asks ${router} about ${home.networkId}/${home.cluster}`);
      return () => noted.push('asks no more');
    },
    watch: ({ networkId }) => {
      noted.push(`watches ${networkId}`);
      return () => noted.push(`watches ${networkId} no more`);
    },
    link: () => {
      links += 1;
      const name = `link ${links}`;
      return {
        open: () => noted.push(`${name} opens`),
        send: () => noted.push(`${name} sends`),
        ask: () => noted.push(`${name} asks`),
        giveSign: () => noted.push(`${name} gives a sign`),
        drop: (isSilent) => noted.push(`${name} is dropped${isSilent ? ', silent' : ''}`),
        leave: () => noted.push(`${name} is left`),
      };
    },
    keepWarm: (address) => noted.push(`keeps ${address ?? 'nobody'} warm`),
  };
  const driver = new SessionDriver(session, {
    clock: new ManualClock(),
    network,
    listener: {
      settled: (ticket) => noted.push(`settled ${ticket}`),
      querySettled: (ticket) => noted.push(`query settled ${ticket}`),
      delivered: () => noted.push('delivered'),
      entered: ({ kind }) => noted.push(kind),
      moved: () => noted.push('moved'),
      ended: () => noted.push('ended'),
    },
  });
  return {
    driver,
    session,
    inputs,
    noted,
    /** The outputs of the session for the next input, which is a tick. */
    says: (...outputs: SessionOutput[]) => {
      next = outputs;
      driver.feed({ kind: 'tick' });
    },
  };
}

test('a question that is answered at once is not kept as open', () => {
  const { says, inputs, noted } = driverOfPuppet(({ answered }) => answered(INTRODUCTION));
  says(introduce(1), { kind: 'cancel-ask', askNo: 1 });
  assert.deepEqual(inputs, [{ kind: 'tick' }, { ...INTRODUCTION, kind: 'introduced', askNo: 1 }]);
  assert.deepEqual(noted, ['introduces itself to r:1']);
});

test("a router's failure is fed with its reason, and a question can be cancelled", () => {
  const askers: Asker<Introduction>[] = [];
  const { says, inputs, noted } = driverOfPuppet((asker) => askers.push(asker));
  says(introduce(1), introduce(2));
  askers[0]?.failed(REFUSED);
  says({ kind: 'cancel-ask', askNo: 1 }, { kind: 'cancel-ask', askNo: 2 });
  assert.deepEqual(inputs[1], { kind: 'ask-failed', askNo: 1, ...REFUSED });
  assert.equal(noted.filter((it) => it === 'asks no more').length, 1);
});

test('its cluster is watched from the first introduction on, and again after an introduction of another network', () => {
  const { says, driver, session, noted } = driverOfPuppet();
  const introduced: SessionInput = { ...INTRODUCTION, kind: 'introduced', askNo: 1 };
  driver.feed(introduced);
  for (const networkId of ['one', 'one', 'two']) {
    session.home = { networkId, cluster: 3 };
    driver.feed(introduced);
  }
  says({ kind: 'resolve', askNo: 2, router: 'r:1', failedEpoch: NO_EPOCH, waitMs: 0 });
  assert.deepEqual(noted, ['watches one', 'watches one no more', 'watches two', 'asks r:1 about two/3']);
});

test('there is one link at a time, and outputs about another one are ignored', () => {
  const { says, noted } = driverOfPuppet();
  says(open(1), { kind: 'give-sign', link: 1 }, open(2), drop(1), { kind: 'give-sign', link: 1 }, drop(2));
  assert.deepEqual(noted, [
    'link 1 opens',
    'link 1 gives a sign',
    'link 1 is dropped',
    'link 2 opens',
    'link 2 is dropped, silent',
  ]);
});

test('an ended session leaves nothing open, and refuses later requests', () => {
  const { says, driver, session, inputs, noted } = driverOfPuppet();
  session.home = { networkId: 'one', cluster: 1 };
  driver.feed({ ...INTRODUCTION, kind: 'introduced', askNo: 0 });
  says(introduce(1), open(1));
  noted.length = 0;
  session.state = { kind: 'closed' };
  says({ kind: 'state', state: session.state });
  assert.deepEqual(noted, [
    'closed',
    'watches one no more',
    'link 1 is left',
    'keeps nobody warm',
    'asks no more',
    'ended',
  ]);
  says({ kind: 'settle', ticket: 7, result: { kind: 'refused', ...REFUSED } });
  assert.equal(noted.at(-1), 'settled 7');
  assert.equal(inputs.length, 4);
});
