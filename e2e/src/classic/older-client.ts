/**
 * A csce438 client: resolves, logs in, calls, reads a timeline. It uses only that wire.
 */
import { once } from 'node:events';
import type { ClientDuplexStream } from '@grpc/grpc-js';
import { eventually } from '../eventually.js';
import { type Dialect, type Entering, NAMES } from './dialects.js';
import { OldCoordinatorStub, type OldMessage, OldServerStub } from './older-wire.js';

export class OlderClient {
  readonly seen: OldMessage[] = [];
  #server: OldServerStub | undefined;
  #timeline: ClientDuplexStream<object, OldMessage> | undefined;
  #timelineOver: Error | undefined;

  constructor(
    readonly coordinator: string,
    readonly user: number,
    readonly dialect: Dialect = NAMES,
  ) {}

  get name(): string {
    return String(this.user);
  }

  /** Throws `connection failed` when there is no server, or the server refuses the login. */
  async connect(): Promise<this> {
    const coordinator = new OldCoordinatorStub(this.coordinator);
    try {
      const { serverID, hostname, port } = await coordinator.getServer(this.user);
      if (serverID === -1) throw new Error('connection failed: nobody is there');
      const server = new OldServerStub(`${hostname}:${port}`);
      this.#server?.close();
      this.#server = server;
      const { words } = this.dialect;
      const reply = await server.answer('Login', this.name);
      if (
        reply.startsWith('CANCELLED') ||
        ![words.login, words.firstLogin, words.loginWhileOn].includes(reply)
      )
        throw new Error(`connection failed: ${reply}`);
      return this;
    } finally {
      coordinator.close();
    }
  }

  async follow(target: string): Promise<string> {
    return await this.#stub.answer('Follow', this.name, ...(target === '' ? [] : [target]));
  }

  async unfollow(target: string): Promise<string> {
    return await this.#stub.answer('UnFollow', this.name, ...(target === '' ? [] : [target]));
  }

  async list(): Promise<{ all_users: string[]; followers: string[] }> {
    return await this.#stub.list(this.name);
  }

  /** Opens the timeline as its dialect does, or in a given way; received posts go to `seen`. */
  enterTimeline(
    { metadata, opener }: Entering = this.dialect.entering,
    headers: Readonly<Record<string, string>> = {},
  ): void {
    const timeline = this.#stub.timeline({ ...headers, ...(metadata && { username: this.name }) });
    this.#timeline = timeline;
    this.#timelineOver = undefined;
    timeline.on('data', (message: OldMessage) => this.seen.push(message));
    timeline.on('error', (error) => {
      this.#timelineOver = error;
    });
    timeline.on('end', () => {
      this.#timelineOver ??= new Error('ended');
    });
    if (opener !== undefined) timeline.write({ username: this.name, msg: opener });
  }

  post(text: string): void {
    this.#timeline?.write({
      username: this.name,
      msg: `${text}\n`,
      timestamp: { seconds: Math.floor(Date.now() / 1_000), nanos: 0 },
    });
  }

  get texts(): string[] {
    return this.seen.map(({ msg }) => msg);
  }

  async sees(text: string): Promise<OldMessage> {
    return await eventually(
      `${this.name} sees "${text}"`,
      () => this.seen.find(({ msg }) => msg === text),
      undefined,
      () => this.texts.join('\n'),
    );
  }

  async thrownOut(): Promise<Error> {
    return await eventually(`the timeline of ${this.name} ends`, () => this.#timelineOver);
  }

  /** Closes the connection, as when the process is killed. */
  async die(): Promise<void> {
    const timeline = this.#timeline;
    if (timeline !== undefined && this.#timelineOver === undefined) {
      timeline.cancel();
      if (!timeline.closed) await once(timeline, 'close').catch(() => {});
    }
    this.#timeline = undefined;
    this.#server?.close();
    this.#server = undefined;
  }

  get #stub(): OldServerStub {
    if (this.#server === undefined) throw new Error(`${this.name} is not connected`);
    return this.#server;
  }
}
