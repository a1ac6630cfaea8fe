/**
 * An etcd of three nodes on this machine, for `up --store etcd`: its processes are started, restarted when
 * they end, and ended with `up`. Its data is in the data folder.
 *
 * The other nodes know a node by its port: the port is recorded before the first start, and the node can only
 * start again there.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { type Address, DualpingError, quote } from '@dualping/core';
import { type ProcessIdentity, processIdentity, replaceFileNow, withinLimit } from '@dualping/host';
import { portIfFree } from './places.js';

/** The smallest number of nodes of which one may be lost. */
const NODES = 3;
/** Only this machine can reach it: it has no TLS and no password. */
const LOOPBACK = '127.0.0.1';
const FILE = 'etcd.json';
/** The prefix of all keys of the network. */
const PREFIX = 'dualping';
/** Wait before a node that has ended is started again, ms. */
const RESTART_MS = 1_000;
/** How long the nodes of an `up` that was killed may take to end and to free their ports, ms. */
const PORT_LIMIT_MS = 5_000;
const PORT_POLL_MS = 50;
/** How long etcd keeps overwritten values: they are never read, so little is enough. */
const KEPT_HISTORY = '1h';

/**
 * Runs etcd, and ends it when standard input closes: when this process is gone, even by SIGKILL. The shell
 * gives background commands no standard input, therefore the third descriptor.
 */
const ENDS_WITH_US = `
exec 3<&0
"$@" 3<&- & etcd=$!
(while read -r line <&3; do :; done; kill "$etcd") & watch=$!
trap 'kill "$etcd"' TERM INT
wait "$etcd"; wait "$etcd"
kill "$watch"
`;

export interface LocalEtcdOptions {
  readonly dataFolder: string;
  readonly onLine: (name: string, line: string) => void;
  readonly report: (event: string, text: string) => void;
  /** Called each time a node was started; `address` is for clients. */
  readonly onStarted: (name: string, address: Address, identity: ProcessIdentity | undefined) => void;
}

interface Node {
  /** `etcd1`: also its folder and its log. */
  readonly name: string;
  readonly clientPort: number;
  readonly peerPort: number;
}

interface Running {
  process: ChildProcess | undefined;
  timer: NodeJS.Timeout | undefined;
}

/** Whether a network of that folder is kept in an etcd of its own. */
export const hasLocalEtcd = (dataFolder: string): boolean => existsSync(join(dataFolder, FILE));

/**
 * @param asked the option that asks for it, as it was given, for the error
 * @param otherwise what else could be given
 * @throws DualpingError `invalid-argument` that says how to install it
 */
export function requireEtcd(asked: string, otherwise = ''): void {
  if (spawnSync('etcd', ['--version'], { stdio: 'ignore' }).status === 0) return;
  throw new DualpingError(
    'invalid-argument',
    `${asked}: the program etcd is not installed. Debian and Ubuntu: apt-get install etcd-server; ` +
      `macOS: brew install etcd; else https://etcd.io/docs${otherwise}`,
  );
}

export class LocalEtcd {
  readonly #options: LocalEtcdOptions;
  readonly #nodes: readonly Node[];
  readonly #running: ReadonlyMap<string, Running>;
  #isOver = false;

  private constructor(options: LocalEtcdOptions, nodes: readonly Node[]) {
    this.#options = options;
    this.#nodes = nodes;
    this.#running = new Map(nodes.map(({ name }) => [name, { process: undefined, timer: undefined }]));
  }

  /**
   * Starts all nodes; the routers find out when these have a quorum.
   * @throws DualpingError `invalid-argument` when a port is taken
   */
  static async start(options: LocalEtcdOptions): Promise<LocalEtcd> {
    const etcd = new LocalEtcd(options, await nodesOf(options.dataFolder));
    for (const node of etcd.#nodes) etcd.#start(node);
    return etcd;
  }

  /** For `--store` of routers. */
  get store(): string {
    return `etcd://${this.#nodes.map(({ clientPort }) => `${LOOPBACK}:${clientPort}`).join(',')}/${PREFIX}`;
  }

  /** Ends them in order; kills what has not ended within the limit. */
  async stop(limitMs: number): Promise<void> {
    this.#isOver = true;
    const ends = [...this.#running.values()].map(async ({ process, timer }) => {
      clearTimeout(timer);
      if (process === undefined || process.exitCode !== null || process.signalCode !== null) return;
      const exited = once(process, 'exit');
      process.kill('SIGTERM');
      if (!(await withinLimit(exited, limitMs))) killGroup(process);
    });
    await Promise.all(ends);
  }

  /** At once; what etcd has answered is on disk. */
  kill(): void {
    this.#isOver = true;
    for (const { process, timer } of this.#running.values()) {
      clearTimeout(timer);
      if (process !== undefined) killGroup(process);
    }
  }

