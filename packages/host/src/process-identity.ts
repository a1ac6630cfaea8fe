/** Identifies a process. The process id alone is not enough: it is reused. */
import { readFileSync } from 'node:fs';

/** A process by its id and its start time; the pair is never reused. */
export interface ProcessIdentity {
  readonly pid: number;
  /** In its system's units; "0" where that isn't known. */
  readonly startTime: string;
}

/**
 * Fields of a process's state and start time in /proc/PID/stat, after the closing parenthesis of the command.
 */
const STATE_FIELD = 0;
const START_TIME_FIELD = 19;
/** For systems without /proc: there only the process id is compared. */
const START_TIME_UNKNOWN = '0';

/**
 * When the process started, in its system's units; undefined when it is gone or a zombie.
 */
function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const state = fields[STATE_FIELD] ?? '';
    // A zombie has ended; only its parent has not collected its status yet.
    if (state === 'Z' || state === 'X') return undefined;
    return fields[START_TIME_FIELD] ?? START_TIME_UNKNOWN;
  } catch {
    if (process.platform === 'linux') return undefined;
    return isAlive(pid) ? START_TIME_UNKNOWN : undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Undefined when there is no such process any more. */
export function processIdentity(pid: number): ProcessIdentity | undefined {
  const startTime = startTimeOf(pid);
  return startTime === undefined ? undefined : { pid, startTime };
}

/** This process. */
export const ownIdentity = (): ProcessIdentity =>
  processIdentity(process.pid) ?? { pid: process.pid, startTime: START_TIME_UNKNOWN };

/** Whether exactly this process runs, and not another one with its id. */
export const isRunning = ({ pid, startTime }: ProcessIdentity): boolean => startTimeOf(pid) === startTime;

/** Signals exactly this process; false when it is gone. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isRunning(identity)) return false;
  try {
    return process.kill(identity.pid, signal);
  } catch {
    return false; // gone just now, or not ours to signal
  }
}
