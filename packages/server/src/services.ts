/** `SocialService` and `ReplicationService`: check each request, and give it to the driver. */
import { DualpingError, type Epoch, unreachable, type Written } from '@dualping/core';
import {
  type Access,
  type BidiStream,
  deviceLoginFrom,
  FIRST_MESSAGE_TIMEOUT_MS,
  keysQuestionFromWire,
  keysToWire,
  listPageToWire,
  listQuestionFromWire,
  operatorAskFromWire,
  type ReplicateOut,
  ReplicationServiceDefinition,
  type replicationWire,
  requestFromWire,
  SocialServiceDefinition,
  serverStream,
  snapshotRequestFromWire,
  type socialWire,
  standbyMessageFromWire,
  type TimelineOut,
  tailBatchToWire,
  tailMessageFromWire,
  timelineMessageFromWire,
  toDualpingError,
  toServiceError,
} from '@dualping/protocol';
import type { Asker, ReplicaDriver, TimelineListener } from '@dualping/runtime';
import type { handleUnaryCall, Server, ServerDuplexStream, sendUnaryData } from '@grpc/grpc-js';
import { endText } from './end-text.js';
import type { PostsJournal } from './journalled-posts.js';
import type { SnapshotSender, SnapshotStream } from './snapshot-sender.js';
import type { HeldToken, Speakers } from './speakers.js';
import type { StandbyWire } from './standby-wire.js';
import { OwnTimelineSink } from './timeline-sink.js';

export const SERVICE_NAMES = ['dualping.v1.SocialService', 'dualping.v1.ReplicationService'] as const;

export interface ServiceContext {
  readonly driver: Pick<
    ReplicaDriver,
    | 'write'
    | 'list'
    | 'keys'
    | 'operate'
    | 'acceptTimeline'
    | 'acceptStandby'
    | 'acceptTail'
    | 'acceptSnapshotCall'
  >;
  readonly access: Access;
  readonly speakers: Speakers;
  readonly journal: PostsJournal;
  readonly standbys: StandbyWire;
  readonly snapshots: SnapshotSender;
  /** The epoch in which this server serves as primary; 0 when it does not. */
  servingEpoch(): number;
  /**
   * The epoch to assume for a caller that names none, so that a call just before the router's message is
   * held.
   */
  epochToExpect(): Epoch;
}

type ClientRequest = ReturnType<(typeof requestFromWire)['login']>;
type Judge<Request> = (request: Request) => ClientRequest;

function writeHandler<Request>(
  context: ServiceContext,
  judge: Judge<Request>,
): handleUnaryCall<Request, socialWire.WriteResponse> {
  return (call, callback) => {
    answering(callback, () => {
      const request = judge(call.request);
      const { sessionId, command } = request;
      const by = context.speakers.keyOf(call, { user: command.user, sessionId });
      const abandon = context.driver.write(
        { ...request, by },
        answerTo<Written, socialWire.WriteResponse>(callback, (written) => written),
      );
      call.on('cancelled', abandon);
    });
  };
}

/** A login uses the key of the caller's token. */
function loginHandler(
  context: ServiceContext,
): handleUnaryCall<socialWire.LoginRequest, socialWire.WriteResponse> {
  return (call, callback) => {
    answering(callback, () => {
      const request = requestFromWire.login(call.request);
      const { sessionId, command } = request;
      const { user } = command;
      const by = context.speakers.keyOf(call, { user, sessionId });
      const login = by === undefined ? undefined : { key: by, ...deviceLoginFrom(call.request) };
      const abandon = context.driver.write(
        { ...request, by, command: { kind: 'register', user, ...(login !== undefined && { login }) } },
        answerTo<Written, socialWire.WriteResponse>(callback, (written) => written),
      );
      call.on('cancelled', abandon);
    });
  };
}

