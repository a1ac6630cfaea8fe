/**
 * Every input of a stranger is either decoded or refused with a typed error.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DualpingError } from '@dualping/core';
import fc from 'fast-check';
import * as replication from '../gen/dualping/v1/replication.js';
import * as routing from '../gen/dualping/v1/routing.js';
import * as social from '../gen/dualping/v1/social.js';
import * as supervision from '../gen/dualping/v1/supervision.js';
import * as types from '../gen/dualping/v1/types.js';
import { entries } from './arbitraries.fixture.js';
import * as codec from './index.js';

/** A decoder of the generated code throws plain errors on broken bytes; gRPC answers those by itself. */
function decoded<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch {
    return undefined;
  }
}

function refusesOnlyInType(judge: () => unknown): void {
  try {
    judge();
  } catch (error) {
    assert.ok(error instanceof DualpingError, `not a DualpingError: ${String(error)}`);
    assert.ok(error.detail.length > 0);
  }
}

const DECODERS: Readonly<Record<string, (bytes: Uint8Array) => (() => unknown) | undefined>> = {
  DualPingRequest: judging(routing.DualPingRequest, codec.memberMessageFromWire),
  DualPingResponse: judging(routing.DualPingResponse, codec.routerMessageFromWire),
  AddMasterRequest: judging(routing.AddMasterRequest, codec.addMasterFromWire),
  GetAvailableRequest: judging(routing.GetAvailableRequest, codec.getAvailableFromWire),
  WatchRequest: judging(routing.WatchRequest, codec.watchFromWire),
  WatchResponse: judging(routing.WatchResponse, codec.watchUpdateFromWire),
  RegisterServerRequest: judging(routing.RegisterServerRequest, codec.registerServerFromWire),
  ConnectRequest: judging(routing.ConnectRequest, codec.connectFromWire),
  ConnectResponse: judging(routing.ConnectResponse, codec.connectedFromWire),
  CrashRequest: judging(routing.CrashRequest, codec.crashFromWire),
  HandoverRequest: judging(routing.HandoverRequest, codec.handoverFromWire),
  PromoteRequest: judging(routing.PromoteRequest, codec.promoteFromWire),
  PauseRequest: judging(routing.PauseRequest, codec.clusterOrderFromWire),
  RestRequest: judging(routing.RestRequest, codec.restFromWire),
  ResumeRequest: judging(routing.ResumeRequest, codec.clusterOrderFromWire),
  RemoveRequest: judging(routing.RemoveRequest, codec.removeFromWire),
  HistoryRequest: judging(routing.HistoryRequest, codec.clusterOrderFromWire),
  HistoryResponse: judging(routing.HistoryResponse, codec.historyFromWire),
  Assignment: judging(types.Assignment, codec.assignmentFromWire),
  ReplicateRequest: judging(replication.ReplicateRequest, codec.standbyMessageFromWire),
  ReplicateResponse: judging(replication.ReplicateResponse, codec.primaryMessageFromWire),
  GetFollowerInfoRequest: judging(replication.GetFollowerInfoRequest, codec.snapshotRequestFromWire),
  GetFollowerInfoResponse: judging(replication.GetFollowerInfoResponse, codec.snapshotChunkFromWire),
  LoginRequest: judging(social.LoginRequest, codec.requestFromWire.login),
  FollowRequest: judging(social.FollowRequest, codec.requestFromWire.follow),
  UnfollowRequest: judging(social.UnfollowRequest, codec.requestFromWire.unfollow),
  PostRequest: judging(social.PostRequest, codec.requestFromWire.post),
  ListRequest: judging(social.ListRequest, codec.listQuestionFromWire),
  ListResponse: judging(social.ListResponse, codec.listPageFromWire),
  TimelineRequest: judging(social.TimelineRequest, codec.timelineMessageFromWire),
  TimelineResponse: judging(social.TimelineResponse, codec.timelineUpdateFromWire),
  WriteResponse: judging(social.WriteResponse, codec.writtenFromWire),
  KeepAliveRequest: judging(supervision.KeepAliveRequest, codec.supervisorMessageFromWire),
  KeepAliveResponse: judging(supervision.KeepAliveResponse, codec.supervisedMessageFromWire),
  Entry: (bytes) => () => codec.decodeEntry(bytes),
};

function judging<Wire>(
  message: { decode(bytes: Uint8Array): Wire },
  judge: (wire: Wire) => unknown,
): (bytes: Uint8Array) => (() => unknown) | undefined {
  return (bytes) => {
    const wire = decoded(() => message.decode(bytes));
    return wire === undefined ? undefined : () => judge(wire);
  };
}

/** Bytes that look like protobuf: fields with small numbers and plausible contents, nested at will. */
const fields: fc.Memo<Buffer> = fc.memo((depth) =>
  fc
    .array(
      fc.tuple(
        fc.integer({ min: 1, max: 11 }),
        fc.oneof(
          fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((value) => ({ kind: 0, bytes: varint(value) })),
          fc.nat(300).map((value) => ({ kind: 0, bytes: varint(BigInt(value)) })),
          fc.string({ maxLength: 40, unit: 'binary' }).map((text) => prefixed(Buffer.from(text))),
          depth > 1 ? fields(depth - 1).map(prefixed) : fc.constant({ kind: 2, bytes: Buffer.from([0]) }),
        ),
      ),
      { maxLength: 8 },
    )
    .map((all) =>
      Buffer.concat(all.flatMap(([no, { kind, bytes }]) => [Buffer.from([no * 8 + kind]), bytes])),
    ),
);

function varint(given: bigint): Buffer {
  const bytes: number[] = [];
  let value = given;
  for (; value > 0x7fn; value >>= 7n) bytes.push(Number(value & 0x7fn) | 0x80);
  bytes.push(Number(value));
  return Buffer.from(bytes);
}

const prefixed = (content: Buffer) => ({
  kind: 2,
  bytes: Buffer.concat([varint(BigInt(content.length)), content]),
});

for (const [name, decoder] of Object.entries(DECODERS)) {
  test(`${name}: any bytes are understood or refused`, () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), fields(3)), (bytes) => {
        const judge = decoder(bytes);
        if (judge !== undefined) refusesOnlyInType(judge);
      }),
    );
  });
}

test('an entry with any byte flipped is understood or refused', () => {
  fc.assert(
    fc.property(entries, fc.nat(), fc.integer({ min: 1, max: 255 }), (entry, at, flip) => {
      const bytes = codec.encodeEntry(entry);
      const index = at % bytes.length;
      bytes[index] = (bytes[index] ?? 0) ^ flip;
      refusesOnlyInType(() => codec.decodeEntry(bytes));
    }),
  );
});
