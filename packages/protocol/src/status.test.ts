import assert from 'node:assert/strict';
import { test } from 'node:test';
import { actionFor, DualpingError, REASONS, type Reason } from '@dualping/core';
import { Metadata, status } from '@grpc/grpc-js';
import fc from 'fast-check';
import { fromServiceError, REASON_KEY, STATUS_OF_REASON, toServiceError } from './status.js';

const reasons = Object.keys(REASONS) as Reason[];

test('every reason has a status that is an error, and comes back as itself', () => {
  assert.deepEqual(Object.keys(STATUS_OF_REASON).sort(), [...reasons].sort());
  for (const reason of reasons) {
    const wire = toServiceError(new DualpingError(reason, 'why'));
    assert.notEqual(wire.code, status.OK);
    const back = fromServiceError(wire, { sent: true, peer: 'server' });
    assert.equal(back.reason, reason);
    assert.equal(back.detail, 'why');
  }
});

test('every status without a reason becomes one, and never a promise that nothing happened', () => {
  const codes = Object.values(status).filter((code) => typeof code === 'number' && code !== status.OK);
  for (const code of codes as status[]) {
    const wire = Object.assign(new Error('x'), { code, details: 'x', metadata: new Metadata() });
    const sent = fromServiceError(wire, { sent: true, peer: 'server' }).reason;
    assert.ok(['may-have-happened', 'not-a-server', 'message-too-large'].includes(sent), `${code}: ${sent}`);
  }
});

test('a link that never connected is unreachable, at the dialled address', () => {
  const wire = Object.assign(new Error('x'), {
    code: status.UNAVAILABLE,
    details: 'x',
    metadata: new Metadata(),
  });
  assert.equal(fromServiceError(wire, { sent: false, peer: 'router' }).reason, 'router-unreachable');
  const server = fromServiceError(wire, { sent: false, peer: 'server' });
  assert.equal(server.reason, 'server-unreachable');
  assert.equal(actionFor(server.reason), 're-resolve');
});

test('an answer "unknown service" comes from another program', () => {
  const wire = Object.assign(new Error('x'), {
    code: status.UNIMPLEMENTED,
    details: 'x',
    metadata: new Metadata(),
  });
  assert.equal(fromServiceError(wire, { sent: true, peer: 'router' }).reason, 'not-a-router');
  assert.equal(fromServiceError(wire, { sent: true, peer: 'server' }).reason, 'not-a-server');
});

test('a reason that this version does not know falls back on the status', () => {
  const metadata = new Metadata();
  metadata.set(REASON_KEY, 'too-tired');
  const wire = Object.assign(new Error('x'), { code: status.UNAVAILABLE, details: 'x', metadata });
  assert.equal(fromServiceError(wire, { sent: true, peer: 'server' }).reason, 'may-have-happened');
});

test('a bug of ours is reported as internal, without its stack', () => {
  const wire = toServiceError(new TypeError('boom'));
  assert.equal(wire.code, status.INTERNAL);
  assert.equal(wire.details, 'boom');
  assert.deepEqual(wire.metadata.get(REASON_KEY), ['internal']);
});

test('any detail can be sent: bounded, without controls, and encodable', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 2_000 }), (detail) => {
      const { details } = toServiceError(new DualpingError('internal', detail));
      assert.ok(details.length <= 500);
      assert.doesNotMatch(details, /[\p{Cc}\p{Cs}]/u);
      encodeURI(details);
    }),
  );
});

test('for a failed connection the cause is reported, without the text that grpc-js adds', () => {
  const details =
    'No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:7070. Resolution note: ';
  const wire = Object.assign(new Error('x'), { code: status.UNAVAILABLE, details, metadata: new Metadata() });
  assert.equal(
    fromServiceError(wire, { sent: false, peer: 'router' }).detail,
    'connect ECONNREFUSED 127.0.0.1:7070',
  );
});

test('a missing cause is described in words', () => {
  const detailOf = (details: string | null): string => {
    const wire = Object.assign(new Error('x'), {
      code: status.UNAVAILABLE,
      details,
      metadata: new Metadata(),
    });
    return fromServiceError(wire, { sent: false, peer: 'server' }).detail;
  };
  assert.equal(detailOf('No connection established. Last error: null. Resolution note: '), 'no connection');
  assert.equal(detailOf('null'), 'no cause is known');
  assert.equal(detailOf(null), 'no cause is known');
});

test('a stream that was reset without a status is a peer that went, and nothing to give up for', () => {
  const wire = Object.assign(new Error('x'), {
    code: status.INTERNAL,
    details: 'Received RST_STREAM with code 0 (Call ended without gRPC status)',
    metadata: new Metadata(),
  });
  assert.equal(fromServiceError(wire, { sent: false, peer: 'router' }).reason, 'router-unreachable');
  assert.equal(fromServiceError(wire, { sent: false, peer: 'server' }).reason, 'server-unreachable');
  assert.equal(fromServiceError(wire, { sent: true, peer: 'server' }).reason, 'may-have-happened');
});
