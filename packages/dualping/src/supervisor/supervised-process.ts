/** A supervised process: it can be started, listened to and ended. */
import type { ExitKind, Incarnation } from '@dualping/core';
import { EXIT, SIGNAL_EXITS } from '@dualping/host';
import type { KeepAliveClient, KeepAliveListener } from './keep-alive-link.js';

export interface ProcessListener {
  /** The process has reported where it listens. */
  listening(incarnation: Incarnation | undefined): void;
  /** The process is gone, or could not be started. */
  exited(exit: ExitKind | undefined, detail: string): void;
}

export interface SupervisedProcess {
  /** For people: `s1`. */
  readonly name: string;
  readonly pid: number | undefined;
  /** Adopts a process that runs already; false when there is none. */
  adopt(listener: ProcessListener): boolean;
  start(listener: ProcessListener): void;
  /** Opens a link to the address where the process listens. */
  openLink(listener: KeepAliveListener): KeepAliveClient;
  /** Asks it to end. */
  terminate(): void;
  kill(): void;
  /** Reports the end of the process to the router; rejects when that failed. */
  reportCrash(incarnation: Incarnation, detail: string): Promise<void>;
}

const TOLD: ReadonlySet<number> = new Set(Object.values(SIGNAL_EXITS));

/** What an exit code means to a supervisor; `undefined` (a signal) means that it died. */
export function exitKindOf(code: number | undefined): ExitKind {
  if (code === EXIT.refused) return 'refused';
  if (code === EXIT.usage) return 'misused';
  return code !== undefined && TOLD.has(code) ? 'told' : 'died';
}
