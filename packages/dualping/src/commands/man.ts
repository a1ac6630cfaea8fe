/** `man`: the manual page, made from the same tables as the help, so that it lacks no option. */
import { EXIT, EXIT_CODE_HELP } from '@dualping/host';
import { type Command, command } from '../command.js';
import { describe, flagWithArgument, type Setting } from '../settings/setting.js';

/** @param commands all commands, including this one; a function, because the list is complete only later */
export const manCommand = (commands: () => readonly Command[]): Command =>
  command({
    name: 'man',
    summary: 'print the manual page: dualping man > /usr/local/share/man/man1/dualping.1',
    settings: {},
    run: async (_, { io }) => {
      for (const line of manualPage(commands())) io.out(line);
      return EXIT.done;
    },
  });

/** In roff with the macros of man(7). */
export function manualPage(commands: readonly Command[]): readonly string[] {
  return [
    '.TH DUALPING 1',
    '.SH NAME',
    text('dualping - a small social network on servers that take over from one another'),
    '.SH SYNOPSIS',
    '.B dualping',
    text('COMMAND [OPTION]...'),
    '.SH OPTIONS',
    text(
      'Every option can also be given by the variable named with it, or by the config file (--config FILE',
    ),
    text('or DUALPING_CONFIG). A flag is stronger than a variable, a variable than the file.'),
    '.SH COMMANDS',
    ...commands.flatMap(section),
    '.SH EXIT STATUS',
    ...EXIT_CODE_HELP.split('\n')
      .flatMap((line) => /^ {2}(\d[\d, ]*?) {2,}(.*)$/.exec(line)?.slice(1) ?? [])
      .flatMap((part, at) => (at % 2 === 0 ? ['.TP', text(part)] : [text(part)])),
  ];
}

function section({ group, name, args, summary, settings }: Command): readonly string[] {
  const words = [...(group === undefined ? [] : [group]), name, ...args.map((each) => `<${each.name}>`)];
  return ['.SS', text(words.join(' ')), text(summary), ...Object.values(settings).flatMap(option)];
}

function option(setting: Setting<unknown>): readonly string[] {
  const short = setting.short === undefined ? '' : `-${setting.short}, `;
  return ['.TP', text(`${short}${flagWithArgument(setting)}`), text(describe(setting))];
}

/** A line that roff takes as it is: no escape, no request, and hyphens that can be copied. */
const text = (line: string): string =>
  line
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^(?=[.'])/, '\\&');
