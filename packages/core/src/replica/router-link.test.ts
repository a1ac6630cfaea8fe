import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  DEFAULT_TIMING,
  type Reason,
  Replica,
  type ReplicaInput,
  type RouterMessage,
  serverId,
} from '../index.js';
import { assignmentOf } from './assignment.fixture.js';
import { Disk } from './disk.fixture.js';

/** One server, and routers that do what the test says; outputs as lines. */
class Alone {
  readonly replica: Replica;
  now = 0;
  #attempt = 0;

  constructor(routers: readonly string[] = ['r1', 'r2']) {
    const identity = { cluster: 1, serverId: serverId(2), address: 's2', routers };
    this.replica = new Replica(new Disk('journal of s2').start(identity), DEFAULT_TIMING);
  }

  step(input: ReplicaInput): string[] {
    return this.replica.step(this.now, input).flatMap((output) => {
      switch (output.kind) {
        case 'open-router':
          this.#attempt = output.attempt;
          return [`dials ${output.address}`];
        case 'close-router':
          return ['hangs up'];
        case 'to-router':
          return [`says ${output.message.kind}`];
        case 'report':
          return [output.text];
        case 'stopped':
          return [`ends ${output.failed ? 'failed' : 'well'}: ${output.reason}`];
        default:
          return [];
      }
    });
  }

  hear(message: RouterMessage): string[] {
    return this.step({ kind: 'router-message', attempt: this.#attempt, message });
  }

  refused = (reason: Reason): string[] => this.hear({ kind: 'refused', reason, detail: 'because' });

  welcome = (): string[] =>
    this.hear({
      kind: 'welcome',
      networkId: 'net',
      ...DEFAULT_TIMING,
      assignment: assignmentOf({ epoch: 1, primary: 1, members: [1, 2] }),
    });

  ended = (): string[] => this.step({ kind: 'router-ended', attempt: this.#attempt, detail: 'gone' });

  /** To the next deadline. */
  tick(): string[] {
    this.now = Math.max(this.now, this.replica.nextDeadline() ?? Infinity);
    return this.step({ kind: 'tick' });
  }
}

test('routers are asked in turn, and the one that took us is asked first when it is lost', () => {
  const server = new Alone();
  assert.deepEqual(server.step({ kind: 'start' }), ['dials r1']);
  assert.deepEqual(server.ended(), ["can't attach to the router at r1, goes on trying: gone"]);
  assert.deepEqual([server.tick(), server.now], [['dials r2'], 20]);
  assert.deepEqual(server.welcome(), ['attached to the router at r2, network net']);
  assert.deepEqual(server.ended(), ['lost the router at r2: gone']);
  assert.deepEqual([server.tick(), server.now], [['dials r2'], 20]);
  server.ended();
  assert.deepEqual([server.tick(), server.now], [['dials r1'], 40]);
});

test('a router that can not take us now is asked again; one that never will is the end', () => {
  for (const reason of ['limit-reached', 'shutting-down', 'storage-failed'] as const) {
    const server = new Alone(['r1']);
    server.step({ kind: 'start' });
    assert.ok(server.refused(reason).includes('hangs up'), reason);
    assert.deepEqual(server.tick(), ['dials r1']);
  }
  for (const reason of [
    'wrong-network',
    'duplicate-server',
    'stale-incarnation',
    'router-store-too-old',
  ] as const) {
    const server = new Alone(['r1']);
    server.step({ kind: 'start' });
    assert.equal(server.refused(reason).at(-1), `ends failed: ${reason}`);
    assert.deepEqual([server.step({ kind: 'tick' }), server.replica.nextDeadline()], [[], undefined]);
  }
});

test('a router that says nothing is given up: soon while it has not welcomed us, late after that', () => {
  const server = new Alone(['r1']);
  server.step({ kind: 'start' });
  const heard = (): string[] => {
    for (;;) {
      const lines = server.tick().filter((line) => line !== 'says ping');
      if (lines.includes('hangs up')) return lines;
    }
  };
  assert.deepEqual(heard(), [
    'hangs up',
    "can't attach to the router at r1, goes on trying: no welcome within 3000 ms",
  ]);
  assert.equal(server.now, 3_000);
  server.tick();
  const welcomedAt = server.now;
  server.welcome();
  assert.deepEqual(heard(), ['hangs up', 'lost the router at r1: nothing heard for 1500 ms']);
  assert.equal(server.now - welcomedAt, 1_500);
});

test('what comes from a stream that was given up is not heard', () => {
  const server = new Alone(['r1']);
  server.step({ kind: 'start' });
  server.ended();
  assert.deepEqual(server.welcome(), []);
  assert.equal(server.replica.assignment, undefined);
});
