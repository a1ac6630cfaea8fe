/** Processes of another program, and the folder where they keep everything. */
import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../../eventually.js';

export const LOOPBACK = '127.0.0.1';

/** Why it can't be used; undefined: it can. */
export function whyMissing(program: string, debian: string): string | undefined {
  return spawnSync(program, ['--version']).error === undefined
    ? undefined
    : `${program} is not installed (Debian: ${debian})`;
}

/** The first number with dots that a program prints for `--version`. */
export function versionOf(program: string): string {
  const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return /\d+(\.\d+)+/.exec(stdout)?.[0] ?? 'of an unknown version';
}

export class Nodes {
  readonly folder = mkdtempSync(join(tmpdir(), 'dualping-versus-'));
  readonly #running = new Map<string, ChildProcess>();

  /** Starts a node that listens on this port when it is ready. */
  async start(
    name: string,
    port: number,
    [program = '', ...args]: readonly string[],
    options: SpawnOptions = {},
  ): Promise<void> {
    const child = spawn(program, args, { stdio: 'ignore', cwd: this.folder, ...options });
    this.#running.set(name, child);
    child.once('exit', () => this.#running.delete(name));
    await eventually(`${name} listens`, () => listens(port));
  }

  /** Resolves when the process has ended. */
  async kill(name: string): Promise<void> {
    const child = this.#running.get(name);
    if (child === undefined) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await exited;
  }

  /** Ends all nodes again when `start` fails. */
  async orEnd<T>(start: () => Promise<T>): Promise<T> {
    try {
      return await start();
    } catch (error) {
      await this.end();
      throw error;
    }
  }

  async end(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((name) => this.kill(name)));
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, LOOPBACK);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
