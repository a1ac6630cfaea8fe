/** Starts dualping processes that outlive the process that started them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openLog } from '@dualping/host';

export const LAUNCHER = fileURLToPath(new URL('../../bin/dualping.js', import.meta.url));

/**
 * Removes `DUALPING_…` variables: started processes get all their settings as flags.
 */
export const withoutOurVariables = (environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('DUALPING_')));

/**
 * Starts `dualping ARGS` in a session of its own, so that Ctrl-C or the end of a terminal does not reach it.
 * Its output goes to a log, so that the end of a reader does not reach it either.
 */
export function launchDetached(args: readonly string[], log: string): ChildProcess {
  const output = openLog(log);
  try {
    return spawn(process.execPath, [...process.execArgv, LAUNCHER, ...args], {
      detached: true,
      stdio: ['ignore', output, output],
      env: withoutOurVariables(process.env),
    });
  } finally {
    closeSync(output);
  }
}