function operatorHandler<Request>(
  context: ServiceContext,
  judge: (request: Request) => Parameters<ServiceContext['driver']['operate']>[0],
): handleUnaryCall<Request, socialWire.WriteResponse> {
  return (call, callback) => {
    answering(callback, () => {
      if (context.access.credentials === undefined)
        throw new DualpingError(
          'permission-denied',
          'users have no keys in a network without TLS: no invitation is needed',
        );
      context.driver.operate(
        judge(call.request),
        answerTo<Written, socialWire.WriteResponse>(callback, (written) => written),
      );
    });
  };
}

function keysHandler(
  context: ServiceContext,
): handleUnaryCall<socialWire.KeysRequest, socialWire.KeysResponse> {
  return (call, callback) => {
    answering(callback, () => {
      const question = keysQuestionFromWire(call.request);
      const by = context.speakers.keyOf(call, { user: question.user });
      context.driver.keys({ ...question, by }, answerTo(callback, keysToWire));
    });
  };
}

function listHandler(
  context: ServiceContext,
): handleUnaryCall<socialWire.ListRequest, socialWire.ListResponse> {
  return (call, callback) => {
    answering(callback, () => {
      const question = listQuestionFromWire(call.request);
      const by = context.speakers.keyOf(call, { user: question.user });
      context.driver.list({ ...question, by }, answerTo(callback, listPageToWire));
    });
  };
}

function answerTo<Answer, Response>(
  callback: sendUnaryData<Response>,
  toWire: (answer: Answer) => Response,
): Asker<Answer> {
  return {
    answered: (answer) => callback(null, toWire(answer)),
    failed: ({ reason, detail }) => callback(toServiceError(new DualpingError(reason, detail))),
  };
}

function answering<Response>(callback: sendUnaryData<Response>, act: () => void): void {
  try {
    act();
  } catch (error) {
    callback(toServiceError(error));
  }
}

function openTimeline(
  { driver, journal, speakers }: ServiceContext,
  call: ServerDuplexStream<socialWire.TimelineRequest, TimelineOut>,
): void {
  let opened = false;
  let token: HeldToken | undefined;
  const stream: BidiStream<TimelineOut> = serverStream<socialWire.TimelineRequest, TimelineOut>(
    call,
    {
      onMessage: (wire) => {
        judging(stream, () => {
          const message = timelineMessageFromWire(wire);
          if ((message.kind === 'open') === opened)
            throw new DualpingError(
              'invalid-argument',
              'the first message of a Timeline is `open`, and only the first',
            );
          opened = true;
          switch (message.kind) {
            case 'open': {
              const claims = speakers.claimsOf(call, message);
              if (claims !== undefined) token = speakers.hold(claims, (error) => stream.close(error));
              const { kind: _, ...opening } = message;
              return timeline.open({ ...opening, by: claims?.key });
            }
            case 'token':
              if (token !== undefined) speakers.renew(call, token, message.token);
              return timeline.alive();
            default:
              return takeFromTimeline(timeline, message);
          }
        });
      },
      onEnd: () => {
        speakers.release(token);
        timeline.ended();
      },
      onDrain: () => timeline.drained(),
    },
    FIRST_MESSAGE_TIMEOUT_MS,
  );
  const timeline = driver.acceptTimeline(call.getPeer(), new OwnTimelineSink(stream, journal));
}

function takeFromTimeline(
  timeline: TimelineListener,
  message: Exclude<ReturnType<typeof timelineMessageFromWire>, { kind: 'open' | 'token' }>,
): void {
  switch (message.kind) {
    case 'writes':
      return timeline.writes(message.writes);
    case 'older':
      return timeline.older(message.before, message.limit);
    case 'answered':
      return timeline.answered(message.of);
    case 'alive':
      return timeline.alive();
    default:
      return unreachable(message);
  }
}

