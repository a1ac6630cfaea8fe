/**
 * A minimal csce438 server, in any dialect: everything is in memory, it registers with `Heartbeat` and
 * replicates nothing.
 */
import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { type Dialect, KNOWN_OPENER, NAMES, type Words } from './dialects.js';
import { OldCoordinatorStub, type OldMessage, type OldRequest, SNS_DEFINITION } from './older-wire.js';

type Call = ServerUnaryCall<OldRequest, object>;
type Answer = sendUnaryData<object>;
type Stream = ServerDuplexStream<OldMessage, OldMessage>;

export interface OlderServerPlace {
  readonly coordinator: string;
  readonly cluster: number;
  readonly id: number;
  /** How often it sends heartbeats, ms. */
  readonly everyMs: number;
}

/** Past posts at the begin of a timeline. */
const HISTORY = 20;

export class OlderServer {
  readonly #grpc = new Server();
  readonly #followers = new Map<string, Set<string>>();
  readonly #on = new Set<string>();
  readonly #posts: { readonly author: string; readonly post: OldMessage }[] = [];
  readonly #timelines = new Map<string, Stream>();
  readonly #coordinator: OldCoordinatorStub;
  #calling: NodeJS.Timeout | undefined;
  #port = 0;
  /**
   * The last answer to a heartbeat: it is accepted, or (with `--classic-confirmation primary`) clients are
   * routed here.
   */
  confirmed: boolean | undefined;
  /** Every message that the server took as a post. */
  readonly taken: OldMessage[] = [];

  constructor(
    readonly place: OlderServerPlace,
    readonly dialect: Dialect = NAMES,
  ) {
    this.#coordinator = new OldCoordinatorStub(place.coordinator);
    const answering =
      (decide: (user: string, target: string) => keyof Words) => (call: Call, answer: Answer) =>
        reply(this.dialect.words[decide(call.request.username, call.request.arguments[0] ?? '')], answer);
    this.#grpc.addService(SNS_DEFINITION, {
      Login: answering((user) => this.#login(user)),
      Follow: answering((user, target) => this.#follow(user, target)),
      UnFollow: answering((user, target) => this.#unfollow(user, target)),
      List: (call: Call, answer: Answer) =>
        answer(null, {
          all_users: [...this.#followers.keys()],
          followers: [...(this.#followers.get(call.request.username) ?? [])],
        }),
      Timeline: (stream: Stream) => this.#timeline(stream),
    });
  }

  async start(): Promise<this> {
    this.#port = await new Promise<number>((resolve, reject) => {
      this.#grpc.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
        if (error === null) resolve(port);
        else reject(error);
      });
    });
    await this.beat();
    this.resume();
    return this;
  }

  get port(): number {
    return this.#port;
  }

  /** Sends one heartbeat, with a wildcard as host, as csce438 programs do. */
  async beat(): Promise<void> {
    const { cluster, id } = this.place;
    const { type, clusterIn } = this.dialect.server;
    const info = {
      serverID: clusterIn === 'server-id' ? cluster : id,
      hostname: '0.0.0.0',
      port: String(this.#port),
      type,
      clusterID: clusterIn === 'field' ? cluster : 0,
    };
    const headers: Record<string, string> =
      clusterIn === 'cluster-id' || clusterIn === 'clusterid' ? { [clusterIn]: String(cluster) } : {};
    const answer = await this.#coordinator.ask<{ status: boolean }>('Heartbeat', info, headers);
    this.confirmed = answer.status;
  }

  /** Stops its heartbeats, and goes on serving. */
  pause(): void {
    clearInterval(this.#calling);
  }

  resume(): void {
    this.pause();
    this.#calling = setInterval(() => {
      this.beat().catch(() => {});
    }, this.place.everyMs);
  }

  stop(): void {
    this.pause();
    this.#coordinator.close();
    this.#grpc.forceShutdown();
  }

  #login(user: string): keyof Words {
    if (this.#on.has(user)) return 'loginWhileOn';
    this.#on.add(user);
    if (this.#followers.has(user)) return 'login';
    this.#followers.set(user, new Set());
    return 'firstLogin';
  }

  #follow(user: string, target: string): keyof Words {
    if (user === target) return 'followSelf';
    const followers = this.#followers.get(target);
    if (followers === undefined) return 'followUnknown';
    if (followers.has(user)) return 'followTwice';
    followers.add(user);
    return 'follow';
  }

  #unfollow(user: string, target: string): keyof Words {
    if (user === target) return 'unfollowSelf';
    const followers = this.#followers.get(target);
    if (followers === undefined) return 'unfollowUnknown';
    return followers.delete(user) ? 'unfollow' : 'unfollowNotFollowed';
  }

  #timeline(stream: Stream): void {
    const { timeline } = this.dialect.server;
    let user: string | undefined;
    const enter = (name: string): void => {
      user = name;
      this.#timelines.set(name, stream);
      const past = this.#posts.filter(({ author }) => this.#followers.get(author)?.has(name) === true);
      for (const { post } of past.slice(-HISTORY).reverse()) stream.write(post);
    };
    const [stated] = stream.metadata.get('username');
    if (timeline === 'metadata' && stated !== undefined) enter(String(stated));
    stream.on('data', (message: OldMessage) => {
      const opens = timeline === 'first-message' ? user === undefined : message.msg === KNOWN_OPENER;
      if (timeline !== 'metadata' && opens) return enter(message.username);
      this.#post(user ?? message.username, message);
    });
    stream.on('end', () => stream.end());
    stream.on('error', () => {});
  }

  #post(author: string, message: OldMessage): void {
    const post = { ...message, username: author };
    this.taken.push(post);
    this.#posts.push({ author, post });
    for (const follower of this.#followers.get(author) ?? []) this.#timelines.get(follower)?.write(post);
  }
}

function reply(word: string, answer: Answer): void {
  const [, details] = /^CANCELLED: (.*)$/.exec(word) ?? [];
  if (details === undefined) answer(null, { msg: word });
  else answer({ code: status.CANCELLED, details });
}
