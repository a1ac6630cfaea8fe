import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Entry, Epoch, Position, SocialSnapshot } from '@dualping/core';
import { Random } from './random.js';
import { type DiskNews, ServerDisk } from './server-disk.js';

const entry = (position: number, epoch = 1): Entry => ({
  position: position as Position,
  epoch: epoch as Epoch,
  timeMs: 0,
  sessionId: 's',
  requestNo: position,
  command: { kind: 'post', user: 'u', text: `${epoch}/${position}` },
});

const entries = (from: number, to: number, epoch = 1): Entry[] =>
  Array.from({ length: to - from + 1 }, (_, at) => entry(from + at, epoch));

function stage(seed: string) {
  const due: (() => void)[] = [];
  const told: string[] = [];
  const changes: number[] = [];
  const newsText = (news: DiskNews): string =>
    news.kind === 'durable' ? `${news.kind} ${news.last}` : news.kind;
  const disk = new ServerDisk('journal', new Random(seed), {
    syncMs: { least: 1, mean: 1 },
    later: (_ms, _label, work) => due.push(work),
    tell: (news) => told.push(newsText(news)),
    receive: (work) => work(),
    changed: (same) => changes.push(same),
  });
  const sync = (): void => due.shift()?.();
  const cut = (after: number): void =>
    disk.write({ kind: 'truncate', after, done: () => told.push(`truncated ${after}`) });
  return { disk, told, changes, sync, cut };
}

test('entries that are written while a group is synced are the next group', () => {
  const { disk, told, sync } = stage('groups');
  for (const one of entries(1, 5)) disk.write({ kind: 'append', entries: [one] });
  assert.equal(disk.image.last, 5);
  assert.equal(disk.durable.last, 0);
  sync();
  sync();
  assert.deepEqual(told, ['durable 1', 'durable 5']);
});

test('a crash keeps durable entries, any beginning of the current group, and no waiting ones', () => {
  const kept = new Set<number>();
  for (let seed = 0; seed < 200; seed += 1) {
    const { disk, sync } = stage(`${seed}`);
    disk.write({ kind: 'append', entries: entries(1, 2) });
    sync();
    disk.write({ kind: 'append', entries: entries(3, 5) });
    disk.write({ kind: 'append', entries: entries(6, 9) });
    disk.crash();
    kept.add(disk.durable.last);
    assert.equal(disk.image.last, disk.durable.last);
    assert.equal(disk.image.checksum, disk.durable.checksum);
  }
  assert.deepEqual([...kept].sort(), [2, 3, 4, 5]);
});

test('of what a cut takes back nothing is reported as durable', () => {
  const { disk, told, changes, sync, cut } = stage('cut');
  disk.write({ kind: 'append', entries: entries(1, 3) });
  disk.write({ kind: 'append', entries: entries(4, 6) });
  cut(2);
  disk.write({ kind: 'append', entries: entries(3, 4, 2) });
  for (let i = 0; i < 4; i += 1) sync();
  assert.deepEqual(told, ['durable 2', 'durable 2', 'truncated 2', 'durable 4']);
  assert.deepEqual(changes, [0, 3, 2, 2]);
  assert.deepEqual(
    disk.durable.entries.map(({ epoch }) => epoch),
    [1, 1, 2, 2],
  );
});

test('a full disk and a failing sync end everything, until the next start', () => {
  const { disk, told, sync } = stage('failing');
  disk.failing = true;
  disk.write({ kind: 'append', entries: entries(1, 1) });
  disk.write({ kind: 'append', entries: entries(2, 2) });
  sync();
  sync();
  assert.deepEqual(told, ['failed']);
  disk.crash();
  assert.equal(disk.durable.last, 0);
  disk.write({ kind: 'append', entries: entries(1, 1) });
  sync();
  assert.deepEqual(told, ['failed', 'durable 1']);
});

