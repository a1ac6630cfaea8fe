import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ABSTAIN_MS,
  LEADER_KEY,
  type Leader,
  Leadership,
  type LeadershipInput,
  type LeadershipOutput,
  leaderKeyFrom,
  UNCONFIRMED_MS,
} from './index.js';

const OTHER: Leader = { id: 'other life', address: 'r2', nonce: 'n', term: 7 };

/** A router at `r1`, with what it wants done in words; reads and leases are left out. */
class Router {
  now = 0;
  readonly leadership = new Leadership({
    id: 'own life',
    address: 'r1',
    timing: { pingIntervalMs: 100, deadAfterMs: 500 },
  });
  campaigns: Extract<LeadershipOutput, { kind: 'campaign' }>['campaign'][] = [];

  step(input: LeadershipInput | { readonly kind: 'tick' }): string[] {
    return this.leadership.step(this.now, input).flatMap((output) => this.#words(output));
  }

  /** With a lease, and knowing who leads. */
  static knowing(leader: Leader | undefined): Router {
    const router = new Router();
    router.step({ kind: 'lease-granted', lease: 1 });
    router.step({ kind: 'read', askedAt: 0, leader });
    return router;
  }

  /** Time passes, and the store answers each read with that. */
  pass(ms: number, leader: Leader | undefined): string[] {
    const said: string[] = [];
    for (const until = this.now + ms; this.now < until; ) {
      this.now += 20;
      said.push(...this.step({ kind: 'read', askedAt: this.now - 1, leader }));
    }
    return said;
  }

  #words(output: LeadershipOutput): string[] {
    switch (output.kind) {
      case 'campaign':
        this.campaigns.push(output.campaign);
        return [`campaigns against ${output.campaign.against}`];
      case 'hear-peer':
        return [`listens to ${output.address}`];
      case 'leave-peer':
        return ['listens to nobody'];
      case 'probe-peer':
        return [`probes ${output.address}`];
      case 'lead':
        return [`leads in ${output.term}`];
      case 'step-down':
        return [`steps down: ${output.why}`];
      case 'end-lease':
        return ['ends its lease'];
      case 'report':
        return /^store-(refused|accepted)$/.test(output.event) ? [`${output.event}: ${output.text}`] : [];
      default:
        return [];
    }
  }
}

const hears = (router: Router): string[] => router.step({ kind: 'peer-sign', term: 7, leads: true });

function leading(): Router {
  const router = Router.knowing(undefined);
  assert.deepEqual(router.step({ kind: 'won', term: 9, askedAt: 0 }), ['leads in 9']);
  return router;
}

test('while no router leads it campaigns, as soon as it has a lease, once at a time', () => {
  const router = new Router();
  assert.deepEqual(router.step({ kind: 'read', askedAt: 0, leader: undefined }), []);
  assert.deepEqual(router.step({ kind: 'lease-granted', lease: 1 }), ['campaigns against 0']);
  assert.deepEqual(router.pass(300, undefined), []);
  assert.deepEqual(router.step({ kind: 'lost', leader: OTHER, askedAt: 300 }), ['listens to r2']);
});

test('a leader whose stream ends is replaced at once when nothing listens at its address', () => {
  const router = Router.knowing(OTHER);
  hears(router);
  assert.deepEqual(router.step({ kind: 'peer-ended', term: 7 }), ['probes r2']);
  assert.deepEqual(router.step({ kind: 'peer-probed', term: 7, refused: true }), ['campaigns against 7']);
});

test('a leader whose port is open is not replaced because its stream ended: the router listens to it again', () => {
  const router = Router.knowing(OTHER);
  hears(router);
  router.step({ kind: 'peer-ended', term: 7 });
  assert.deepEqual(router.step({ kind: 'peer-probed', term: 7, refused: false }), []);
  assert.deepEqual(router.pass(100, OTHER), ['listens to r2']);
});

test('silence of a leader that was heard counts after dead-after', () => {
  const router = Router.knowing(OTHER);
  hears(router);
  assert.deepEqual(router.pass(480, OTHER), []);
  assert.deepEqual(router.pass(20, OTHER), ['campaigns against 7']);
});

test('a leader that was never heard in its term is not replaced, however silent it is', () => {
  const router = Router.knowing(OTHER);
  router.step({ kind: 'peer-sign', term: 7, leads: false });
  router.step({ kind: 'peer-sign', term: 6, leads: true });
  assert.deepEqual(router.pass(10_000, OTHER), []);
  router.step({ kind: 'peer-ended', term: 7 });
  assert.deepEqual(router.step({ kind: 'peer-probed', term: 7, refused: true }), []);
});

test('silence does not count while the store is away, or while the router itself was stopped', () => {
  const router = Router.knowing(OTHER);
  hears(router);
  for (let step = 0; step < 100; step += 1) {
    router.now += 100;
    assert.deepEqual(router.step({ kind: 'read-failed', detail: 'no answer' }), []);
  }
  assert.deepEqual(router.pass(400, OTHER), []);
  hears(router);
  router.now += 60_000;
  assert.deepEqual(router.step({ kind: 'tick' }), []);
});

