/** The options of a router, checked once. */
import {
  DEFAULT_HEARTBEAT_TIMEOUT_MS,
  DualpingError,
  MAX_CLUSTERS,
  parseDiskStallMs,
  parseTiming,
  type Timing,
} from '@dualping/core';
import type { Report } from '@dualping/host';
import { type ClassicConfirmation, type ClassicReplies, DEFAULT_CLASSIC_REPLIES } from '@dualping/protocol';

export interface RouterOptions {
  /** Where to listen. Default `127.0.0.1`. */
  readonly host?: string;
  /** 0 (the default) takes a free one. */
  readonly port?: number;
  /** Holds the assignments; made when it isn't there. */
  readonly dataFolder: string;
  /**
   * The number of clusters; fixed when the data folder is first used. Default: the number in the folder, or
   * 1.
   */
  readonly clusters?: number;
  readonly timing?: Partial<Timing>;
  /** How long a unary heartbeat counts, ms. Default 10,000. */
  readonly heartbeatTimeoutMs?: number;
  /**
   * A disk that does not answer for so long counts as hanging, ms; health is then NOT_SERVING. Default 5,000.
   */
  readonly diskStallMs?: number;
  /**
   * The dialect in which servers answer csce438 clients, unless they have an option of their own. Default
   * `names`.
   */
  readonly classicReplies?: ClassicReplies;
  /** What `Confirmation.status` on the classic wire says. Default `accepted`. */
  readonly classicConfirmation?: ClassicConfirmation;
  /**
   * Whether members with a journal are dialled back when they attach, and promoted only once they were
   * reached. Default true. False where the router can't dial servers though clients can.
   */
  readonly dialBack?: boolean;
  /** Gets a line for each event that an operator should know of. Default: lines are dropped. */
  readonly report?: Report;
}

export interface ParsedOptions {
  readonly host: string;
  readonly port: number;
  readonly dataFolder: string;
  /** Undefined: the number in the data folder. */
  readonly clusters: number | undefined;
  readonly timing: Timing;
  readonly heartbeatTimeoutMs: number;
  readonly diskStallMs: number;
  readonly classicReplies: ClassicReplies;
  readonly classicConfirmation: ClassicConfirmation;
  readonly dialsBack: boolean;
  readonly report: Report;
}

/** Throws `invalid-argument` that quotes the first value that is not allowed. */
export function parseRouterOptions(options: RouterOptions): ParsedOptions {
  if (options.dataFolder === '') throw new DualpingError('invalid-argument', 'a data folder is missing');
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
      // they are told to members as whole milliseconds
      throw new DualpingError('invalid-argument', `${name} is "${value}": give whole milliseconds`);
  const heartbeatTimeoutMs = options.heartbeatTimeoutMs ?? DEFAULT_HEARTBEAT_TIMEOUT_MS;
  if (!Number.isSafeInteger(heartbeatTimeoutMs) || heartbeatTimeoutMs < 1)
    throw new DualpingError(
      'invalid-argument',
      `heartbeatTimeoutMs is "${heartbeatTimeoutMs}": give whole milliseconds above 0`,
    );
  return Object.freeze({
    host: options.host ?? '127.0.0.1',
    port: options.port ?? 0,
    dataFolder: options.dataFolder,
    clusters,
    timing,
    heartbeatTimeoutMs,
    diskStallMs: parseDiskStallMs(options.diskStallMs),
    classicReplies: options.classicReplies ?? DEFAULT_CLASSIC_REPLIES,
    classicConfirmation: options.classicConfirmation ?? 'accepted',
    dialsBack: options.dialBack ?? true,
    report: options.report ?? (() => {}),
  });
}
