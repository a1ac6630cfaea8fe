/** A subcommand: its settings, its arguments, and what it does with the parsed values. */
import type { Io } from './io.js';
import {
  resolveSettings,
  type Settings,
  type Sources,
  type Strength,
  type Values,
} from './settings/setting.js';

export interface CommandArgument {
  readonly name: string;
  readonly help: string;
  /** Only the last may be left out. */
  readonly optional?: true;
}

/** What a command gets in addition to its settings. */
export interface Invocation {
  readonly args: readonly string[];
  readonly io: Io;
  /** Whether a setting was given anywhere; false: its value is the default. */
  isGiven(key: string): boolean;
  /** Where it was given: of two settings that exclude one another, a flag wins over a variable. */
  strengthOf(key: string): Strength;
}

/** A command without its settings in the type, so that all commands fit into one list. */
export interface Command {
  readonly name: string;
  /** The words before the command, such as `admin` or `admin router`; undefined at the top level. */
  readonly group?: string;
  /** Of its group: the command for the word alone. */
  readonly isDefault?: true;
  readonly summary: string;
  readonly args: readonly CommandArgument[];
  readonly settings: Settings;
  /** @returns the exit code. */
  run(sources: Sources, invocation: Invocation): Promise<number>;
}

interface CommandDefinition<S extends Settings> {
  readonly name: string;
  readonly group?: string;
  readonly isDefault?: true;
  readonly summary: string;
  readonly args?: readonly CommandArgument[];
  readonly settings: S;
  run(values: Values<S>, invocation: Invocation): Promise<number>;
}

export function command<S extends Settings>(definition: CommandDefinition<S>): Command {
  return {
    ...definition,
    args: definition.args ?? [],
    run: async (sources, invocation) =>
      await definition.run(resolveSettings(definition.settings, sources), invocation),
  };
}
