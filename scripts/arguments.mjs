// The command line of a script. `--help` prints how it is used; what it can't take is quoted.
import { parseArgs } from 'node:util';

/** What is wrong with a command line. */
export class UsageError extends Error {}

/**
 * @param usage what `--help` prints
 * @param options as `parseArgs` takes them
 * @param positionals how many other words there may be
 * @param judge throws `UsageError` for what is wrong with them
 * @returns the values of the options, and the other words
 */
export function commandLine(usage, { options = {}, positionals: most = 0, judge = () => {} } = {}) {
  try {
    const { values, positionals } = parseArgs({
      options: { ...options, help: { type: 'boolean' } },
      allowPositionals: most > 0,
    });
    if (values.help) {
      console.log(usage);
      process.exit(0);
    }
    if (positionals.length > most) throw new UsageError(`"${positionals[most]}" is one word too many`);
    judge(values, positionals);
    return { values, positionals };
  } catch (error) {
    if (!(error instanceof UsageError) && !String(error.code).startsWith('ERR_PARSE_ARGS')) throw error;
    // Without what Node adds about words that begin with a dash.
    const [problem] = error.message.split('. To specify');
    console.error(`${problem}\n${usage}`);
    process.exit(2);
  }
}

/** @throws UsageError when it is given and is none */
export function wholeNumber(name, text) {
  if (text !== undefined && !/^[0-9]+$/.test(text))
    throw new UsageError(`--${name} is "${text}": give a whole number`);
  return text;
}
