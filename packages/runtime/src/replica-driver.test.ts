/** The driver of a replica, with the machine and the world played by the test. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  DualpingError,
  epoch,
  type Failure,
  type Position,
  type Post,
  type PrimaryMessage,
  position,
  type ReplicaInput,
  type ReplicaOutput,
} from '@dualping/core';
import { ManualClock } from './manual-clock.fixture.js';
import { ReplicaDriver } from './replica-driver.js';
import type { DiskAsker, ReplicaPorts, Stopped } from './replica-ports.js';
import type { TimelineSink } from './timeline-sink.js';

const POSTS = 5;
const postAt = (at: Position): Post => ({ position: at, author: 'ann', text: `post ${at}`, timeMs: 0 });
const noStream = { send: () => {}, close: () => {} };

/** @param networkId the network to which the server already belongs */
function stage(replaced: Partial<ReplicaPorts> = {}, networkId = '') {
  /** What the machine answers to each kind of input, once. */
  const script = new Map<ReplicaInput['kind'], readonly ReplicaOutput[]>();
  const fed: ReplicaInput[] = [];
  const done: string[] = [];
  const turns: { soon: (() => void)[]; next: (() => void)[] } = { soon: [], next: [] };
  const stopped: Stopped[] = [];
  const journal = { first: position(1), last: position(POSTS), damage: '' };
  const cuts: DiskAsker<void>[] = [];
  const checksumAt = (at: Position): number => {
    if (journal.damage !== '') throw new DualpingError('storage-failed', journal.damage);
    assert.ok(at >= journal.first - 1 && at <= journal.last, `the journal does not reach ${at}`);
    return at * 100;
  };
  const opens = (what: string) => (): typeof noStream => {
    done.push(`opens ${what}`);
    return { ...noStream, close: () => done.push(`closes ${what}`) };
  };
  const ports: ReplicaPorts = {
    clock: new ManualClock(),
    turns: { soon: (work) => turns.soon.push(work), next: (work) => turns.next.push(work) },
    wallTime: () => 1_000,
    journal: {
      get first() {
        return journal.first;
      },
      get last() {
        return journal.last;
      },
      listen: () => {},
      checksumAt,
      readPosts: (positions) => positions.map(postAt),
      append: (entries) => done.push(`appends ${entries.length}`),
      truncateAfter: (after, asker) => {
        journal.last = after;
        cuts.push(asker);
      },
      saveSnapshot: () => {},
      noteWelcome: () => {},
      noteKnown: () => {},
      renew: () => {},
    },
    network: {
      openRouter: opens('a router'),
      openPrimary: opens('a primary'),
      openTail: opens('a tail'),
      pullSnapshot: () => {},
      probe: () => {},
      probePort: () => {},
      keepWarm: (addresses) => done.push(`keeps ${addresses.length} warm`),
      watchClusters: (of) => {
        done.push(`watches ${of}`);
        return () => done.push('watches no more');
      },
    },
    report: (_, text) => done.push(text),
    stopped: (how) => stopped.push(how),
    ...replaced,
  };
  const machine = {
    step: (_: number, input: ReplicaInput): readonly ReplicaOutput[] => {
      fed.push(input);
      const outputs = script.get(input.kind) ?? [];
      script.delete(input.kind);
      return outputs;
    },
    nextDeadline: () => undefined,
    positionOf: () => undefined,
  };
  const driver = new ReplicaDriver(machine, { cluster: 1, networkId }, ports);
  const turn = (): void => {
    for (const work of turns.next.splice(0)) work();
  };
  const says = (...outputs: ReplicaOutput[]): void => {
    script.set('durable', outputs);
    driver.feed({ kind: 'durable', position: position(1), checksum: 0 });
  };
  const kinds = (): string[] => fed.map(({ kind }) => kind);
  return { driver, fed, kinds, done, turn, turns, says, stopped, journal, cuts };
}

const report = (text: string): ReplicaOutput => ({ kind: 'report', event: 'serving', text });
const stop = (failed: boolean): ReplicaOutput => ({
  kind: 'stopped',
  failed,
  reason: failed ? 'wrong-network' : 'shutting-down',
  detail: 'the end',
});

