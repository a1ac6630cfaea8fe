/** A process that is one command, from its arguments to its exit code. */
import { ENDING_SIGNALS, EXIT, endProcess, makePrivately, SIGNAL_EXITS, withinLimit } from '@dualping/host';
import type { Command } from './command.js';
import { outputTaken, processIo, renderError } from './io.js';
import { type Known, runProgram } from './program.js';

/** After a signal the process does not wait longer than this for the reader of its output, ms. */
const OUTPUT_AFTER_SIGNAL_MS = 500;

/**
 * Ends the process: an idle connection must not keep a finished command alive.
 *
 * @param commands the commands of this process
 * @param known all settings, of all commands; default: those of `commands`
 */
export async function runCommandProcess(
  argv: readonly string[],
  commands: readonly Command[],
  known?: Known,
): Promise<void> {
  makePrivately();
  const io = processIo();
  let exitCode: number;
  try {
    exitCode = await runProgram(argv, commands, process.env, io, known);
  } catch (error) {
    io.note(renderError(error, false));
    exitCode = EXIT.internal;
  }
  await takenBy(exitCode);
  await endProcess(exitCode);
}

/** A slow reader gets all of it, however long that takes; a signal ends the wait. */
async function takenBy(exitCode: number): Promise<void> {
  // Nothing is left that must end in order: from here on a signal ends the process at once.
  for (const signal of ENDING_SIGNALS) process.removeAllListeners(signal);
  const told = Object.values<number>(SIGNAL_EXITS).includes(exitCode);
  if (told) await withinLimit(outputTaken(), OUTPUT_AFTER_SIGNAL_MS);
  else await outputTaken();
}
