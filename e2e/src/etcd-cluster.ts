/** A real etcd of some nodes on this machine, to be killed and frozen, whose history can be read. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from './eventually.js';
import { freePorts } from './free-ports.js';
import type { Housing } from './test-cluster.js';

const LOOPBACK = '127.0.0.1';
const AT_HOME: Housing = {};

const isInstalled = (program: string, asks: string): boolean => spawnSync(program, [asks]).status === 0;

/** Why tests are skipped where etcd or its client is not installed; undefined where both are. */
export const NO_ETCD =
  isInstalled('etcd', '--version') && isInstalled('etcdctl', 'version')
    ? undefined
    : 'etcd or etcdctl is not installed (Debian: etcd-server, etcd-client)';

interface Node {
  readonly name: string;
  readonly client: string;
  readonly peer: string;
  process: ChildProcess | undefined;
}

/** Files in PEM, with which etcd speaks TLS, and wants it of others. */
export interface EtcdTls {
  readonly certificate: string;
  readonly key: string;
  readonly authority: string;
}

/** One value that a key has had. */
export interface Version {
  readonly revision: number;
  readonly key: string;
  /** Undefined: the key was deleted. */
  readonly value: string | undefined;
}

export class EtcdCluster {
  readonly #folder = mkdtempSync(join(tmpdir(), 'dualping-etcd-'));
  readonly #nodes: readonly Node[];

  readonly #tls: EtcdTls | undefined;
  /** `name:password` of who asks for tests. */
  #as: string | undefined;

  private constructor(
    nodes: readonly Node[],
    tls: EtcdTls | undefined,
    /** Where all its nodes run. */
    readonly housing: Housing,
  ) {
    this.#nodes = nodes;
    this.#tls = tls;
  }

  static async start(count: number, tls?: EtcdTls, housing = AT_HOME): Promise<EtcdCluster> {
    const { host = LOOPBACK } = housing;
    const ports = await freePorts(2 * count);
    const nodes = Array.from({ length: count }, (_, at) => ({
      name: `n${at}`,
      client: `${tls === undefined ? 'http' : 'https'}://${host}:${ports[2 * at]}`,
      peer: `http://${host}:${ports[2 * at + 1]}`,
      process: undefined,
    }));
    const etcd = new EtcdCluster(nodes, tls, housing);
    for (let at = 0; at < count; at += 1) etcd.startNode(at);
    try {
      await etcd.healthy();
    } catch (error) {
      await etcd.destroy();
      throw error;
    }
    return etcd;
  }

  get count(): number {
    return this.#nodes.length;
  }

  /** Where its clients dial, `host:port`, in the order of the nodes. */
  get addresses(): readonly string[] {
    return this.#nodes.map(({ client }) => client.replace(/^https?:\/\//, ''));
  }

  /** For `--store`. */
  get store(): string {
    return `etcd://${this.addresses.join(',')}/dualping`;
  }

