// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what looks like a placeholder is for the shells
/**
 * `completion`: scripts that let a shell complete the command line, made from the same tables as the help.
 */
import { DualpingError, quote } from '@dualping/core';
import { EXIT } from '@dualping/host';
import { type Command, command } from '../command.js';
import { flagOf, type Setting } from '../settings/setting.js';

interface Option {
  readonly flag: string;
  readonly help: string;
  /** Kind of its value; undefined for a switch. */
  readonly value: 'file' | 'folder' | 'other' | undefined;
}

interface Described {
  /** `status`, `admin status`. */
  readonly path: string;
  readonly summary: string;
  readonly options: readonly Option[];
}

const CONFIG: Option = { flag: '--config', help: 'JSON file with options', value: 'file' };
const HELP: Option = { flag: '--help', help: 'display help for command', value: undefined };

const SCRIPTS: Readonly<Record<string, (commands: readonly Described[]) => readonly string[]>> = {
  bash,
  zsh,
  fish,
};

/** @param commands all commands, including this one; a function, because the list is complete only later */
export const completionCommand = (commands: () => readonly Command[]): Command =>
  command({
    name: 'completion',
    summary:
      'print what bash, zsh or fish needs to complete commands and options; docs/client.md says where to put it',
    args: [{ name: 'shell', help: 'bash, zsh or fish' }],
    settings: {},
    run: async (_, { args, io }) => {
      const shell = args[0] ?? '';
      const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
      if (script === undefined)
        throw new DualpingError(
          'invalid-argument',
          `${quote(shell)}: there is ${Object.keys(SCRIPTS).join(', ')}`,
        );
      for (const line of script(commands().map(described))) io.out(line);
      return EXIT.done;
    },
  });

const described = ({ name, group, summary, settings }: Command): Described => ({
  path: group === undefined ? name : `${group} ${name}`,
  summary,
  options: [...Object.values(settings).map(optionOf), CONFIG, HELP],
});

const optionOf = (setting: Setting<unknown>): Option => ({
  flag: flagOf(setting),
  help: setting.help,
  value:
    setting.argument === undefined || setting.mayStandAlone
      ? undefined
      : setting.argument === 'folder' || setting.argument === 'file'
        ? setting.argument
        : 'other',
});

/** The commands and groups at the top level (`group` is empty), or those of a group. */
const childrenOf = (
  commands: readonly Described[],
  group: string,
): readonly (readonly [string, string])[] => {
  const prefix = group === '' ? '' : `${group} `;
  const children = new Map<string, string>();
  for (const { path, summary } of commands) {
    if (!path.startsWith(prefix)) continue;
    const [child = '', ...more] = path.slice(prefix.length).split(' ');
    children.set(child, more.length === 0 ? summary : `commands of ${prefix}${child}`);
  }
  return [...children];
};

/** `admin`, `admin router`. */
const groupsOf = (commands: readonly Described[]): readonly string[] => [
  ...new Set(
    commands.flatMap(({ path }) => {
      const words = path.split(' ');
      return words.slice(1).map((_, at) => words.slice(0, at + 1).join(' '));
    }),
  ),
];

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
const flagsWith = (commands: readonly Described[], kinds: readonly Option['value'][]): readonly string[] => [
  ...new Set(
    commands.flatMap(({ options }) =>
      options.filter(({ value }) => kinds.includes(value)).map(({ flag }) => flag),
    ),
  ),
];

