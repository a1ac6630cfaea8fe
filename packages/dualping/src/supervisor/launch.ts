/** Starts processes of dualping that outlive whoever started them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openLog } from '@dualping/host';

export const LAUNCHER = fileURLToPath(new URL('../../bin/dualping.js', import.meta.url));

/**
 * Ours must not reach the processes that we start: they are told everything by flags, which leave no doubt.
 */
export const withoutOurVariables = (environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('DUALPING_')));

/**
 * Forks and executes `dualping ARGS` in a session of its own, so that no terminal's Ctrl-C or closing reaches
 * it, with its output in a log, so that no reader's end does either.
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