  startNode(at: number): void {
    const node = this.#node(at);
    const cluster = this.#nodes.map(({ name, peer }) => `${name}=${peer}`).join(',');
    const args = [
      ...['--name', node.name, '--data-dir', join(this.#folder, node.name)],
      ...['--listen-client-urls', node.client, '--advertise-client-urls', node.client],
      ...['--listen-peer-urls', node.peer, '--initial-advertise-peer-urls', node.peer],
      ...['--initial-cluster', cluster, '--initial-cluster-state', 'new', '--log-level', 'error'],
      ...(this.#tls === undefined
        ? []
        : [
            ...['--cert-file', this.#tls.certificate, '--key-file', this.#tls.key],
            ...['--client-cert-auth', '--trusted-ca-file', this.#tls.authority],
          ]),
    ];
    const [command = 'etcd', ...rest] = [...(this.housing.prefix ?? []), 'etcd', ...args];
    node.process = spawn(command, rest, { stdio: 'ignore' });
  }

  signalNode(at: number, signal: NodeJS.Signals): void {
    this.#node(at).process?.kill(signal);
  }

  async killNode(at: number): Promise<void> {
    const { process } = this.#node(at);
    if (process === undefined) return;
    const exited = new Promise((resolve) => process.once('exit', resolve));
    process.kill('SIGKILL');
    await exited;
    this.#node(at).process = undefined;
  }

  /** The node that leads among etcd's own, by index. */
  async leader(): Promise<number> {
    return await eventually('a node of etcd leads', () => {
      const text = this.#ctl('endpoint', 'status', '--write-out', 'json');
      if (text === undefined) return undefined;
      const all = JSON.parse(text) as readonly EndpointStatus[];
      const leads = ({ Status: { header, leader } }: EndpointStatus): boolean => header.member_id === leader;
      const endpoint = all.find(leads)?.Endpoint;
      const at = this.#nodes.findIndex(({ client }) => client === endpoint);
      return at === -1 ? undefined : at;
    });
  }

  async healthy(): Promise<void> {
    await eventually('etcd has a quorum', () => this.#ctl('endpoint', 'health') !== undefined);
  }

  /** From now on who has no password is refused. The user has all keys of the network. */
  requirePassword(user: string, password: string): void {
    const root = `root:${password}`;
    for (const words of [
      ['user', 'add', root],
      ['user', 'add', `${user}:${password}`],
      ['role', 'add', 'dualping'],
      ['role', 'grant-permission', 'dualping', 'readwrite', 'dualping/', '--prefix'],
      ['user', 'grant-role', 'root', 'root'],
      ['user', 'grant-role', user, 'dualping'],
      ['auth', 'enable'],
    ])
      this.#must(...words);
    this.#as = root;
  }

  #must(...words: readonly string[]): void {
    if (this.#ctl(...words) === undefined) throw new Error(`etcdctl ${words.join(' ')} failed`);
  }

  /** As something that is no router. */
  put(key: string, value: string): void {
    this.#must('put', `dualping/${key}`, value);
  }

  /** The content below the prefix, without the leader's key: that goes with its lease. */
  content(): readonly (readonly [key: string, value: string])[] {
    const text = this.#ctl('get', '--prefix', 'dualping/', '--write-out', 'json');
    const { kvs = [] } = JSON.parse(text ?? '{}') as FoundKeys;
    return kvs
      .map(({ key, value = '' }) => [fromBase64(key).slice('dualping/'.length), fromBase64(value)] as const)
      .filter(([key]) => key !== 'leader');
  }

  /** As something that is no router. */
  remove(key: string): void {
    this.#must('del', `dualping/${key}`);
  }

  /** Deletes everything below the prefix. */
  empty(): void {
    this.#must('del', '--prefix', 'dualping/');
  }

  /** Everything that was ever written below the prefix, in the order of writing. */
  async history(): Promise<readonly Version[]> {
    const versions: Version[] = [];
    const args = ['watch', '--prefix', 'dualping/', '--rev', '1', '--write-out', 'json'];
    const watch = spawn('etcdctl', ['--endpoints', this.#endpoints, ...args], {
      env: { ...process.env, ETCDCTL_API: '3' },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    // The last thing written is this mark: then all before it has been read.
    const mark = `dualping/mark`;
    this.#ctl('put', mark, `${performance.now()}`);
    let text = '';
    watch.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    try {
      await eventually(
        'the history of etcd is read',
        () => text.includes(base64(mark)) && text.endsWith('\n'),
      );
    } finally {
      watch.kill('SIGKILL');
    }
    for (const line of text.trim().split('\n')) versions.push(...versionsOf(line));
    return versions.filter(({ key }) => key !== mark);
  }

  /** Checks that in all its history no epoch has had two primaries. @returns how many epochs there were */
  async epochsHadOnePrimary(): Promise<number> {
    const primaries = new Map<number, string>();
    let revision = 0;
    for (const { key, value } of await this.history()) {
      if (value === undefined || !key.startsWith('dualping/clusters/')) continue;
      const record = JSON.parse(value) as WrittenRecord;
      assert.ok(record.revision >= revision, `revision ${record.revision} over ${revision}`);
      revision = record.revision;
      const primary = `s${record.primary?.serverId} ${record.primary?.lifeId}`;
      const known = primaries.get(record.epoch) ?? primary;
      assert.equal(primary, known, `primaries of epoch ${record.epoch}`);
      primaries.set(record.epoch, primary);
    }
    return primaries.size;
  }

  async destroy(): Promise<void> {
    for (let at = 0; at < this.count; at += 1) {
      this.signalNode(at, 'SIGCONT');
      await this.killNode(at);
    }
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Of the nodes that run: etcdctl fails if one of those that it asks does not answer. */
  get #endpoints(): string {
    const running = this.#nodes.filter(({ process }) => process !== undefined);
    return running.map(({ client }) => client).join(',');
  }

  /** What it printed; undefined when it failed. */
  #ctl(...args: readonly string[]): string | undefined {
    try {
      const as = this.#as === undefined ? [] : ['--user', this.#as];
      const { certificate = '', key = '', authority = '' } = this.#tls ?? {};
      const tls = this.#tls && ['--cert', certificate, '--key', key, '--cacert', authority];
      return execFileSync('etcdctl', ['--endpoints', this.#endpoints, ...as, ...(tls ?? []), ...args], {
        env: { ...process.env, ETCDCTL_API: '3' },
        stdio: ['ignore', 'pipe', 'ignore'],
        timeout: 10_000,
      }).toString();
    } catch {
      return undefined;
    }
  }

  #node(at: number): Node {
    const node = this.#nodes[at];
    if (node === undefined) throw new Error(`no node ${at}`);
    return node;
  }
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const fromBase64 = (text: string): string => Buffer.from(text, 'base64').toString();

interface EndpointStatus {
  readonly Endpoint: string;
  readonly Status: { readonly header: { readonly member_id: number }; readonly leader: number };
}

/** Of one cluster, as routers write it. */
interface WrittenRecord {
  readonly epoch: number;
  readonly revision: number;
  readonly primary?: { readonly serverId: number; readonly lifeId: string };
}

interface FoundKeys {
  readonly kvs?: readonly { readonly key: string; readonly value?: string }[];
}

interface WatchLine {
  readonly Events?: readonly {
    readonly type?: number;
    readonly kv: { readonly key: string; readonly mod_revision: number; readonly value?: string };
  }[];
}

function versionsOf(line: string): Version[] {
  const { Events = [] } = JSON.parse(line) as WatchLine;
  return Events.map(({ type = 0, kv }) => ({
    revision: kv.mod_revision,
    key: fromBase64(kv.key),
    value: type === 1 ? undefined : fromBase64(kv.value ?? ''),
  }));
}
