import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { test } from 'node:test';
import { position } from '@dualping/core';
import { fill, openOn } from './journal/journal.fixture.js';
import { MemoryDisk } from './journal/memory-disk.fixture.js';
import { SnapshotSender, type SnapshotStream } from './snapshot-sender.js';

const POSTS = 300;

/** A reader that reads as fast as possible, and notes in which turn of the event loop each message came. */
class EagerCall extends EventEmitter {
  readonly turns: number[] = [];
  readonly cancelled = false;
  readonly destroyed = false;
  #turn = 0;

  write(): boolean {
    this.turns.push(this.#turn);
    return true;
  }

  end(): void {
    this.emit('whole');
  }

  /** Counts turns until the snapshot is whole. */
  async count(): Promise<void> {
    const next = (): void => {
      this.#turn += 1;
      immediate = setImmediate(next);
    };
    let immediate = setImmediate(next);
    await once(this, 'whole');
    clearImmediate(immediate);
  }
}

test('a snapshot for a standby leaves a turn of the event loop between its chunks, however fast they are read', async () => {
  const journal = await openOn(new MemoryDisk(), { segmentBytes: 1_000 });
  await fill(journal, POSTS);
  const sender = new SnapshotSender(journal);
  const call = new EagerCall();
  const counted = call.count();
  sender.callOn(call as unknown as SnapshotStream, undefined, () => {}).send(position(POSTS), () => {});
  await counted;
  assert.ok(call.turns.length >= 8, 'a header, a piece of each file, the end');
  assert.equal(new Set(call.turns).size, call.turns.length);
  await journal.close();
});

/** A reader that reads nothing: one chunk fills its stream. */
class DeafCall extends EventEmitter {
  readonly cancelled = false;
  readonly destroyed = false;
  writableNeedDrain = false;
  chunks = 0;

  write(): boolean {
    this.chunks += 1;
    this.writableNeedDrain = true;
    return false;
  }
}

test('a snapshot without a reader is not continued, and is ended', async () => {
  const journal = await openOn(new MemoryDisk());
  await fill(journal, POSTS);
  let ended = 0;
  const sender = new SnapshotSender(journal, 20);
  const call = new DeafCall();
  const answer = sender.callOn(call as unknown as SnapshotStream, undefined, () => {
    ended += 1;
  });
  const broken = once(call, 'error').catch((error: unknown) => error);
  answer.send(position(POSTS), (failure) => answer.refuse(failure));
  const [error] = (await broken) as [Error];
  assert.match(error.message, /nothing was read for 20 ms/);
  assert.deepEqual([call.chunks, ended], [1, 0], 'whoever refuses it knows that it is over');
  await journal.close();
});

test('`over` is not called for a refused call, which may be refused while it is accepted', async () => {
  const journal = await openOn(new MemoryDisk());
  const call = new EventEmitter();
  let refused: unknown;
  call.on('error', (error) => {
    refused = error;
  });
  let over = 0;
  const answer = new SnapshotSender(journal).callOn(call as unknown as SnapshotStream, undefined, () => {
    over += 1;
  });
  answer.refuse({ reason: 'busy', detail: 'three are read already' });
  call.emit('close');
  assert.equal(over, 0);
  assert.match(String(refused), /three are read already/);
  await journal.close();
});
