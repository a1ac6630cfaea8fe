/** Every key of the cluster view: what the keys do, the footer and the help all come from this one table. */

/** The part of the view that gets the keys. */
export type ClusterWhere = 'cluster' | 'search' | 'help' | 'detail';

export type ClusterAction =
  | 'next'
  | 'previous'
  | 'first'
  | 'last'
  | 'next-cluster'
  | 'previous-cluster'
  | 'kill'
  | 'kill-primary'
  | 'kill-router'
  | 'freeze'
  | 'cut'
  | 'restart'
  | 'automatic'
  | 'open'
  | 'sort'
  | 'sort-backwards'
  | 'pause'
  | 'older-events'
  | 'newer-events'
  | 'search'
  | 'confirm'
  | 'leave'
  | 'help'
  | 'redraw'
  | 'suspend'
  | 'quit';

export interface ClusterBinding {
  readonly action: ClusterAction;
  readonly where: readonly ClusterWhere[];
  /** Names of keys (see input/token.ts), the first is the one that is shown. */
  readonly keys: readonly string[];
  /** One or two words for the footer; undefined: the footer leaves it out. */
  readonly label?: string;
  readonly help: string;
  /** Only for the program that started the cluster. */
  readonly acts?: true;
}

const EVERYWHERE: readonly ClusterWhere[] = ['cluster', 'search', 'help', 'detail'];
const PAGES: readonly ClusterWhere[] = ['cluster', 'help', 'detail'];

/** In the order of the help; what the footer shows comes in this order too. */
export const CLUSTER_KEYMAP: readonly ClusterBinding[] = [
  {
    action: 'kill',
    where: ['cluster'],
    keys: ['x'],
    label: 'kill',
    help: 'kill the selected server, or the router (SIGKILL)',
    acts: true,
  },
  {
    action: 'kill-primary',
    where: ['cluster'],
    keys: ['X'],
    label: 'kill primary',
    help: 'kill whoever is primary now',
    acts: true,
  },
  { action: 'kill-router', where: ['cluster'], keys: ['K'], help: 'kill the router', acts: true },
  {
    action: 'freeze',
    where: ['cluster'],
    keys: ['z'],
    label: 'freeze',
    help: 'freeze the selected one (SIGSTOP); again: let it go on',
    acts: true,
  },
  {
    action: 'cut',
    where: ['cluster'],
    keys: ['n'],
    label: 'cut',
    help: 'cut the selected one off from all others; again: heal it',
    acts: true,
  },
  {
    action: 'restart',
    where: ['cluster'],
    keys: ['r'],
    label: 'restart',
    help: 'start the selected one again',
    acts: true,
  },
  {
    action: 'automatic',
    where: ['cluster'],
    keys: ['a'],
    label: 'auto',
    help: 'faults of all kinds by themselves, one after another; again: stop',
    acts: true,
  },
  { action: 'next', where: PAGES, keys: ['j', 'down'], help: 'next server' },
  { action: 'previous', where: PAGES, keys: ['k', 'up'], help: 'previous server' },
  { action: 'first', where: PAGES, keys: ['g', 'home'], help: 'first server' },
  { action: 'last', where: PAGES, keys: ['G', 'end'], help: 'last server' },
  {
    action: 'open',
    where: ['cluster'],
    keys: ['enter'],
    label: 'its story',
    help: 'what happened to the selected one, and its log',
  },
  {
    action: 'sort',
    where: ['cluster'],
    keys: ['s'],
    label: 'sort',
    help: 'sort by the next column',
  },
  {
    action: 'sort-backwards',
    where: ['cluster'],
    keys: ['S'],
    help: 'sort the other way round',
  },
  {
    action: 'next-cluster',
    where: ['cluster'],
    keys: [']', 'tab', 'right'],
    label: 'next cluster',
    help: 'open the next cluster',
  },
  {
    action: 'previous-cluster',
    where: ['cluster'],
    keys: ['[', 'shift-tab', 'left'],
    help: 'open the previous cluster',
  },
  {
    action: 'pause',
    where: ['cluster'],
    keys: ['p', 'space'],
    label: 'pause',
    help: 'keep the events where they are; again: the newest as they come',
  },
  {
    action: 'older-events',
    where: PAGES,
    keys: ['page-up', 'ctrl-u'],
    help: 'older events',
  },
  {
    action: 'newer-events',
    where: PAGES,
    keys: ['page-down', 'ctrl-d'],
    help: 'newer events',
  },
  {
    action: 'search',
    where: ['cluster'],
    keys: ['/'],
    label: 'search',
    help: 'show only the events with a text in them',
  },
  { action: 'confirm', where: ['search'], keys: ['enter'], label: 'search', help: 'search' },
  {
    action: 'leave',
    where: EVERYWHERE,
    keys: ['escape'],
    label: 'back',
    help: 'end the search, the pause, the help, the story',
  },
  { action: 'help', where: PAGES, keys: ['?', 'f1'], label: 'help', help: 'this help' },
  { action: 'redraw', where: EVERYWHERE, keys: ['ctrl-l'], help: 'draw the screen anew' },
  { action: 'suspend', where: EVERYWHERE, keys: ['ctrl-z'], help: 'to the shell; fg comes back' },
  { action: 'quit', where: PAGES, keys: ['q'], label: 'quit', help: 'quit' },
  { action: 'quit', where: EVERYWHERE, keys: ['ctrl-c'], help: 'quit, from anywhere' },
];

/** The bindings in use: only the program that started the cluster can act on it. */
export const keymapFor = (canAct: boolean): readonly ClusterBinding[] =>
  CLUSTER_KEYMAP.filter(({ acts }) => canAct || acts !== true);

/** What a key does in the part that gets the keys now. */
export const clusterActionOf = (
  where: ClusterWhere,
  key: string,
  canAct: boolean,
): ClusterAction | undefined =>
  keymapFor(canAct).find((binding) => binding.where.includes(where) && binding.keys.includes(key))?.action;
