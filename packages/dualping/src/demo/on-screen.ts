/** The demo on the full screen: a person makes the faults, or watches automatic ones. */
import { DualpingError } from '@dualping/core';
import { NoScreen, runClusterView } from '@dualping/terminal';
import type { Io } from '../io.js';
import type { Demo } from './demo.js';
import type { DemoReport } from './report.js';
import { reportOn, type ScriptOptions } from './script.js';

/**
 * Resolves with the report when the person has left.
 * @throws DualpingError `invalid-argument` if the terminal can't show a full screen
 */
export async function runView(
  demo: Demo,
  { faults, servers, timing, onLine }: ScriptOptions,
  { input, output }: Io,
): Promise<DemoReport> {
  const startedAtMs = Date.now();
  try {
    await runClusterView({ feed: demo.feed, input, output, env: process.env });
  } catch (error) {
    if (!(error instanceof NoScreen)) throw error;
    throw new DualpingError('invalid-argument', `no full screen: ${error.message}; give --script`, {
      cause: error,
    });
  }
  return await reportOn(demo, { startedAtMs, asked: 0, faults, servers, timing, problems: [], onLine });
}
