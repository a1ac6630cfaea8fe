/**
 * How a process ends that had a terminal, or that may have work under way on a disk which does not answer.
 *
 * As it exits, Node sets the terminal back. Where the terminal is gone by then that fails, and Node aborts: a
 * core dump instead of a status. So a process without its terminal ends by the signal itself, which runs
 * nothing of Node.
 */
import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { isatty } from 'node:tty';
import { disksIdle } from './disk-timer.js';

/** How long a disk may take to finish what it is at, ms; after that it is not waited for. */
const DISK_LIMIT_MS = 500;

/** Of stdin, stdout and stderr those that were a terminal when the process began. */
const TERMINALS: readonly number[] = [0, 1, 2].filter((descriptor) => isatty(descriptor));

/** What a terminal is asked once its window is closed is an error, so it is no terminal any more. */
export const terminalIsGone = (): boolean => TERMINALS.some((descriptor) => !isatty(descriptor));

/** Ends the process as the signal does where no process listens to it. Returns never. */
export function dieOf(signal: NodeJS.Signals): never {
  const nothing = (): void => {};
  // Removing a listener restores the kernel's default, also of a signal that Node handles by itself.
  process.on(signal, nothing);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
  // The first process of a container has no such end.
  process.exit(128 + constants.signals[signal]);
}

/** Ends the process with a status, whatever has become of its terminal. */
export function endNow(exitCode: number): never {
  if (!terminalIsGone()) process.exit(exitCode);
  const signal = Object.entries(constants.signals).find(([, number]) => 128 + number === exitCode)?.[0];
  dieOf((signal as NodeJS.Signals | undefined) ?? 'SIGHUP');
}

/**
 * Ends this process, with this code where possible. `process.exit` waits for the threads that work on disks,
 * and so does every other way that runs code of ours: only the kernel ends a process whose disk hangs. Its
 * parent then sees SIGKILL.
 */
export async function endProcess(code: number): Promise<never> {
  const limit = delay(DISK_LIMIT_MS, 'late' as const);
  if ((await Promise.race([disksIdle(), limit])) !== 'late') endNow(code);
  process.kill(process.pid, 'SIGKILL');
  return await new Promise(() => {}); // the signal is on its way
}
