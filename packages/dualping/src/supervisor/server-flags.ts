/** The command line of a pair's processes, made from the values that it was started with. */
import { resolve } from 'node:path';
import type { Address } from '@dualping/core';
import type { ClassicReplies } from '@dualping/protocol';

export interface PairValues {
  readonly host: string;
  /** 0: where it listened last if that is free, else any. */
  readonly port: number;
  /** Empty: where it listens. */
  readonly advertise: string;
  readonly data: string;
  readonly cluster: number;
  readonly id: number;
  readonly routers: readonly Address[];
  readonly keepAliveMs: number;
  /** Empty: as the router says. */
  readonly classicReplies: ClassicReplies | '';
  readonly diskStallMs: number;
}

/** Flags that `server` and `supervise` both understand. Absolute, whatever folder they are run in. */
export const pairFlags = (values: PairValues, port = values.port): readonly string[] => [
  ...['--host', values.host, '--port', String(port), '--data', resolve(values.data)],
  ...(values.advertise === '' ? [] : ['--advertise', values.advertise]),
  ...['--cluster', String(values.cluster), '--id', String(values.id)],
  ...['--routers', values.routers.join(), '--keep-alive-ms', String(values.keepAliveMs)],
  ...(values.classicReplies === '' ? [] : ['--classic-replies', values.classicReplies]),
  ...['--disk-stall-ms', String(values.diskStallMs)],
];
