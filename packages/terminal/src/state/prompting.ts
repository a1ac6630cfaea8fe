/** The line after `:` and `/`: how it is typed, completed and executed. */
import { userNameProblem } from '@dualping/client';
import { type Editor, edit, editorWith, emptyEditor, insert, textOf } from '../editor/editor.js';
import type { KeyToken } from '../input/token.js';
import { linksIn } from '../text/links.js';
import { asking } from './asking.js';
import { commandNamed, completionsOf } from './commands.js';
import { retried } from './composing.js';
import { just, type Step } from './events.js';
import { found } from './finding.js';
import { openedLink } from './links.js';
import { problem, said } from './notices.js';
import { leaving } from './quitting.js';
import type { Prompt, Settings, State } from './state.js';
import { opened } from './timelines.js';
import { recounted } from './unread.js';

const MOST_GIVEN_COMMANDS = 100;
/** Most people that can be muted or ignored: the list is read for each post. */
const MOST_HUSHED = 1_000;
/** Longer than any command can be. */
const MOST_PROMPT_LENGTH = 200;

function withEditor(state: State, prompt: Prompt, editor: Editor): State {
  const completions = prompt.kind === 'command' ? completionsOf(state, textOf(editor)) : [];
  return { ...state, prompt: { ...prompt, editor, completions, chosen: -1 } };
}

export function prompting(state: State, kind: Prompt['kind'], text = ''): State {
  const editor = text === '' ? emptyEditor : editorWith(text);
  return { ...withEditor(state, { kind, editor, completions: [], chosen: -1 }, editor), recalled: 0 };
}

export function promptTyped(state: State, prompt: Prompt, text: string): State {
  const line = text.replaceAll('\n', ' ');
  if (textOf(prompt.editor).length + line.length > MOST_PROMPT_LENGTH)
    return problem(state, `that is longer than the ${MOST_PROMPT_LENGTH} characters of a command`);
  return withEditor(state, prompt, insert(prompt.editor, line));
}

/** @returns undefined when the key does nothing here */
export function promptKey(state: State, prompt: Prompt, { name, text }: KeyToken): State | undefined {
  if (name === 'up') return promptRecalled(state, prompt, 1);
  if (name === 'down') return promptRecalled(state, prompt, -1);
  if (name === 'backspace' && textOf(prompt.editor) === '') return { ...state, prompt: undefined };
  const edited = edit(prompt.editor, name);
  if (edited !== undefined) return withEditor(state, prompt, edited);
  return text === undefined ? undefined : promptTyped(state, prompt, text);
}

export function promptRecalled(state: State, prompt: Prompt, by: 1 | -1): State {
  const { givenCommands } = state;
  if (prompt.kind !== 'command') return state;
  const recalled = Math.min(givenCommands.length, Math.max(0, state.recalled + by));
  const text = recalled === 0 ? '' : (givenCommands.at(-recalled) ?? '');
  return { ...withEditor(state, prompt, text === '' ? emptyEditor : editorWith(text)), recalled };
}

/** Fills in the next completion in place of the one before. */
export function promptCompleted(state: State, prompt: Prompt, by: 1 | -1): State {
  const { completions, chosen, editor } = prompt;
  if (completions.length === 0) return said(state, nothingFits(prompt));
  const from = chosen < 0 && by < 0 ? 0 : chosen;
  const at = (from + by + completions.length) % completions.length;
  const line = textOf(editor);
  const word = completions[at] ?? '';
  // A completed command has a space after it; the next completion replaces both.
  const isName = chosen < 0 ? !line.includes(' ') : line.trimEnd() === completions[chosen];
  if (!isName) {
    const completed = `${line.slice(0, line.indexOf(' '))} ${word}`;
    return { ...state, prompt: { ...prompt, editor: editorWith(completed), chosen: at } };
  }
  const takesArgument = (commandNamed(word)?.arguments ?? '') !== '';
  const filled = editorWith(takesArgument ? `${word} ` : word);
  // There is no other command: the next completion is for its argument.
  if (takesArgument && completions.length === 1) return withEditor(state, prompt, filled);
  return { ...state, prompt: { ...prompt, editor: filled, chosen: at } };
}

function nothingFits({ kind, editor }: Prompt): string {
  if (kind === 'search') return 'a search is typed as it is';
  const word = textOf(editor).split(' ').at(-1) ?? '';
  return word === '' ? 'nothing completes that' : `nothing begins with "${word}"`;
}

export function confirmed(state: State, { kind, editor, completions, chosen }: Prompt): Step {
  const text = textOf(editor).trim();
  const next = { ...state, prompt: undefined, recalled: 0, notice: undefined };
  if (kind === 'search') {
    if (text === '') return just({ ...next, search: undefined });
    return found({ ...next, search: text, focus: 'timeline' }, -1, true);
  }
  if (text === '') return just(next);
  const remembered = {
    ...next,
    givenCommands: [...state.givenCommands.filter((it) => it !== text), text].slice(-MOST_GIVEN_COMMANDS),
  };
  // The typed text may be the beginning of only one command.
  const [only, another] = completions;
  const isOne = chosen < 0 && !text.includes(' ') && only !== undefined && another === undefined;
  return performed(remembered, isOne && commandNamed(text) === undefined ? only : text);
}

