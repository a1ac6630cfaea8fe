/** The command lines of the processes that a local cluster starts. */
import { resolve } from 'node:path';
import {
  type Address,
  type ClusterId,
  DEFAULT_DISK_STALL_MS,
  DualpingError,
  quote,
  type ServerId,
  type Timing,
} from '@dualping/core';
import { formatAddress, type HostAndPort, isLoopback } from '@dualping/protocol';
import { insecure } from '../settings/definitions.js';
import { wordsFor } from '../settings/setting.js';

const MAX_PORT = 65_535;

/** What all of them are told. */
export interface CommandLineOptions {
  readonly host: string;
  /** Undefined: the number in the folder; one in a new folder. */
  readonly clusters: number | undefined;
  readonly timing: Timing;
  /** How long a disk may be silent before it counts as hanging, ms. Default 5,000. */
  readonly diskStallMs?: number;
  /** The folder of its certificates, which are made when they are needed. Undefined: without TLS. */
  readonly certs?: string | undefined;
  /** Where the router answers for metrics; each server does at the next port. Undefined: none does. */
  readonly metrics?: HostAndPort | undefined;
  /** Further flags for the servers. */
  readonly serverFlags?: readonly string[];
  /** Further flags for the router. */
  readonly routerFlags?: readonly string[];
}

export interface RouterPlace {
  readonly port: number;
  /** Where it keeps its state, and with a store only which network it serves. */
  readonly folder: string;
  /** `etcd://…`; undefined: none. */
  readonly store: string | undefined;
  /** The first one answers for metrics at the given port, the others at a free one. */
  readonly isFirst: boolean;
}

export function routerCommandLine(
  options: CommandLineOptions,
  { port, folder, store, isFirst }: RouterPlace,
): readonly string[] {
  const { host, timing, clusters, metrics, routerFlags = [] } = options;
  return [
    ...['router', '--host', host, '--port', String(port)],
    ...['--data', folder],
    ...(store === undefined ? [] : ['--store', store]),
    // The ports after the given one are for servers.
    ...metricsFlags(isFirst ? metrics : metrics && { host: metrics.host, port: 0 }, 0),
    ...(clusters === undefined ? [] : ['--clusters', String(clusters)]),
    ...['--ping-ms', String(timing.pingIntervalMs), '--dead-after-ms', String(timing.deadAfterMs)],
    ...['--reattach-grace-ms', String(timing.reattachGraceMs)],
    ...commonFlags(options),
    ...routerFlags,
  ];
}

export interface ServerPlace {
  readonly cluster: ClusterId;
  readonly id: ServerId;
  readonly port: number;
  readonly folder: string;
  /** Empty: the server is told when it begins. */
  readonly routers: readonly Address[];
  /** Among all servers, from 1 on. */
  readonly place: number;
}

export function serverCommandLine(
  options: CommandLineOptions,
  { cluster, id, port, folder, routers, place }: ServerPlace,
): readonly string[] {
  const { host, metrics, serverFlags = [] } = options;
  return [
    ...['server', '--host', host, '--port', String(port), '--id', String(id)],
    ...['--data', folder, '--cluster', String(cluster)],
    ...(routers.length === 0 ? [] : ['--routers', routers.join()]),
    ...metricsFlags(metrics, place),
    ...commonFlags(options),
    ...serverFlags,
  ];
}

function commonFlags({ diskStallMs = DEFAULT_DISK_STALL_MS, certs, host }: CommandLineOptions): string[] {
  const transport =
    certs !== undefined
      ? ['--certs', resolve(certs)]
      : wordsFor(insecure, isLoopback(host) ? 'loopback' : 'beyond-loopback');
  return ['--disk-stall-ms', String(diskStallMs), ...transport];
}

/** @param place of the process: 0 for a router, then the servers of each cluster in turn */
function metricsFlags(metrics: HostAndPort | undefined, place: number): readonly string[] {
  if (metrics === undefined) return [];
  checkMetricsPorts(metrics, place);
  const { host, port } = metrics;
  return ['--metrics', formatAddress({ host, port: port === 0 ? 0 : port + place })];
}

/**
 * Checks that there are ports for the metrics of all these processes.
 * @throws DualpingError `invalid-argument`, quoting the first port
 */
export function checkMetricsPorts(metrics: HostAndPort, servers: number): void {
  if (metrics.port + servers <= MAX_PORT) return;
  const detail = `metrics is ${quote(formatAddress(metrics))}: each of ${servers} servers takes the next port, and there is none after ${MAX_PORT}`;
  throw new DualpingError('invalid-argument', detail);
}
