/**
 * Settings of the csce438 commands: the same as elsewhere, with their one-letter flags and defaults.
 */
import { type Address, DEFAULT_HEARTBEAT_TIMEOUT_MS, MAX_CLUSTERS, MAX_SERVER_ID } from '@dualping/core';
import {
  CLASSIC_CONFIRMATIONS,
  CLASSIC_OPENER,
  CLASSIC_REPLIES,
  type ClassicConfirmation,
  type ClassicReplies,
  DEFAULT_CLASSIC_REPLIES,
  formatAddress,
} from '@dualping/protocol';
import * as definitions from './definitions.js';
import { host, milliseconds, oneOf, port, text, wholeNumber } from './parse.js';
import type { Setting } from './setting.js';

const DEFAULT_COORDINATOR_PORT = 9090;
const DEFAULT_SERVER_PORT = 10_000;
/** Number of clusters of every csce438 coordinator. */
const DEFAULT_CLUSTERS = 3;

export const coordinatorListenPort: Setting<number> = {
  ...definitions.routerPort,
  short: 'p',
  help: 'where the coordinator listens, 0 for a free port',
  fallback: DEFAULT_COORDINATOR_PORT,
};

export const coordinatorClusters: Setting<number> = {
  ...definitions.clusters,
  fallback: DEFAULT_CLUSTERS,
  fallbackText: `default ${DEFAULT_CLUSTERS}`,
};

export const coordinatorHost: Setting<string> = {
  key: 'coordinatorHost',
  short: 'h',
  argument: 'host',
  help: 'where the coordinator is',
  parse: host,
  fallback: 'localhost',
};

export const coordinatorPort: Setting<number> = {
  key: 'coordinatorPort',
  short: 'k',
  argument: 'port',
  help: 'where the coordinator listens',
  parse: port,
  fallback: DEFAULT_COORDINATOR_PORT,
};

export const coordinatorAt = (hostname: string, at: number): Address =>
  formatAddress({ host: hostname, port: at });

export const cluster: Setting<number> = {
  key: 'cluster',
  short: 'c',
  argument: 'number',
  help: 'number of the cluster',
  parse: wholeNumber(1, MAX_CLUSTERS),
  fallback: 1,
};

export const serverId: Setting<number> = {
  key: 'id',
  short: 's',
  argument: 'number',
  help: 'permanent number of the server within its cluster',
  parse: wholeNumber(1, MAX_SERVER_ID),
  fallback: 1,
};

export const serverListenPort: Setting<number> = {
  ...definitions.serverPort,
  short: 'p',
  fallback: DEFAULT_SERVER_PORT,
};

/** Empty: a folder named by cluster and id, so that several servers can be started in one folder. */
export const serverData: Setting<string> = {
  ...definitions.data(''),
  parse: text,
  fallbackText: 'default dualping-data/tsd-CLUSTER-ID',
};

/** The wire names users by numbers. */
export const userNumber: Setting<number> = {
  key: 'user',
  short: 'u',
  argument: 'number',
  help: 'who you are: a whole number',
  parse: wholeNumber(0, MAX_SERVER_ID),
  fallback: 1,
};

export const heartbeatTimeoutMs: Setting<number> = {
  key: 'heartbeatTimeoutMs',
  argument: 'ms',
  unit: 'ms',
  help: 'a server that only sends heartbeats is dropped after this long without one',
  parse: milliseconds(1),
  fallback: DEFAULT_HEARTBEAT_TIMEOUT_MS,
};

const DIALECTS = CLASSIC_REPLIES.join(', ');

/** The router's setting, for all servers of its network. */
export const networkClassicReplies: Setting<ClassicReplies> = {
  key: 'classicReplies',
  argument: 'dialect',
  help: `how servers answer csce438 clients, unless a server has an option of its own: ${DIALECTS}`,
  parse: oneOf(CLASSIC_REPLIES),
  fallback: DEFAULT_CLASSIC_REPLIES,
};

/** Empty: the router's setting. */
export const classicReplies: Setting<ClassicReplies | ''> = {
  key: 'classicReplies',
  argument: 'dialect',
  help: `how csce438 clients are answered: ${DIALECTS}`,
  parse: oneOf(CLASSIC_REPLIES),
  fallback: '',
  fallbackText: 'default as the router says',
};

export const classicConfirmation: Setting<ClassicConfirmation> = {
  key: 'classicConfirmation',
  argument: 'meaning',
  help: 'what true means in the answer to a csce438 heartbeat: accepted, or primary (clients are sent to it)',
  parse: oneOf(CLASSIC_CONFIRMATIONS),
  fallback: 'accepted',
};

export const NO_OPENER = 'none';

export const classicOpener: Setting<string> = {
  key: 'classicOpener',
  argument: 'text',
  help: `first message on a timeline, which is no post; ${NO_OPENER}: for servers that take every message as a post`,
  parse: text,
  fallback: CLASSIC_OPENER,
  fallbackText: 'default a text that all csce438 servers with openers know',
};

/** The router's settings for csce438 programs. */
export const OF_ROUTER = { heartbeatTimeoutMs, classicReplies: networkClassicReplies, classicConfirmation };
