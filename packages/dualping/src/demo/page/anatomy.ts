/**
 * A close-up of one takeover: a lane for each person, and a line for each post from when it was sent to when
 * it was acknowledged.
 */
import { nameOf } from '../crowd.js';
import { DONE } from '../faults.js';
import { AFTER_MS, BEFORE_MS, type Story, type StoryPost } from '../stories.js';
import { element, escaped, picture, plot, svgText } from './markup.js';
import { PART_LOOKS } from './parts.js';
import { linear, type Scale, ticksUpTo } from './scale.js';

const LEFT = 66;
const RIGHT = 18;
const STRIP_TOP = 26;
const STRIP_HEIGHT = 28;
const LANES_TOP = STRIP_TOP + STRIP_HEIGHT + 16;
const LANE_HEIGHT = 22;
const AXIS_HEIGHT = 34;
/** Width that a number on the axis needs, units. */
const TICK_WIDTH = 120;
/** More lanes than this make the picture longer but not clearer. */
const MAX_LANES = 24;
/** Width of a letter in a strip, units: words that don't fit are left out. */
const LETTER_WIDTH = 8;

/** Sent before there was a new primary, and acknowledged by it. */
const cameThrough = ({ marks, takeover }: Story, { sent, epoch }: StoryPost): boolean =>
  sent < marks.promoted && (epoch === undefined || epoch >= takeover.epoch);

export function anatomy(story: Story): string {
  const { takeover, posts } = story;
  const through = posts.filter((post) => cameThrough(story, post));
  const pending = through.filter(({ acknowledged }) => acknowledged === undefined).length;
  const heading = `${DONE[takeover.fault]}<span class="quiet">takeover #${takeover.number} · s${takeover.from} → s${takeover.to} · epoch ${takeover.epoch} · ${takeover.totalMs.toFixed(1)} ms</span>`;
  return element(
    'figure',
    { class: 'panel' },
    element('h3', {}, heading) +
      legend(story) +
      plot((width) => drawing(story, width)) +
      element('figcaption', {}, escaped(sentence(through.length, pending, takeover.to))),
  );
}

function drawing(story: Story, width: number): string {
  const { takeover, marks } = story;
  const lanes = Math.min(MAX_LANES, marks.live.length);
  const from = -BEFORE_MS;
  const to = marks.end - marks.begin + AFTER_MS;
  const right = width - RIGHT;
  const scale = linear([from, to], [LEFT, right]);
  const x: Scale = (instant) => scale(Math.min(to, Math.max(from, instant - marks.begin)));
  const bottom = LANES_TOP + lanes * LANE_HEIGHT;
  const inner = [
    bands(story, x, bottom),
    strips(story, x, right),
    ...Array.from({ length: lanes }, (_, lane) => laneOf(story, lane, x, right)),
    axis(scale, [from, to], bottom, Math.max(2, Math.floor(width / TICK_WIDTH))),
    element('line', {
      class: 'fault',
      x1: x(marks.begin),
      x2: x(marks.begin),
      y1: STRIP_TOP - 6,
      y2: bottom,
    }),
    svgText(x(marks.begin), STRIP_TOP - 12, `s${takeover.from} ${DONE[takeover.fault]}`, {
      class: 'fault-label middle',
    }),
  ];
  return picture(width, bottom + AXIS_HEIGHT, caption(story), inner.join(''));
}

const caption = ({ takeover }: Story): string =>
  `the posts of everybody around takeover ${takeover.number}, as a line from being sent to being acknowledged`;

function sentence(through: number, pending: number, to: number): string {
  if (through === 0) return 'No post was under way in that moment.';
  const were = through === 1 ? '1 post was' : `${through} posts were`;
  const all = through === 1 ? 'It was' : 'All of them were';
  // It is not known here how often the clients sent a post: they send it again when the old primary did not
  // answer.
  const end =
    pending === 0
      ? `${all} acknowledged by s${to}`
      : `${through - pending} of them were acknowledged by s${to} before this picture ends`;
  return `${were} sent before there was a new primary. ${end}.`;
}

