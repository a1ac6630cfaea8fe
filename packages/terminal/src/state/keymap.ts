/**
 * All keys. What the keys do, what the footer shows and what the help explains come from this one table.
 */

/** The part of the screen that gets the keys. */
export type Where = 'timeline' | 'sidebar' | 'composer' | 'prompt' | 'overlay';

export type Action =
  | 'compose'
  | 'reply'
  | 'next'
  | 'previous'
  | 'page-down'
  | 'page-up'
  | 'first'
  | 'last'
  | 'next-unread'
  | 'follow'
  | 'unfollow'
  | 'open-user'
  | 'open-answered'
  | 'open-author'
  | 'open-link'
  | 'copy'
  | 'copy-link'
  | 'toggle-bare'
  | 'retry'
  | 'edit'
  | 'search'
  | 'filter'
  | 'next-found'
  | 'previous-found'
  | 'command'
  | 'other-side'
  | 'open'
  | 'next-timeline'
  | 'previous-timeline'
  | 'home'
  | 'mentions'
  | 'toggle-times'
  | 'toggle-mouse'
  | 'help'
  | 'redraw'
  | 'suspend'
  | 'quit'
  | 'send'
  | 'new-line'
  | 'edit-elsewhere'
  | 'leave'
  | 'complete'
  | 'complete-back'
  | 'confirm'
  | 'recall-older'
  | 'recall-newer';

export interface Binding {
  readonly action: Action;
  readonly where: readonly Where[];
  /**
   * Names of keys (see input/token.ts); the first one is shown. A blank separates two keys to press one after
   * the other. The person's own keys replace these at the start (own-keys.ts).
   */
  keys: readonly string[];
  /** One or two words for the footer; undefined: the footer leaves it out. */
  readonly label?: string;
  readonly help: string;
}

const EVERYWHERE: readonly Where[] = ['timeline', 'sidebar', 'composer', 'prompt', 'overlay'];
const BROWSING: readonly Where[] = ['timeline', 'sidebar'];

