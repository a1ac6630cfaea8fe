/** Makes the disk of one running process slow: strace delays what waits for the disk. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { eventually } from './eventually.js';

/** What is delayed: syncs, and writes that sync by themselves. */
const DELAYED = 'fdatasync,fsync,pwrite64';

export class SlowDisk {
  readonly #strace: ChildProcess;

  private constructor(strace: ChildProcess) {
    this.#strace = strace;
  }

  /** From now on each of these calls of that process takes this much longer. */
  static async of(pid: number, delayMs: number): Promise<SlowDisk> {
    const threads = workersOf(pid);
    const slow = `inject=${DELAYED}:delay_enter=${delayMs * 1_000}`;
    const which = threads.flatMap((thread) => ['-p', thread]);
    const args = ['-qq', '-o', '/dev/null', '-e', `trace=${DELAYED}`, '-e', slow, ...which];
    const strace = spawn('strace', args, { stdio: 'ignore' });
    await eventually('strace holds the process', () => {
      if (strace.exitCode !== null) throw new Error(`strace ended with exit code ${strace.exitCode}`);
      return threads.every((thread) => isTraced(pid, thread));
    });
    return new SlowDisk(strace);
  }

  /** Ends the delay; delayed syncs go on at once. */
  async end(): Promise<void> {
    const ended = new Promise((resolve) => this.#strace.once('exit', resolve));
    if (this.#strace.kill('SIGKILL')) await ended;
  }
}

/** Why a disk can't be made slow here; false if it can. */
export async function whyNoSlowDisk(): Promise<string | false> {
  if (process.platform !== 'linux') return 'strace is on Linux only';
  if (spawnSync('strace', ['-V']).status !== 0) return 'strace is not installed: apt-get install strace';
  const other = spawn('sleep', ['60'], { stdio: 'ignore' });
  try {
    await (await SlowDisk.of(other.pid ?? -1, 1)).end();
    return false;
  } catch (error) {
    return `one process can't trace another here: ${error instanceof Error ? error.message : String(error)}`;
  } finally {
    other.kill('SIGKILL');
  }
}

/**
 * The threads that wait for disks. The first thread is left out: traced, it would be slow at everything, not
 * only at the disk.
 */
function workersOf(pid: number): string[] {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.length === 1 ? threads : threads.filter((thread) => thread !== `${pid}`);
}

const isTraced = (pid: number, thread: string): boolean =>
  !/^TracerPid:\s+0$/m.test(readFileSync(`/proc/${pid}/task/${thread}/status`, 'latin1'));