test('a leader that the store does not confirm answers no pings, and steps down, after 2.5 s', () => {
  const router = leading();
  router.step({ kind: 'confirmed', term: 9, askedAt: 1_000 });
  router.now = 1_000 + UNCONFIRMED_MS - 1;
  assert.equal(router.leadership.mayPong(router.now), true);
  assert.equal(router.leadership.isSure(router.now), false);
  assert.deepEqual(router.step({ kind: 'tick' }), []);
  router.now += 1;
  assert.equal(router.leadership.mayPong(router.now), false);
  assert.deepEqual(router.step({ kind: 'tick' }), ['steps down: the store has not confirmed it for 2500 ms']);
});

test('an answer counts from when its question was asked, and an older one changes nothing', () => {
  const router = leading();
  router.step({ kind: 'confirmed', term: 9, askedAt: 500 });
  router.step({ kind: 'confirmed', term: 9, askedAt: 200 });
  router.step({ kind: 'confirmed', term: 8, askedAt: 2_000 });
  assert.equal(router.leadership.mayPong(500 + UNCONFIRMED_MS - 1), true);
  assert.equal(router.leadership.mayPong(500 + UNCONFIRMED_MS), false);
});

test('while the store has another network it does not campaign, and says so once; then it campaigns at once', () => {
  const router = new Router();
  router.step({ kind: 'lease-granted', lease: 1 });
  const read = (objection?: string): string[] => {
    router.now += 20;
    const found = { kind: 'read', askedAt: router.now - 1, leader: undefined } as const;
    return router.step(objection === undefined ? found : { ...found, objection });
  };
  assert.deepEqual(read('it is empty'), ['store-refused: it is empty']);
  assert.deepEqual(read('it is empty'), []);
  assert.deepEqual(read('it is of another'), ['store-refused: it is of another']);
  assert.deepEqual(read(), [
    'store-accepted: the store has the network of this router again',
    'campaigns against 0',
  ]);
});

test('a router that has won a store of another network leads not, and leaves the key to others', () => {
  const router = Router.knowing(undefined);
  assert.deepEqual(router.step({ kind: 'won-in-vain', objection: 'it is empty' }), [
    'store-refused: it is empty',
    'ends its lease',
  ]);
  assert.equal(router.leadership.term, undefined);
  router.step({ kind: 'lease-granted', lease: 2 });
  assert.deepEqual(router.pass(40, undefined), [
    'store-accepted: the store has the network of this router again',
    'campaigns against 0',
  ]);
});

test('a leader whose store gets another network says so, and leads on: it has the newest records', () => {
  const router = leading();
  router.now += 20;
  const own: Leader = { ...OTHER, id: 'own life', term: 9 };
  assert.deepEqual(
    router.step({ kind: 'read', askedAt: router.now - 1, leader: own, objection: 'it is of another' }),
    ['store-refused: it is of another'],
  );
  assert.equal(router.leadership.term, 9);
});

test('a read from before the router won proves nothing; a later one does', () => {
  const router = Router.knowing(OTHER);
  hears(router);
  router.pass(500, OTHER);
  router.now = 600;
  router.step({ kind: 'won', term: 9, askedAt: 590 });
  assert.deepEqual(router.step({ kind: 'read', askedAt: 595, leader: OTHER }), []);
  assert.equal(router.leadership.term, 9);
  const next = { ...OTHER, term: 10 };
  assert.deepEqual(router.step({ kind: 'read', askedAt: 601, leader: next }), [
    'steps down: r2 leads',
    'listens to r2',
  ]);
  assert.equal(router.leadership.term, undefined);
});

test('it does not campaign again before its former term has ended and the store was read', () => {
  const router = leading();
  router.now = 100;
  assert.deepEqual(router.step({ kind: 'fenced', term: 9, detail: 'its lease has ended' }), [
    'steps down: its lease has ended',
  ]);
  assert.deepEqual(router.step({ kind: 'read', askedAt: 101, leader: undefined }), []);
  assert.deepEqual(router.step({ kind: 'stepped-down' }), []);
  assert.deepEqual(router.step({ kind: 'read', askedAt: 102, leader: undefined }), ['campaigns against 0']);
});

test("a leader's key that no router has written counts as no leader, and is overwritten", () => {
  const foreign = (value: string) => leaderKeyFrom([{ key: LEADER_KEY, value, mod: 12 }]);
  for (const value of ['nonsense', '', 'null', '{}', '[]', '{"id":1,"address":"r2","nonce":"n"}'])
    assert.deepEqual(foreign(value), { leader: undefined, foreign: 12 }, value);
  const why = 'something that is no router has written key "leader" of the store';
  const router = leading();
  assert.deepEqual(router.step({ kind: 'read', askedAt: 1, ...foreign('nonsense') }), [`steps down: ${why}`]);
  router.step({ kind: 'stepped-down' });
  assert.deepEqual(router.step({ kind: 'read', askedAt: 2, ...foreign('nonsense') }), [
    'campaigns against 12',
  ]);
  // Another router was faster; later its key is deleted.
  router.step({ kind: 'lost', leader: OTHER, askedAt: 3 });
  assert.deepEqual(
    router.step({ kind: 'read', askedAt: 4, leader: undefined }).at(-1),
    'campaigns against 0',
  );
});

