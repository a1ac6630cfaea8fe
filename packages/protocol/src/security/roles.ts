/**
 * Who may call what: one table for router and servers. A call that is not in it is refused for every caller,
 * and a test compares the table with the services in `protos`.
 */
import { type Identity, partText } from './identity.js';

/** The caller, as known from the connection of the call. */
export type Caller =
  /** Its certificate proves that it is this part. */
  | { readonly kind: 'part'; readonly identity: Identity }
  /** Over TLS, without a certificate: a user's client. */
  | { readonly kind: 'stranger' }
  /** It showed an invalid certificate. */
  | { readonly kind: 'rejected'; readonly why: string }
  /** Without TLS. @param isClassic whether the classic wire is served to that address */
  | { readonly kind: 'plaintext'; readonly isClassic: boolean };

/**
 * `anyone`: any caller over TLS, except with an invalid certificate. `user`: such a caller with a token of
 * the call's user; the server compares it with the call's content. `peer`: a server of the same cluster as
 * the called server. `self`: the supervisor of the called server, which has the server's own certificate.
 * `classic`: callers without TLS, where the classic wire is switched on for their address.
 */
export type Role =
  | 'anyone'
  | 'user'
  | 'server'
  | 'member'
  | 'operator'
  | 'router'
  | 'peer'
  | 'self'
  | 'classic';

export interface Rule {
  readonly by: readonly Role[];
  /** Each call by an operator is reported in a line. */
  readonly audited?: true;
}

const PARTS: readonly Role[] = ['server', 'member', 'operator'];
const MEMBERS: readonly Role[] = ['server', 'member'];

export const RULES: Readonly<Record<string, Rule>> = {
  '/dualping.v1.RoutingService/DualPing': { by: MEMBERS },
  '/dualping.v1.RoutingService/AddMaster': { by: MEMBERS },
  '/dualping.v1.RoutingService/RegisterServer': { by: PARTS, audited: true },
  '/dualping.v1.RoutingService/Crash': { by: PARTS, audited: true },
  '/dualping.v1.RoutingService/Connect': { by: ['anyone'] },
  '/dualping.v1.RoutingService/GetAvailable': { by: ['anyone'] },
  // For one cluster. All clusters, and stats, are only for parts: `WATCH_OF_ALL`.
  '/dualping.v1.RoutingService/Watch': { by: ['anyone'] },
  // Members and clients are sent to that address anyway.
  '/dualping.v1.RoutingService/Leader': { by: ['anyone'] },
  '/dualping.v1.AdminService/Handover': { by: ['operator'], audited: true },
  '/dualping.v1.AdminService/Promote': { by: ['operator'], audited: true },
  '/dualping.v1.AdminService/HandoverRouter': { by: ['operator'], audited: true },
  '/dualping.v1.AdminService/Pause': { by: ['operator'], audited: true },
  '/dualping.v1.AdminService/Rest': { by: ['operator'], audited: true },
  '/dualping.v1.AdminService/Resume': { by: ['operator'], audited: true },
  '/dualping.v1.AdminService/Remove': { by: ['operator'], audited: true },
  // It only reads.
  '/dualping.v1.AdminService/History': { by: ['operator'] },
  '/dualping.v1.SocialService/Login': { by: ['user'] },
  '/dualping.v1.SocialService/Follow': { by: ['user'] },
  '/dualping.v1.SocialService/Unfollow': { by: ['user'] },
  '/dualping.v1.SocialService/Post': { by: ['user'] },
  '/dualping.v1.SocialService/InviteDevice': { by: ['user'] },
  '/dualping.v1.SocialService/RevokeKey': { by: ['user'] },
  '/dualping.v1.SocialService/Keys': { by: ['user'] },
  '/dualping.v1.SocialService/Present': { by: ['user'] },
  '/dualping.v1.SocialService/Invite': { by: ['operator'], audited: true },
  '/dualping.v1.SocialService/ResetKeys': { by: ['operator'], audited: true },
  '/dualping.v1.SocialService/List': { by: ['user'] },
  '/dualping.v1.SocialService/Timeline': { by: ['user'] },
  '/dualping.v1.ReplicationService/GetFollowerInfo': { by: ['peer'] },
  '/dualping.v1.ReplicationService/Replicate': { by: ['peer'] },
  '/dualping.v1.ReplicationService/Tail': { by: ['server'] },
  '/dualping.v1.SupervisionService/KeepAlive': { by: ['self'] },
  '/grpc.health.v1.Health/Check': { by: ['anyone'] },
  '/grpc.health.v1.Health/List': { by: ['anyone'] },
  '/grpc.health.v1.Health/Watch': { by: ['anyone'] },
  '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo': { by: PARTS },
  '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo': { by: PARTS },
  '/csce438.CoordService/Heartbeat': { by: ['classic'] },
  '/csce438.CoordService/GetServer': { by: ['classic'] },
  '/csce438.CoordService/GetSlave': { by: ['classic'] },
  '/csce438.CoordService/GetAllFollowerServers': { by: ['classic'] },
  '/csce438.CoordService/GetFollowerServer': { by: ['classic'] },
  '/csce438.CoordService/create': { by: ['classic'] },
  '/csce438.CoordService/exists': { by: ['classic'] },
  '/csce438.SNSService/Login': { by: ['classic'] },
  '/csce438.SNSService/List': { by: ['classic'] },
  '/csce438.SNSService/Follow': { by: ['classic'] },
  '/csce438.SNSService/UnFollow': { by: ['classic'] },
  '/csce438.SNSService/Timeline': { by: ['classic'] },
};

/** The roles for a `Watch` of all clusters, or with stats. */
export const WATCH_OF_ALL: Rule = { by: [...PARTS, 'router'] };

/** @param own the identity of the called part */
export function isPermitted(caller: Caller, { by }: Rule, own: Identity | undefined): boolean {
  return by.some((role) => hasRole(caller, role, own));
}

function hasRole(caller: Caller, role: Role, own: Identity | undefined): boolean {
  if (role === 'classic') return caller.kind === 'plaintext' && caller.isClassic;
  if (role === 'anyone' || role === 'user') return caller.kind === 'stranger' || caller.kind === 'part';
  if (caller.kind !== 'part') return false;
  const { identity } = caller;
  if (role !== 'peer' && role !== 'self') return identity.role === role;
  if (identity.role !== 'server' || own?.role !== 'server' || identity.cluster !== own.cluster) return false;
  return role === 'peer' || identity.serverId === own.serverId;
}

const ROLE_TEXTS: Readonly<Record<Role, string>> = {
  anyone: 'any client over TLS',
  user: 'users, with a token of theirs',
  server: 'servers',
  member: 'members',
  operator: 'operators',
  router: 'routers',
  peer: 'servers of the same cluster',
  self: "this server's own supervisor",
  classic: 'the classic wire, without TLS, where it is switched on',
};

/** For people: `servers, members and operators`. */
export function rolesText({ by }: Rule): string {
  const texts = by.map((role) => ROLE_TEXTS[role]);
  const last = texts.at(-1) ?? 'nobody';
  return texts.length > 1 ? `${texts.slice(0, -1).join(', ')} and ${last}` : last;
}

/** The caller, as text. */
export function callerText(caller: Caller): string {
  switch (caller.kind) {
    case 'part':
      return partText(caller.identity);
    case 'stranger':
      return 'a client without a certificate';
    case 'rejected':
      return `a client that is not believed (${caller.why})`;
    case 'plaintext':
      return 'a client without TLS';
  }
}
