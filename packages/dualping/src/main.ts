import { COMMANDS } from './commands/index.js';
import { endProcess } from './end-process.js';
import { EXIT } from './exit-codes.js';
import { processIo, renderError } from './io.js';
import { runProgram } from './program.js';

/** The `dualping` command. Ends the process: an idle connection must not keep a finished command alive. */
export async function main(argv: readonly string[]): Promise<void> {
  const io = processIo();
  try {
    await endProcess(await runProgram(argv, COMMANDS, process.env, io));
  } catch (error) {
    io.note(renderError(error, false));
    await endProcess(EXIT.internal);
  }
}
