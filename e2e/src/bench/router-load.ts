/** Members of many clusters on raw byte streams, and clients that ask which server is available. */
import { encodeReusing, routingWire } from '@dualping/protocol';
import type { ClientDuplexStream } from '@grpc/grpc-js';
import { eachOf } from './each-of.js';
import { servePart } from './part-process.js';
import { PATHS, RawClient } from './raw-calls.js';

/**
 * Members that share a connection: to open one for each would take this process longer than everything else.
 */
const MEMBERS_A_CONNECTION = 50;
const ATTACHING = 200;
/** First byte of a `DualPingResponse` with an assignment. */
const ASSIGNED_TAG = 0x1a;

const PING = encodeReusing(routingWire.DualPingRequest, {
  message: { $case: 'ping', value: { sequence: 1, stats: undefined, cannotReach: [] } },
});

export interface MembersOptions {
  readonly address: string;
  readonly clusters: number;
  /**
   * Members of each cluster; members of one rank attach before those of the next, so that the first is
   * primary.
   */
  readonly ranks: number;
}

/** Bytes that the router sent, for a bare router. */
export interface Sample {
  readonly welcome: Uint8Array;
  readonly pong: Uint8Array;
  readonly available: Uint8Array;
}

export interface RateResult {
  readonly count: number;
  readonly tookMs: number;
  readonly latenciesMs: Float64Array;
}

export interface LossResult {
  /** From the first end of a stream until the last successor knows. */
  readonly successorsMs: number;
  /** ... until the last member knows. */
  readonly allMs: number;
}

class Member {
  readonly stream: ClientDuplexStream<Buffer, Buffer>;
  onMessage: (message: Buffer) => void = () => {};
  ended = false;

  constructor(client: RawClient) {
    this.stream = client.stream(PATHS.dualPing);
    this.stream.on('data', (message: Buffer) => this.onMessage(message));
    this.stream.on('error', () => {
      this.ended = true;
    });
  }

  ask(request: Buffer): Promise<Buffer> {
    return new Promise((resolve) => {
      this.onMessage = resolve;
      this.stream.write(request);
    });
  }
}

let address = '';
/** By rank, then by cluster. */
let ranks: Member[][] = [];

async function attach(client: RawClient, cluster: number, serverId: number): Promise<Member> {
  const member = new Member(client);
  const at = `10.${serverId}.${cluster >> 8}.${cluster & 255}:7070`;
  await member.ask(
    encodeReusing(routingWire.DualPingRequest, {
      message: {
        $case: 'attach',
        value: {
          networkId: '',
          cluster,
          serverId,
          incarnation: 1,
          journalId: '',
          lifeId: '',
          welcomedLife: '',
          address: at,
          epoch: 0,
          revision: 0,
          stats: undefined,
          replicates: false,
          attempt: 1,
          leaving: false,
          service: '',
          version: '',
          level: 0,
        },
      },
    }),
  );
  return member;
}

/** Repeats a call, with `inFlight` at a time. */
async function again(
  inFlight: number,
  forMs: number,
  act: (turn: number) => Promise<unknown>,
): Promise<RateResult> {
  const took: number[] = [];
  const beganAt = performance.now();
  let turn = 0;
  const work = async (): Promise<void> => {
    for (let askedAt = beganAt; askedAt - beganAt < forMs; ) {
      turn += 1;
      askedAt = performance.now();
      await act(turn);
      took.push(performance.now() - askedAt);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, work));
  return { count: took.length, tookMs: performance.now() - beganAt, latenciesMs: Float64Array.from(took) };
}

const methods = {
  async attach(options: MembersOptions): Promise<void> {
    address = options.address;
    ranks = [];
    for (let rank = 1; rank <= options.ranks; rank += 1) {
      const connections = Array.from(
        { length: Math.ceil(options.clusters / MEMBERS_A_CONNECTION) },
        () => new RawClient(address, undefined),
      );
      const members: Member[] = [];
      const clusters = Array.from({ length: options.clusters }, (_, index) => index + 1);
      await eachOf(clusters, ATTACHING, async (cluster) => {
        const client = connections[Math.floor((cluster - 1) / MEMBERS_A_CONNECTION)];
        if (client !== undefined) members.push(await attach(client, cluster, rank));
      });
      ranks.push(members);
    }
  },

  /** A router's answers, taken with one member. */
  async sample(options: { readonly address: string; readonly cluster: number }): Promise<Sample> {
    const client = new RawClient(options.address, undefined);
    const member = new Member(client);
    const attachment = { networkId: '', cluster: options.cluster, serverId: 1_000, incarnation: 1 };
    const value = {
      ...attachment,
      journalId: '',
      lifeId: '',
      welcomedLife: '',
      address: '10.0.0.1:7070',
      epoch: 0,
      revision: 0,
      stats: undefined,
      replicates: false,
      attempt: 0,
      leaving: false,
      service: '',
      version: '',
      level: 0,
    };
    const welcome = await member.ask(
      encodeReusing(routingWire.DualPingRequest, { message: { $case: 'attach', value } }),
    );
    const pong = await member.ask(PING);
    const question = {
      target: { $case: 'cluster', value: options.cluster },
      failedEpoch: 0,
      waitMs: 0,
    } as const;
    const asked = encodeReusing(routingWire.GetAvailableRequest, question);
    const available = await client.ask(PATHS.getAvailable, asked);
    client.close();
    return { welcome, pong, available };
  },

  /** Sends pings over all streams in turn. */
  async ping({
    inFlight,
    forMs,
  }: {
    readonly inFlight: number;
    readonly forMs: number;
  }): Promise<RateResult> {
    const members = ranks.flat().filter(({ ended }) => !ended);
    return await again(inFlight, forMs, async (turn) => await members[turn % members.length]?.ask(PING));
  },

  async resolve({
    inFlight,
    forMs,
  }: {
    readonly inFlight: number;
    readonly forMs: number;
  }): Promise<RateResult> {
    const client = new RawClient(address, undefined);
    const clusters = ranks[0]?.length ?? 1;
    const questions = Array.from({ length: clusters }, (_, index) =>
      encodeReusing(routingWire.GetAvailableRequest, {
        target: { $case: 'cluster', value: index + 1 },
        failedEpoch: 0,
        waitMs: 0,
      }),
    );
    const asked = (turn: number): Buffer => questions[turn % clusters] ?? Buffer.alloc(0);
    const result = await again(inFlight, forMs, (turn) => client.ask(PATHS.getAvailable, asked(turn)));
    client.close();
    return result;
  },

  /** Ends the streams of all primaries at once; each other member gets one message. */
  async losePrimaries(_: Record<string, never>): Promise<LossResult> {
    const [lost = [], ...others] = ranks;
    ranks = others;
    const beganAt = performance.now();
    const told = others.map(async (members) => {
      const words = members.map(
        (member) =>
          new Promise<void>((resolve) => {
            member.onMessage = (message) => {
              if (message[0] === ASSIGNED_TAG) resolve();
            };
          }),
      );
      await Promise.all(words);
      return performance.now() - beganAt;
    });
    for (const member of lost) member.stream.cancel();
    const times = await Promise.all(told);
    return { successorsMs: times[0] ?? Number.NaN, allMs: Math.max(...times) };
  },
} as const;

export type RouterLoad = typeof methods;
servePart(methods);
