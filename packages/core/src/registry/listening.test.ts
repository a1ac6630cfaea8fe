import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTiming } from '../timing.js';
import { Listening } from './listening.js';

const LINK = 1;

/** A router that heard a member at 0 and looked at 50 and at 100; it means to look at 150. */
class Router {
  readonly listening = new Listening(parseTiming({ pingIntervalMs: 50, deadAfterMs: 150 }));

  constructor() {
    this.look(0, 'tick');
    this.hear();
    this.look(50, 'tick');
    this.look(100, 'tick');
    assert.equal(this.listening.nextLook([]), 150);
  }

  look(at: number, cause: 'tick' | 'message'): void {
    this.listening.advance(at, this.listening.nextLook([]), cause === 'tick');
  }

  hear(): void {
    this.listening.silence.heard(this.listening.heardMs, LINK);
  }

  get isDropped(): boolean {
    const { silence, heardMs, mayJudge } = this.listening;
    return mayJudge && silence.dead(heardMs).length > 0;
  }
}

test('a silent member is dropped at the next timer, when everything that arrived has been read', () => {
  const router = new Router();
  router.look(150, 'tick');
  assert.ok(!router.isDropped);
  assert.equal(router.listening.nextLook([]), 152);
  router.look(152, 'tick');
  assert.ok(router.isDropped);
});

test('a late timer counts no silence after its deadline', () => {
  const router = new Router();
  router.look(200, 'tick');
  assert.equal(router.listening.heardMs, 150);
});

test('unread messages are taken before any member is dropped', () => {
  const router = new Router();
  router.look(200, 'tick');
  router.look(202.2, 'message'); // of another member: the words of this one are read after it
  assert.ok(!router.isDropped);
  router.look(202.3, 'message');
  router.hear();
  router.look(203, 'tick');
  assert.ok(!router.isDropped);
  assert.equal(router.listening.nextLook([]), 253);
});

test('a member without a message is dropped at the first timer that is on time', () => {
  const router = new Router();
  router.look(200, 'tick');
  router.look(300, 'tick');
  assert.ok(!router.isDropped);
  router.look(303, 'tick');
  assert.ok(router.isDropped);
});

test('a router that is always late still drops silent members', () => {
  const router = new Router();
  for (let at = 200; at < 800; at += 100) {
    router.look(at, 'tick');
    assert.ok(!router.isDropped, `${at}`);
  }
  router.look(800, 'tick');
  assert.ok(router.isDropped);
});

test('a steady flow of messages does not delay the next timer', () => {
  const router = new Router();
  router.look(150, 'tick');
  for (let at = 150; at < 155; at += 1) router.look(at, 'message');
  assert.equal(router.listening.nextLook([]), 152);
  router.look(155, 'tick');
  assert.ok(router.isDropped);
});
