/**
 * What the terminal can do, judged by the name it gives itself.
 *
 * Only a few names matter. Every terminal except very old ones understands what xterm understands, with 256
 * colours, and is treated as xterm. The system's own terminfo entries for tmux, alacritty or foot are not
 * used: blessed can't read them, and their users would lose the colours.
 */

export interface Abilities {
  /** The entry of our own terminfo that describes it. */
  readonly terminfo: 'xterm-256color' | 'linux' | 'vt220' | 'ansi';
  /** Whether it has 256 colours; without them only bold, underline and reverse are used. */
  readonly colours: boolean;
  /** Alternate screen, mouse, bracketed paste, reports of focus, titles. */
  readonly modes: boolean;
}

const FULL: Abilities = { terminfo: 'xterm-256color', colours: true, modes: true };

/** Names of terminals without a movable cursor. */
const NOT_SCREENS = new Set(['', 'dumb', 'unknown', 'emacs', 'network', 'dialup']);

/** Undefined: nothing can be drawn on it. */
export function abilitiesOf(term: string | undefined): Abilities | undefined {
  const name = (term ?? '').toLowerCase();
  if (NOT_SCREENS.has(name)) return undefined;
  if (name === 'linux' || name.startsWith('linux-'))
    return { terminfo: 'linux', colours: false, modes: false };
  if (/^vt\d/.test(name)) return { terminfo: 'vt220', colours: false, modes: false };
  if (name === 'ansi' || name.startsWith('ansi-')) return { terminfo: 'ansi', colours: false, modes: false };
  return FULL;
}

/** Why there is no full screen. The caller knows what can be used instead, and says so. */
export type NoScreenReason = 'input-is-no-terminal' | 'output-is-no-terminal' | 'terminal-is-dumb';

const SAYS: Record<NoScreenReason, string> = {
  'input-is-no-terminal': 'the input is not a terminal',
  'output-is-no-terminal': 'the output is not a terminal',
  'terminal-is-dumb': 'this terminal cannot move its cursor',
};

export class NoScreen extends Error {
  override readonly name = 'NoScreen';
  constructor(
    readonly reason: NoScreenReason,
    /** The value of TERM, if that is the reason. */
    readonly term?: string,
  ) {
    super(SAYS[reason] + (term === undefined ? '' : ` (TERM is ${JSON.stringify(term)})`));
  }
}
