/**
 * What the page shows of a state, region by region: a pure function, called once for all watchers.
 *
 * All markup is made here, from escaped texts. The script in the browser only puts it in its place.
 */
import {
  type ClusterEvent,
  type ClusterViewState,
  type Counts,
  countText,
  healthOf,
  keymapFor,
  labelNow,
  looksOf,
  millisecondText,
  secondText,
} from '@dualping/terminal';
import { cleanForTerminal } from '../../terminal-text.js';
import { element, escaped } from '../page/markup.js';
import { button, membersMarkup } from './members.js';
import { markupOf } from './spans.js';
import { lastMarkup, takeoversMarkup } from './takeovers.js';

export const REGIONS = [
  'top',
  'counts',
  'members',
  'takeovers',
  'last',
  'events',
  'actions',
  'notice',
  'end',
] as const;
/** Markup by the id of its element. */
export type Regions = Readonly<Record<(typeof REGIONS)[number], string>>;

/** Events that are shown; the newest first. */
const MOST_EVENTS_SHOWN = 60;
/** Actions that belong to no card. */
const FOR_ALL: readonly string[] = ['kill-primary', 'kill-router', 'automatic'];

/** @param end the text about the end of the demo; undefined while it runs */
export const regionsOf = (state: ClusterViewState, end: string | undefined): Regions => ({
  top: topMarkup(state),
  counts: state.counts === undefined ? '' : countsMarkup(state.counts),
  members: membersMarkup(state),
  takeovers: takeoversMarkup(state),
  last: lastMarkup(state),
  events: eventsMarkup(state),
  actions: actionsMarkup(state),
  notice: noticeMarkup(state),
  end: end === undefined ? '' : element('p', {}, escaped(end)),
});

function topMarkup(state: ClusterViewState): string {
  const [health, ...facts] = healthOf(state).map((span) => markupOf([span]));
  const all = [
    element('b', { class: 'health' }, health ?? ''),
    ...facts.map((fact) => element('span', { class: 'fact' }, fact)),
    ...(state.automatic ? [element('span', { class: 'automatic' }, 'faults by themselves')] : []),
  ];
  const time = element('time', {}, secondText(state.clock.wallMs, state.clock));
  return element('p', { class: 'mark' }, 'dualping') + element('p', { class: 'now' }, all.join('')) + time;
}

function countsMarkup(counts: Counts): string {
  const { clients, posted, acknowledged, delivered, lost, repeated, outOfOrder } = counts;
  const tile = (name: string, value: number, look: string): string =>
    element('div', { class: look }, element('dt', {}, name) + element('dd', {}, countText(value)));
  const judged = (name: string, value: number): string => tile(name, value, value === 0 ? 'good' : 'bad');
  return (
    judged('lost', lost) +
    judged('repeated', repeated) +
    judged('out of order', outOfOrder) +
    tile('posted', posted, 'plain') +
    tile('acknowledged', acknowledged, 'plain') +
    tile('delivered', delivered, 'plain') +
    tile('people', clients, 'plain')
  );
}

function eventsMarkup(state: ClusterViewState): string {
  const first = state.forgotten + state.events.length;
  return state.events
    .slice(-MOST_EVENTS_SHOWN)
    .reverse()
    .map((event, at) => eventMarkup(state, event, first - at))
    .join('');
}

function eventMarkup(
  { clock }: ClusterViewState,
  { atMs, kind, text }: ClusterEvent,
  number: number,
): string {
  const { sign, role } = looksOf(kind);
  return element(
    'li',
    { 'data-item': number },
    element('time', {}, millisecondText(atMs, clock)) +
      element('span', { class: `sign ${role}`, 'aria-hidden': 'true' }, escaped(sign)) +
      element('span', {}, escaped(cleanForTerminal(text))),
  );
}

const actionsMarkup = (state: ClusterViewState): string =>
  keymapFor(state.canAct)
    .filter(({ action }) => FOR_ALL.includes(action))
    .map((binding) => {
      const label = binding.action === 'automatic' ? labelNow(binding, state) : binding.label;
      return button(binding.keys[0] ?? '', label ?? binding.action.replace('-', ' '));
    })
    .join('');

const noticeMarkup = ({ notice }: ClusterViewState): string =>
  notice === undefined ? '' : element('p', { class: notice.kind }, escaped(cleanForTerminal(notice.text)));