function legend({ takeover }: Story): string {
  const items = PART_LOOKS.map(({ part, look, name }) => {
    const ms = takeover.parts[part];
    return `<span><i class="swatch ${look}"></i>${name} <b>${ms === undefined ? '—' : `${ms.toFixed(1)} ms`}</b></span>`;
  });
  return element('p', { class: 'legend' }, items.join(''));
}

/** The parts behind the lanes. */
function bands({ takeover, marks }: Story, x: Scale, bottom: number): string {
  const lastLive = Math.max(marks.promoted, ...marks.live);
  const detected = takeover.parts.detectMs === undefined ? marks.begin : marks.dropped;
  const edges = [marks.begin, detected, marks.promoted, lastLive, marks.end];
  return PART_LOOKS.map(({ look }, index) => {
    const [left, right] = [x(edges[index] ?? 0), x(edges[index + 1] ?? 0)];
    if (right <= left) return '';
    const top = LANES_TOP - 6;
    return element('rect', {
      class: `band ${look}`,
      x: left,
      y: top,
      width: right - left,
      height: bottom - top,
    });
  }).join('');
}

/** Which server serves: the old primary, none, the new one. */
function strips({ takeover, marks }: Story, x: Scale, end: number): string {
  const strip = (name: string, left: number, right: number, text: string): string =>
    element('rect', {
      class: name,
      x: left,
      y: STRIP_TOP,
      width: right - left,
      height: STRIP_HEIGHT,
      rx: 5,
    }) +
    (right - left < text.length * LETTER_WIDTH
      ? ''
      : svgText((left + right) / 2, STRIP_TOP + 18, text, { class: `${name}-label middle` }));
  const [begin, promoted] = [x(marks.begin), x(marks.promoted)];
  return (
    svgText(LEFT - 12, STRIP_TOP + 18, 'primary', { class: 'name end' }) +
    strip('serves', LEFT, begin - 2, `s${takeover.from}`) +
    strip('nobody', begin + 2, Math.max(begin + 2, promoted - 2), 'nobody can be') +
    strip('serves', promoted + 2, end, `s${takeover.to}, epoch ${takeover.epoch}`)
  );
}

function laneOf(story: Story, lane: number, x: Scale, end: number): string {
  const y = LANES_TOP + lane * LANE_HEIGHT + LANE_HEIGHT / 2;
  const live = story.marks.live[lane];
  return [
    svgText(LEFT - 12, y + 4, nameOf(lane), { class: 'name end' }),
    element('line', { class: 'lane', x1: LEFT, x2: end, y1: y, y2: y }),
    live === undefined ? '' : element('path', { class: 'live', d: `M${x(live).toFixed(1)} ${y - 8}v16` }),
    ...story.posts.filter(({ person }) => person === lane).map((post) => postMark(story, post, y, x)),
  ].join('');
}

function postMark(story: Story, post: StoryPost, y: number, x: Scale): string {
  const through = cameThrough(story, post);
  const [left, right] = [x(post.sent), x(post.acknowledged ?? Number.POSITIVE_INFINITY)];
  const took =
    post.acknowledged === undefined
      ? 'under way'
      : `acknowledged after ${(post.acknowledged - post.sent).toFixed(1)} ms`;
  return element(
    'g',
    { class: through ? 'post through' : 'post' },
    element('title', {}, escaped(`${nameOf(post.person)} #${post.number}: ${took}`)) +
      element('line', { x1: left, x2: right, y1: y, y2: y }) +
      element('circle', { class: 'sent', cx: left, cy: y, r: through ? 3.4 : 2.2 }) +
      (post.acknowledged === undefined
        ? ''
        : element('circle', { class: 'acknowledged', cx: right, cy: y, r: through ? 3.8 : 2.6 })),
  );
}

function axis(scale: Scale, [from, to]: readonly [number, number], bottom: number, count: number): string {
  const ticks = ticksUpTo(to, count).filter((tick) => tick <= to);
  return [
    element('line', { class: 'axis', x1: scale(from), x2: scale(to), y1: bottom + 4, y2: bottom + 4 }),
    ...ticks.map(
      (tick) =>
        element('line', { class: 'axis', x1: scale(tick), x2: scale(tick), y1: bottom + 4, y2: bottom + 9 }) +
        svgText(scale(tick), bottom + 23, tick === 0 ? '0 ms' : String(tick), { class: 'tick middle' }),
    ),
  ].join('');
}
