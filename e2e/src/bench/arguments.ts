/** Parses `[--help] [NAME | versus [NAME]] [--json] [--repetitions N] [--check] [--record] [--pictures]`. */
import { parseArgs } from 'node:util';

export interface BenchArguments {
  /** A benchmark, `all`, or undefined: then they are listed. `--check` without a name checks all. */
  readonly name: string | undefined;
  readonly json: boolean;
  readonly repetitions: number;
  /** Fail when a share of the limit is below its floor. */
  readonly check: boolean;
  /** Record the measurements as floors for later checks. */
  readonly record: boolean;
  /** Draw the measurements into docs/pictures. */
  readonly pictures: boolean;
}

/** Is followed by the name of another program. */
const COMPARISON = 'versus';

const REPETITIONS = 5;
const MAX_REPETITIONS = 1_000;

/** @throws Error that quotes what is wrong */
export function parseBenchArguments(args: readonly string[]): BenchArguments {
  const { values, positionals } = parsed(args);
  const repetitions = Number(values.repetitions);
  if (!Number.isInteger(repetitions) || repetitions < 1 || repetitions > MAX_REPETITIONS)
    throw new Error(`--repetitions "${values.repetitions}" is not 1 to ${MAX_REPETITIONS}`);
  const { json, check, record, pictures } = values;
  if (values.help) return { name: undefined, json, repetitions, check, record, pictures };
  const words =
    positionals[0] === COMPARISON
      ? [positionals.slice(0, 2).join(' '), ...positionals.slice(2)]
      : positionals;
  const [name = values.check ? 'all' : undefined, ...others] = words;
  if (others.length > 0) throw new Error(`one benchmark at a time, not also "${others.join(' ')}"`);
  return { name, json, repetitions, check, record, pictures };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        repetitions: { type: 'string', default: `${REPETITIONS}` },
        check: { type: 'boolean', default: false },
        record: { type: 'boolean', default: false },
        pictures: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    // Without its class, and what Node adds about words that begin with a dash.
    const [problem] = error instanceof Error ? error.message.split('. To specify') : [String(error)];
    throw new Error(`${problem}; --help lists what there is`);
  }
}
