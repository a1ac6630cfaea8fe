/**
 * Answers on a real screen: they show what they answer, and Enter shows that post even to a reader who never
 * followed its author.
 */
import { after, before, test } from 'node:test';
import { ME, Stage } from './stage.js';
import type { Terminal } from './terminal.js';

let stage: Stage;
let terminal: Terminal;

before(async () => {
  stage = await Stage.open();
  await stage.person('bo').post('Anyone else seeing the p95 drop?');
  await stage.person('ana').follow('bo');
  await stage.person(ME).follow('ana');
  stage.leaves(ME);
  terminal = stage.client();
  await terminal.shows('Following 1');
});
after(() => stage.close());

test('an answer names the post that it answers; a takeover in between changes nothing', async () => {
  const { position } = await stage.person('bo').post('It is the batching.');
  await stage.person('ana').post('told you', { position, author: 'bo' });
  await terminal.shows('↳ @bo: It is the batching.');
  await stage.killPrimary();
  await terminal.shows('nothing missed');
  terminal.press('k');
  terminal.press('enter');
  await terminal.shows('Answered post');
  await terminal.shows('@bo ');
});

test('r answers the selected post', async () => {
  terminal.press('escape');
  await terminal.shows('Esc back');
  terminal.press('r');
  await terminal.shows('↳ @ana: told you');
  terminal.type('so you did\n');
  await terminal.shows('✓');
  await terminal.shows('@ana so you did');
});
