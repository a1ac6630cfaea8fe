/** What can be supervised: a process that can be started, listened to and ended. */
import type { ExitKind, Incarnation } from '@dualping/core';
import { EXIT, SIGNAL_EXITS } from '@dualping/host';
import type { KeepAliveClient, KeepAliveListener } from './keep-alive-link.js';

export interface WardListener {
  /** It says where it listens. */
  listening(incarnation: Incarnation | undefined): void;
  /** It is gone, or could not be started. */
  exited(exit: ExitKind | undefined, detail: string): void;
}

export interface Ward {
  /** For people: `s1`. */
  readonly name: string;
  readonly pid: number | undefined;
  /** Takes on a process that runs already; false when there is none. */
  adopt(listener: WardListener): boolean;
  start(listener: WardListener): void;
  /** To where it said that it listens. */
  openLink(listener: KeepAliveListener): KeepAliveClient;
  /** Asks it to end. */
  terminate(): void;
  kill(): void;
  /** Tells the router of its end; rejects when it could not. */
  reportCrash(incarnation: Incarnation, detail: string): Promise<void>;
}

const TOLD: ReadonlySet<number> = new Set(Object.values(SIGNAL_EXITS));

/** What an exit code says to a supervisor; `undefined` (a signal) is a death. */
export function exitKindOf(code: number | undefined): ExitKind {
  if (code === EXIT.refused) return 'refused';
  if (code === EXIT.usage) return 'misused';
  return code !== undefined && TOLD.has(code) ? 'told' : 'died';
}
