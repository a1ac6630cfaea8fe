/** A client of the older family: resolves, logs in, asks, reads a timeline. Knows that family's wire and nothing else. */
import { once } from 'node:events';
import type { ClientDuplexStream } from '@grpc/grpc-js';
import { eventually } from '../eventually.js';
import { OldCoordinatorStub, type OldMessage, OldServerStub } from './older-wire.js';

export class OlderClient {
  readonly seen: OldMessage[] = [];
  #server: OldServerStub | undefined;
  #timeline: ClientDuplexStream<object, OldMessage> | undefined;
  #timelineOver: Error | undefined;

  constructor(
    readonly coordinator: string,
    readonly user: number,
  ) {}

  get name(): string {
    return String(this.user);
  }

  /** Throws `connection failed` when nobody is there, or the server does not let it in. */
  async connect(): Promise<this> {
    const coordinator = new OldCoordinatorStub(this.coordinator);
    try {
      const { serverID, hostname, port } = await coordinator.getServer(this.user);
      if (serverID === -1) throw new Error('connection failed: nobody is there');
      const server = new OldServerStub(`${hostname}:${port}`);
      this.#server?.close();
      this.#server = server;
      const reply = await server.say('Login', this.name);
      if (reply !== 'SUCCESS') throw new Error(`connection failed: ${reply}`);
      return this;
    } finally {
      coordinator.close();
    }
  }

  async follow(target: string): Promise<string> {
    return await this.#stub.say('Follow', this.name, ...(target === '' ? [] : [target]));
  }

  async unfollow(target: string): Promise<string> {
    return await this.#stub.say('UnFollow', this.name, target);
  }

  async list(): Promise<{ all_users: string[]; followers: string[] }> {
    return await this.#stub.list(this.name);
  }

  /** Opens the timeline; what comes is kept in `seen`. */
  enterTimeline(): void {
    const timeline = this.#stub.timeline();
    this.#timeline = timeline;
    this.#timelineOver = undefined;
    timeline.on('data', (message: OldMessage) => this.seen.push(message));
    timeline.on('error', (error) => {
      this.#timelineOver = error;
    });
    timeline.on('end', () => {
      this.#timelineOver ??= new Error('ended');
    });
    timeline.write({ username: this.name, msg: 'this only opens the stream\n' });
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

  /** As when the process is killed: the connection goes. */
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
