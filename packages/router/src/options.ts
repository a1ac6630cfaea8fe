/** The options of a router, checked once. */
import {
  type Address,
  DEFAULT_HEARTBEAT_TIMEOUT_MS,
  DualpingError,
  MAX_CLUSTERS,
  parseDiskStallMs,
  parseMinDiskFree,
  parseTiming,
  type Timing,
} from '@dualping/core';
import type { Report } from '@dualping/host';
import {
  type ClassicConfirmation,
  type ClassicReplies,
  ClassicSources,
  type ConnectionLimits,
  DEFAULT_CLASSIC_REPLIES,
  dialledAddress,
  type HostAndPort,
  isWildcard,
  type NetworkCredentials,
  parseConnectionLimits,
  parseListenAddress,
  partText,
} from '@dualping/protocol';
import { checkStoreAccess, type StoreAccess } from './shared/store-access.js';
import { parseStoreLocation, type StoreLocation } from './shared/store-location.js';

export interface RouterOptions extends CommonOptions {
  /** The folder for assignments; made if it doesn't exist. */
  readonly dataFolder: string;
  /**
   * A disk that does not answer for this long counts as hanging, ms: meanwhile health says NOT_SERVING.
   * Default 5,000.
   */
  readonly diskStallMs?: number;
  /** With less of its disk free it reports that, percent; 2 GB at most, 0: never. Default 5. */
  readonly minDiskFree?: number;
}

/** Options of a router that shares its store with others. */
export interface SharedRouterOptions extends CommonOptions {
  /** `etcd://HOST:PORT,HOST:PORT/PREFIX`. */
  readonly store: string;
  /** TLS and password for the store; none when absent. */
  readonly storeAccess?: StoreAccess;
  /**
   * A folder in which it keeps the id of its network, so that after a restart it makes no other one; made if
   * it doesn't exist. Default: it knows the network only while it runs.
   */
  readonly dataFolder?: string;
  /** The address at which members, clients and the other routers dial this one. Default: where it listens. */
  readonly advertise?: Address;
}

export interface CommonOptions {
  /** Where to listen. Default `127.0.0.1`. */
  readonly host?: string;
  /** 0 (the default) takes a free one. */
  readonly port?: number;
  /**
   * The number of clusters; fixed when the store is first used. Default: the number in the store, or 1.
   */
  readonly clusters?: number;
  readonly timing?: Partial<Timing>;
  /** How long a unary heartbeat is valid, ms. Default 10,000. */
  readonly heartbeatTimeoutMs?: number;
  /**
   * The dialect in which servers answer csce438 clients, unless they have an option of their own. Default
   * `names`.
   */
  readonly classicReplies?: ClassicReplies;
  /** The meaning of `Confirmation.status` on the classic wire. Default `accepted`. */
  readonly classicConfirmation?: ClassicConfirmation;
  /**
   * Whether members with a journal are dialled back when they attach, and promoted only after they were
   * reached. Default true. Use false if the router can't dial servers though clients can.
   */
  readonly dialBack?: boolean;
  /**
   * The router's own credentials: with them it speaks TLS and checks the caller of each call. Default: no
   * TLS, and every caller is believed.
   */
  readonly credentials?: NetworkCredentials | undefined;
  /** With credentials: whether csce438 programs are served without TLS as well. Default false. */
  readonly classic?: boolean;
  /**
   * With `classic`: sources in addition to this machine: addresses and networks, such as `10.0.0.0/8`.
   * Default: this machine only.
   */
  readonly classicFrom?: readonly string[];
  /** How many connections one address may have. Default: `DEFAULT_CONNECTION_LIMITS`. */
  readonly connectionLimits?: Partial<ConnectionLimits>;
  /** Where metrics and probes are answered, `host:port`; port 0 takes a free one. Default: nowhere. */
  readonly metrics?: Address;
  /** Gets a line for each event that an operator should know. Default: lines are dropped. */
  readonly report?: Report;
}

export interface ParsedOptions extends ParsedCommonOptions {
  readonly dataFolder: string;
  readonly diskStallMs: number;
  readonly minDiskFree: number;
}

export interface ParsedSharedOptions extends ParsedCommonOptions {
  readonly store: StoreLocation;
  readonly storeAccess: StoreAccess;
  /** Undefined: it keeps nothing. */
  readonly dataFolder: string | undefined;
  /** Undefined: where it listens. */
  readonly advertise: Address | undefined;
}

