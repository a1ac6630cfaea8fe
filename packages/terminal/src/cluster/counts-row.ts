/** What the simulated people counted, and whether the promise is kept. */

import { countText } from '../view/counts.js';
import type { Row, Span } from '../view/row.js';
import { firstThatFits, loud, say } from '../view/spans.js';
import type { Counts } from './feed.js';

export function countsRow(counts: Counts, width: number): Row {
  const { clients, posted, acknowledged, delivered, lost, repeated, outOfOrder } = counts;
  const title = loud('title', ' Posts');
  const kept = lost === 0 && repeated === 0 && outOfOrder === 0;
  const verdict: Row = [
    loud(kept ? 'good' : 'problem', kept ? '   ✓ ' : '   ✗ '),
    wrong(lost, 'lost'),
    say('text', '  '),
    wrong(repeated, 'repeated'),
    say('text', '  '),
    wrong(outOfOrder, 'out of order'),
  ];
  const acknowledgedOf = say('text', `  ${countText(acknowledged)} of ${countText(posted)} acknowledged`);
  const deliveredText = say('text', `  ${countText(delivered)} delivered`);
  const people = say('dim', `   ${countText(clients)} clients`);
  return firstThatFits(
    [
      [title, acknowledgedOf, deliveredText, ...verdict, people],
      [title, acknowledgedOf, deliveredText, ...verdict],
      [title, deliveredText, ...verdict],
      verdict,
    ],
    width,
  );
}

const wrong = (count: number, what: string): Span =>
  count === 0 ? say('text', `0 ${what}`) : loud('problem', `${countText(count)} ${what}`);
