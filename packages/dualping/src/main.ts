import { runCommandProcess } from './command-process.js';
import { COMMANDS } from './commands/index.js';

/** The `dualping` command. */
export const main = (argv: readonly string[]): Promise<void> => runCommandProcess(argv, COMMANDS);
