import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { Subject } from 'rxjs';
import { gathered } from './gathered.js';

test('values that come together are emitted after a moment, also without a further value', () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const lists: (readonly number[])[] = [];
    const source = new Subject<number>();
    source.pipe(gathered(25)).subscribe((list) => lists.push(list));
    for (const value of [1, 2, 3]) source.next(value);
    assert.deepEqual(lists, []);
    mock.timers.tick(25);
    assert.deepEqual(lists, [[1, 2, 3]]);
    source.next(4);
    source.complete();
    assert.deepEqual(lists, [[1, 2, 3], [4]]);
  } finally {
    mock.timers.reset();
  }
});
