/**
 * `SNSService`, through which csce438 clients use a server. Their requests are treated like all
 * others: numbered, journalled, answered when they are durable on all in-sync servers.
 */
import {
  DualpingError,
  isKeyReason,
  SOCIAL_REASONS,
  type SocialReason,
  type UserName,
  unreachable,
} from '@dualping/core';
import {
  type ClassicCall,
  type ClassicOutcome,
  type ClassicReply,
  classicReply,
  classicRequesterFromWire,
  classicTargetFromWire,
  SNSServiceDefinition,
  type snsWire,
  toServiceError,
} from '@dualping/protocol';
import { type handleUnaryCall, Metadata, type Server, status } from '@grpc/grpc-js';
import type { ServiceContext } from '../services.js';
import type { ClassicDialect } from './classic-dialect.js';
import { ClassicTimeline, type ClassicTimelineCall } from './classic-timeline.js';
import { ClassicUsers, MAX_CLASSIC_LIST } from './classic-users.js';
import type { Connection, Connections } from './connections.js';

/** Trailing metadata of a `List` that is cut: the most names in each list. */
const LIST_CUT_KEY = 'dualping-list-cut';
export const SNS_SERVICE_NAME = 'csce438.SNSService';

export interface ClassicParts {
  readonly context: ServiceContext;
  readonly connections: Connections;
  readonly dialect: ClassicDialect;
}

type Change = Exclude<ClassicCall, 'login'>;
type Act = (request: snsWire.Request, connection: Connection) => Promise<ClassicOutcome>;

/** The only dialect with another answer to a first login, so the server has to find out. */
const TELLS_NEW_USERS = 'ok';

export function addSnsService(server: Server, { context, connections, dialect }: ClassicParts): void {
  const users = new ClassicUsers(context);

  const login: Act = async (request, connection) => {
    const user = validName(() => classicRequesterFromWire(request));
    if (user === undefined) return 'impossible-name';
    if (users.isOn(user)) return 'already-on';
    const isNew = dialect.replies === TELLS_NEW_USERS && !(await users.isKnown(user));
    await users.login(connection, user);
    return isNew ? 'created' : 'logged-in';
  };

  const change =
    (kind: Change): Act =>
    async (request, connection) => {
      const user = validName(() => classicRequesterFromWire(request));
      if (user === undefined) return 'unknown-requester'; // no user can have that name
      if (request.arguments.every((argument) => argument === '')) return 'no-argument';
      const target = validName(() => classicTargetFromWire(request));
      if (target === undefined) return `${kind}-unknown`;
      try {
        await users.ask(connection, { kind, user, target });
        return `${kind}ed`;
      } catch (error) {
        return outcomeOf(kind, error);
      }
    };

  const answering =
    (act: Act): handleUnaryCall<snsWire.Request, snsWire.Reply> =>
    (call, callback) => {
      act(call.request, connections.of(call.getPeer())).then(
        (outcome) => {
          const reply = classicReply(outcome, dialect.replies);
          if (reply.status === status.OK) callback(null, { msg: reply.text });
          else callback(refusedWith(reply));
        },
        (error: unknown) => callback(toServiceError(error)),
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

/** Undefined: the name is missing, or is not a valid user name. */
function validName(read: () => UserName | undefined): UserName | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof DualpingError && error.reason === 'invalid-user-name') return undefined;
    throw error;
  }
}

const isSocial = (reason: string): reason is SocialReason => Object.hasOwn(SOCIAL_REASONS, reason);

/** The reply on this wire, if there is one; every other error becomes a status. */
function outcomeOf(kind: Change, error: unknown): ClassicOutcome {
  if (!(error instanceof DualpingError) || !isSocial(error.reason)) throw error;
  if (isKeyReason(error.reason)) throw error;
  switch (error.reason) {
    case 'unknown-user':
      return 'unknown-requester';
    case 'unknown-target':
      return `${kind}-unknown`;
    case 'cannot-follow-self':
    case 'cannot-unfollow-self':
      return `${kind}-self`;
    case 'already-following':
      return 'follow-twice';
    case 'not-following':
      return 'unfollow-not-followed';
    case 'unknown-post': // posts on this wire never answer a post
    case 'wrong-cluster':
      throw error;
    default:
      return unreachable(error.reason);
  }
}

const refusedWith = ({ status: code, text: details }: ClassicReply) =>
  Object.assign(new Error(details), { code, details, metadata: new Metadata() });
