/**
 * Clean-up steps of a test, the last one first. Node's own `after` hooks run in the order in which they were
 * given, and stop at one that fails.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

type Undo = () => unknown;

const undone = new WeakMap<TestContext, Undo[]>();

/** Runs when the test has ended, before earlier steps, and even if another step fails. */
export function afterwards(context: TestContext, undo: Undo): void {
  const known = undone.get(context);
  if (known !== undefined) {
    known.push(undo);
    return;
  }
  const all = [undo];
  undone.set(context, all);
  context.after(async () => {
    const failures: unknown[] = [];
    for (const each of all.reverse())
      try {
        await each();
      } catch (failure) {
        failures.push(failure);
      }
    if (failures.length > 0) throw new AggregateError(failures, `not undone: ${failures.join('; ')}`);
  });
}

/** A temporary folder, removed when the test has ended. */
export function folderFor(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'dualping-test-'));
  afterwards(context, () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}
