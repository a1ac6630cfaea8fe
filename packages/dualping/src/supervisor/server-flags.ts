/** The command lines of a pair's processes, made from the settings of `server --supervised`. */
import { resolve } from 'node:path';
import type { Address, Registration } from '@dualping/core';
import type { ClassicReplies } from '@dualping/protocol';
import { classicFrom, insecure, type LogFormat, tripwire } from '../settings/definitions.js';
import {
  type ConnectionLimitValues,
  connectionLimitFlags,
  type UserLimitValues,
  userLimitFlags,
} from '../settings/limits.js';
import type { Insecure } from '../settings/parse.js';
import { wordsFor } from '../settings/setting.js';

export interface PairValues extends UserLimitValues, ConnectionLimitValues {
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
  readonly tripwire: boolean;
  readonly minDiskFree: number;
  /** Empty: without TLS, which `insecure` says then. */
  readonly certs: string;
  readonly insecure: Insecure;
  readonly classic: boolean;
  /** Switches `classic` on when there are any. */
  readonly classicFrom: readonly string[];
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
  ...['--disk-stall-ms', String(values.diskStallMs), '--min-disk-free', String(values.minDiskFree)],
  ...wordsFor(tripwire, values.tripwire),
  ...(values.certs === '' ? wordsFor(insecure, values.insecure) : ['--certs', resolve(values.certs)]),
  ...(values.classic ? ['--classic'] : []),
  ...(values.classicFrom.length > 0 ? wordsFor(classicFrom, values.classicFrom) : []),
  ...userLimitFlags(values),
  ...connectionLimitFlags(values),
  ...(values.registration === '' ? [] : ['--registration', values.registration]),
  ...['--log-format', values.logFormat],
  ...(values.metrics === '' ? [] : ['--metrics', values.metrics]),
];