test('a campaign without an answer that had succeeded is recognised as won', () => {
  const router = Router.knowing(undefined);
  const [first] = router.campaigns;
  assert.deepEqual(router.step({ kind: 'campaign-failed', detail: 'no answer' }), []);
  const own: Leader = { id: 'own life', address: 'r1', nonce: first?.leader.nonce ?? '', term: 5 };
  assert.deepEqual(router.step({ kind: 'read', askedAt: 1, leader: own }), ['campaigns against 5']);
  assert.notEqual(router.campaigns[1]?.leader.nonce, first?.leader.nonce);
});

test('a router that resigns ends its lease when it has stopped sending, and never leads again', () => {
  const router = leading();
  assert.deepEqual(router.step({ kind: 'resign' }), ['steps down: this router ends']);
  assert.equal(router.leadership.hasResigned, false);
  assert.deepEqual(router.step({ kind: 'stepped-down' }), ['ends its lease']);
  assert.equal(router.leadership.hasResigned, true);
  assert.deepEqual(router.step({ kind: 'read', askedAt: 1, leader: undefined }), []);
  assert.equal(router.leadership.nextDeadline(), undefined);
});

test('a router that resigns during a campaign ends its lease after the campaign, won or lost', () => {
  for (const result of [
    { kind: 'won', term: 9, askedAt: 0 },
    { kind: 'lost', leader: OTHER, askedAt: 0 },
    { kind: 'campaign-failed', detail: 'no answer' },
  ] as const) {
    const router = Router.knowing(undefined);
    assert.deepEqual(router.step({ kind: 'resign' }), []);
    assert.ok(router.step(result).includes('ends its lease'), result.kind);
    assert.equal(router.leadership.hasResigned, true);
  }
});

test('a router that hands over ends its lease, and lets the others lead', () => {
  const router = leading();
  assert.deepEqual(router.step({ kind: 'hand-over' }), ['steps down: another router is to lead']);
  assert.deepEqual(router.step({ kind: 'stepped-down' }), ['ends its lease']);
  router.step({ kind: 'lease-granted', lease: 2 });
  // Its key may still be read for a moment.
  const own: Leader = { id: 'own life', address: 'r1', nonce: 'n', term: 9 };
  assert.deepEqual(router.step({ kind: 'read', askedAt: 1, leader: own }), []);
  assert.deepEqual(router.pass(ABSTAIN_MS - 20, undefined), []);
  assert.deepEqual(router.pass(20, undefined), ['campaigns against 0'], 'no other router leads');
});

test('a router that has handed over replaces the next leader like any other router', () => {
  const router = leading();
  router.step({ kind: 'hand-over' });
  router.step({ kind: 'stepped-down' });
  router.step({ kind: 'lease-granted', lease: 2 });
  const next: Leader = { ...OTHER, term: 10 };
  assert.deepEqual(router.pass(20, next), ['listens to r2']);
  router.step({ kind: 'peer-sign', term: 10, leads: true });
  router.step({ kind: 'peer-ended', term: 10 });
  assert.deepEqual(router.step({ kind: 'peer-probed', term: 10, refused: true }), ['campaigns against 10']);
});

test('an answer about an ended lease does not affect the next one', () => {
  const router = leading();
  router.step({ kind: 'hand-over' });
  router.step({ kind: 'stepped-down' });
  router.step({ kind: 'lease-granted', lease: 2 });
  router.step({ kind: 'lease-renewed', lease: 1, stands: false });
  assert.deepEqual(router.pass(ABSTAIN_MS, undefined), ['campaigns against 0']);
});

test('only a leader hands over', () => {
  const router = Router.knowing(OTHER);
  assert.deepEqual(router.step({ kind: 'hand-over' }), []);
});

test('a leader that hears no member any more lets another one lead, after a while', () => {
  const router = leading();
  const own = { id: 'own life', address: 'r1', nonce: '', term: 9 };
  router.step({ kind: 'hears-members', hears: true });
  assert.deepEqual(router.pass(1_000, own), []);
  router.step({ kind: 'hears-members', hears: false });
  assert.deepEqual(router.pass(480, own), []);
  router.step({ kind: 'hears-members', hears: true });
  assert.deepEqual(router.pass(1_000, own), [], 'it heard them again in time');
  router.step({ kind: 'hears-members', hears: false });
  assert.deepEqual(router.pass(520, own), [
    'steps down: it hears no member any more, and another router may',
  ]);
  assert.deepEqual(router.step({ kind: 'stepped-down' }), ['ends its lease']);
});

test('a leader that was itself stopped does not count that as the silence of members', () => {
  const router = leading();
  const own = { id: 'own life', address: 'r1', nonce: '', term: 9 };
  router.step({ kind: 'hears-members', hears: true });
  router.pass(200, own);
  router.step({ kind: 'hears-members', hears: false });
  router.now += 2_000;
  assert.deepEqual(router.step({ kind: 'hears-members', hears: true }), []);
  assert.deepEqual(router.pass(200, own), []);
});
