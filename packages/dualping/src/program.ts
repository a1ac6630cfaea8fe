/**
 * The command line: commander reads flags and writes help; the settings parse the values.
 */
import { DualpingError, VERSION } from '@dualping/core';
import { EXIT, EXIT_CODE_HELP, exitCodeFor } from '@dualping/host';
import { Command as Commander, CommanderError, Option } from 'commander';
import type { Command } from './command.js';
import { type Io, inJson, renderError } from './io.js';
import { type KnownKeys, readConfigFile } from './settings/config-file.js';
import { logFormat } from './settings/definitions.js';
import {
  describe,
  flagWithArgument,
  resolveSettings,
  type Setting,
  type Sources,
  STRENGTH,
  strengthOf,
  variableOf,
} from './settings/setting.js';
import { refuseUnknownVariables } from './settings/unknown-variables.js';

const SETTINGS_HELP = `
Every option can also be given by the variable named in its help, or by the config file
(--config FILE or DUALPING_CONFIG): a JSON object with options in camelCase, and an object for each
command that wants its own. A flag is stronger than a variable, a variable than the file. A variable
DUALPING_… that no command has is refused.`;

const CONFIG_VARIABLE = 'DUALPING_CONFIG';

/** All settings, of all commands. */
export interface Known {
  /** Keys of a config file, by command. */
  readonly keys: KnownKeys;
  /** Variables of the environment. */
  readonly variables: readonly string[];
}

export const knownOf = (commands: readonly Command[]): Known => ({
  keys: new Map(
    commands.map((each) => [nameOf(each), new Set(Object.values(each.settings).map((one) => one.key))]),
  ),
  variables: [
    CONFIG_VARIABLE,
    ...new Set(commands.flatMap((each) => Object.values(each.settings).map(variableOf))),
  ],
});

/** Runs a command line. @returns the exit code. Never throws. */
export async function runProgram(
  argv: readonly string[],
  commands: readonly Command[],
  environment: Readonly<Record<string, string | undefined>>,
  io: Io,
  known: Known = knownOf(commands),
): Promise<number> {
  let exitCode: number = EXIT.done;
  const program = new Commander('dualping')
    .description('A small social network on servers that take over from one another.')
    .version(VERSION)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.out(text.trimEnd()),
      writeErr: (text) => io.note(text.trimEnd()),
    })
    .addHelpText('after', `${SETTINGS_HELP}\n${EXIT_CODE_HELP}`);
  const groups = new Map<string, Commander>();
  for (const each of commands) {
    const parent = each.group === undefined ? program : groupNamed(program, groups, each.group);
    const line = lineFor(parent, each);
    line.action(async () => {
      exitCode = await runOne(each, line, { environment, known, io });
    });
  }
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    throw error;
  }
}

const nameOf = ({ group, name }: Command): string => (group === undefined ? name : `${group} ${name}`);

const GROUPS: Readonly<Record<string, string>> = {
  admin: "operators' commands",
  'admin router': 'of the routers that share a store',
  certs: 'certificates of the parts of a network',
  keys: 'your devices in a network: list them, let one in, revoke one',
};

function groupNamed(program: Commander, groups: Map<string, Commander>, name: string): Commander {
  const existing = groups.get(name);
  if (existing !== undefined) return existing;
  const words = name.split(' ');
  const word = words.pop() ?? '';
  const parent = words.length === 0 ? program : groupNamed(program, groups, words.join(' '));
  const group = parent.command(word).description(GROUPS[name] ?? '');
  groups.set(name, group);
  return group;
}

function lineFor(parent: Commander, command: Command): Commander {
  const { isDefault = false } = command;
  const line = parent.command(command.name, { isDefault }).description(command.summary);
  for (const { name, help, optional } of command.args)
    line.argument(optional ? `[${name}]` : `<${name}>`, help);
  // For csce438 programs -h is a host.
  if (Object.values(command.settings).some(({ short }) => short === 'h'))
    line.helpOption('--help', 'display help for command');
  for (const setting of Object.values(command.settings)) line.addOption(optionFor(setting));
  line.option('--config <file>', `JSON file with options (${CONFIG_VARIABLE})`);
  return line;
}

/** Without a default and not parsed: the setting does both. */
function optionFor(setting: Setting<unknown>): Option {
  const short = setting.short === undefined ? '' : `-${setting.short}, `;
  return new Option(`${short}${flagWithArgument(setting)}`, describe(setting));
}

interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly known: Known;
  readonly io: Io;
}

async function runOne(
  command: Command,
  line: Commander,
  { environment, known, io: plain }: Surroundings,
): Promise<number> {
  let io = plain;
  const flags = flagTexts(line);
  const json = flags.json !== undefined;
  try {
    refuseUnknownVariables(environment, known.variables);
    // Shells and compose files use an empty variable for "not set".
    const path = flags.config ?? (environment[CONFIG_VARIABLE] || undefined);
    const file =
      path === undefined ? undefined : { path, values: readConfigFile(path, nameOf(command), known.keys) };
    const sources: Sources = { flags, environment, file };
    const hasLog = Object.values(command.settings).includes(logFormat);
    if (hasLog && resolveSettings({ logFormat }, sources).logFormat === 'json') io = inJson(plain);
    const strength = (key: string) => {
      const setting = Object.values(command.settings).find((each) => each.key === key);
      return setting === undefined ? STRENGTH.none : strengthOf(setting, sources);
    };
    return await command.run(sources, {
      args: line.args,
      io,
      isGiven: (key) => strength(key) !== STRENGTH.none,
      strengthOf: strength,
    });
  } catch (error) {
    io.note(renderError(error, json || io !== plain));
    if (!(error instanceof DualpingError)) return EXIT.internal;
    return exitCodeFor(error);
  }
}

function flagTexts(line: Commander): Record<string, string | undefined> {
  const flags = Object.entries(line.opts()).map(([key, value]): [string, string] => [key, String(value)]);
  const texts = new Map(flags);
  // commander reads `--no-it` as `it` with the value false, and as true when the flag is absent.
  for (const option of line.options.filter(({ negate }) => negate)) {
    const key = option.attributeName();
    if (texts.get(key) === 'false') texts.set(`no${key.slice(0, 1).toUpperCase()}${key.slice(1)}`, 'true');
    texts.delete(key);
  }
  return Object.fromEntries(texts);
}
