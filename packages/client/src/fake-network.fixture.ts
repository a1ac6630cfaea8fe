/**
 * Routers and servers for tests: the real wire over real sockets, and behind it a model that is simple enough
 * to be obviously correct. All servers of a `FakeCluster` share one journal, as if replication were perfect.
 * Tests script which server answers and when.
 */
import {
  type Answers,
  type Assignment,
  type ClusterId,
  DualpingError,
  epoch,
  MAX_PAGE_POSTS,
  type Post,
  position,
  serverId,
  type Written,
} from '@dualping/core';
import {
  AdminServiceService,
  assignmentToWire,
  availableToWire,
  type BidiStream,
  type ClientRequest,
  connectedToWire,
  createGrpcServer,
  getAvailableFromWire,
  type JudgedTimelineMessage,
  type JudgedWrite,
  type LeaderNews,
  leaderIsToWire,
  listen,
  listPageToWire,
  parseAddress,
  RoutingServiceService,
  requestFromWire,
  type routingWire,
  SocialServiceDefinition,
  serverStream,
  type socialWire,
  type TimelineOut,
  timelineMessageFromWire,
  timelineUpdateToWire,
  toServiceError,
} from '@dualping/protocol';
import type { Server, ServerDuplexStream, ServerWritableStream, sendUnaryData } from '@grpc/grpc-js';
import { status } from '@grpc/grpc-js';

export const NETWORK_ID = 'fake-network';
export const FAILOVER_WAIT_MS = 2_000;

