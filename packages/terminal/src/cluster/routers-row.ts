/** The row with the routers that share a store: which of them leads, and which does not answer. */
import type { Role, Row } from '../view/row.js';
import { cutRow, firstThatFits, lineOf, loud, say } from '../view/spans.js';
import type { RouterSeen, RoutersSeen } from './feed.js';

const SIGNS: Readonly<Record<RouterSeen['state'], { readonly role: Role; readonly sign: string }>> = {
  leads: { role: 'good', sign: '●' },
  follows: { role: 'text', sign: '○' },
  absent: { role: 'problem', sign: '✗' },
};

export function routersRow({ term, routers }: RoutersSeen, width: number): Row {
  const leads = routers.some(({ state }) => state === 'leads');
  const head = [
    say('title', ' Routers'),
    leads ? say('text', `  term ${term}`) : loud('problem', '  none leads'),
  ];
  const row = (isLong: boolean): Row => [...head, ...routers.flatMap((router) => oneOf(router, isLong))];
  return cutRow(firstThatFits([row(true), row(false)], width), width);
}

function oneOf({ address, state, pid }: RouterSeen, isLong: boolean): Row {
  const { role, sign } = SIGNS[state];
  const word = isLong || state !== 'follows' ? ` ${state}` : '';
  const process = isLong && pid !== undefined ? ` pid ${pid}` : '';
  return [say(role, `  ${sign}`), say('text', ` ${lineOf(address)}${word}${process}`)];
}