function openReplicate(
  { driver, access, standbys }: ServiceContext,
  call: ServerDuplexStream<replicationWire.ReplicateRequest, ReplicateOut>,
): void {
  let joined = false;
  const stream: BidiStream<ReplicateOut> = serverStream<replicationWire.ReplicateRequest, ReplicateOut>(
    call,
    {
      onMessage: (wire) => {
        judging(stream, () => {
          const message = standbyMessageFromWire(wire);
          if ((message.kind === 'join') === joined)
            throw new DualpingError(
              'invalid-argument',
              'the first message of a Replicate is `join`, and only the first',
            );
          if (message.kind === 'join') access.requireSelf(call, message, 'Replicate');
          joined = true;
          standby.heard(message);
        });
      },
      onEnd: (end) => standby.ended(endText(end)),
    },
    FIRST_MESSAGE_TIMEOUT_MS,
  );
  const standby = driver.acceptStandby(standbys.over(stream));
}

function openTail(
  { driver, access }: ServiceContext,
  call: ServerDuplexStream<replicationWire.TailRequest, replicationWire.TailResponse>,
): void {
  let opened = false;
  const stream: BidiStream<replicationWire.TailResponse> = serverStream<
    replicationWire.TailRequest,
    replicationWire.TailResponse
  >(
    call,
    {
      onMessage: (wire) => {
        judging(stream, () => {
          const message = tailMessageFromWire(wire);
          if ((message.kind === 'open') === opened)
            throw new DualpingError(
              'invalid-argument',
              'the first message of a Tail is `open`, and only the first',
            );
          if (message.kind === 'open') access.requireOwnCluster(call, message.from, 'Tail');
          opened = true;
          reader.heard(message);
        });
      },
      onEnd: (end) => reader.ended(endText(end)),
    },
    FIRST_MESSAGE_TIMEOUT_MS,
  );
  const reader = driver.acceptTail({
    send: (batch) => {
      stream.send(tailBatchToWire(batch));
    },
    close: ({ reason, detail }) => stream.close(new DualpingError(reason, detail)),
  });
}

function judging<Out>(stream: BidiStream<Out>, act: () => void): void {
  try {
    act();
  } catch (error) {
    stream.close(toDualpingError(error));
  }
}

function followerInfo({ driver, access, snapshots }: ServiceContext, call: SnapshotStream): void {
  try {
    const { question, held } = snapshotRequestFromWire(call.request);
    access.requireSelf(call, question, 'GetFollowerInfo');
    const listener = driver.acceptSnapshotCall(
      question,
      snapshots.callOn(call, held, () => listener.ended()),
    );
  } catch (error) {
    call.emit('error', toServiceError(error));
  }
}

/** The token was checked before, as with every call; now it is known. */
const present: handleUnaryCall<socialWire.PresentRequest, socialWire.PresentResponse> = (_call, callback) =>
  callback(null, {});

export function addServices(server: Server, context: ServiceContext): void {
  server.addService(SocialServiceDefinition, {
    login: loginHandler(context),
    follow: writeHandler(context, requestFromWire.follow),
    unfollow: writeHandler(context, requestFromWire.unfollow),
    post: writeHandler(context, requestFromWire.post),
    inviteDevice: writeHandler(context, requestFromWire.inviteDevice),
    revokeKey: writeHandler(context, requestFromWire.revokeKey),
    keys: keysHandler(context),
    invite: operatorHandler(context, operatorAskFromWire.invite),
    resetKeys: operatorHandler(context, operatorAskFromWire.resetKeys),
    present,
    list: listHandler(context),
    timeline: (call: ServerDuplexStream<socialWire.TimelineRequest, TimelineOut>) =>
      openTimeline(context, call),
  });
  server.addService(ReplicationServiceDefinition, {
    getFollowerInfo: (call: SnapshotStream) => followerInfo(context, call),
    replicate: (call: ServerDuplexStream<replicationWire.ReplicateRequest, ReplicateOut>) =>
      openReplicate(context, call),
    tail: (call: ServerDuplexStream<replicationWire.TailRequest, replicationWire.TailResponse>) =>
      openTail(context, call),
  });
}