  #start(node: Node): void {
    const { onLine, onStarted } = this.#options;
    const running = this.#running.get(node.name);
    if (running === undefined || this.#isOver) return;
    const child = spawn('sh', ['-c', ENDS_WITH_US, 'sh', 'etcd', ...this.#argumentsOf(node)], {
      stdio: ['pipe', 'pipe', 'pipe'],
      // A process group of its own: Ctrl-C goes only to `up`, which ends the routers first.
      detached: true,
    });
    running.process = child;
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on('line', (line) => onLine(node.name, line));
    child.stdin.on('error', () => {}); // it has ended; `exit` reports that
    child.once('spawn', () => {
      const identity = child.pid === undefined ? undefined : processIdentity(child.pid);
      onStarted(node.name, `${LOOPBACK}:${node.clientPort}`, identity);
    });
    const again = (how: string): void => {
      running.process = undefined;
      if (this.#isOver) return;
      this.#options.report('etcd-ended', `${node.name} ${how}: it is started again`);
      running.timer = setTimeout(() => this.#start(node), RESTART_MS);
    };
    child.once('error', (error) => again(`could not be started (${error.message})`));
    child.once('exit', (_code, signal) => again(signal === null ? 'has ended' : `was ended by ${signal}`));
  }

  #argumentsOf({ name, clientPort, peerPort }: Node): readonly string[] {
    const client = `http://${LOOPBACK}:${clientPort}`;
    const peer = urlOfPeer(peerPort);
    const cluster = this.#nodes.map((node) => `${node.name}=${urlOfPeer(node.peerPort)}`).join(',');
    return [
      ...['--name', name, '--data-dir', join(this.#options.dataFolder, name)],
      ...['--listen-client-urls', client, '--advertise-client-urls', client],
      ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
      ...['--initial-cluster', cluster, '--initial-cluster-state', 'new'],
      ...['--auto-compaction-mode', 'periodic', '--auto-compaction-retention', KEPT_HISTORY],
      ...['--logger', 'zap', '--log-level', 'error'],
    ];
  }
}

const urlOfPeer = (port: number): string => `http://${LOOPBACK}:${port}`;

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // All of it has ended.
  }
}

/** The nodes of that folder, made when there are none. */
async function nodesOf(dataFolder: string): Promise<readonly Node[]> {
  const path = join(dataFolder, FILE);
  if (!existsSync(path)) {
    const ports = await freePorts(2 * NODES);
    const nodes = Array.from({ length: NODES }, (_, at) => ({
      name: `etcd${at + 1}`,
      clientPort: ports[2 * at] ?? 0,
      peerPort: ports[2 * at + 1] ?? 0,
    }));
    replaceFileNow(path, `${JSON.stringify({ nodes }, undefined, 2)}\n`);
    return nodes;
  }
  const nodes = nodesIn(path);
  const deadline = performance.now() + PORT_LIMIT_MS;
  for (const { name, clientPort, peerPort } of nodes)
    for (const port of [clientPort, peerPort])
      if (!(await isFree(port, deadline)))
        throw new DualpingError(
          'invalid-argument',
          `port ${port} of ${name} is taken by something else (${quote(path)} says where each node is)`,
        );
  return nodes;
}

async function isFree(port: number, deadline: number): Promise<boolean> {
  while ((await portIfFree(LOOPBACK, port)) === 0) {
    if (performance.now() > deadline) return false;
    await delay(PORT_POLL_MS);
  }
  return true;
}

function nodesIn(path: string): readonly Node[] {
  const text = readFileSync(path, 'utf8');
  const isNode = (value: unknown): value is Node =>
    typeof value === 'object' &&
    value !== null &&
    'name' in value &&
    'clientPort' in value &&
    'peerPort' in value &&
    typeof value.name === 'string' &&
    /^etcd[1-9]$/.test(value.name) &&
    typeof value.clientPort === 'number' &&
    typeof value.peerPort === 'number';
  try {
    const parsed: unknown = JSON.parse(text);
    const nodes: unknown = typeof parsed === 'object' && parsed !== null && 'nodes' in parsed && parsed.nodes;
    if (Array.isArray(nodes) && nodes.length === NODES && nodes.every(isNode)) return nodes;
  } catch {
    // Said below.
  }
  throw new DualpingError('storage-failed', `${quote(path)} does not name ${NODES} nodes of etcd: ${text}`);
}

/** Ports at which nothing listens: all of them are held until all are known. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  for (const server of servers) server.listen(0, LOOPBACK);
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  for (const server of servers) server.close();
  await Promise.all(servers.map((server) => once(server, 'close')));
  return ports;
}
