import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RecencyMap } from './recency-map.js';

type Step = readonly [kind: 'add' | 'touch' | 'delete', key: number];

test('it has the same content and order as a Map whose keys are deleted and set again', () => {
  const kind = fc.constantFrom<Step[0]>('add', 'touch', 'delete');
  const steps = fc.array(fc.tuple(kind, fc.integer({ min: 0, max: 6 })), { maxLength: 60 });
  fc.assert(
    fc.property(steps, (taken) => {
      const map = new RecencyMap<number, string>();
      const model = new Map<number, string>();
      for (const [index, [what, key]] of taken.entries()) {
        const known = model.get(key);
        if (what === 'delete') assert.equal(map.delete(key), model.delete(key));
        else if (what === 'touch') {
          assert.equal(map.touch(key), known);
          if (known === undefined) continue;
          model.delete(key);
          model.set(key, known);
        } else {
          map.add(key, `${index}`);
          model.delete(key);
          model.set(key, `${index}`);
        }
        assert.deepEqual([...map], [...model]);
        assert.equal(map.first, [...model.values()][0]);
        assert.equal(map.size, model.size);
        assert.equal(map.get(key), model.get(key));
      }
    }),
  );
});
