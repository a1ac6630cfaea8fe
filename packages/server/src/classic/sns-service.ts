/**
 * `SNSService`, by which clients of the older family know a server. What they ask for goes the way of every request:
 * numbered, journalled, answered when it is durable on all in-sync servers.
 */
import { DualpingError, SOCIAL_REASONS, type SocialReason, type UserName } from '@dualping/core';
import {
  type ClassicOutcome,
  type ClassicReplies,
  classicReplyText,
  classicRequesterFromWire,
  classicTargetFromWire,
  SNSServiceDefinition,
  type snsWire,
  toServiceError,
} from '@dualping/protocol';
import { type handleUnaryCall, Metadata, type Server, type ServerUnaryCall, status } from '@grpc/grpc-js';
import type { ServiceContext } from '../services.js';
import { ClassicTimeline, type ClassicTimelineCall } from './classic-timeline.js';
import { ClassicUsers, MAX_CLASSIC_LIST } from './classic-users.js';
import type { Connections } from './connections.js';

/** Trailing metadata of a `List` that has only the first names: how many each list has at most. */
const LIST_CUT_KEY = 'dualping-list-cut';
export const SNS_SERVICE_NAME = 'csce438.SNSService';

export interface ClassicParts {
  readonly context: ServiceContext;
  readonly connections: Connections;
  readonly replies: ClassicReplies;
}

type Ask = ServerUnaryCall<snsWire.Request, snsWire.Reply>;

const isSocial = (reason: string): reason is SocialReason => Object.hasOwn(SOCIAL_REASONS, reason);

export function addSnsService(server: Server, { context, connections, replies }: ClassicParts): void {
  const users = new ClassicUsers(context);

  const login = async ({ request, getPeer }: Pick<Ask, 'request' | 'getPeer'>): Promise<ClassicOutcome> => {
    const user = classicRequesterFromWire(request);
    if (users.isOn(user)) {
      if (replies === 'text') throw alreadyOn();
      return 'already-on';
    }
    await users.login(connections.of(getPeer()), user);
    return 'ok';
  };

  const change =
    (kind: 'follow' | 'unfollow') =>
    async (call: Pick<Ask, 'request' | 'getPeer'>): Promise<ClassicOutcome> => {
      const user = requester(call.request);
      if (user === undefined) return 'unknown-user';
      const target = classicTargetFromWire(call.request);
      if (target === undefined) return 'no-argument';
      await users.ask(connections.of(call.getPeer()), { kind, user, target });
      return 'ok';
    };

  const answering =
    (
      act: (call: Pick<Ask, 'request' | 'getPeer'>) => Promise<ClassicOutcome>,
    ): handleUnaryCall<snsWire.Request, snsWire.Reply> =>
    (call, callback) => {
      const ask = { request: call.request, getPeer: () => call.getPeer() };
      act(ask)
        .catch(outcomeOf)
        .then(
          (outcome) => callback(null, { msg: classicReplyText(outcome, replies) }),
          (error: unknown) => callback(isStatus(error) ? error : toServiceError(error)),
        );
    };

  const list: handleUnaryCall<snsWire.Request, snsWire.ListReply> = (call, callback) => {
    Promise.resolve()
      .then(() => users.list(classicRequesterFromWire(call.request)))
      .then(
        ({ users: all, followers, isCut }) => {
          const trailer = new Metadata();
          if (isCut) trailer.set(LIST_CUT_KEY, String(MAX_CLASSIC_LIST));
          callback(null, { allUsers: [...all], followers: [...followers] }, trailer);
        },
        (error: unknown) => callback(toServiceError(error)),
      );
  };

  server.addService(SNSServiceDefinition, {
    login: answering(login),
    follow: answering(change('follow')),
    unFollow: answering(change('unfollow')),
    list,
    timeline: (call: ClassicTimelineCall) => {
      new ClassicTimeline(context, users, connections.of(call.getPeer()), call);
    },
  });
}

/** Undefined: nobody can be called that, so nobody is. */
function requester(request: snsWire.Request): UserName | undefined {
  try {
    return classicRequesterFromWire(request);
  } catch {
    return undefined;
  }
}

/** What is an answer on this wire; everything else goes on as a status. */
function outcomeOf(error: unknown): ClassicOutcome {
  if (error instanceof DualpingError) {
    if (isSocial(error.reason) && error.reason !== 'wrong-cluster') return error.reason;
    if (error.reason === 'invalid-user-name') return error.reason;
  }
  throw error;
}

interface StatusError extends Error {
  readonly code: status;
  readonly details: string;
  readonly metadata: Metadata;
}

const isStatus = (error: unknown): error is StatusError =>
  error instanceof Error && 'code' in error && 'details' in error;

/** How the dialect of sentences refuses a second login. */
function alreadyOn(): StatusError {
  const details = classicReplyText('already-on', 'text');
  return Object.assign(new Error(details), { code: status.CANCELLED, details, metadata: new Metadata() });
}