test('the outputs of a step are performed in order, and one flush follows all inputs of a turn', () => {
  const { driver, kinds, done, turn, says } = stage();
  says({ kind: 'append', entries: [] }, report('one'), report('two'));
  driver.feed({ kind: 'welcome-noted' });
  assert.deepEqual(done, ['appends 0', 'one', 'two']);
  turn();
  turn();
  assert.deepEqual(kinds(), ['durable', 'welcome-noted', 'flush']);
});

test('a cut that is followed by one further back before it is durable is reported with its own position', () => {
  const { fed, says, cuts } = stage();
  says({ kind: 'truncate', after: position(4) });
  says({ kind: 'truncate', after: position(2) });
  for (const { done } of cuts) done();
  assert.deepEqual(
    fed.filter(({ kind }) => kind === 'truncated'),
    [
      { kind: 'truncated', last: 4, checksum: 400 },
      { kind: 'truncated', last: 2, checksum: 200 },
    ],
  );
});

test("a journal that can't be read at the place of a cut has failed", () => {
  const { fed, says, journal, cuts } = stage();
  journal.damage = 'EIO';
  says({ kind: 'truncate', after: position(4) });
  assert.deepEqual(fed.at(-1), { kind: 'journal-failed', detail: 'EIO' });
  assert.equal(cuts.length, 0);
});

test('a standby that needs a damaged entry is refused with that reason, and the machine gets the damage too', () => {
  const { driver, fed, says } = stage();
  const closed: (Failure | undefined)[] = [];
  const standby = driver.acceptStandby({
    send: () => {
      throw new DualpingError('storage-failed', 'record 3 is damaged');
    },
    close: (failure) => closed.push(failure),
  });
  standby.heard({ kind: 'durable', epoch: epoch(1), position: position(1) });
  const link = fed[0]?.kind === 'standby-message' ? fed[0].link : 0;
  const message: PrimaryMessage = {
    kind: 'entries',
    epoch: epoch(1),
    from: position(3),
    to: position(4),
    committed: position(2),
  };
  says({ kind: 'to-standby', link, message });
  assert.equal(closed[0]?.reason, 'storage-failed');
  assert.deepEqual(fed.at(-1), { kind: 'journal-damaged', detail: 'record 3 is damaged' });
});

test('`joined` is sent and checked with the checksum up to `common`', () => {
  const sent: PrimaryMessage[] = [];
  const { driver, fed, says } = stage();
  driver
    .acceptStandby({ ...noStream, send: (message) => sent.push(message) })
    .heard({ kind: 'durable', epoch: epoch(1), position: position(1) });
  const link = fed[0]?.kind === 'standby-message' ? fed[0].link : 0;
  const joined = {
    kind: 'joined',
    epoch: epoch(1),
    common: position(3),
    committed: position(2),
    checksum: 0,
  } as const;
  says({ kind: 'to-standby', link, message: joined });
  assert.deepEqual(sent, [{ ...joined, checksum: 300 }]);
});

test('a client that is gone gets no answer, and the machine abandons its request', () => {
  const { driver, fed, kinds, says } = stage();
  const answers: unknown[] = [];
  const asker = {
    answered: (written: unknown) => answers.push(written),
    failed: (failure: Failure) => answers.push(failure.detail),
  };
  const write = (requestNo: number) =>
    driver.write(
      { sessionId: 's', requestNo, epoch: epoch(1), command: { kind: 'follow', user: 'ann', target: 'bob' } },
      asker,
    );
  write(1)();
  write(2);
  write(3);
  const [first, , second, third] = fed.map((input) => ('token' in input ? input.token : 0));
  const ok = { kind: 'ok', position: position(7) } as const;
  says({ kind: 'answer-write', token: first ?? 0, epoch: epoch(1), reply: ok });
  says({ kind: 'answer-write', token: second ?? 0, epoch: epoch(1), reply: ok });
  says({
    kind: 'answer-write',
    token: third ?? 0,
    epoch: epoch(1),
    reply: { kind: 'refused', position: position(8), reason: 'unknown-target' },
  });
  assert.deepEqual(answers, [{ position: 7, epoch: 1 }, 'there is no user "bob"']);
  assert.deepEqual(kinds().slice(0, 3), ['write', 'write-abandoned', 'write']);
});

