import assert from 'node:assert/strict';
import { test } from 'node:test';
import { epoch, NO_POSITION, type ServerId, serverId } from '../ids.js';
import { Standbys } from './standbys.js';

const copy = (id: number) => ({ serverId: serverId(id), journalId: `j${id}`, lifeId: `l${id}` });

function joined(...heardAt: readonly number[]): Standbys {
  const all = heardAt.map((_, at) => copy(at + 2));
  const standbys = new Standbys(epoch(1), copy(1), [copy(1), ...all], 0, () => 1);
  for (const [at, member] of all.entries()) {
    const about = { kind: 'join', networkId: 'n', cluster: 1, epoch: epoch(1), incarnation: 1 } as const;
    const join = { ...about, ...member, lastPosition: NO_POSITION, epochStarts: [] };
    standbys.joined(at, join, NO_POSITION, heardAt[at] ?? 0);
  }
  return standbys;
}

const ids = (...numbers: readonly number[]): ServerId[] => numbers.map(serverId);

test('members cut off at the same moment are out of reach together, even if one was heard a little later', () => {
  const standbys = joined(1_000, 1_060);
  assert.deepEqual(standbys.unheard(1_499, 500), []);
  assert.deepEqual(standbys.unheard(1_500, 500), ids(2, 3));
});

test('a member that goes on answering is in reach', () => {
  assert.deepEqual(joined(1_000, 1_400).unheard(1_500, 500), ids(2));
});
