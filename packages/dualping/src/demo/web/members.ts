/**
 * A card for each server and for the router: its role and state, when it was heard, and buttons for faults.
 */
import {
  BARS,
  beatSpans,
  type CellOf,
  type ClusterViewState,
  cellsOf,
  keymapFor,
  labelNow,
  openCluster,
  sameVictim,
  type Victim,
  victimKey,
  victimsOf,
} from '@dualping/terminal';
import { type Attributes, element, escaped, stretched } from '../page/markup.js';
import { markupOf, textOf } from './spans.js';

/** Beats in a trace; each stands for a second. */
const BEATS = 40;
const BEAT_WIDTH = 6;
const BEAT_GAP = 1.5;
const TRACE_HEIGHT = 40;
/** Height of a beat that was not heard. */
const DOT_HEIGHT = 2;
/** Longest text of a cell; a page has more room than the screen. */
const CELL_WIDTH = 40;

const FACTS = [
  ['heard', 'age'],
  ['lag', 'lag'],
  ['clients', 'clients'],
  ['posts/s', 'rate'],
  ['pid', 'pid'],
] as const;
const ROUTER_FACTS = [
  ['silent for', 'age'],
  ['pid', 'pid'],
] as const;
const ROUTER_NOTE = 'Hears all servers, and makes one of them primary. No post goes through it.';

/** Actions of the buttons on a card. */
const ON_CARD: readonly string[] = ['kill', 'freeze', 'cut', 'restart'];

export const membersMarkup = (state: ClusterViewState): string =>
  victimsOf(state)
    .map((victim) => card(state, victim))
    .join('');

function card(state: ClusterViewState, victim: Victim): string {
  const cells = cellsOf(state, victim);
  const cell = (name: Parameters<CellOf>[0]['name']) => cells({ name, width: CELL_WIDTH });
  const name = textOf(cell('server'));
  const isPrimary = textOf(cell('role')) === 'PRIMARY';
  const isSelected = sameVictim(victim, state.selected);
  const columns = victim.kind === 'router' ? ROUTER_FACTS : FACTS;
  const facts = columns.map(([title, column]) =>
    element('div', {}, element('dt', {}, title) + element('dd', {}, markupOf(cell(column)))),
  );
  const role = victim.kind === 'router' ? 'decides' : markupOf(cell('role'));
  return element(
    'article',
    {
      class: ['card', ...(isPrimary ? ['primary'] : []), ...(isSelected ? ['selected'] : [])].join(' '),
      'data-item': victimKey(victim),
      'aria-label': `${name}, ${textOf(cell('role'))}, ${textOf(cell('state'))}`,
    },
    element(
      'header',
      {},
      element('h3', {}, escaped(name)) +
        element('span', { class: 'role' }, role) +
        element('span', { class: 'state' }, markupOf(cell('state'))),
    ) +
      trace(state, victim, textOf(cell('age'))) +
      element('dl', {}, facts.join('')) +
      element('div', { class: 'acts' }, buttons(state, victim, name)),
  );
}

function buttons(state: ClusterViewState, victim: Victim, name: string): string {
  return keymapFor(state.canAct)
    .filter(({ action }) => ON_CARD.includes(action))
    .map((binding) => {
      const label = labelNow(binding, { ...state, selected: victim }) ?? binding.action;
      const attributes = { 'data-victim': victimKey(victim), 'aria-label': `${label} ${name}` };
      return button(binding.keys[0] ?? '', label, attributes);
    })
    .join('');
}

/** A key of the screen, as a button. */
export const button = (key: string, label: string, attributes: Attributes = {}): string =>
  element(
    'button',
    { type: 'button', class: 'act', 'data-press': key, ...attributes },
    element('kbd', { 'aria-hidden': 'true' }, escaped(key)) + escaped(label),
  );

/** The heartbeats, one bar for each sign of the screen's trace. */
function trace(state: ClusterViewState, victim: Victim, age: string): string {
  if (victim.kind === 'router') return element('p', { class: 'note' }, ROUTER_NOTE);
  const member = openCluster(state)?.members.find(({ info }) => info.serverId === victim.serverId);
  const signs = beatSpans(member?.beats ?? [], BEATS).flatMap(({ text, role }) =>
    [...text].map((sign) => ({ sign, role })),
  );
  const drawn = signs.map(({ sign, role }, at) => {
    if (sign === ' ') return '';
    const level = BARS.indexOf(sign) + 1;
    const height = level > 0 ? (level / BARS.length) * TRACE_HEIGHT : DOT_HEIGHT;
    const place = { x: at * BEAT_WIDTH, y: TRACE_HEIGHT - height, width: BEAT_WIDTH - BEAT_GAP, height };
    return element('rect', { class: `beat ${role}`, ...place });
  });
  const label = `heartbeats of s${victim.serverId}, last heard ${age} ago: the higher, the longer it was silent`;
  return element(
    'div',
    { class: 'trace' },
    stretched(BEATS * BEAT_WIDTH, TRACE_HEIGHT, label, drawn.join('')),
  );
}
