/**
 * How a process ends that had a terminal.
 *
 * As it exits, Node sets the terminal back. Where the terminal is gone by then that fails, and Node aborts: a core dump instead of
 * a status. So a process without its terminal ends by the signal itself, which runs nothing of Node.
 */
import { constants } from 'node:os';
import { isatty } from 'node:tty';

/** Of stdin, stdout and stderr those that were a terminal when the process began. */
const TERMINALS: readonly number[] = [0, 1, 2].filter((descriptor) => isatty(descriptor));

/** What a terminal is asked once its window is closed is an error, so it is no terminal any more. */
export const terminalIsGone = (): boolean => TERMINALS.some((descriptor) => !isatty(descriptor));

/** Ends the process as the signal does where no process listens to it. Returns never. */
export function dieOf(signal: NodeJS.Signals): never {
  const nothing = (): void => {};
  // A listener that goes leaves the signal as the kernel has it, also one that Node ignores or handles from the start.
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
