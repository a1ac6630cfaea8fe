/** The command lines of a pair's processes, made from the settings of `server --supervised`. */
import { resolve } from 'node:path';
import type { Address, Registration } from '@dualping/core';
import type { ClassicReplies } from '@dualping/protocol';
import type { LogFormat } from '../settings/definitions.js';

export interface PairValues {
  readonly host: string;
  /** 0: the last port if it is free, else any. */
  readonly port: number;
  /** Empty: the address where it listens. */
  readonly advertise: string;
  readonly data: string;
  readonly cluster: number;
  readonly id: number;
  readonly routers: readonly Address[];
  readonly keepAliveMs: number;
  /** Empty: as the router says. */
  readonly classicReplies: ClassicReplies | '';
  readonly diskStallMs: number;
  /** Empty: without TLS. */
  readonly certs: string;
  readonly classic: boolean;
  /** Empty: by where it listens. */
  readonly registration: Registration | '';
  /** Empty: nowhere. */
  readonly metrics: string;
  readonly logFormat: LogFormat;
}

/**
 * Flags that `server` and `supervise` both understand. Paths are absolute, so the working folder does not
 * matter.
 */
export const pairFlags = (values: PairValues, port = values.port): readonly string[] => [
  ...['--host', values.host, '--port', String(port), '--data', resolve(values.data)],
  ...(values.advertise === '' ? [] : ['--advertise', values.advertise]),
  ...['--cluster', String(values.cluster), '--id', String(values.id)],
  ...['--routers', values.routers.join(), '--keep-alive-ms', String(values.keepAliveMs)],
  ...(values.classicReplies === '' ? [] : ['--classic-replies', values.classicReplies]),
  ...['--disk-stall-ms', String(values.diskStallMs)],
  ...(values.certs === '' ? [] : ['--certs', resolve(values.certs)]),
  ...(values.classic ? ['--classic'] : []),
  ...(values.registration === '' ? [] : ['--registration', values.registration]),
  ...['--log-format', values.logFormat],
  ...(values.metrics === '' ? [] : ['--metrics', values.metrics]),
];
