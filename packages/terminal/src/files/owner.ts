/**
 * Whose a client file is: the process in its name.
 *
 * A file of a process that has ended is anybody's who renames it first. To take a living one for ended costs
 * little, because each goes on saving under its own name: a draft is then in two places. The other way round
 * a draft is not seen before that process has ended. So in doubt it has ended.
 */
import { createHash, randomBytes } from 'node:crypto';
import { hostname, uptime } from 'node:os';
import { processIdentity } from '@dualping/host';

/** What is told apart about processes; tests have their own. */
export interface Surroundings {
  readonly pid: number;
  readonly host: string;
  /**
   * When this machine started: what is older belongs to a process that has ended, whatever has its number
   * now.
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
 * Whether the process that a file is named for may still be running.
 * @param changedAtMs when the file was last written or renamed
 */
export function isInUse(name: string, changedAtMs: number, surroundings: Surroundings): boolean {
  const match = NAME.exec(name);
  if (match === null) return false;
  const [, host, pid] = match;
  // A home folder that two machines share, or a machine that has another name today: the first is rare, the
  // second is not.
  if (host !== hostKey(surroundings.host)) return false;
  if (changedAtMs < surroundings.bootedAtMs) return false;
  // In containers every client may have the same number: that of this process is not another's.
  return Number(pid) !== surroundings.pid && surroundings.isRunning(Number(pid));
}

const hostKey = (host: string): string => createHash('sha256').update(host).digest('hex').slice(0, 8);
