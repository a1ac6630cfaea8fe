import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Deadline, Deadlines } from './deadlines.js';

test('deadlines are due in order, whatever is cancelled in between', () => {
  const step = fc.oneof(
    fc.record({ add: fc.integer({ min: 0, max: 50 }) }),
    fc.record({ remove: fc.nat(20) }),
    fc.record({ take: fc.integer({ min: 0, max: 50 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const deadlines = new Deadlines<number>();
      const model: Deadline<number>[] = [];
      for (const [at, action] of steps.entries()) {
        if ('add' in action) model.push(deadlines.add(action.add, at));
        else if ('remove' in action) {
          const [gone] = model.splice(action.remove, 1);
          if (gone !== undefined) {
            deadlines.remove(gone);
            deadlines.remove(gone); // twice is once
          }
        } else {
          model.sort((one, other) => one.at - other.at);
          const taken = deadlines.takeDue(action.take);
          const first = model[0];
          if (taken === undefined) assert.ok(first === undefined || first.at > action.take);
          else {
            const place = model.findIndex((deadline) => deadline.value === taken);
            assert.equal(model[place]?.at, first?.at);
            model.splice(place, 1);
          }
        }
        assert.equal(deadlines.size, model.length);
        assert.equal(
          deadlines.next(),
          model.length === 0 ? undefined : Math.min(...model.map((it) => it.at)),
        );
      }
    }),
  );
});
