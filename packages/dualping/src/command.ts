/** A subcommand: its settings, its arguments, and what it does with them once they are judged. */
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
}

/** What a command runs with beside its settings. */
export interface Invocation {
  readonly args: readonly string[];
  readonly io: Io;
  /** Whether a setting was said somewhere, or is only the default. */
  isGiven(key: string): boolean;
  /** How strongly it was said: of two that exclude one another a flag wins over a variable. */
  strengthOf(key: string): Strength;
}

/** A command whose settings have been forgotten by the types, so that all fit into one list. */
export interface Command {
  readonly name: string;
  /** Over the command, as `admin`; undefined at the top. */
  readonly group?: string;
  readonly summary: string;
  readonly args: readonly CommandArgument[];
  readonly settings: Settings;
  /** @returns the exit code. */
  run(sources: Sources, invocation: Invocation): Promise<number>;
}

interface CommandDefinition<S extends Settings> {
  readonly name: string;
  readonly group?: string;
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
