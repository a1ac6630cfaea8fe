/**
 * The owner of a client file: the process in its name.
 *
 * A file of a process that has ended belongs to the first client that renames it. If a running process is
 * taken for ended, little is lost: it goes on saving under its own name, and a draft is in two places. If an
 * ended process is taken for running, its drafts stay hidden. So in doubt the process counts as ended.
 */
import { createHash, randomBytes } from 'node:crypto';
import { hostname, uptime } from 'node:os';
import { processIdentity } from '@dualping/host';

/** What is known about processes; tests give their own. */
export interface Surroundings {
  readonly pid: number;
  readonly host: string;
  /**
   * When this machine started: an older file belongs to a process that has ended, even if another one has its
   * number now.
   */
  readonly bootedAtMs: number;
  isRunning(pid: number): boolean;
}

export const thisMachine = (): Surroundings => ({
  pid: process.pid,
  host: hostname(),
  bootedAtMs: Date.now() - uptime() * 1_000,
  isRunning: (pid) => processIdentity(pid) !== undefined,
});

const NAME = /^([0-9a-f]{8})-(\d+)-[0-9a-f]{8}\.json$/;

/** A new name for a file of this process. */
export const ownName = ({ host, pid }: Surroundings): string =>
  `${hostKey(host)}-${pid}-${randomBytes(4).toString('hex')}.json`;

export const isClientFileName = (name: string): boolean => NAME.test(name);

/**
 * Whether the process in a file's name may still be running.
 * @param changedAtMs when the file was last written or renamed
 */
export function isInUse(name: string, changedAtMs: number, surroundings: Surroundings): boolean {
  const match = NAME.exec(name);
  if (match === null) return false;
  const [, host, pid] = match;
  // Either two machines share the home folder, or this machine had another name. The first is rare, so the
  // process counts as ended.
  if (host !== hostKey(surroundings.host)) return false;
  if (changedAtMs < surroundings.bootedAtMs) return false;
  // In containers every client may have the same process id, so a file with our own id is not another
  // client's.
  return Number(pid) !== surroundings.pid && surroundings.isRunning(Number(pid));
}

const hostKey = (host: string): string => createHash('sha256').update(host).digest('hex').slice(0, 8);