/** Resolves when `holds()` is true; checks it at each turn of the event loop. */
export async function until(holds: () => boolean, what: string, withinMs = 5_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

const notHere = (_call: unknown, callback: sendUnaryData<never>): void =>
  callback(toServiceError(new DualpingError('internal', 'the fake has no such call')));

interface Waiter {
  readonly failedEpoch: number;
  readonly answer: () => void;
}

export class FakeRouter {
  readonly address: string;
  readonly #server: Server;
  readonly #watchers = new Set<ServerWritableStream<routingWire.WatchRequest, routingWire.WatchResponse>>();
  readonly #waiters = new Set<Waiter>();
  readonly calls: string[] = [];
  assignment: Assignment | undefined;
  networkId = NETWORK_ID;
  /** Its answer to `Leader`; undefined: it is alone. */
  #news: LeaderNews | undefined;
  readonly #asking = new Set<ServerWritableStream<routingWire.LeaderRequest, routingWire.LeaderIs>>();
  /** Called when it is asked to hand over to another router. */
  onHandoverRouter: () => void = () => {};
  /** What it does with a member; nothing unless a test sets it. */
  onDualPing = (
    call: ServerDuplexStream<routingWire.DualPingRequest, routingWire.DualPingResponse>,
  ): void => {
    call.end();
  };

  private constructor(server: Server, address: string) {
    this.#server = server;
    this.address = address;
  }

  /** @param port 0: any that is free */
  static async start(port = 0, assignment?: Assignment): Promise<FakeRouter> {
    const server = createGrpcServer();
    let router: FakeRouter | undefined;
    const it = (): FakeRouter => {
      if (router === undefined) throw new Error('called before it listens');
      return router;
    };
    server.addService(RoutingServiceService, {
      connect: (call, callback) => it().#connect(call.request, callback),
      getAvailable: (call, callback) => it().#getAvailable(call.request, callback),
      watch: (call) => it().#watch(call),
      dualPing: (call) => it().onDualPing(call),
      addMaster: notHere,
      registerServer: notHere,
      crash: notHere,
      leader: (call) => it().#leader(call),
    } satisfies routingWire.RoutingServiceServer);
    server.addService(AdminServiceService, {
      handover: (call, callback) => it().#handover(call.request.cluster, callback),
      promote: (call, callback) => it().#promote(call.request, callback),
      handoverRouter: (_call, callback) => it().#handoverRouter(callback),
      pause: notHere,
      rest: notHere,
      resume: notHere,
      remove: notHere,
      history: notHere,
    } satisfies routingWire.AdminServiceServer);
    const address = await listen(server, '127.0.0.1', port);
    router = new FakeRouter(server, address);
    router.assignment = assignment;
    return router;
  }

  tell(assignment: Assignment): void {
    this.assignment = assignment;
    const assignments = [assignmentToWire(assignment)];
    for (const watcher of this.#watchers)
      watcher.write({ networkId: this.networkId, assignments, stats: [], trouble: '' });
    for (const waiter of this.#waiters)
      if (assignment.available && assignment.epoch > waiter.failedEpoch) waiter.answer();
  }

  /** From now on it is one of several routers. */
  sayWhoLeads(news: Partial<LeaderNews>): void {
    const all = { term: 1, address: '', leads: false, standbys: [], router: this.address, ...news };
    this.#news = all;
    for (const call of this.#asking) call.write(leaderIsToWire(all));
  }

  kill(): void {
    this.#server.forceShutdown();
  }

  get port(): number {
    return parseAddress(this.address).port;
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  #connect(request: routingWire.ConnectRequest, callback: sendUnaryData<routingWire.ConnectResponse>): void {
    this.calls.push(`connect ${request.user}`);
    callback(
      null,
      connectedToWire({
        networkId: this.networkId,
        clusters: 1,
        cluster: request.user === '' ? undefined : 1,
        failoverWaitMs: FAILOVER_WAIT_MS,
        assignment: request.user === '' ? undefined : this.assignment,
        authorities: [],
        nowMs: undefined,
      }),
    );
  }

  #getAvailable(
    request: routingWire.GetAvailableRequest,
    callback: sendUnaryData<routingWire.GetAvailableResponse>,
  ): void {
    const { failedEpoch, waitMs, target } = getAvailableFromWire(request);
    this.calls.push(`available failed ${failedEpoch}`);
    if (target.kind === 'cluster' && target.cluster !== 1) {
      callback(
        toServiceError(new DualpingError('unknown-cluster', `there is no cluster "${target.cluster}"`)),
      );
      return;
    }
    let timer: NodeJS.Timeout | undefined;
    const answer = (): void => {
      clearTimeout(timer);
      this.#waiters.delete(waiter);
      const { assignment } = this;
      const { networkId } = this;
      if (assignment?.available) callback(null, availableToWire({ networkId, assignment }));
      else callback(toServiceError(new DualpingError('no-available-server', 'no in-sync member is live')));
    };
    const waiter = { failedEpoch, answer };
    if (this.assignment?.available && this.assignment.epoch > failedEpoch) {
      answer();
      return;
    }
    this.#waiters.add(waiter);
    timer = setTimeout(answer, waitMs);
    timer.unref();
  }

  #watch(call: ServerWritableStream<routingWire.WatchRequest, routingWire.WatchResponse>): void {
    this.calls.push('watch');
    this.#watchers.add(call);
    call.on('cancelled', () => this.#watchers.delete(call));
    call.on('close', () => this.#watchers.delete(call));
    const assignments = this.assignment === undefined ? [] : [assignmentToWire(this.assignment)];
    const stats = call.request.stats
      ? [
          {
            cluster: 1,
            serverId: 1,
            ageMs: 5,
            stats: {
              durable: 9,
              committed: 8,
              checksum: 7,
              timelines: 6,
              postsAccepted: 5,
              lastEpoch: 2,
              slowSyncs: 4,
              longestSyncMs: 3,
              disk: undefined,
            },
          },
        ]
      : [];
    call.write({ networkId: this.networkId, assignments, stats, trouble: '' });
  }

  #handover(cluster: ClusterId, callback: sendUnaryData<routingWire.HandoverResponse>): void {
    this.calls.push(`handover ${cluster}`);
    callback(toServiceError(new DualpingError('handover-impossible', 'no in-sync standby is live')));
  }

  #leader(call: ServerWritableStream<routingWire.LeaderRequest, routingWire.LeaderIs>): void {
    if (this.#news === undefined)
      return void call.emit('error', toServiceError(new DualpingError('not-a-router', 'the fake is alone')));
    this.#asking.add(call);
    call.on('cancelled', () => this.#asking.delete(call));
    call.write(leaderIsToWire(this.#news));
  }

  #handoverRouter(callback: sendUnaryData<routingWire.HandoverRouterResponse>): void {
    this.calls.push('handover router');
    callback(null, { term: this.#news?.term ?? 0 });
    this.onHandoverRouter();
  }

  #promote(request: routingWire.PromoteRequest, callback: sendUnaryData<routingWire.PromoteResponse>): void {
    this.calls.push(`promote ${request.serverId} ${request.unclean}`);
    callback(null, { assignment: this.assignment && assignmentToWire(this.assignment) });
  }
}

interface Applied {
  readonly sessionId: string;
  readonly requestNo: number;
  readonly text: string;
}

export class FakeCluster {
  /** Everything that was applied, in order; the position is the place in it, from 1. */
  readonly journal: Applied[] = [];
  /** The `answers` of all posts. */
  readonly answers: Answers[] = [];
  readonly servers: FakeServer[] = [];
  readonly #replies = new Map<string, Map<number, number>>();
  #revision = 0;

  async addServer(): Promise<FakeServer> {
    const server = await FakeServer.start(this, this.servers.length + 1);
    this.servers.push(server);
    return server;
  }

  /** An assignment with `primary` as primary; servers that were killed are not live. */
  assignment(atEpoch: number, primary: FakeServer): Assignment {
    this.#revision += 1;
    const members = this.servers.map((server) => ({
      serverId: serverId(server.id),
      incarnation: 1,
      journalId: `journal-${server.id}`,
      lifeId: '',
      address: server.address,
      liveness: 'stream' as const,
      live: server.isUp,
      inSync: server.isUp,
      unreachable: false,
    }));
    for (const server of this.servers) server.epoch = server === primary ? atEpoch : server.epoch;
    return {
      cluster: 1,
      revision: this.#revision,
      epoch: epoch(atEpoch),
      primary: {
        serverId: serverId(primary.id),
        incarnation: 1,
        journalId: `journal-${primary.id}`,
        lifeId: '',
      },
      available: primary.isUp,
      lastUncleanEpoch: epoch(0),
      unavailableReason: primary.isUp ? '' : 'no in-sync member is live',
      inSync: members
        .filter((member) => member.inSync)
        .map((member) => ({ serverId: member.serverId, journalId: member.journalId, lifeId: '' })),
      members,
    };
  }

  /** Applies a request exactly once and in order. @returns the position; throws what a server refuses with */
  apply({ sessionId, requestNo, command }: ClientRequest): number {
    const replies = this.#replies.get(sessionId) ?? new Map<number, number>();
    this.#replies.set(sessionId, replies);
    const before = replies.get(requestNo);
    if (before !== undefined) return before;
    if (requestNo !== replies.size + 1)
      throw new DualpingError('sequence-gap', `request ${requestNo} follows ${replies.size}`);
    if (command.kind === 'follow' && command.target === 'nobody') {
      replies.set(requestNo, this.#append(sessionId, requestNo, ''));
      throw new DualpingError('unknown-target', 'there is no user "nobody"');
    }
    if (command.kind === 'post' && command.answers !== undefined) this.answers.push(command.answers);
    const at = this.#append(sessionId, requestNo, command.kind === 'post' ? command.text : '');
    replies.set(requestNo, at);
    return at;
  }

  posts(after: number, before = Number.POSITIVE_INFINITY): Post[] {
    return this.journal
      .map((applied, index) => ({
        position: position(index + 1),
        author: 'ann',
        text: applied.text,
        timeMs: 1,
      }))
      .filter((post) => post.text !== '' && post.position > after && post.position < before);
  }

  /** Texts of all posts, in order. */
  get texts(): string[] {
    return this.posts(0).map((post) => post.text);
  }

  write(text: string): void {
    this.#append('', 0, text);
  }

  #append(sessionId: string, requestNo: number, text: string): number {
    this.journal.push({ sessionId, requestNo, text });
    const at = this.journal.length;
    for (const server of this.servers) server.push();
    return at;
  }
}

interface Reader {
  readonly stream: BidiStream<TimelineOut>;
  sentUpTo: number;
}

export class FakeServer {
  readonly id: number;
  readonly address: string;
  /** The epoch in which it is primary; 0: it is not primary. */
  epoch = 0;
  isUp = true;
  /** Reads everything, answers nothing. */
  frozen = false;
  /** Applies this many more writes without a reply, then dies. */
  dieAfter: number | undefined;
  /** Refuses this many writes as busy. */
  busyFor = 0;
  readonly #cluster: FakeCluster;
  readonly #server: Server;
  readonly #readers = new Set<Reader>();

  private constructor(cluster: FakeCluster, id: number, server: Server, address: string) {
    this.#cluster = cluster;
    this.id = id;
    this.#server = server;
    this.address = address;
  }

  static async start(cluster: FakeCluster, id: number): Promise<FakeServer> {
    const server = createGrpcServer();
    let fake: FakeServer | undefined;
    const it = (): FakeServer => {
      if (fake === undefined) throw new Error('called before it listens');
      return fake;
    };
    server.addService(SocialServiceDefinition, {
      login: (call, callback) => it().#write(requestFromWire.login(call.request), callback),
      follow: (call, callback) => it().#write(requestFromWire.follow(call.request), callback),
      unfollow: (call, callback) => it().#write(requestFromWire.unfollow(call.request), callback),
      post: (call, callback) => it().#write(requestFromWire.post(call.request), callback),
      inviteDevice: (call, callback) => it().#write(requestFromWire.inviteDevice(call.request), callback),
      revokeKey: (call, callback) => it().#write(requestFromWire.revokeKey(call.request), callback),
      keys: (_call, callback) => callback(null, { keys: [] }),
      invite: notThere,
      resetKeys: notThere,
      present: (_call, callback) => callback(null, {}),
      list: (_call, callback) => it().#list(callback),
      timeline: (call) => it().#timeline(call),
    } satisfies socialWire.SocialServiceServer);
    const address = await listen(server, '127.0.0.1', 0);
    fake = new FakeServer(cluster, id, server, address);
    return fake;
  }

  /** As with SIGKILL: every connection breaks. */
  kill(): void {
    this.isUp = false;
    this.#server.forceShutdown();
  }

  /** Only the connections break. */
  cutConnections(): void {
    for (const reader of this.#readers) reader.stream.close(new DualpingError('server-unreachable', 'cut'));
  }

  get readers(): number {
    return this.#readers.size;
  }

  /** Sends new posts to readers. */
  push(): void {
    if (this.frozen || !this.isUp) return;
    for (const reader of this.#readers) {
      const posts = this.#cluster.posts(reader.sentUpTo);
      const last = posts.at(-1);
      if (last === undefined) continue;
      reader.sentUpTo = last.position;
      reader.stream.send(timelineUpdateToWire({ posts }));
    }
  }

  #write(request: ClientRequest, callback: sendUnaryData<socialWire.WriteResponse>): void {
    const result = this.#applied(request);
    if (result instanceof DualpingError) callback(toServiceError(result));
    else if (result !== undefined) callback(null, result);
  }

  /** Undefined: no answer is sent. */
  #applied(request: ClientRequest): Written | DualpingError | undefined {
    if (this.frozen || !this.isUp) return undefined;
    try {
      this.#refuseUnlessPrimary();
      if (this.busyFor > 0) {
        this.busyFor -= 1;
        throw new DualpingError('busy', 'not now');
      }
      const at = this.#cluster.apply(request);
      if (this.dieAfter !== undefined) {
        this.dieAfter -= 1;
        if (this.dieAfter <= 0) this.kill();
        return undefined;
      }
      return { position: position(at), epoch: epoch(this.epoch) };
    } catch (error) {
      if (error instanceof DualpingError) return error;
      throw error;
    }
  }

  /** Writes on a timeline: each is answered in a message of its own. */
  #writes(
    stream: BidiStream<TimelineOut>,
    {
      user,
      sessionId,
      epoch: inEpoch,
    }: Pick<ClientRequest, 'sessionId' | 'epoch'> & { readonly user: string },
    writes: readonly JudgedWrite[],
  ): void {
    for (const write of writes) {
      if (!('command' in write)) throw new Error(`a client of ours wrote nonsense: ${write.detail}`);
      const { requestNo, command } = write;
      const result = this.#applied({
        sessionId,
        requestNo,
        epoch: inEpoch,
        command: { ...command, user },
      });
      if (result instanceof DualpingError) {
        const { reason, detail } = result;
        stream.send(timelineUpdateToWire({ refused: [{ requestNo, reason, detail }] }));
      } else if (result !== undefined) {
        const written = { requestNo, positions: [result.position], epoch: result.epoch };
        stream.send(timelineUpdateToWire({ written: [written] }));
      }
    }
  }

  #list(callback: sendUnaryData<socialWire.ListResponse>): void {
    if (this.frozen) return;
    try {
      this.#refuseUnlessPrimary();
      const users = [{ user: `from-s${this.id}`, present: true }];
      callback(null, listPageToWire({ users, followers: [], following: [], next: undefined }));
    } catch (error) {
      callback(toServiceError(error));
    }
  }

  #timeline(call: ServerDuplexStream<socialWire.TimelineRequest, TimelineOut>): void {
    let reader: Reader | undefined;
    let writer: Extract<JudgedTimelineMessage, { kind: 'open' }> | undefined;
    const stream: BidiStream<TimelineOut> = serverStream(call, {
      onMessage: (request) => {
        if (this.frozen) return;
        const message = timelineMessageFromWire(request);
        if (message.kind === 'older') {
          const all = this.#cluster.posts(0, message.before);
          const posts = all.slice(-Math.min(message.limit, MAX_PAGE_POSTS));
          const page = { before: message.before, posts, oldest: posts.length === all.length };
          stream.send(timelineUpdateToWire({ page }));
          return;
        }
        if (message.kind === 'answered') {
          const post = this.#cluster.posts(0).find(({ position: at }) => at === message.of - 1);
          stream.send(timelineUpdateToWire({ answered: { of: message.of, post } }));
          return;
        }
        if (message.kind === 'alive' || message.kind === 'token') return;
        if (message.kind === 'writes') {
          if (writer === undefined) throw new Error('a client of ours wrote before it opened its timeline');
          this.#writes(stream, writer, message.writes);
          return;
        }
        writer = message;
        if (this.epoch === 0) {
          stream.close(new DualpingError('not-primary', `s${this.id} is not primary`));
          return;
        }
        const committed = position(this.#cluster.journal.length);
        const opened = { epoch: epoch(this.epoch), serverId: serverId(this.id), committed, signs: undefined };
        stream.send(timelineUpdateToWire({ opened }));
        const past =
          message.resumeAfter > 0 ? undefined : this.#cluster.posts(0).slice(-message.history || Infinity);
        const firstPast = past?.[0]?.position ?? committed + 1;
        reader = { stream, sentUpTo: message.resumeAfter > 0 ? message.resumeAfter : firstPast - 1 };
        if (!message.posts) return;
        this.#readers.add(reader);
        this.push();
      },
      onEnd: () => {
        if (reader !== undefined) this.#readers.delete(reader);
      },
    });
  }

  #refuseUnlessPrimary(): void {
    if (this.epoch === 0) throw new DualpingError('not-primary', `s${this.id} is not primary`);
  }
}

/** Sessions of users make no calls of operators. */
function notThere(_call: unknown, callback: sendUnaryData<socialWire.WriteResponse>): void {
  callback({ code: status.UNIMPLEMENTED });
}
