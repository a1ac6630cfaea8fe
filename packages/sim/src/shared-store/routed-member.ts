/** A member without a journal: its claim to be primary rests on pongs, so a pong too many is seen here. */
import type { Membership, MembershipOutput, RouterMessage } from '@dualping/core';
import type { MachineLoop } from '@dualping/runtime';
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

type Loop = MachineLoop<Parameters<Membership['step']>[1], MembershipOutput>;

export class RoutedMember extends Process {
  readonly #parts: RoutedMemberParts;
  #lives = 0;
  #membership: Membership | undefined;
  #loop: Loop | undefined;
  readonly #streams = new Map<number, Stream>();

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
    this.#loop = new build.runtime.MachineLoop(this.#membership, {
      clock: this.clock,
      perform: (output) => this.#perform(output),
    });
    this.#loop.feed({ kind: 'tick' });
  }

  protected override died(): void {
    this.#loop?.stop();
    for (const [attempt] of this.#streams) this.#hangUp(attempt);
  }

  #perform(output: MembershipOutput): void {
    switch (output.kind) {
      case 'open-router': {
        const { attempt, address, message } = output;
        return this.#open(attempt, address, message);
      }
      case 'to-router': {
        const stream = this.#streams.get(output.attempt);
        stream?.out.send(() => {
          if (!stream.isOver) stream.atRouter?.message(output.message);
        });
        return;
      }
      case 'close-router':
        return this.#hangUp(output.attempt);
      case 'state':
        return;
    }
  }

  #open(
    attempt: number,
    address: string,
    attach: Parameters<NonNullable<Stream['atRouter']>['message']>[0],
  ): void {
    const router = this.#parts.routers().find(({ name }) => name === address);
    if (router === undefined) throw new Error(`no router is at ${address}`);
    const { cuts, random } = this.#parts;
    const loop = this.#loop;
    const back = new Lane(router, this, cuts, random);
    const stream: Stream = { out: new Lane(this, router, cuts, random), atRouter: undefined, isOver: false };
    this.#streams.set(attempt, stream);
    const ended = (): void => {
      this.#streams.delete(attempt);
      if (!stream.isOver)
        loop?.feed({ kind: 'router-ended', attempt, reason: 'router-unreachable', detail: 'it ended' });
      stream.isOver = true;
    };
    if (!router.isUp) return back.send(ended);
    const end: MemberEnd = {
      member: this,
      toMember: (message: RouterMessage) =>
        back.send(() => {
          if (!stream.isOver) loop?.feed({ kind: 'router-message', attempt, message });
        }),
      endToMember: () => back.send(ended),
    };
    stream.out.send(() => {
      stream.atRouter = router.accept(end);
      stream.atRouter.message(attach);
    });
  }

  #hangUp(attempt: number): void {
    const stream = this.#streams.get(attempt);
    if (stream === undefined) return;
    this.#streams.delete(attempt);
    stream.out.send(() => stream.atRouter?.ended());
    stream.isOver = true;
  }
}
