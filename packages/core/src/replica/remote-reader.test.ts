/**
 * What the primaries of two clusters take from one another. What follows over a network, through faults, is in
 * `packages/sim/scenarios/servers/clusters.txt` and in the simulator's worlds of several clusters.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Assignment,
  type Command,
  epoch,
  MAX_TAIL_NAMES,
  MAX_TAIL_UNKNOWN_NAMES,
  position,
  type TailBatch,
  type TailItem,
  type TailMessage,
} from '../index.js';
import { RecordedReplica } from './recorded-replica.fixture.js';
import { assignmentOf } from './replica-inputs.fixture.js';

/** Cluster 2, as the router describes it. */
function cluster2(inEpoch = 1): Assignment {
  const told = assignmentOf({ epoch: inEpoch, primary: 1, members: [1] });
  return { ...told, cluster: 2, members: told.members.map((member) => ({ ...member, address: 'c2s1' })) };
}

/**
 * The primary of cluster 1, which reads cluster 2.
 * @param clusters 0: servers don't know which cluster a user belongs to, and accept any name
 */
function reader(clusters: number): RecordedReplica {
  const server = new RecordedReplica(1);
  server.start();
  server.welcome({ epoch: 1, primary: 1, members: [1], clusters });
  server.durable(1);
  assert.deepEqual(server.step({ kind: 'cluster-assigned', networkId: 'net', assignment: cluster2() }), [
    'reads another cluster at c2s1',
  ]);
  assert.deepEqual(server.flush(), ['to the other cluster: subscribe']);
  return server;
}

const batch = (number: number, ...items: readonly TailItem[]): TailBatch => ({
  kind: 'batch',
  number,
  items,
  through: items.at(-1)?.position ?? position(0),
  arrived: [],
  left: [],
});
const userAt = (at: number, user: string): TailItem => ({ kind: 'user', position: position(at), user });

const open = (other: Partial<Extract<TailMessage, { kind: 'open' }>> = {}): TailMessage => ({
  kind: 'open',
  networkId: 'net',
  from: 2,
  fromEpoch: epoch(1),
  cluster: 1,
  epoch: epoch(1),
  ...other,
});
const subscribe = (add: readonly string[], more = false): TailMessage => ({
  kind: 'subscribe',
  number: 1,
  after: position(0),
  add,
  remove: [],
  more,
});
const asked = (server: RecordedReplica, link: number, message: TailMessage): string[] =>
  server.step({ kind: 'tail-asked', link, message });

/** The user's session has the user's name. */
function write(server: RecordedReplica, requestNo: number, command: Command & { user: string }): void {
  const { user: sessionId } = command;
  server.step({
    kind: 'write',
    token: requestNo,
    sessionId,
    requestNo,
    epoch: epoch(1),
    command,
    timeMs: 0,
  });
}

/** What users get when everything is durable. */
const outcomes = (server: RecordedReplica): string[] =>
  server.replica
    .step(server.now, { kind: 'durable', position: server.replica.ledger.outline.last, checksum: 0 })
    .flatMap((output) => {
      if (output.kind !== 'answer-write') return [];
      return output.reply.kind === 'refused' ? output.reply.reason : output.reply.kind;
    });

test('a batch is acknowledged when it is committed', () => {
  const server = reader(2);
  assert.deepEqual(server.tail(batch(1, userAt(2, '2'), userAt(3, '4'))), [
    '"reads cluster 2 in epoch 1, from 0"',
    'appends 2',
    'appends 3',
  ]);
  assert.deepEqual(server.durable(2), []);
  assert.deepEqual(server.durable(3), ['to the other cluster: taken']);
});

test('the next batch is sent when the last one was acknowledged, with all that has come meanwhile', () => {
  const server = reader(2);
  asked(server, 900, open());
  asked(server, 900, subscribe([]));
  assert.deepEqual(server.flush(), []);
  for (const [no, user] of ['1', '3', '5'].entries()) {
    write(server, 1, { kind: 'register', user });
    assert.deepEqual(outcomes(server), ['ok']);
    assert.deepEqual(server.flush(), no === 0 ? ['to tail 900: 1 items up to 2'] : []);
  }
  asked(server, 900, { kind: 'taken', number: 1 });
  assert.deepEqual(server.flush(), ['to tail 900: 2 items up to 4']);
});

