/**
 * A small network with some people and posts, and a full-screen client: for pictures and tests.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DualpingSession, RouterClient } from '@dualping/client';
import { deviceOf } from '../device.js';
import { LAUNCHER } from '../dualping-process.js';
import { TestCluster } from '../test-cluster.js';
import { Terminal, type TerminalOptions } from './terminal.js';

export const ME = 'mira';
const SERVERS = 3;

export interface ClientOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: TerminalOptions['env'];
  readonly backgroundColour?: string;
}

export class Stage {
  readonly #folder = mkdtempSync(join(tmpdir(), 'dualping-home-'));
  readonly #people = new Map<string, DualpingSession>();
  readonly #routers: RouterClient;
  readonly #terminals: Terminal[] = [];

  private constructor(readonly cluster: TestCluster) {
    this.#routers = new RouterClient({ routers: [cluster.routerAddress], credentials: cluster.operator });
  }

  static async open(): Promise<Stage> {
    const stage = new Stage(await TestCluster.start({ servers: SERVERS }));
    try {
      await stage.cluster.whenWhole(stage.#routers);
      return stage;
    } catch (error) {
      await stage.close();
      throw error;
    }
  }

  /** Another person, with an open timeline. */
  person(name: string): DualpingSession {
    const known = this.#people.get(name);
    if (known !== undefined) return known;
    const session = new DualpingSession({
      routers: [this.cluster.routerAddress],
      credentials: this.cluster.user,
      user: name,
      ...deviceOf(this.cluster.user, name, this.#configFolder),
    });
    this.#people.set(name, session);
    return session;
  }

  /** A person leaves: still known, but no longer present. */
  leaves(name: string): void {
    this.#people.get(name)?.close();
    this.#people.delete(name);
  }

  /** Starts the client; the next start finds its files again. */
  client(options: ClientOptions = {}): Terminal {
    const [command = '', ...args] = this.#command;
    return this.run(command, args, options);
  }

  /** The client's command line for a shell. */
  get commandLine(): string {
    return this.#command.map((part) => `'${part}'`).join(' ');
  }

  /** Runs any program in the client's environment. */
  run(
    command: string,
    args: readonly string[],
    { columns = 80, rows = 24, env = {}, ...more }: ClientOptions = {},
  ): Terminal {
    const home = {
      ...this.cluster.environment,
      HOME: this.#folder,
      XDG_CONFIG_HOME: this.#configFolder,
      XDG_STATE_HOME: this.stateFolder,
    };
    const terminal = Terminal.start({ ...more, command, args, columns, rows, env: { ...home, ...env } });
    this.#terminals.push(terminal);
    return terminal;
  }

  get #command(): readonly string[] {
    return [process.execPath, LAUNCHER, 'client', '--user', ME, '--routers', this.cluster.routerAddress];
  }

  /** The folder of users' configuration: settings, keys, known networks. */
  get #configFolder(): string {
    return join(this.#folder, 'config');
  }

  /** The folder of the data that clients keep between runs. */
  get stateFolder(): string {
    return join(this.#folder, 'state');
  }

  async whenWhole(): Promise<void> {
    await this.cluster.whenWhole(this.#routers);
  }

  async primary(): Promise<number> {
    const assignment = await this.cluster.assignment(this.#routers);
    if (assignment?.primary === undefined) throw new Error('the cluster has no primary');
    return assignment.primary.serverId;
  }

  async killPrimary(): Promise<number> {
    const id = await this.primary();
    await this.cluster.server(id).kill();
    return id;
  }

  async close(): Promise<void> {
    await Promise.all(this.#terminals.map((terminal) => terminal.close()));
    for (const session of this.#people.values()) session.close();
    this.#routers.close();
    await this.cluster.destroy();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Some posts, oldest first; `mira` follows all their authors. */
const TALK: readonly (readonly [name: string, text: string])[] = [
  ['bo', 'Standup moved to ten. Bring coffee ☕'],
  ['yamada', '昨日のデプロイは順調でした。'],
  ['ana', 'Freezing a server is scarier than killing one: nobody tells you.'],
  ['mira', 'Detection is the stream, so a kill is a few milliseconds. A freeze has to be waited for.'],
  ['bo', 'Anyone else seeing the p95 drop since Tuesday?'],
  ['chen', 'Yes! It is the batching. Charts tomorrow.'],
  ['yamada', 'グラフ、楽しみにしています 📈'],
  ['ana', 'Shipped the takeover demo. Kill a server and watch the timeline not blink. 🎉'],
];
/** Posted while mira is present. */
export const LATEST = { name: 'chen', text: '@mira can you hold it through four in a row?' } as const;
const PEOPLE = ['ana', 'bo', 'chen', 'yamada'];
/** Present people whom mira does not follow yet. */
const STRANGERS = ['dee', 'eli'];

/** Makes a network with posts from before mira's first login. */
export async function withTalk(stage: Stage): Promise<void> {
  const mira = stage.person(ME);
  for (const name of [...PEOPLE, ...STRANGERS]) await stage.person(name).list();
  for (const name of PEOPLE) await mira.follow(name);
  await stage.person('ana').follow(ME);
  await stage.person('chen').follow(ME);
  for (const [name, text] of TALK) await stage.person(name).post(text);
  stage.leaves(ME);
  stage.leaves('eli');
}
