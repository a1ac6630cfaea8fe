/** `SocialService` and `ReplicationService`: check each request, number it, and give it to the machine. */
import {
  DualpingError,
  type Epoch,
  type LinkId,
  type PostReference,
  type ReplicaInput,
  type Token,
  unreachable,
} from '@dualping/core';
import {
  type Access,
  type BidiStream,
  FIRST_MESSAGE_TIMEOUT_MS,
  listPageToWire,
  listQuestionFromWire,
  type ReplicateOut,
  ReplicationServiceDefinition,
  type replicationWire,
  requestFromWire,
  SocialServiceDefinition,
  type StreamEnd,
  serverStream,
  snapshotQuestionFromWire,
  type socialWire,
  standbyMessageFromWire,
  type TimelineOut,
  tailMessageFromWire,
  timelineMessageFromWire,
  toDualpingError,
  toServiceError,
} from '@dualping/protocol';
import type {
  handleUnaryCall,
  Server,
  ServerDuplexStream,
  ServerWritableStream,
  sendUnaryData,
} from '@grpc/grpc-js';
import type { ClientDesk, WaitingWrite } from './client-desk.js';
import { endText } from './end-text.js';
import type { StandbyDesk } from './standby-desk.js';
import type { TailDesk } from './tail-desk.js';
import { OwnTimelineSink } from './timeline-sink.js';
import { TimelineWrites } from './timeline-writes.js';

export const SERVICE_NAMES = ['dualping.v1.SocialService', 'dualping.v1.ReplicationService'] as const;

export interface ServiceContext {
  readonly clients: ClientDesk;
  readonly standbys: StandbyDesk;
  readonly tails: TailDesk;
  readonly access: Access;
  nextLink(): LinkId & Token;
  feed(input: ReplicaInput): void;
  /** The epoch in which this server serves as primary; 0 when it does not. */
  servingEpoch(): number;
  /**
   * The epoch to assume for a caller that names none, so that a call which comes just before the router's
   * message is held.
   */
  epochToExpect(): Epoch;
  /** The first words of a post, as far as the journal has it. */
  beginOf(post: PostReference): string | undefined;
}

type ClientRequest = ReturnType<(typeof requestFromWire)['login']>;
type Judge<Request> = (request: Request) => ClientRequest;

function writeHandler<Request>(
  context: ServiceContext,
  judge: Judge<Request>,
): handleUnaryCall<Request, socialWire.WriteResponse> {
  return (call, callback) => {
    answering(callback, () => {
      const token = takeWrite(context, judge(call.request), (result) => finish(callback, result));
      call.on('cancelled', () => context.clients.abandonWrite(token));
    });
  };
}

function takeWrite(context: ServiceContext, given: ClientRequest, answer: WaitingWrite['answer']): Token {
  const request = withBegin(given, context);
  const token = context.nextLink();
  context.clients.waitForWrite(token, { command: request.command, answer });
  context.feed({ kind: 'write', token, timeMs: Date.now(), ...request });
  return token;
}

/**
 * Readers see the first words of the answered post, so these come from the journal, not from the client.
 */
function withBegin(request: ClientRequest, context: ServiceContext): ClientRequest {
  const { command } = request;
  if (command.kind !== 'post' || command.answers === undefined) return request;
  const begin = context.beginOf(command.answers);
  if (begin === undefined) return request;
  return { ...request, command: { ...command, answers: { ...command.answers, begin } } };
}

function listHandler(
  context: ServiceContext,
): handleUnaryCall<socialWire.ListRequest, socialWire.ListResponse> {
  return (call, callback) => {
    answering(callback, () => {
      const question = listQuestionFromWire(call.request);
      const token = context.nextLink();
      context.clients.waitForList(token, (result) =>
        finish(callback, result instanceof DualpingError ? result : listPageToWire(result)),
      );
      context.feed({ kind: 'list', token, ...question });
    });
  };
}

function finish<Response>(callback: sendUnaryData<Response>, result: Response | DualpingError): void {
  if (result instanceof DualpingError) callback(toServiceError(result));
  else callback(null, result);
}

function answering<Response>(callback: sendUnaryData<Response>, act: () => void): void {
  try {
    act();
  } catch (error) {
    callback(toServiceError(error));
  }
}

