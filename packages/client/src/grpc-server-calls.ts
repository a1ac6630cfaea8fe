/** How a session's link reaches its server over gRPC: one timeline, and its other calls in flight. */
import {
  type ClientWrite,
  DualpingError,
  type Failure,
  type KeyOfUser,
  type KeysQuestion,
  type ListPage,
  type ListQuestion,
  REPLY_TIMEOUT_MS,
  type SessionId,
  type TimelineUpdate,
  type Written,
} from '@dualping/core';
import {
  clientStream,
  fromServiceError,
  keysFromWire,
  listPageFromWire,
  listQuestionToWire,
  NO_METADATA,
  requestToWire,
  type SocialServiceClient,
  type StreamEnd,
  socialWire,
  timelineMessageToWire,
  timelineTokenToWire,
  timelineWritesToWire,
  writtenFromWire,
} from '@dualping/protocol';
import type { Asker, ClientTimeline, ServerCalls, TimelineOpen, TimelineReader } from '@dualping/runtime';
import type { ClientDuplexStream, ClientUnaryCall, Metadata, ServiceError } from '@grpc/grpc-js';
import type { ServerChannel } from './server-connections.js';
import { sharedUpdates } from './shared-updates.js';
import { LEAVE_TIMEOUT_MS } from './timeouts.js';
import type { UserTokens } from './user-tokens.js';

type Callback<Response> = (error: ServiceError | null, response: Response) => void;

export class GrpcServerCalls implements ServerCalls {
  readonly #channel: ServerChannel;
  /** Undefined: without TLS there are no tokens. */
  readonly #tokens: UserTokens | undefined;
  /** Calls in flight, including the timeline's. */
  readonly #calls = new Set<Pick<ClientUnaryCall, 'cancel'>>();
  #isLeft = false;
  #patience: NodeJS.Timeout | undefined;

  constructor(channel: ServerChannel, tokens?: UserTokens) {
    this.#channel = channel;
    this.#tokens = tokens;
  }

  openTimeline(open: TimelineOpen, reader: TimelineReader): ClientTimeline {
    const { sessionId } = open;
    const call = timelineCall(this.#channel.client, this.#proofFor(sessionId));
    this.#calls.add(call);
    call.on('status', () => this.#over(call));
    const stream = clientStream<Buffer, socialWire.TimelineRequest>(
      call,
      {
        onMessage: (bytes) => {
          let update: TimelineUpdate;
          try {
            update = sharedUpdates.read(bytes);
          } catch (error) {
            return reader.ended(nonsense(error));
          }
          reader.heard(update);
        },
        onEnd: (end) => {
          clearTimeout(renewal);
          if (end.kind === 'broken') this.#tokens?.corrected(end.error);
          reader.ended(whyEnded(end));
        },
      },
      'server',
    );
    let renewal: NodeJS.Timeout | undefined;
    const renewInTime = (tokens: UserTokens): void => {
      renewal = setTimeout(() => {
        stream.send(timelineTokenToWire(tokens.token(sessionId)));
        if (!stream.ended) renewInTime(tokens);
      }, tokens.renewInMs(sessionId)).unref();
    };
    if (this.#tokens !== undefined) renewInTime(this.#tokens);
    stream.send(timelineMessageToWire({ kind: 'open', ...open }));
    return {
      write: (writes) => {
        for (const message of timelineWritesToWire(writes)) stream.send(message);
      },
      ask: (query) => {
        stream.send(timelineMessageToWire(query));
      },
      giveSign: () => {
        stream.send(timelineMessageToWire({ kind: 'alive' }));
      },
      close: () => {
        clearTimeout(renewal);
        stream.close();
      },
      abort: () => {
        clearTimeout(renewal);
        stream.abort();
      },
    };
  }

  write(request: ClientWrite, asker: Asker<Written>): void {
    const wire = requestToWire(request);
    const { client } = this.#channel;
    const { sessionId } = request;
    this.#call<socialWire.WriteResponse>(
      (options, done) => {
        const proof = this.#proofFor(sessionId);
        switch (wire.call) {
          case 'login':
            return client.login({ ...wire.request, ...this.#deviceLogin }, proof, options, done);
          case 'follow':
            return client.follow(wire.request, proof, options, done);
          case 'unfollow':
            return client.unfollow(wire.request, proof, options, done);
          case 'post':
            return client.post(wire.request, proof, options, done);
          case 'inviteDevice':
            return client.inviteDevice(wire.request, proof, options, done);
          case 'revokeKey':
            return client.revokeKey(wire.request, proof, options, done);
        }
      },
      (response) => asker.answered(writtenFromWire(response)),
      asker.failed,
      true,
    );
  }

  /** The name of the device in the login, and its code. */
  get #deviceLogin(): Pick<socialWire.LoginRequest, 'device' | 'code'> {
    const { device = '', code = '' } = this.#tokens?.login ?? {};
    return { device, code };
  }

  #proofFor(sessionId: SessionId): Metadata {
    return this.#tokens?.metadata(sessionId) ?? NO_METADATA;
  }

  list(question: ListQuestion, asker: Asker<ListPage>): void {
    const request = listQuestionToWire(question);
    this.#call<socialWire.ListResponse>(
      (options, done) => this.#channel.client.list(request, this.#tokens?.last ?? NO_METADATA, options, done),
      (response) => asker.answered(listPageFromWire(response)),
      asker.failed,
      false,
    );
  }

  keys(question: KeysQuestion, asker: Asker<readonly KeyOfUser[]>): void {
    this.#call<socialWire.KeysResponse>(
      (options, done) =>
        this.#channel.client.keys(question, this.#tokens?.last ?? NO_METADATA, options, done),
      (response) => asker.answered(keysFromWire(response)),
      asker.failed,
      false,
    );
  }

