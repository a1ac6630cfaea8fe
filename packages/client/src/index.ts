export type {
  Action,
  Address,
  Answers,
  Assignment,
  Build,
  ClusterId,
  ClusterKey,
  CodeHash,
  DeviceName,
  DiskRoomStats,
  DiskSpace,
  Epoch,
  Failure,
  HistoryEntry,
  Incarnation,
  InSyncMember,
  Instant,
  JournalId,
  KeyNumber,
  KeyOfUser,
  LifeId,
  ListPage,
  Liveness,
  MemberInfo,
  MemberState,
  NetworkId,
  Numbered,
  Origin,
  Position,
  Post,
  PostPage,
  PostReference,
  PresenceLists,
  PrimaryRef,
  PublicKey,
  Reason,
  ServerId,
  ServiceName,
  SessionCommand,
  SessionId,
  SessionState,
  SessionTarget,
  Stats,
  Suspension,
  UserKey,
  UserName,
  UserPresence,
  WallTimeMs,
} from '@dualping/core';
export {
  beginOf,
  clusterKeyOf,
  clusterTitle,
  DualpingError,
  epoch,
  isNewer,
  MAX_LIST_PAGE,
  MAX_PAGE_POSTS,
  MAX_POST_LENGTH,
  position,
  postProblem,
  quote,
  referenceTo,
  serverId,
  serverNameIn,
  serviceNameProblem,
  userNameProblem,
} from '@dualping/core';
export type {
  CertifiedNetwork,
  ClassicAnswer,
  ClassicStatus,
  Dialled,
  Dialling,
  Identity,
  Judgement,
  MemberFigures,
  Part,
  StreamEnd,
  WatchUpdate,
} from '@dualping/protocol';
export { DeviceKey, NetworkCredentials, type TokenClaims } from '@dualping/protocol';
export type { CallOptions } from './abortable.js';
export * from './classic-connection.js';
export { type ClockDifference, clockDifferenceText } from './clock-difference.js';
export { DualpingMember, type DualpingMemberOptions } from './dualping-member.js';
export {
  DualpingSession,
  type DualpingSessionOptions,
  type ListPageOptions,
  MAX_LISTED_USERS,
  type Move,
} from './dualping-session.js';
export type { GrpcModule } from './grpc-copy.js';
export * from './name-resolver.js';
export type { ServiceHost } from './primary-service.js';
export {
  type AvailableOptions,
  type ClusterOf,
  type NetworkStatus,
  RouterClient,
  type RouterClientOptions,
  type WatchOptions,
} from './router-client.js';
export type { LeadingRouter, RouterStanding, SharedRouters } from './shared-routers.js';
export { MAX_UNREAD_POSTS } from './unread-posts.js';
export { UserAdmin, type UserAdminOptions, type UserCode } from './user-admin.js';
export type { PendingWrite, Written } from './waiting-requests.js';