export interface ParsedCommonOptions {
  readonly host: string;
  readonly port: number;
  /** Undefined: the number in the store. */
  readonly clusters: number | undefined;
  readonly timing: Timing;
  readonly heartbeatTimeoutMs: number;
  readonly classicReplies: ClassicReplies;
  readonly classicConfirmation: ClassicConfirmation;
  readonly dialsBack: boolean;
  readonly credentials: NetworkCredentials | undefined;
  readonly classic: ClassicSources | undefined;
  readonly connectionLimits: ConnectionLimits;
  readonly metrics: HostAndPort | undefined;
  readonly report: Report;
}

/** Throws `invalid-argument` that quotes the first value that is not allowed. */
export function parseRouterOptions(options: RouterOptions): ParsedOptions {
  const { dataFolder } = options;
  if (dataFolder === '') throw new DualpingError('invalid-argument', 'a data folder is missing');
  const diskStallMs = parseDiskStallMs(options.diskStallMs);
  const minDiskFree = parseMinDiskFree(options.minDiskFree);
  return Object.freeze({ ...parseCommonOptions(options), dataFolder, diskStallMs, minDiskFree });
}

/** Throws `invalid-argument` that quotes the first value that is not allowed. */
export function parseSharedRouterOptions(options: SharedRouterOptions): ParsedSharedOptions {
  const store = parseStoreLocation(options.store);
  const advertise = options.advertise === undefined ? undefined : dialledAddress(options.advertise);
  const common = parseCommonOptions(options);
  if (advertise === undefined && isWildcard(common.host))
    throw new DualpingError(
      'invalid-argument',
      `host "${common.host}" can't be dialled by others: give the address to advertise`,
    );
  const storeAccess = checkStoreAccess(options.storeAccess ?? {});
  return Object.freeze({ ...common, store, storeAccess, dataFolder: options.dataFolder, advertise });
}

function parseCommonOptions(options: CommonOptions): ParsedCommonOptions {
  const { clusters } = options;
  if (
    clusters !== undefined &&
    !(Number.isSafeInteger(clusters) && clusters >= 1 && clusters <= MAX_CLUSTERS)
  )
    throw new DualpingError(
      'invalid-argument',
      `clusters is "${clusters}": give a whole number from 1 to ${MAX_CLUSTERS}`,
    );
  const timing = parseTiming(options.timing ?? {});
  for (const [name, value] of Object.entries(timing))
    if (!Number.isInteger(value))
      // they are sent to members as whole milliseconds
      throw new DualpingError('invalid-argument', `${name} is "${value}": give whole milliseconds`);
  const heartbeatTimeoutMs = options.heartbeatTimeoutMs ?? DEFAULT_HEARTBEAT_TIMEOUT_MS;
  if (!Number.isSafeInteger(heartbeatTimeoutMs) || heartbeatTimeoutMs < 1)
    throw new DualpingError(
      'invalid-argument',
      `heartbeatTimeoutMs is "${heartbeatTimeoutMs}": give whole milliseconds above 0`,
    );
  return {
    host: options.host ?? '127.0.0.1',
    port: options.port ?? 0,
    clusters,
    timing,
    heartbeatTimeoutMs,
    classicReplies: options.classicReplies ?? DEFAULT_CLASSIC_REPLIES,
    classicConfirmation: options.classicConfirmation ?? 'accepted',
    dialsBack: options.dialBack ?? true,
    credentials: routerCredentials(options.credentials),
    classic: options.classic ? ClassicSources.parse(options.classicFrom) : undefined,
    connectionLimits: parseConnectionLimits(options.connectionLimits ?? {}),
    metrics: options.metrics === undefined ? undefined : parseListenAddress(options.metrics),
    report: options.report ?? (() => {}),
  };
}

function routerCredentials(credentials: NetworkCredentials | undefined): NetworkCredentials | undefined {
  const { identity } = credentials ?? {};
  if (credentials === undefined || identity?.role === 'router') return credentials;
  const whose = identity === undefined ? 'nobody' : partText(identity);
  throw new DualpingError('invalid-argument', `these credentials are of ${whose}, and not of a router`);
}
