/**
 * Ends a process that had a terminal, or that may wait for a disk which does not answer.
 *
 * At exit Node resets the terminal. If the terminal is gone by then that fails, and Node aborts, with a core
 * dump instead of a status. So a process that has lost its terminal ends by the signal itself, which runs no
 * code of Node.
 */
import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { isatty } from 'node:tty';
import { disksIdle } from './disk-timer.js';

/** How long to wait for running operations on a disk, ms. */
const DISK_LIMIT_MS = 500;

/** Those of stdin, stdout and stderr that were a terminal when the process began. */
const TERMINALS: readonly number[] = [0, 1, 2].filter((descriptor) => isatty(descriptor));

/**
 * Whether a terminal is gone. After its window is closed every request to it is an error, so `isatty` is
 * false.
 */
export const terminalIsGone = (): boolean => TERMINALS.some((descriptor) => !isatty(descriptor));

/** Ends the process by the signal's default action. Never returns. */
export function dieOf(signal: NodeJS.Signals): never {
  const nothing = (): void => {};
  // Removing a listener restores the kernel's default, also for a signal that Node handles itself.
  process.on(signal, nothing);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
  // The first process of a container does not end by a signal's default action.
  process.exit(128 + constants.signals[signal]);
}

/** Ends the process with a status, even if its terminal is gone. */
export function endNow(exitCode: number): never {
  if (!terminalIsGone()) process.exit(exitCode);
  const signal = Object.entries(constants.signals).find(([, number]) => 128 + number === exitCode)?.[0];
  dieOf((signal as NodeJS.Signals | undefined) ?? 'SIGHUP');
}

/**
 * Ends this process, with this code where possible. `process.exit`, and every other way that runs our code,
 * waits for the threads that work on disks: only the kernel can end a process whose disk hangs. The parent
 * then sees SIGKILL.
 */
export async function endProcess(code: number): Promise<never> {
  const limit = delay(DISK_LIMIT_MS, 'late' as const);
  if ((await Promise.race([disksIdle(), limit])) !== 'late') endNow(code);
  process.kill(process.pid, 'SIGKILL');
  return await new Promise(() => {}); // the signal is on its way
}