function performed(state: State, line: string): Step {
  const [name = '', ...rest] = line.replace(/^:/, '').split(/\s+/);
  const argument = rest.join(' ');
  const command = commandNamed(name);
  if (command === undefined) return just(problem(state, `there is no command "${name}": ? shows all`));
  if (command.arguments === '' && argument !== '')
    return just(problem(state, `:${name} takes nothing after it, not "${argument}"`));
  switch (name) {
    case 'follow':
    case 'unfollow':
      return withName(state, name, argument, (user) => asking(state, { kind: name, name: user }));
    case 'mute':
    case 'ignore':
      return withName(state, name, argument, (user) => just(hushed(state, name, user)));
    case 'user':
      return withName(state, name, argument, (user) =>
        state.people === undefined || user === state.me || state.people.some((it) => it.name === user)
          ? just({ ...opened(state, `@${user}`), focus: 'timeline' })
          : just(problem(state, `nobody is called "${user}"`)),
      );
    case 'home':
    case 'mentions':
      return just({ ...opened(state, name), focus: 'timeline' });
    case 'list':
      return just({ ...state, overlay: { kind: 'people', scroll: 0, part: argument } }, { kind: 'list' });
    case 'open':
      return openLink(state, argument);
    case 'info':
    case 'help':
      return just({ ...state, overlay: { kind: name, scroll: 0 } });
    case 'router':
      return just(said(state, `asks ${state.routers.join(', ')}`));
    case 'retry': {
      const { state: next, effects } = retried(state);
      return just(next, ...effects, { kind: 'retry-now' });
    }
    case 'quit':
      return leaving(state);
    default:
      return setting(state, name, argument);
  }
}

function openLink(state: State, argument: string): Step {
  if (argument === '') return openedLink(state, undefined);
  const [link] = linksIn(argument);
  return link === undefined
    ? just(problem(state, `"${argument}" is no link: https://…`))
    : openedLink(state, link.url);
}

const HUSHED = {
  mute: ['muted: what they write is nothing new', 'no longer muted'],
  ignore: ['ignored: what they write is shown in :user only', 'no longer ignored'],
} as const;

/** Mutes or ignores a person; the same command again undoes it. */
function hushed(state: State, command: 'mute' | 'ignore', name: string): State {
  if (name === state.me) return problem(state, `that is you: nobody can ${command} themselves`);
  const list = command === 'mute' ? 'muted' : 'ignored';
  const names = new Set(state[list]);
  const isNew = !names.delete(name);
  if (isNew && names.size >= MOST_HUSHED)
    return problem(state, `at most ${MOST_HUSHED} people can be ${list}`);
  if (isNew) names.add(name);
  const [done, undone] = HUSHED[command];
  return said(recounted({ ...state, [list]: names }), `${name} is ${isNew ? done : undone}`);
}

function withName(state: State, command: string, argument: string, perform: (name: string) => Step): Step {
  const name = argument.startsWith('@') ? argument.slice(1) : argument;
  if (name === '') return just(problem(state, `:${command} needs a name`));
  const why = userNameProblem(name);
  return why === undefined ? perform(name) : just(problem(state, why));
}

function setting(state: State, name: string, argument: string): Step {
  const { settings } = state;
  if (argument === '') return settingAlone(state, name);
  const allowed = commandNamed(name)?.candidates?.(state) ?? [];
  if (!allowed.includes(argument))
    return just(problem(state, `:${name} takes ${allowed.join(' or ')}, not "${argument}"`));
  const chosen: Readonly<Record<string, Partial<Settings>>> = {
    theme: { theme: argument as Settings['theme'] },
    times: { times: argument as Settings['times'] },
    mouse: { mouse: argument === 'on' },
    bell: { bell: argument === 'on' },
  };
  const followsBackground = state.followsBackground && name !== 'theme';
  return withSettings({ ...state, followsBackground }, { ...settings, ...chosen[name] });
}

/** A setting without a value: one with two values toggles; otherwise a notice shows the present value. */
function settingAlone(state: State, name: string): Step {
  const { settings } = state;
  switch (name) {
    case 'times':
      return told(state, name, settings.times === 'relative' ? 'absolute' : 'relative');
    case 'mouse':
      return told(state, name, settings.mouse ? 'off' : 'on');
    case 'bell':
      return told(state, name, settings.bell ? 'off' : 'on');
    default: {
      const all = commandNamed(name)?.candidates?.(state) ?? [];
      return just(said(state, `${name}: ${settings.theme}; there is ${all.join(', ')}`));
    }
  }
}

function told(state: State, name: string, argument: string): Step {
  const { state: next, effects } = setting(state, name, argument);
  return just(said(next, `${name}: ${argument}`), ...effects);
}

export const withSettings = (state: State, settings: Settings): Step =>
  just({ ...state, settings }, { kind: 'settings', settings });