function openTimeline(
  context: ServiceContext,
  call: ServerDuplexStream<socialWire.TimelineRequest, TimelineOut>,
): void {
  const timeline = context.nextLink();
  let writes: TimelineWrites | undefined;
  const stream: BidiStream<TimelineOut> = serverStream<socialWire.TimelineRequest, TimelineOut>(
    call,
    {
      onMessage: (wire) => {
        judging(stream, () => {
          const message = timelineMessageFromWire(wire);
          if ((message.kind === 'open') === (writes !== undefined))
            throw new DualpingError(
              'invalid-argument',
              'the first message of a Timeline is `open`, and only the first',
            );
          switch (message.kind) {
            case 'open':
              writes = new TimelineWrites(
                stream,
                message,
                ({ user, command, sessionId, requestNo, epoch }, answer) =>
                  takeWrite(context, { sessionId, requestNo, epoch, command: { ...command, user } }, answer),
                (token) => context.clients.abandonWrite(token),
              );
              return context.feed({ ...message, kind: 'timeline-open', timeline });
            case 'writes':
              writes?.add(message.writes);
              return context.feed({ kind: 'timeline-alive', timeline });
            case 'older':
              return context.feed({ ...message, kind: 'timeline-older', timeline });
            case 'answered':
              return context.feed({ kind: 'timeline-answered', timeline, of: message.of });
            case 'alive':
              return context.feed({ kind: 'timeline-alive', timeline });
            default:
              return unreachable(message);
          }
        });
      },
      onEnd: () => {
        writes?.end();
        context.clients.forgetTimeline(timeline);
        context.feed({ kind: 'timeline-ended', timeline });
      },
      onDrain: () => context.clients.timelineDrained(timeline),
    },
    FIRST_MESSAGE_TIMEOUT_MS,
  );
  context.clients.addTimeline(timeline, call.getPeer(), new OwnTimelineSink(stream, () => writes?.flush()));
}

function openReplicate(
  context: ServiceContext,
  call: ServerDuplexStream<replicationWire.ReplicateRequest, ReplicateOut>,
): void {
  const link = context.nextLink();
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
          if (message.kind === 'join') context.access.requireSelf(call, message, 'Replicate');
          joined = true;
          context.feed({ kind: 'standby-message', link, message });
        });
      },
      onEnd: (end: StreamEnd) => {
        context.standbys.forget(link);
        context.feed({ kind: 'standby-ended', link, detail: endText(end) });
      },
    },
    FIRST_MESSAGE_TIMEOUT_MS,
  );
  context.standbys.add(link, stream);
}

function openTail(
  context: ServiceContext,
  call: ServerDuplexStream<replicationWire.TailRequest, replicationWire.TailResponse>,
): void {
  const link = context.nextLink();
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
          if (message.kind === 'open') context.access.requireOwnCluster(call, message.from, 'Tail');
          opened = true;
          context.feed({ kind: 'tail-asked', link, message });
        });
      },
      onEnd: () => {
        context.tails.forget(link);
        context.feed({ kind: 'tail-ended', link });
      },
    },
    FIRST_MESSAGE_TIMEOUT_MS,
  );
  context.tails.add(link, stream);
}

function judging<Out>(stream: BidiStream<Out>, act: () => void): void {
  try {
    act();
  } catch (error) {
    stream.close(toDualpingError(error));
  }
}

function followerInfo(
  context: ServiceContext,
  call: ServerWritableStream<replicationWire.GetFollowerInfoRequest, replicationWire.GetFollowerInfoResponse>,
): void {
  try {
    const question = snapshotQuestionFromWire(call.request);
    context.access.requireSelf(call, question, 'GetFollowerInfo');
    const token = context.nextLink();
    context.standbys.addSnapshotCall(token, call);
    context.feed({ kind: 'snapshot-asked', token, ...question });
  } catch (error) {
    call.emit('error', toServiceError(error));
  }
}

export function addServices(server: Server, context: ServiceContext): void {
  server.addService(SocialServiceDefinition, {
    login: writeHandler(context, requestFromWire.login),
    follow: writeHandler(context, requestFromWire.follow),
    unfollow: writeHandler(context, requestFromWire.unfollow),
    post: writeHandler(context, requestFromWire.post),
    list: listHandler(context),
    timeline: (call: ServerDuplexStream<socialWire.TimelineRequest, TimelineOut>) =>
      openTimeline(context, call),
  });
  server.addService(ReplicationServiceDefinition, {
    getFollowerInfo: (
      call: ServerWritableStream<
        replicationWire.GetFollowerInfoRequest,
        replicationWire.GetFollowerInfoResponse
      >,
    ) => followerInfo(context, call),
    replicate: (call: ServerDuplexStream<replicationWire.ReplicateRequest, ReplicateOut>) =>
      openReplicate(context, call),
    tail: (call: ServerDuplexStream<replicationWire.TailRequest, replicationWire.TailResponse>) =>
      openTail(context, call),
  });
}
