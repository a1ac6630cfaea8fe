/** A peer that a load generator of ours drives, in a process of its own. */
import { percentile } from '../../statistics.js';
import { clockMs } from '../clock.js';
import { type Speed, speedOf } from '../deliveries.js';
import { Part } from '../part-process.js';
import type { PostRun } from '../post-load.js';
import type { Peer, Writes } from './peer.js';
import type { PeerAccess } from './peer-client.js';
import type { PeerLoad } from './peer-load.js';

export const FOLLOWERS = 100;
export const MANY_IN_FLIGHT = 64;

const newLoad = (): Part<PeerLoad> => new Part<PeerLoad>('./peer-load.js', import.meta.url);

export class LoadedPeer implements Peer {
  readonly #load = newLoad();
  /** With followers; they are made when they are first needed. */
  #crowd: Part<PeerLoad> | undefined;

  private constructor(
    readonly name: string,
    readonly promise: string,
    /** Ends all of its nodes. */
    readonly endNodes: () => Promise<void>,
    readonly access: PeerAccess,
  ) {}

  static async open(
    name: string,
    promise: string,
    endNodes: () => Promise<void>,
    access: PeerAccess,
  ): Promise<LoadedPeer> {
    const peer = new LoadedPeer(name, promise, endNodes, access);
    await peer.#load.call('connect', access);
    return peer;
  }

  async writes(run: PostRun): Promise<Writes> {
    const { posts, tookMs, latenciesMs } = await this.#load.call('run', run);
    return { rate: (posts * 1_000) / tookMs, p50Ms: percentile([...latenciesMs], 0.5) };
  }

  async fanout(forMs: number): Promise<Speed> {
    if (this.#crowd === undefined) {
      this.#crowd = newLoad();
      await this.#crowd.call('connect', this.access);
      await this.#crowd.call('follow', { count: FOLLOWERS });
    }
    const crowd = this.#crowd;
    return await speedOf((run) => crowd.call('fanout', run), { inFlight: MANY_IN_FLIGHT, forMs });
  }

  /** @param kill resolves when the process of the leading node has ended */
  async untilWrittenAfter(kill: () => Promise<void>): Promise<number> {
    const begunAt = clockMs();
    await kill();
    return (await this.#load.call('writtenSince', { sinceMs: clockMs() })) - begunAt;
  }

  async end(): Promise<void> {
    await Promise.all([this.#load.end(), this.#crowd?.end()]);
    await this.endNodes();
  }
}
