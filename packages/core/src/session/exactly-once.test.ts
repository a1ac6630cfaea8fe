import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HAPPENINGS, type Happening, HISTORY, ModelNetwork } from './model-network.fixture.js';

/** After the storm everything works: each round, whatever is under way gets one step further. */
const CALM: readonly Happening[] = ['tell', 'router-answers', 'stream', 'server-takes', 'reply', 'push'];
const MOST_CALM_ROUNDS = 20_000;

function calmDown(network: ModelNetwork): void {
  for (let round = 0; round < MOST_CALM_ROUNDS; round++) {
    if (network.isQuiet) return;
    for (const happening of CALM) network.happen(happening);
    if (round % 50 === 49) network.happen('time');
  }
  assert.fail(`not quiet: ${JSON.stringify(network.session.state)}, ${network.session.pending} pending`);
}

test('whatever breaks: each request is settled once and applied once, in order; each post is shown once, ascending', () => {
  let moves = 0;
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...HAPPENINGS), { minLength: 20, maxLength: 400, size: 'max' }),
      (happenings) => {
        const network = new ModelNetwork();
        for (let before = 0; before < 3; before++) network.happen('someone-posts');
        for (const happening of happenings) network.happen(happening);
        network.happen('someone-posts');
        calmDown(network);

        const tickets = Array.from({ length: network.submitted }, (_, index) => index + 1);
        for (const ticket of tickets) {
          const results = network.settled.get(ticket) ?? [];
          assert.deepEqual(
            results.map((result) => result.kind),
            ['ok'],
            `ticket ${ticket}`,
          );
        }
        assert.deepEqual(network.applied, tickets.map(String), 'applied once each, in order');

        const openedAt = network.firstOpenedAt ?? 0;
        const past = network.posts.filter((at) => at <= openedAt).slice(-HISTORY);
        const since = network.posts.filter((at) => at > openedAt);
        assert.deepEqual(network.delivered, [...past, ...since], 'shown once each, ascending, none missing');
        moves += happenings.filter((each) => each.startsWith('move')).length;
      },
    ),
    { numRuns: 1_000 },
  );
  assert.ok(moves > 10_000, 'the storms had moves in them');
});
