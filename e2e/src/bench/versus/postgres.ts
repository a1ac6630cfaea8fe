/** PostgreSQL, driven by its own `pgbench`. It does not run as root: then it runs as `postgres`. */
import { execFileSync, type SpawnOptions, spawnSync } from 'node:child_process';
import { chownSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../../eventually.js';
import { freePorts } from '../../free-ports.js';
import { postText } from '../encoded-requests.js';
import type { PostRun } from '../post-load.js';
import { LOOPBACK, Nodes, versionOf } from './nodes.js';
import type { Peer, PeerKind, Writes } from './peer.js';

const PROMISE =
  'durable on three disks (two synchronous standbys). It pushes nothing to clients, and nothing takes over by itself';
const STANDBYS = ['s1', 's2'] as const;
/** Where Debian has the programs, by their version. */
const DEBIAN = '/usr/lib/postgresql';
const USER = 'postgres';

/** The folder of its programs; undefined: not installed. */
function programs(): string | undefined {
  if (!existsSync(DEBIAN)) return undefined;
  const folders = readdirSync(DEBIAN).map((version) => join(DEBIAN, version, 'bin'));
  return folders.findLast((folder) => existsSync(join(folder, 'pgbench')));
}

/** As whom its programs run. */
function asUser(): SpawnOptions {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string): number => Number(execFileSync('id', [flag, USER], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

class Postgres {
  readonly nodes = new Nodes();
  readonly #as = asUser();
  #port = 0;

  constructor(readonly bin: string) {
    const { uid, gid } = this.#as;
    if (uid !== undefined && gid !== undefined) chownSync(this.nodes.folder, uid, gid);
  }

  async start(): Promise<void> {
    const [port = 0, ...others] = await freePorts(1 + STANDBYS.length);
    this.#port = port;
    this.#run('initdb', '-A', 'trust', '-U', USER, '-D', this.#folder('primary'));
    await this.#startNode('primary', port);
    for (const [index, name] of STANDBYS.entries()) {
      const from = `host=${LOOPBACK} port=${port} user=${USER} application_name=${name}`;
      this.#run('pg_basebackup', '-D', this.#folder(name), '-R', '-X', 'stream', '-c', 'fast', '-d', from);
      await this.#startNode(name, others[index] ?? 0);
    }
    this.#sql(`ALTER SYSTEM SET synchronous_standby_names = '${STANDBYS.length} (${STANDBYS.join()})'`);
    this.#sql('SELECT pg_reload_conf()');
    await eventually('both standbys are synchronous', () =>
      this.#sql("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'").includes(
        `${STANDBYS.length}`,
      ),
    );
    this.#sql('CREATE TABLE posts (no bigserial PRIMARY KEY, author text, text text)');
    const insert = `INSERT INTO posts (author, text) VALUES ('author', '${postText(1)}');\n`;
    writeFileSync(this.#folder('insert.sql'), insert);
  }

  /** One connection for each write in flight. */
  writes({ inFlight, forMs }: PostRun): Writes {
    const load = ['-c', `${inFlight}`, '-j', '1', '-T', `${forMs / 1_000}`, '-f', this.#folder('insert.sql')];
    const printed = this.#run('pgbench', '-n', ...load, ...this.#where, USER);
    const number = (pattern: RegExp): number => Number(pattern.exec(printed)?.[1]);
    return { rate: number(/tps = ([\d.]+)/), p50Ms: number(/latency average = ([\d.]+) ms/) };
  }

  get #where(): readonly string[] {
    return ['-h', LOOPBACK, '-p', `${this.#port}`, '-U', USER];
  }

  #folder(name: string): string {
    return join(this.nodes.folder, name);
  }

  async #startNode(name: string, port: number): Promise<void> {
    const args = ['-D', this.#folder(name), '-p', `${port}`, '-h', LOOPBACK, '-k', this.nodes.folder];
    await this.nodes.start(name, port, [join(this.bin, 'postgres'), ...args], this.#as);
    const isReady = () =>
      spawnSync(join(this.bin, 'pg_isready'), ['-h', LOOPBACK, '-p', `${port}`]).status === 0;
    await eventually(`${name} takes connections`, isReady);
  }

  #sql(text: string): string {
    return this.#run('psql', ...this.#where, '-tAc', text, USER);
  }

  #run(program: string, ...args: readonly string[]): string {
    const options = { ...this.#as, encoding: 'utf8', cwd: this.nodes.folder } as const;
    const { status, stdout, stderr, error } = spawnSync(join(this.bin, program), args, options);
    if (status === 0) return stdout;
    throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? stderr}`);
  }
}

export const postgres: PeerKind = {
  missing: () => (programs() === undefined ? 'pgbench is not installed (Debian: postgresql)' : undefined),

  async start(): Promise<Peer> {
    const bin = programs() ?? '';
    const own = new Postgres(bin);
    await own.nodes.orEnd(() => own.start());
    return {
      name: `PostgreSQL ${versionOf(join(bin, 'postgres'))}`,
      promise: PROMISE,
      writes: async (run) => own.writes(run),
      end: () => own.nodes.end(),
    };
  },
};
