/** A router over real sockets, and members and clients that a test controls message by message. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import {
  type Assignment,
  DualpingError,
  type MemberMessage,
  NO_EPOCH,
  NO_STATS,
  type RouterMessage,
  serverId,
} from '@dualping/core';
import type { OperatorEvent } from '@dualping/host';
import {
  AdminServiceClient,
  assignmentFromWire,
  type BidiStream,
  CHANNEL_OPTIONS,
  clientStream,
  fromServiceError,
  memberMessageToWire,
  RoutingServiceClient,
  routerMessageFromWire,
  type routingWire,
  type StreamEnd,
} from '@dualping/protocol';
import { credentials } from '@grpc/grpc-js';
import { type RouterOptions, type RunningRouter, startRouter } from './index.js';

const PING_INTERVAL_MS = 50;

export async function temporaryFolder(context: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'dualping-router-'));
  context.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

export interface Served {
  readonly router: RunningRouter;
  readonly events: OperatorEvent[];
  readonly routing: RoutingServiceClient;
  readonly admin: AdminServiceClient;
  member(id: number, how?: Partial<Attach>): Member;
  /** Stops the router and starts it again on the same folder and port. */
  restart(): Promise<Served>;
}

type Attach = Extract<MemberMessage, { kind: 'attach' }>;

export async function serve(context: TestContext, options: Partial<RouterOptions> = {}): Promise<Served> {
  const dataFolder = options.dataFolder ?? (await temporaryFolder(context));
  const events: OperatorEvent[] = [];
  // Members of these tests are streams only: nothing listens at their addresses.
  const router = await startRouter({
    dialBack: false,
    ...options,
    dataFolder,
    report: (event) => events.push(event),
  });
  context.after(() => router.stop());
  const routing = new RoutingServiceClient(router.address, credentials.createInsecure(), CHANNEL_OPTIONS);
  const admin = new AdminServiceClient(router.address, credentials.createInsecure(), CHANNEL_OPTIONS);
  context.after(() => {
    routing.close();
    admin.close();
  });
  return {
    router,
    events,
    routing,
    admin,
    member: (id, how) => {
      const member = new Member(routing, id, how);
      context.after(() => member.vanish());
      return member;
    },
    restart: async () => {
      const port = Number(router.address.split(':').at(-1));
      await router.stop();
      return await serve(context, { ...options, dataFolder, port });
    },
  };
}

/** A member that attaches at once, pings, and lets a test wait for messages. */
export class Member {
  readonly heard: RouterMessage[] = [];
  readonly #stream: BidiStream<routingWire.DualPingRequest>;
  #pings: NodeJS.Timeout | undefined;
  #waiting: (() => void)[] = [];
  #end: StreamEnd | undefined;

  constructor(routing: RoutingServiceClient, id: number, how: Partial<Attach> = {}) {
    this.#stream = clientStream<routingWire.DualPingResponse, routingWire.DualPingRequest>(
      routing.dualPing(),
      {
        onMessage: (wire) => {
          const message = routerMessageFromWire(wire);
          this.heard.push(message);
          if (message.kind === 'welcome') this.#beginToPing(id);
          this.#wake();
        },
        onEnd: (end) => {
          this.#end = end;
          clearInterval(this.#pings);
          this.#wake();
        },
      },
      'router',
    );
    this.say({
      kind: 'attach',
      networkId: '',
      cluster: 1,
      serverId: serverId(id),
      incarnation: 1,
      journalId: `j${id}`,
      lifeId: `life-of-j${id}`,
      welcomedLife: '',
      address: `127.0.0.1:${7000 + id}`,
      epoch: NO_EPOCH,
      revision: 0,
      stats: NO_STATS,
      replicates: true,
      attempt: 1,
      leaving: false,
      ...how,
    });
  }

  #beginToPing(id: number): void {
    let sequence = 0;
    const ping = (): void => {
      sequence += 1;
      this.say({ kind: 'ping', sequence, stats: { ...NO_STATS, postsAccepted: id } });
    };
    ping();
    this.#pings = setInterval(ping, PING_INTERVAL_MS);
  }

  say(message: MemberMessage): void {
    this.#stream.send(memberMessageToWire(message));
  }

  /** The first message of a kind for which `isMeant` holds, received already or later. */
  async hears<Kind extends RouterMessage['kind']>(
    kind: Kind,
    isMeant: (message: Extract<RouterMessage, { kind: Kind }>) => boolean = () => true,
  ): Promise<Extract<RouterMessage, { kind: Kind }>> {
    for (;;) {
      for (const message of this.heard)
        if (message.kind === kind) {
          const meant = message as Extract<RouterMessage, { kind: Kind }>;
          if (isMeant(meant)) return meant;
        }
      assert.equal(this.#end, undefined, `the stream ended without "${kind}": ${JSON.stringify(this.heard)}`);
      await this.#somethingNew();
    }
  }

  async ended(): Promise<StreamEnd> {
    while (this.#end === undefined) await this.#somethingNew();
    return this.#end;
  }

  /** The first assignment with a primary, received already or later. */
  async assigned(isMeant: (assignment: Assignment) => boolean = () => true): Promise<Assignment> {
    const meant = (assignment: Assignment) => assignment.primary !== undefined && isMeant(assignment);
    const { assignment } = await this.hears('welcome');
    return meant(assignment)
      ? assignment
      : (await this.hears('assignment', (message) => meant(message.assignment))).assignment;
  }

  async addToInSync(id: number): Promise<Assignment> {
    const { epoch } = await this.assigned(({ members }) =>
      members.some((member) => member.live && member.serverId === id),
    );
    this.say({
      kind: 'change-in-sync',
      request: 1,
      epoch,
      change: 'add',
      serverId: serverId(id),
      incarnation: 1,
      journalId: `j${id}`,
      lifeId: `life-of-j${id}`,
    });
    return (await this.hears('assignment', ({ lastRequest }) => lastRequest === 1)).assignment;
  }

  /** Ends without a message, as a killed process does. */
  vanish(): void {
    clearInterval(this.#pings);
    this.#stream.abort();
  }

  async #somethingNew(): Promise<void> {
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}

type Callback<Response> = (error: Error | null, response: Response) => void;

/** A unary call as a promise; rejects with the `DualpingError` that the router sent. */
export async function call<Response>(start: (callback: Callback<Response>) => unknown): Promise<Response> {
  return await new Promise((resolve, reject) => {
    start((error, response) => {
      if (error === null) resolve(response);
      else reject(fromServiceError(error, { sent: false, peer: 'router' }));
    });
  });
}

/** Asks for the available primary of cluster 1. */
export async function available(
  routing: RoutingServiceClient,
  { failedEpoch = 0, waitMs = 0, cluster = 1 } = {},
): Promise<Assignment> {
  const { assignment } = await call<routingWire.GetAvailableResponse>((callback) =>
    routing.getAvailable({ target: { $case: 'cluster', value: cluster }, failedEpoch, waitMs }, callback),
  );
  return assignmentFromWire(assignment);
}

export const refusedAs =
  (reason: string, text: RegExp) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof DualpingError, String(error));
    assert.equal(error.reason, reason);
    assert.match(error.detail, text);
    return true;
  };