test('an installed snapshot takes the place of all at once, or not at all', () => {
  const snapshot: SocialSnapshot = { position: 5 as Position, users: [], sessions: [], origins: [] };
  const found = new Set<string>();
  for (let seed = 0; seed < 50; seed += 1) {
    const { disk } = stage(`${seed}`);
    disk.write({
      kind: 'install',
      installation: { entries: entries(1, 7), snapshot },
      done: () => {},
    });
    disk.crash();
    found.add(`${disk.durable.last} with ${disk.durable.snapshot.position}`);
  }
  assert.deepEqual([...found].sort(), ['0 with 0', '7 with 5']);
});

test('a snapshot that the journal does not reach yet is kept when it does', () => {
  const { disk, told, sync } = stage('snapshot');
  disk.keepSnapshot({ position: 3 as Position, users: [], sessions: [], origins: [] });
  sync();
  assert.equal(disk.durable.snapshot.position, 0);
  disk.write({ kind: 'append', entries: entries(1, 3) });
  for (let i = 0; i < 2; i += 1) sync();
  sync();
  assert.deepEqual(told, ['durable 3']);
  assert.equal(disk.durable.snapshot.position, 3);
});

test('a disk that hangs does nothing until it goes on, and then all of it in order', () => {
  const { disk, told, sync, cut } = stage('hangs');
  const goOn = disk.hang();
  disk.write({ kind: 'append', entries: entries(1, 2) });
  cut(1);
  sync();
  sync();
  assert.deepEqual([told, disk.durable.last], [['stalled'], 0]);
  goOn();
  sync();
  assert.deepEqual(told, ['stalled', 'durable 1', 'truncated 1']);
});

test('a copy of a disk has the durable entries and the identity of the original, and changes independently', () => {
  const { disk, sync } = stage('copies');
  disk.raiseIncarnation();
  disk.write({ kind: 'append', entries: entries(1, 2) });
  sync();
  disk.write({ kind: 'append', entries: entries(3, 4) });
  const copy = disk.copy();
  sync();
  assert.deepEqual([copy.journalId, copy.incarnation, copy.durable.last], ['journal', 1, 2]);
  assert.deepEqual([copy.raiseIncarnation(), disk.incarnation, disk.durable.last], [2, 1, 4]);
});

test('the known-committed mark is written after a while, and counts only for the entries that it was written for', () => {
  const { disk, sync } = stage('known');
  disk.write({ kind: 'append', entries: entries(1, 5) });
  sync();
  const known = (committed: number, epoch: number) =>
    ({ committed: committed as Position, epoch: epoch as Epoch, revision: 7 }) as const;
  disk.noteKnown(known(3, 1));
  assert.equal(disk.judged().known.committed, 0);
  disk.noteKnown(known(4, 1));
  sync();
  assert.deepEqual(disk.judged().known, known(4, 1));
  disk.noteKnown(known(5, 1));
  disk.crash();
  assert.deepEqual(disk.judged().known, known(4, 1));

  const snapshot: SocialSnapshot = { position: 2 as Position, users: [], sessions: [], origins: [] };
  const installation = { entries: entries(1, 2, 2), snapshot };
  disk.write({ kind: 'install', installation, done: () => {} });
  for (let i = 0; i < 2; i += 1) sync();
  disk.write({ kind: 'append', entries: entries(3, 6, 2) });
  sync();
  assert.equal(disk.durable.last, 6);
  assert.deepEqual(disk.judged().known, known(0, 1));
});

test('a disk that has failed keeps no snapshot: it may be of entries that were to replace others', () => {
  const { disk, told, sync, cut } = stage('snapshot of a failed disk');
  disk.write({ kind: 'append', entries: entries(1, 5) });
  sync();
  cut(2);
  disk.write({ kind: 'append', entries: entries(3, 4, 2) });
  disk.keepSnapshot({ position: 4 as Position, users: [], sessions: [], origins: [] });
  disk.failing = true;
  for (let i = 0; i < 3; i += 1) sync();
  assert.deepEqual(told, ['durable 5', 'failed']);
  disk.crash();
  assert.deepEqual([disk.durable.last, disk.durable.snapshot.position], [5, 0]);
});
