import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Stage, target } from './stage.fixture.js';

const BROKEN = { reason: 'server-unreachable', detail: 'the connection broke' };

test('a takeover is shown in the header, and does not disturb typing', () => {
  const stage = new Stage().live().past('ana: hello');
  stage.press('i').type('half a thou');
  stage.session({ kind: 'resolving', router: 'r', because: BROKEN });
  assert.match(stage.lines[0] ?? '', /◐ server lost · resuming from #1/);
  stage.type('ght');
  stage.session({ kind: 'connecting', target: target(2, 2) });
  assert.match(stage.lines[0] ?? '', /◐ server lost/);
  stage.live(2, 2).tell({ kind: 'moved', move: { from: target(1, 1), to: target(2, 2), gapMs: 31.4 } });
  assert.match(stage.lines[0] ?? '', /● resumed on s2 · gap 31 ms · nothing missed/);
  assert.match(stage.screen, /› half a thought/);
  stage.pass(2_900);
  assert.match(stage.lines[0] ?? '', /resumed on s2/);
  stage.pass(200);
  assert.match(stage.lines[0] ?? '', /● live/);
  assert.equal(stage.state.story.moves, 1);
});

test('with everything down there is a countdown, and r tries now', () => {
  const stage = new Stage().live().past('ana: hello');
  stage.session({ kind: 'resolving', router: 'r', because: BROKEN });
  stage.session({ kind: 'waiting', retryAt: 1_000 + 1_800, attempt: 3, because: BROKEN });
  assert.match(stage.lines[0] ?? '', /again in 2 s/);
  stage.pass(1_000);
  assert.match(stage.lines[0] ?? '', /again in 1 s/);
  stage.asked();
  stage.press('r');
  assert.deepEqual(stage.asked(), [{ kind: 'retry-now' }]);
  stage.session({ kind: 'resolving', router: 'r', because: BROKEN }).press('r');
  assert.deepEqual(stage.asked(), [{ kind: 'retry-now' }], 'once too often does no harm');
  assert.equal(stage.state.focus, 'timeline');
  stage.press('i').type('r');
  assert.deepEqual(stage.asked(), [], 'in the composer it is a letter');
});

test('before it was ever live nothing is lost', () => {
  const stage = new Stage();
  stage.session({ kind: 'resolving', router: 'r', because: undefined });
  assert.doesNotMatch(stage.screen, /lost/);
  stage.session({ kind: 'connecting', target: target(1, 1) });
  assert.doesNotMatch(stage.screen, /lost/);
});

const NOBODY = {
  reason: 'no-available-server',
  detail: 'cluster 7: no server of cluster 7 has attached yet',
};

test('without a server, from the start, the header shows that while the router is asked again', () => {
  const stage = new Stage();
  stage.session({ kind: 'resolving', router: 'r', because: undefined });
  stage.session({ kind: 'waiting', retryAt: 1_100, attempt: 1, because: NOBODY, cluster: 7 });
  assert.match(stage.lines[0] ?? '', /cluster 7 is down · trying again in 1 s · r now/);
  for (let round = 0; round < 3; round += 1) {
    stage.pass(100).session({ kind: 'resolving', router: 'r', because: NOBODY });
    assert.match(stage.lines[0] ?? '', /cluster 7 is down · trying again now$/);
    assert.match(stage.screen, /Nobody is available in cluster 7 yet/);
    assert.match(stage.screen, /no server of cluster 7 has attached yet\. Your/);
    stage.pass(3_900);
    assert.match(
      stage.lines[0] ?? '',
      /cluster 7 is down · trying again now$/,
      'as long as the router is asked',
    );
  }
  stage.session({ kind: 'connecting', target: target(1, 1) });
  assert.match(stage.lines[0] ?? '', /connecting to s1/, 'something better is known');
});

test('after the loss of the last server the header shows that while the router is asked again', () => {
  const stage = new Stage().live();
  stage.session({ kind: 'resolving', router: 'r', because: BROKEN });
  assert.match(stage.lines[0] ?? '', /server lost · resuming/);
  stage.session({ kind: 'waiting', retryAt: 1_100, attempt: 1, because: NOBODY, cluster: 7 });
  stage.session({ kind: 'resolving', router: 'r', because: NOBODY });
  assert.match(stage.lines[0] ?? '', /cluster 7 is down · trying again now$/);
  stage.session({ kind: 'connecting', target: target(2, 2) });
  assert.match(stage.lines[0] ?? '', /server lost · resuming/, 'even where no post was seen yet');
});

test('with no router to be found from the start the screen does not claim to be connecting', () => {
  const stage = new Stage();
  stage.session({ kind: 'resolving', router: 'r', because: undefined });
  assert.match(stage.screen, /^.* Connecting$/m);
  stage.session({
    kind: 'waiting',
    retryAt: 3_000,
    attempt: 1,
    because: { reason: 'router-unreachable', detail: 'nobody listens there' },
  });
  assert.match(stage.screen, /No server to be found yet/);
  assert.match(stage.lines[0] ?? '', /everything is down · trying again in 2 s/);
  stage.live();
  assert.doesNotMatch(stage.screen, /Connecting|No server/);
});

test('while a limit delays writes, the header shows it, and lists are not requested again', () => {
  const stage = new Stage().live(1, 1);
  const server = target(1, 1);
  const heldUp = { reason: 'limit-reached', detail: 'the disk of s1 is nearly full' };
  stage.session({ kind: 'live', target: server, heldUp });
  assert.match(stage.lines[0] ?? '', /posts wait · the disk of s1 is nearly full/);
  stage.session({ kind: 'live', target: server });
  assert.match(stage.lines[0] ?? '', /● live/);
});
