/** A member without a journal: its claim to be primary rests on pongs, so a pong too many is seen here. */
import type { MemberMessage, Membership } from '@dualping/core';
import type { MemberDriver, OpenedRouter, RouterListener } from '@dualping/runtime';
import type { Build } from '../core.js';
import type { Random } from '../random.js';
import type { World } from '../world.js';
import { type Cuts, Lane, Process } from './machine-room.js';
import type { MemberEnd, SharedRouter } from './shared-router.js';

export interface RoutedMemberParts {
  readonly build: Build;
  readonly id: number;
  readonly cuts: Cuts;
  readonly random: Random;
  readonly routers: () => readonly SharedRouter[];
}

/** The member's end of its streams. */
interface Stream {
  readonly out: Lane;
  /** Set when the router has taken it. */
  atRouter: ReturnType<SharedRouter['accept']> | undefined;
  isOver: boolean;
}

export class RoutedMember extends Process {
  readonly #parts: RoutedMemberParts;
  #lives = 0;
  #membership: Membership | undefined;
  #driver: MemberDriver | undefined;
  readonly #streams = new Set<Stream>();

  constructor(world: World, parts: RoutedMemberParts) {
    super(`m${parts.id}`, world);
    this.#parts = parts;
  }

  /** Whether it would act as primary now, if it were asked: a process that is frozen does nothing. */
  get isPrimary(): boolean {
    return this.isUp && !this.isFrozen && this.#membership?.isPrimaryAt(this.world.now) === true;
  }

  get isAttached(): boolean {
    return this.isUp && this.#membership?.state.kind === 'attached';
  }

  protected override started(): void {
    const { build, id, routers } = this.#parts;
    this.#lives += 1;
    this.#membership = new build.core.Membership({
      routers: routers().map(({ name }) => name),
      cluster: 1,
      serverId: id,
      incarnation: this.#lives,
      incarnationIsTime: false,
      lifeId: `life ${this.#lives} of ${this.name}`,
      address: this.name,
    });
    this.#driver = new build.runtime.MemberDriver(this.#membership, {
      clock: this.clock,
      openRouter: (address, message, listener) => this.#open(address, message, listener),
      changed: () => {},
    });
    this.#driver.start();
  }

  protected override died(): void {
    this.#driver?.stop();
    for (const stream of this.#streams) this.#hangUp(stream);
  }

  #open(address: string, attach: MemberMessage, listener: RouterListener): OpenedRouter {
    const router = this.#parts.routers().find(({ name }) => name === address);
    if (router === undefined) throw new Error(`no router is at ${address}`);
    const { cuts, random } = this.#parts;
    const back = new Lane(router, this, cuts, random);
    const stream: Stream = { out: new Lane(this, router, cuts, random), atRouter: undefined, isOver: false };
    this.#streams.add(stream);
    const heard = (hear: () => void): void =>
      back.send(() => {
        if (!stream.isOver) hear();
      });
    const ended = (): void =>
      heard(() => {
        this.#streams.delete(stream);
        stream.isOver = true;
        listener.ended({ reason: 'router-unreachable', detail: 'it ended' });
      });
    const end: MemberEnd = {
      member: this,
      toMember: (message) => heard(() => listener.heard(message)),
      endToMember: ended,
    };
    if (!router.isUp) ended();
    else
      stream.out.send(() => {
        stream.atRouter = router.accept(end);
        stream.atRouter.message(attach);
      });
    return {
      send: (message) =>
        stream.out.send(() => {
          if (!stream.isOver) stream.atRouter?.message(message);
        }),
      abort: () => this.#hangUp(stream),
    };
  }

  #hangUp(stream: Stream): void {
    this.#streams.delete(stream);
    stream.out.send(() => stream.atRouter?.ended());
    stream.isOver = true;
  }
}
