/** What a router says of a call that it passes on, and what the leader understands. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serverId } from '@dualping/core';
import { Metadata } from '@grpc/grpc-js';
import { forwardedCaller, forwardedMetadata, isForwarded, originOf } from './forwarding.js';
import type { Caller } from './roles.js';

const NETWORK = '0f3c9a12bd77';
const PEER = '10.0.0.7:4711';

const callWith = (entries: Readonly<Record<string, string>> = {}) => {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(entries)) metadata.set(key, value);
  return { metadata, getPeer: () => PEER };
};

const CALLERS: readonly Caller[] = [
  { kind: 'stranger' },
  { kind: 'plaintext', isClassic: false },
  { kind: 'plaintext', isClassic: true },
  { kind: 'part', identity: { role: 'operator', name: 'anna', network: NETWORK } },
  { kind: 'part', identity: { role: 'server', cluster: 2, serverId: serverId(3), network: NETWORK } },
  { kind: 'part', identity: { role: 'member', cluster: 1, serverId: serverId(9), network: NETWORK } },
  { kind: 'part', identity: { role: 'router', network: NETWORK } },
];

test('the leader knows the original caller and its address', () => {
  for (const caller of CALLERS) {
    const metadata = forwardedMetadata(callWith({ clusterid: '1', 'user-agent': 'x' }), caller);
    assert.deepEqual(forwardedCaller(metadata, NETWORK), caller);
    assert.equal(originOf({ metadata, getPeer: () => 'the follower' }), PEER);
    assert.deepEqual(metadata.get('clusterid'), ['1'], 'what the caller has sent goes with the call');
    assert.deepEqual(metadata.get('user-agent'), [], 'what gRPC has added does not');
  }
});

test('what a caller says of itself is not passed on', () => {
  const lie = callWith({ 'dualping-forwarded-as': 'part operator/anna' });
  const passedOn = forwardedMetadata(lie, { kind: 'stranger' });
  assert.deepEqual(forwardedCaller(passedOn, NETWORK), { kind: 'stranger' });
  const inTheClear = forwardedMetadata(lie, undefined);
  assert.deepEqual(inTheClear.get('dualping-forwarded-as'), []);
});

test('a call is marked as passed on, and a call that a router makes itself is not', () => {
  assert.equal(isForwarded(callWith()), false);
  assert.equal(forwardedCaller(callWith().metadata, NETWORK), undefined);
  const metadata = forwardedMetadata(callWith(), { kind: 'stranger' });
  assert.equal(isForwarded({ metadata, getPeer: () => '' }), true);
});

test('a caller that is not named, or makes no sense, is refused', () => {
  const wrong = ['', 'part', 'part nobody/1', 'part server/1', 'rejected', 'part operator/anna/2'];
  for (const text of wrong) {
    const { metadata } = callWith({ 'dualping-forwarded-for': PEER, 'dualping-forwarded-as': text });
    assert.equal(forwardedCaller(metadata, NETWORK)?.kind, 'rejected', text);
  }
  const { metadata } = callWith({ 'dualping-forwarded-for': PEER });
  assert.equal(forwardedCaller(metadata, NETWORK)?.kind, 'rejected');
});