  drop(isSilent: boolean): void {
    if (isSilent) this.#channel.abandon();
    for (const call of this.#calls) call.cancel();
    this.#channel.release();
  }

  /**
   * Others continue on the same connection: HTTP/2 regards many cancelled calls as an attack, and would end
   * the connection.
   */
  leave(): void {
    this.#isLeft = true;
    if (this.#calls.size === 0) return this.#channel.release();
    this.#patience = setTimeout(() => {
      for (const call of this.#calls) call.cancel();
    }, LEAVE_TIMEOUT_MS);
  }

  #over(call: Pick<ClientUnaryCall, 'cancel'>): void {
    this.#calls.delete(call);
    if (!this.#isLeft || this.#calls.size > 0) return;
    clearTimeout(this.#patience);
    this.#channel.release();
  }

  #call<Response>(
    start: (options: { deadline: number }, done: Callback<Response>) => ClientUnaryCall,
    onAnswer: (response: Response) => void,
    onFailure: (failure: Failure) => void,
    writes: boolean,
    isCorrected = false,
  ): void {
    const call = start({ deadline: Date.now() + REPLY_TIMEOUT_MS }, (error, response) => {
      this.#over(call);
      if (error !== null) {
        const failure = fromServiceError(error, { sent: writes, peer: 'server' });
        // It did not happen: this machine's clock is wrong, and the refusal contains the server's time.
        if (!isCorrected && this.#tokens?.corrected(failure) === true)
          return this.#call(start, onAnswer, onFailure, writes, true);
        return onFailure(failure);
      }
      try {
        onAnswer(response);
      } catch (cause) {
        onFailure(nonsense(cause));
      }
    });
    this.#calls.add(call);
  }
}

const sameBytes = (bytes: Buffer): Buffer => bytes;

/** Its messages are decoded by `SharedUpdates`, not by grpc-js. */
function timelineCall(
  client: SocialServiceClient,
  proof: Metadata,
): ClientDuplexStream<socialWire.TimelineRequest, Buffer> {
  const { path, requestSerialize } = socialWire.SocialServiceService.timeline;
  return client.makeBidiStreamRequest(path, requestSerialize, sameBytes, proof);
}

/**
 * A message that the codec refuses: a dualping server would not send it. Any other error is a bug of ours,
 * and is not hidden.
 */
function nonsense(error: unknown): Failure {
  if (!(error instanceof DualpingError)) throw error;
  return { reason: 'not-a-server', detail: `the server answered what no server says: ${error.detail}` };
}

function whyEnded(end: StreamEnd): Failure {
  if (end.kind === 'broken' && end.error !== undefined)
    return { reason: end.error.reason, detail: end.error.detail };
  return end.kind === 'broken'
    ? { reason: 'server-unreachable', detail: 'the connection to the server broke' }
    : { reason: 'shutting-down', detail: 'the server ended the timeline' };
}
