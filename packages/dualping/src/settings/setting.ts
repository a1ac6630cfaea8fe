/**
 * A setting: a value that a flag, a variable or the config file can give.
 *
 * Precedence is flag, then variable, then file, then default. A value is text until the setting's own `parse`
 * has read it, wherever it came from, so that a wrong one is always refused with the same words.
 */
import { DualpingError, quote } from '@dualping/core';

export interface Setting<T> {
  /** The key in the config file; the flag is the same in kebab-case, the variable in capitals. */
  readonly key: string;
  /** A one-letter flag, for the csce438 commands. */
  readonly short?: string;
  /** Placeholder of the value in the help; undefined for a switch. */
  readonly argument?: string;
  /** The flag may stand without its value, like a switch: `--insecure`, `--insecure=beyond-loopback`. */
  readonly mayStandAlone?: true;
  readonly help: string;
  /** Unit in the help: `ms`, `posts`. */
  readonly unit?: string;
  /** Returns the value. Throws `invalid-argument` that says what is wrong with the text. */
  parse(text: string): T;
  /** The default. Undefined: the setting must be given. */
  readonly fallback: T | undefined;
  /** Text of the default in the help, when the value itself does not explain it. */
  readonly fallbackText?: string;
}

export type Settings = Readonly<Record<string, Setting<unknown>>>;
export type Values<S extends Settings> = {
  readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never;
};

const kebab = (key: string): string => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

export const flagOf = (setting: Setting<unknown>): string => `--${kebab(setting.key)}`;
export const variableOf = (setting: Setting<unknown>): string =>
  `DUALPING_${kebab(setting.key).replaceAll('-', '_').toUpperCase()}`;

/** `--data <folder>`, `--insecure [=beyond-loopback]`, as help shows it. */
export function flagWithArgument(setting: Setting<unknown>): string {
  const { argument, mayStandAlone } = setting;
  if (argument === undefined) return flagOf(setting);
  return `${flagOf(setting)} ${mayStandAlone ? `[${argument}]` : `<${argument}>`}`;
}

/** The words of a command line that give a setting this value. */
export function wordsFor(setting: Setting<unknown>, value: unknown): readonly string[] {
  const flag = flagOf(setting);
  if (setting.argument === undefined) return value === true ? [flag] : [];
  return setting.mayStandAlone ? [`${flag}=${String(value)}`] : [flag, String(value)];
}

/** The sources of values, as text. */
export interface Sources {
  readonly flags: Readonly<Record<string, string | undefined>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly file: { readonly path: string; readonly values: Readonly<Record<string, string>> } | undefined;
}

/** Precedence of the sources: a flag over a variable, a variable over the file. */
export const STRENGTH = { none: 0, file: 1, variable: 2, flag: 3 } as const;
export type Strength = (typeof STRENGTH)[keyof typeof STRENGTH];

interface Given {
  readonly text: string;
  readonly where: string;
  readonly strength: Strength;
}

function given(setting: Setting<unknown>, { flags, environment, file }: Sources): Given | undefined {
  const flag = flags[setting.key];
  if (flag !== undefined) return { text: flag, where: flagOf(setting), strength: STRENGTH.flag };
  const variable = environment[variableOf(setting)];
  // Shells and compose files use an empty variable for "not set".
  if (variable !== undefined && variable !== '')
    return { text: variable, where: variableOf(setting), strength: STRENGTH.variable };
  const value = file?.values[setting.key];
  if (value !== undefined) {
    const where = `${setting.key} in ${quote(file?.path ?? '')}`;
    return { text: value, where, strength: STRENGTH.file };
  }
  return undefined;
}

const HELP_FLAG = '--help';

/**
 * `post hi --user --json` is a user whose name was forgotten. Without this, the name would be "--json", and
 * `up --data --insecure` would make a folder of that name.
 */
function refuseSwallowedFlag({ text, where, strength }: Given, settings: Settings): void {
  if (strength !== STRENGTH.flag) return;
  if (text !== HELP_FLAG && !Object.values(settings).some((setting) => flagOf(setting) === text)) return;
  throw new DualpingError(
    'invalid-argument',
    `${where} is ${quote(text)}: that is an option, and the value of ${where} is missing`,
  );
}

function settledValue(setting: Setting<unknown>, sources: Sources, settings: Settings): unknown {
  const value = given(setting, sources);
  if (value === undefined) {
    if (setting.fallback === undefined)
      throw new DualpingError(
        'invalid-argument',
        `${flagOf(setting)} (or ${variableOf(setting)}) is missing: ${setting.help}`,
      );
    return setting.fallback;
  }
  refuseSwallowedFlag(value, settings);
  try {
    return setting.parse(value.text);
  } catch (error) {
    if (!(error instanceof DualpingError)) throw error;
    throw new DualpingError(error.reason, `${value.where} is ${quote(value.text)}: ${error.detail}`, {
      cause: error,
    });
  }
}

/** All values of a command, parsed and frozen. */
export function resolveSettings<S extends Settings>(settings: S, sources: Sources): Values<S> {
  const entries = Object.entries(settings).map(
    ([name, setting]) => [name, settledValue(setting, sources, settings)] as const,
  );
  return Object.freeze(Object.fromEntries(entries)) as Values<S>;
}

/** The strongest source that gives the setting. */
export const strengthOf = (setting: Setting<unknown>, sources: Sources): Strength =>
  given(setting, sources)?.strength ?? STRENGTH.none;

/** `how often a server is heard (ms; default 100; DUALPING_PING_MS)` */
export function describe(setting: Setting<unknown>): string {
  const fallback =
    setting.fallbackText ??
    (setting.fallback === undefined ? 'must be given' : `default ${String(setting.fallback)}`);
  const parts = [setting.unit, setting.argument === undefined ? undefined : fallback, variableOf(setting)];
  return `${setting.help} (${parts.filter((part) => part !== undefined).join('; ')})`;
}