test('only the primary that the router names may tail', () => {
  const server = reader(2);
  assert.deepEqual(asked(server, 7, open()), []);
  const refused: readonly [Parameters<typeof open>[0], string][] = [
    [{ networkId: 'other' }, 'wrong-network'],
    [{ cluster: 2 }, 'wrong-cluster'],
    [{ from: 1 }, 'wrong-cluster'],
    [{ from: 3 }, 'unknown-cluster'],
    [{ fromEpoch: epoch(0) }, 'fenced'],
    // A stream with an epoch that doesn't exist yet doesn't replace the real reader's either.
    [{ fromEpoch: epoch(500) }, 'not-primary'],
  ];
  for (const [wrong, reason] of refused)
    assert.deepEqual(asked(server, 900, open(wrong)), [`ends tail 900: ${reason}`]);
  assert.deepEqual(asked(server, 900, open()), ['ends tail 7: superseded']);
});

test('an assignment of another network has no effect', () => {
  const server = reader(2);
  server.step({ kind: 'cluster-assigned', networkId: 'other', assignment: cluster2(500) });
  assert.deepEqual(asked(server, 900, open({ fromEpoch: epoch(500) })), ['ends tail 900: not-primary']);
});

test("unknown names may be requested up to a limit; names that can't belong here are ignored", () => {
  const server = reader(0);
  for (const user of ['ann', 'amy']) write(server, 1, { kind: 'register', user });
  assert.deepEqual(outcomes(server), ['ok', 'ok']);
  asked(server, 900, open());
  const names = (nameOf: (at: number) => string, from: number): string[] =>
    Array.from({ length: MAX_TAIL_NAMES }, (_, each) => nameOf(from + each));
  for (let at = 0; at < MAX_TAIL_UNKNOWN_NAMES; at += MAX_TAIL_NAMES)
    assert.deepEqual(
      asked(
        server,
        900,
        subscribe(
          names((each) => `unknown-${each}`, at),
          true,
        ),
      ),
      [],
    );
  // Names of known users do not count.
  assert.deepEqual(asked(server, 900, subscribe(['ann', 'amy'], true)), []);
  assert.deepEqual(asked(server, 900, subscribe(['one-more'], true)), ['ends tail 900: limit-reached']);

  const named = reader(2);
  asked(named, 900, open());
  for (let at = 0; at < 3 * MAX_TAIL_UNKNOWN_NAMES; at += MAX_TAIL_NAMES)
    assert.deepEqual(
      asked(
        named,
        900,
        subscribe(
          names((each) => String(2 * each), at),
          true,
        ),
      ),
      [],
    );
});

test('a cluster is believed only about its own users, and false items do not block it', () => {
  const server = reader(2);
  const told = server.tail(batch(1, userAt(9, '3')));
  assert.ok(told.includes('appends 2'), 'the position');
  assert.deepEqual(server.durable(2), ['to the other cluster: taken']);
  assert.equal(server.replica.ledger.social.heardOf(2), 9);
  assert.equal(server.replica.ledger.social.homeOf('3'), undefined);
});

test('a cluster that sends the next batch before the last was taken is left', () => {
  const server = reader(2);
  server.tail(batch(1, userAt(2, '2')));
  assert.ok(server.tail(batch(1, userAt(3, '4'))).includes('reads the other cluster no longer'));
});

test('a user of another cluster changes nothing here, in any order of remote entry, login and post', () => {
  for (const hearsFirst of [true, false]) {
    const server = reader(0);
    write(server, 1, { kind: 'register', user: 'ann' });
    outcomes(server);
    const hear = (): string[] => server.tail(batch(1, userAt(2, 'eve')));
    if (hearsFirst) hear(); // appended, and not synced: her entry is not applied when she comes
    write(server, 1, { kind: 'register', user: 'eve' });
    write(server, 2, { kind: 'post', user: 'eve', text: 'not of here' });
    write(server, 3, { kind: 'follow', user: 'eve', target: 'ann' });
    if (!hearsFirst) hear();
    // If she logs in before this cluster knows of her, she is a user here: the name was free. (Servers that
    // know the number of clusters always refuse her.)
    const outcome = hearsFirst ? 'wrong-cluster' : 'ok';
    assert.deepEqual(outcomes(server), [outcome, outcome, outcome]);
    const eve = server.replica.ledger.social.toSnapshot().users.find(({ name }) => name === 'eve');
    assert.deepEqual(
      [eve?.home, eve?.posts.length, eve?.following.length],
      hearsFirst ? [2, 0, 0] : [undefined, 1, 1],
    );
  }
});
