import { ENDING_SIGNALS, EXIT, endProcess, makePrivately, SIGNAL_EXITS, withinLimit } from '@dualping/host';
import { COMMANDS } from './commands/index.js';
import { outputTaken, processIo, renderError } from './io.js';
import { runProgram } from './program.js';

/** After a signal the process does not wait longer than this for the reader of its output, ms. */
const OUTPUT_AFTER_SIGNAL_MS = 500;

/** The `dualping` command. Ends the process: an idle connection must not keep a finished command alive. */
export async function main(argv: readonly string[]): Promise<void> {
  makePrivately();
  const io = processIo();
  let exitCode: number;
  try {
    exitCode = await runProgram(argv, COMMANDS, process.env, io);
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