test('what a post answers is quoted from the journal, whatever its client says', () => {
  const { driver, fed } = stage();
  driver.write(
    {
      ...{ sessionId: 's', requestNo: 2, epoch: epoch(1) },
      command: {
        ...{ kind: 'post', user: 'bob', text: 'yes' },
        answers: { position: position(3), author: 'ann', begin: 'what she never said' },
      },
    },
    { answered: () => {}, failed: () => {} },
  );
  const [write] = fed;
  const command = write?.kind === 'write' ? write.command : undefined;
  assert.equal(command?.kind === 'post' ? command.answers?.begin : undefined, 'post 3');
});

test('writes of a timeline are answered together, before the timeline ends', () => {
  const { driver, fed, turns, says } = stage();
  const told: string[] = [];
  const sink = {
    writes: ({ written, refused }) =>
      told.push(`${written.map(({ positions }) => positions.join())} and ${refused.length} refused`),
    close: ({ reason }) => told.push(reason),
  } as Partial<TimelineSink> as TimelineSink;
  const timeline = driver.acceptTimeline('a', sink);
  const posts = true;
  timeline.open({
    ...{ user: 'ann', sessionId: 's', epoch: epoch(1), resumeAfter: position(0), history: 0, posts },
  });
  timeline.writes([2, 3].map((requestNo) => ({ requestNo, command: { kind: 'post', text: 'x' } })));
  const link = fed[0]?.kind === 'timeline-open' ? fed[0].timeline : 0;
  const tokens = fed.flatMap((input) => (input.kind === 'write' ? [input.token] : []));
  says(
    ...tokens.map((token, at): ReplicaOutput => {
      const reply = { kind: 'ok', position: position(7 + at) } as const;
      return { kind: 'answer-write', token, epoch: epoch(1), reply };
    }),
    { kind: 'timeline-end', timeline: link, reason: 'not-primary', detail: 'another is' },
  );
  for (const work of turns.soon) work();
  assert.deepEqual(told, ['7,8 and 0 refused', 'not-primary']);
});

test("all clusters are watched as soon as the server's network is known", () => {
  const welcome: ReplicaOutput = { kind: 'note-welcome', networkId: 'n', lifeId: 'l' };
  const first = stage();
  first.driver.start();
  assert.deepEqual(first.done, []);
  first.says(welcome, welcome);
  assert.deepEqual(first.done, ['watches n']);
  const later = stage({}, 'n');
  later.driver.start();
  later.says(welcome);
  assert.deepEqual(later.done, ['watches n']);
});

test('the end leaves nothing open, and sends clients on', () => {
  for (const failed of [true, false]) {
    const { driver, says, done, stopped, turn, kinds } = stage({}, 'n');
    const told: string[] = [];
    driver.start();
    const command = { kind: 'register', user: 'ann' } as const;
    driver.write(
      { sessionId: 's', requestNo: 1, epoch: epoch(1), command },
      { answered: () => {}, failed: ({ reason }) => told.push(reason) },
    );
    says(
      {
        ...{ kind: 'open-primary', attempt: 1, address: 'p' },
        message: { kind: 'durable', epoch: epoch(1), position: position(1) },
      },
      stop(failed),
      report('too late'),
    );
    turn();
    assert.deepEqual(done, [
      'watches n',
      'opens a primary',
      'closes a primary',
      'keeps 0 warm',
      'watches no more',
    ]);
    assert.deepEqual(told, [failed ? 'not-primary' : 'shutting-down']);
    assert.equal(stopped.length, 1);
    assert.ok(!kinds().includes('flush'));
  }
});

test('what breaks an invariant ends it like a failure, as the port says; without the port it is thrown', () => {
  const broken: ReplicaPorts['report'] = () => {
    throw new Error('no such event');
  };
  const told = stage({
    report: broken,
    failed: (error) => ({ failed: true, reason: 'internal', detail: String(error) }),
  });
  told.says(report('one'));
  assert.deepEqual(told.stopped, [{ failed: true, reason: 'internal', detail: 'Error: no such event' }]);
  assert.throws(() => stage({ report: broken }).says(report('one')), /no such event/);
});

test('a driver that is stopped after a step performs no flush', () => {
  const { driver, done, says, turns } = stage({ performed: () => driver.stop() });
  says(report('one'));
  says(report('two'));
  assert.deepEqual(done, ['one']);
  assert.deepEqual(turns.next, []);
});
