/** The settings of limits for users and addresses, and the options that they give to a process. */
import {
  DEFAULT_MIN_DISK_FREE,
  DEFAULT_USER_LIMITS,
  LARGEST_RESERVE_BYTES,
  MAX_MIN_DISK_FREE,
  type UserLimits,
} from '@dualping/core';
import { type ConnectionLimits, DEFAULT_CONNECTION_LIMITS } from '@dualping/protocol';
import * as parse from './parse.js';
import { flagOf, type Setting, type Values } from './setting.js';

const BYTES_PER_MB = 1_000_000;
/** The largest limit; 0 switches a limit off. */
const MOST = 1_000_000_000;

const limit = (key: string, unit: string, help: string, fallback: number): Setting<number> =>
  Object.freeze({
    key,
    argument: 'count',
    unit: `${unit}, 0 for no limit`,
    help,
    parse: parse.wholeNumber(0, MOST),
    fallback,
  });

/** Settings of a server. */
export const OF_USERS = {
  postsPerSecond: limit(
    'postsPerSecond',
    'a second',
    'posts, follows and unfollows of one user, once the burst is used up',
    DEFAULT_USER_LIMITS.postsPerSecond,
  ),
  postBurst: limit('postBurst', 'posts', 'as many of them at once', DEFAULT_USER_LIMITS.postBurst),
  userMbPerDay: limit(
    'userMbPerDay',
    'MB a day',
    'what one user may write to the disks',
    DEFAULT_USER_LIMITS.bytesPerDay / BYTES_PER_MB,
  ),
  loginsPerMinute: limit(
    'loginsPerMinute',
    'a minute',
    'logins under one name; each command that posts is one',
    DEFAULT_USER_LIMITS.loginsPerMinute,
  ),
  maxUsers: limit('maxUsers', 'users', 'names in a cluster', DEFAULT_USER_LIMITS.maxUsers),
};

const LARGEST_RESERVE_GB = LARGEST_RESERVE_BYTES / 1_000_000_000;

/** Setting of a server's disk. */
export const minDiskFree: Setting<number> = Object.freeze({
  key: 'minDiskFree',
  argument: 'percent',
  unit: `% of the disk, ${LARGEST_RESERVE_GB} GB at most, 0 for no limit`,
  help: "with less free space users' writes are refused, so that not all servers stop together",
  parse: parse.wholeNumber(0, MAX_MIN_DISK_FREE),
  fallback: DEFAULT_MIN_DISK_FREE,
});

/** Of a router's disk: the router refuses nothing, since it writes little. */
export const routerMinDiskFree: Setting<number> = Object.freeze({
  ...minDiskFree,
  help: 'with less free space the router reports it: in status, check and metrics',
});

/** Settings of every process that listens. */
export const OF_CONNECTIONS = {
  connectionsPerAddress: limit(
    'connectionsPerAddress',
    'connections',
    'open connections of one address; parts with certificates, and this machine itself, are exempt',
    DEFAULT_CONNECTION_LIMITS.perAddress,
  ),
  connectionsPerSecond: limit(
    'connectionsPerSecond',
    'a second',
    'new connections of one address',
    DEFAULT_CONNECTION_LIMITS.perSecond,
  ),
};

export type ConnectionLimitValues = Values<typeof OF_CONNECTIONS>;
export type UserLimitValues = Values<typeof OF_USERS>;

export const userLimitsOf = ({ userMbPerDay, ...limits }: UserLimitValues): UserLimits => ({
  postsPerSecond: limits.postsPerSecond,
  postBurst: limits.postBurst,
  bytesPerDay: userMbPerDay * BYTES_PER_MB,
  loginsPerMinute: limits.loginsPerMinute,
  maxUsers: limits.maxUsers,
});

export const connectionLimitsOf = (values: ConnectionLimitValues): ConnectionLimits => ({
  perAddress: values.connectionsPerAddress,
  perSecond: values.connectionsPerSecond,
});

/** The flags with the same values, for a process to start. */
const flagsOf =
  <Limits extends Readonly<Record<string, Setting<number>>>>(limits: Limits) =>
  (values: Values<Limits>): readonly string[] =>
    Object.entries(limits).flatMap(([name, setting]) => [flagOf(setting), String(values[name])]);

export const userLimitFlags = flagsOf(OF_USERS);
export const connectionLimitFlags = flagsOf(OF_CONNECTIONS);

/** For programs that write faster than people, such as the demo and benchmarks. */
export const NO_USER_LIMIT_FLAGS: readonly string[] = Object.values(OF_USERS).flatMap((setting) => [
  flagOf(setting),
  '0',
]);