/** In the order of the help; what the footer shows comes in this order too. */
export const KEYMAP: readonly Binding[] = [
  { action: 'compose', where: BROWSING, keys: ['i', 'c'], label: 'post', help: 'write a post' },
  { action: 'next', where: ['timeline', 'sidebar', 'overlay'], keys: ['j', 'down'], help: 'next' },
  {
    action: 'previous',
    where: ['timeline', 'sidebar', 'overlay'],
    keys: ['k', 'up'],
    help: 'previous; at the top it loads older posts',
  },
  { action: 'page-down', where: ['timeline', 'overlay'], keys: ['page-down', 'ctrl-d'], help: 'a page down' },
  { action: 'page-up', where: ['timeline', 'overlay'], keys: ['page-up', 'ctrl-u'], help: 'a page up' },
  { action: 'page-down', where: ['composer'], keys: ['page-down'], help: 'a page down, while writing' },
  { action: 'page-up', where: ['composer'], keys: ['page-up'], help: 'a page up, while writing' },
  {
    action: 'first',
    where: ['timeline', 'sidebar', 'overlay'],
    keys: ['g', 'home'],
    help: 'to the oldest that is loaded',
  },
  {
    action: 'last',
    where: ['timeline', 'sidebar', 'overlay'],
    keys: ['G', 'end'],
    help: 'to the newest, and stay there',
  },
  { action: 'next-unread', where: BROWSING, keys: ['u'], label: 'unread', help: 'to the first unread post' },
  { action: 'reply', where: BROWSING, keys: ['r'], help: 'answer the post, or write to the person' },
  { action: 'follow', where: BROWSING, keys: ['f'], label: 'follow', help: 'follow, or ask for a name' },
  { action: 'unfollow', where: BROWSING, keys: ['F'], help: 'unfollow' },
  {
    action: 'open-user',
    where: ['timeline'],
    keys: ['enter'],
    label: 'answered',
    help: "of an answer the post that it answers, else the author's posts",
  },
  {
    action: 'open-answered',
    where: ['overlay'],
    keys: ['enter'],
    label: 'answered',
    help: 'of an answered post that is an answer itself, what it answers',
  },
  { action: 'open-author', where: ['timeline'], keys: ['a'], help: "open the author's posts" },
  { action: 'open-link', where: ['timeline'], keys: ['o'], label: 'link', help: 'open the link in the post' },
  { action: 'copy', where: ['timeline'], keys: ['y'], label: 'copy', help: 'copy the post' },
  { action: 'copy-link', where: ['timeline'], keys: ['Y'], help: 'copy the link in the post' },
  { action: 'retry', where: BROWSING, keys: ['R'], help: 'send again what was not sent' },
  { action: 'edit', where: ['timeline'], keys: ['e'], help: 'take back what was not sent, and edit it' },
  { action: 'search', where: BROWSING, keys: ['/'], label: 'search', help: 'search in this timeline' },
  {
    action: 'filter',
    where: ['overlay'],
    keys: ['/'],
    label: 'filter',
    help: 'only people whose name has a text in it',
  },
  { action: 'next-found', where: ['timeline'], keys: ['n'], help: 'next found, towards older posts' },
  {
    action: 'previous-found',
    where: ['timeline'],
    keys: ['N'],
    help: 'found before that, towards newer posts',
  },
  { action: 'command', where: BROWSING, keys: [':'], label: 'command', help: 'type a command' },
  { action: 'other-side', where: BROWSING, keys: ['tab', 'shift-tab'], help: 'between timeline and sidebar' },
  { action: 'open', where: ['sidebar'], keys: ['enter', 'o'], label: 'open', help: 'open it' },
  { action: 'next-timeline', where: BROWSING, keys: [']'], help: 'next timeline' },
  { action: 'previous-timeline', where: BROWSING, keys: ['['], help: 'previous timeline' },
  { action: 'home', where: BROWSING, keys: ['1'], help: 'to Home' },
  { action: 'mentions', where: BROWSING, keys: ['2'], help: 'to Mentions' },
  { action: 'toggle-times', where: BROWSING, keys: ['t'], help: 'ages or times of day' },
  {
    action: 'toggle-mouse',
    where: BROWSING,
    keys: ['M'],
    help: 'mouse on or off; off lets the terminal select text',
  },
  {
    action: 'toggle-bare',
    where: BROWSING,
    keys: ['alt-l', 'alt-L'],
    help: 'posts alone, to select text with the mouse; again: back',
  },
  {
    action: 'help',
    where: ['timeline', 'sidebar', 'overlay'],
    keys: ['?', 'f1'],
    label: 'help',
    help: 'this help',
  },
  { action: 'send', where: ['composer'], keys: ['enter'], label: 'send', help: 'send' },
  {
    action: 'new-line',
    where: ['composer'],
    // Not Alt-Enter: Esc and a quick Enter look the same, and text that is typed after Esc must not be
    // posted.
    keys: ['ctrl-j', 'shift-enter'],
    label: 'new line',
    help: 'a new line',
  },
  {
    action: 'edit-elsewhere',
    where: ['composer'],
    keys: ['ctrl-x ctrl-e'],
    help: 'edit it in $VISUAL or $EDITOR',
  },
  {
    action: 'recall-older',
    where: ['composer', 'prompt'],
    keys: ['ctrl-p'],
    help: 'what was typed before (Up on an empty line does it too)',
  },
  { action: 'recall-newer', where: ['composer', 'prompt'], keys: ['ctrl-n'], help: 'and back' },
  { action: 'confirm', where: ['prompt'], keys: ['enter'], label: 'do it', help: 'do it' },
  {
    action: 'complete',
    where: ['prompt', 'composer'],
    keys: ['tab'],
    label: 'complete',
    help: 'complete the word',
  },
  {
    action: 'complete-back',
    where: ['prompt', 'composer'],
    keys: ['shift-tab'],
    help: 'the completion before',
  },
  {
    action: 'leave',
    where: EVERYWHERE,
    keys: ['escape'],
    label: 'back',
    help: 'back; what is written stays as a draft',
  },
  { action: 'redraw', where: EVERYWHERE, keys: ['ctrl-l'], help: 'draw the screen anew' },
  { action: 'suspend', where: EVERYWHERE, keys: ['ctrl-z'], help: 'to the shell; fg comes back' },
  { action: 'quit', where: ['timeline', 'sidebar'], keys: ['q'], label: 'quit', help: 'quit' },
  { action: 'quit', where: EVERYWHERE, keys: ['ctrl-c'], help: 'quit, from anywhere' },
];

/** What a key does in a part of the screen. */
export const actionOf = (where: Where, key: string): Action | undefined =>
  KEYMAP.find((binding) => binding.where.includes(where) && binding.keys.includes(key))?.action;

/** Whether a key is the first of two. */
export const beginsChord = (where: Where, key: string): boolean =>
  KEYMAP.some(
    (binding) => binding.where.includes(where) && binding.keys.some((each) => each.startsWith(`${key} `)),
  );

/** The keys that edit text, for the help; the editor defines what they do. */
export const EDITING_HELP: readonly { readonly keys: string; readonly help: string }[] = [
  { keys: 'left right', help: 'by character; with ctrl or alt by word' },
  { keys: 'home end', help: 'begin and end of the line (ctrl-a, ctrl-e)' },
  { keys: 'backspace delete', help: 'a character; ctrl-w and alt-backspace a word, alt-delete the next one' },
  { keys: 'ctrl-u ctrl-k', help: 'to the begin and to the end of the line' },
  { keys: 'ctrl-y', help: 'put back what was cut' },
  { keys: 'ctrl-_ ctrl-r', help: 'undo, redo' },
];
