/** The options of a server, checked once. */
import { hostname } from 'node:os';
import {
  type Address,
  type ClusterId,
  DualpingError,
  MAX_CLUSTERS,
  MAX_SERVER_ID,
  parseDiskStallMs,
  parseMinDiskFree,
  parseUserLimits,
  quote,
  type Registration,
  type ServerId,
  serverId,
  type UserLimits,
  wholeNumber,
} from '@dualping/core';
import type { Report } from '@dualping/host';
import {
  type ClassicReplies,
  ClassicSources,
  type ConnectionLimits,
  dialledAddress,
  formatAddress,
  type HostAndPort,
  isLoopback,
  isWildcard,
  type NetworkCredentials,
  parseAddress,
  parseConnectionLimits,
  parseListenAddress,
  partText,
} from '@dualping/protocol';
import type { SupervisionOptions } from './supervisor-streams.js';

export interface ServerOptions {
  /** Where to listen. Default `127.0.0.1`. */
  readonly host?: string;
  /** 0 (the default) takes a free one. */
  readonly port?: number;
  /**
   * The host that others dial. Default: `host`, or this machine's name when that is a wildcard.
   */
  readonly advertiseHost?: string;
  /**
   * The whole address that others dial, behind a mapped port or a proxy.
   */
  readonly advertise?: Address;
  /** The folder for the journal; made if it doesn't exist. */
  readonly dataFolder: string;
  /** From 1. Default 1. */
  readonly cluster?: number;
  /** Permanent number of this server within its cluster, from 1. */
  readonly serverId: number;
  /** Routers of the network, `host:port`: dialled in parallel while none has answered. */
  readonly routers: readonly Address[];
  /**
   * A disk that does not answer for this long counts as hanging, ms: the server leaves, and its process has
   * to end. Default 5,000.
   */
  readonly diskStallMs?: number;
  /**
   * The router notices the end of this process before its memory is freed: another process holds a connection
   * to it, for as long as this one lives. Linux with `setpriv` only. Default false.
   */
  readonly tripwire?: boolean;
  /** Where metrics and probes are answered, `host:port`; port 0 takes a free one. Default: nowhere. */
  readonly metrics?: Address;
  /** Gets a line for each event that an operator should know. Default: lines are dropped. */
  readonly report?: Report;
  /** The dialect of answers to csce438 clients. Default: the router's. */
  readonly classicReplies?: ClassicReplies;
  /** The supervisor that may use `KeepAlive`. Default: none. */
  readonly supervision?: SupervisionOptions;
  /**
   * The server's own credentials: with them it speaks TLS and checks the caller of each call. When absent: no
   * TLS, and every caller is believed.
   */
  readonly credentials?: NetworkCredentials | undefined;
  /**
   * With credentials: who can have a new name. Default: any user if it listens on loopback, otherwise invited
   * users.
   */
  readonly registration?: Registration | undefined;
  /** With credentials: whether csce438 programs are served without TLS as well. Default false. */
  readonly classic?: boolean;
  /**
   * While less than this is free on its disk, percent, users' writes are refused; on a large disk 2 GB are
   * enough. 0: they are never refused. Default 5.
   */
  readonly minDiskFree?: number;
  /** How many connections one address may have. Default: `DEFAULT_CONNECTION_LIMITS`. */
  readonly connectionLimits?: Partial<ConnectionLimits>;
  /** How much one user may write while this server is primary. Default: `DEFAULT_USER_LIMITS`. */
  readonly userLimits?: Partial<UserLimits>;
  /**
   * With `classic`: sources in addition to this machine: addresses and networks, such as `10.0.0.0/8`.
   * Default: this machine only.
   */
  readonly classicFrom?: readonly string[];
}

export interface ParsedOptions {
  readonly host: string;
  readonly port: number;
  readonly advertiseHost: string;
  /** Undefined: `advertiseHost` and the port it listens at. */
  readonly advertise: Address | undefined;
  readonly dataFolder: string;
  readonly cluster: ClusterId;
  readonly serverId: ServerId;
  readonly routers: readonly Address[];
  readonly diskStallMs: number;
  readonly tripwire: boolean;
  readonly minDiskFree: number;
  readonly metrics: HostAndPort | undefined;
  readonly report: Report;
  readonly classicReplies: ClassicReplies | undefined;
  readonly supervision: SupervisionOptions | undefined;
  readonly credentials: NetworkCredentials | undefined;
  readonly classic: ClassicSources | undefined;
  readonly connectionLimits: ConnectionLimits;
  readonly userLimits: UserLimits;
  readonly registration: Registration;
}

const DEFAULT_HOST = '127.0.0.1';

/** Throws `invalid-argument` that quotes the first value that is not allowed. */
export function parseServerOptions(options: ServerOptions): ParsedOptions {
  if (options.dataFolder === '') throw new DualpingError('invalid-argument', 'a data folder is missing');
  if (options.routers.length === 0)
    throw new DualpingError('invalid-argument', 'the address of a router is missing');
  const host = options.host ?? DEFAULT_HOST;
  const advertiseHost = options.advertiseHost ?? (isWildcard(host) ? hostname() : host);
  if (advertiseHost === '' || isWildcard(advertiseHost))
    throw new DualpingError('invalid-argument', `host ${quote(advertiseHost)} can't be dialled by others`);
  const cluster = wholeNumber('cluster', options.cluster ?? 1, MAX_CLUSTERS);
  const id = serverId(wholeNumber('server id', options.serverId, MAX_SERVER_ID));
  return Object.freeze({
    host,
    port: options.port ?? 0,
    advertiseHost,
    advertise: options.advertise === undefined ? undefined : dialledAddress(options.advertise),
    dataFolder: options.dataFolder,
    cluster,
    serverId: id,
    routers: options.routers.map((address) => formatAddress(parseAddress(address))),
    diskStallMs: parseDiskStallMs(options.diskStallMs),
    tripwire: options.tripwire ?? false,
    minDiskFree: parseMinDiskFree(options.minDiskFree),
    metrics: options.metrics === undefined ? undefined : parseListenAddress(options.metrics),
    report: options.report ?? (() => {}),
    classicReplies: options.classicReplies,
    supervision: options.supervision,
    credentials: ownCredentials(options.credentials, cluster, id),
    registration: options.registration ?? (isLoopback(host) ? 'open' : 'invite'),
    classic: options.classic ? ClassicSources.parse(options.classicFrom) : undefined,
    connectionLimits: parseConnectionLimits(options.connectionLimits ?? {}),
    userLimits: parseUserLimits(options.userLimits ?? {}),
  });
}

function ownCredentials(
  credentials: NetworkCredentials | undefined,
  cluster: ClusterId,
  id: ServerId,
): NetworkCredentials | undefined {
  if (credentials === undefined) return undefined;
  const { identity } = credentials;
  if (identity?.role === 'server' && identity.cluster === cluster && identity.serverId === id)
    return credentials;
  const whose = identity === undefined ? 'nobody' : partText(identity);
  throw new DualpingError(
    'invalid-argument',
    `these credentials are of ${whose}, and not of server ${id} of cluster ${cluster}`,
  );
}