function bash(commands: readonly Described[]): readonly string[] {
  const words = (list: readonly string[]): string => quoted(list.join(' '));
  const groups = groupsOf(commands);
  return [
    '# bash: source <(dualping completion bash)',
    '_dualping() {',
    '  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} path= words= i',
    '  for ((i = 1; i < COMP_CWORD; i++)); do',
    '    [[ ${COMP_WORDS[i]} == -* ]] && continue',
    '    path+=${path:+ }${COMP_WORDS[i]}',
    `    case $path in ${groups.map(quoted).join('|')}) ;; *) break ;; esac`,
    '  done',
    '  case $before in',
    `    ${flagsWith(commands, ['file', 'folder']).join('|')}) COMPREPLY=($(compgen -f -- "$word")); return ;;`,
    `    ${flagsWith(commands, ['other']).join('|')}) COMPREPLY=(); return ;;`,
    '  esac',
    '  case $path in',
    ...['', ...groups].map(
      (group) => `    ${quoted(group)}) words=${words(childrenOf(commands, group).map(([name]) => name))} ;;`,
    ),
    ...commands.map(
      ({ path, options }) => `    ${quoted(path)}) words=${words(options.map(({ flag }) => flag))} ;;`,
    ),
    '  esac',
    '  COMPREPLY=($(compgen -W "$words" -- "$word"))',
    '}',
    'complete -F _dualping dualping',
  ];
}

function zsh(commands: readonly Described[]): readonly string[] {
  const entry = (name: string, help: string): string => quoted(`${name}:${help.replaceAll(':', '\\:')}`);
  const groups = groupsOf(commands);
  return [
    '#compdef dualping',
    '# zsh: dualping completion zsh > a folder of $fpath, as _dualping',
    '_dualping() {',
    '  local path_=() entries=() word',
    '  for word in ${words[2,CURRENT-1]}; do',
    '    [[ $word == -* ]] && continue',
    '    path_+=($word)',
    `    [[ "$path_" == (${groups.map((group) => group.replaceAll(' ', '\\ ')).join('|')}) ]] || break`,
    '  done',
    '  case ${words[CURRENT-1]} in',
    `    ${flagsWith(commands, ['file']).join('|')}) _files; return ;;`,
    `    ${flagsWith(commands, ['folder']).join('|')}) _files -/; return ;;`,
    `    ${flagsWith(commands, ['other']).join('|')}) return ;;`,
    '  esac',
    '  case "$path_" in',
    ...['', ...groups].map(
      (group) =>
        `    ${quoted(group)}) entries=(${childrenOf(commands, group)
          .map(([name, help]) => entry(name, help))
          .join(' ')}) ;;`,
    ),
    ...commands.map(
      ({ path, options }) =>
        `    ${quoted(path)}) entries=(${options.map(({ flag, help }) => entry(flag, help)).join(' ')}) ;;`,
    ),
    '  esac',
    "  _describe 'dualping' entries",
    '}',
    '_dualping "$@"',
  ];
}

function fish(commands: readonly Described[]): readonly string[] {
  const groups = groupsOf(commands);
  const seen = (path: string): string =>
    path
      .split(' ')
      .map((word) => `__fish_seen_subcommand_from ${word}`)
      .join('; and ');
  const outer = groups.filter((group) => !group.includes(' '));
  const condition = (path: string): string =>
    path.includes(' ')
      ? seen(path)
      : `${outer.map((group) => `not ${seen(group)}; and `).join('')}${seen(path)}`;
  return [
    '# fish: dualping completion fish > ~/.config/fish/completions/dualping.fish',
    'complete -c dualping -f',
    ...childrenOf(commands, '').map(
      ([name, help]) => `complete -c dualping -n __fish_use_subcommand -a ${name} -d ${quoted(help)}`,
    ),
    ...groups.flatMap((group) =>
      childrenOf(commands, group).map(
        ([name, help]) => `complete -c dualping -n ${quoted(seen(group))} -a ${name} -d ${quoted(help)}`,
      ),
    ),
    ...commands.flatMap(({ path, options }) =>
      options.map(({ flag, help, value }) => {
        const takes = value === undefined ? '' : value === 'other' ? ' -x' : ' -r -F';
        return `complete -c dualping -n ${quoted(condition(path))} -l ${flag.slice(2)}${takes} -d ${quoted(help)}`;
      }),
    ),
  ];
}
