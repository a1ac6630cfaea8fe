/**
 * A world of several routers on one etcd, with members whose claims rest on the routers' pongs: everything in
 * it can be killed, frozen and cut off, and one seed decides all of it.
 *
 * What is checked:
 * - **one-primary-per-epoch** in everything that was ever written to etcd, and revisions that never fall;
 * - **only-the-leader-writes**: what is written is written by the router that the leader's key names;
 * - **persisted-before-spoken**: an assignment that is sent is in etcd;
 * - **spoken-by-a-leader**: every answer comes from a router that led after it was asked;
 * - **one-claim**: no two members act as primary at once;
 * - **hands-over-to-another**: where nothing fails, a leader that hands over is not the next one;
 * - **no leader is deposed without need**: healthy routers that can't reach each other stay as they are;
 * - in the end one router leads and all members are attached.
 */
import type { Assignment, ClusterRecord } from '@dualping/core';
import type { Build } from '../core.js';
import { Random } from '../random.js';
import { Trace } from '../trace.js';
import { World } from '../world.js';
import { Cuts, type Process } from './machine-room.js';
import { ModelEtcd } from './model-etcd.js';
import { RoutedMember } from './routed-member.js';
import { SharedRouter, type Witness } from './shared-router.js';

const ROUTERS = 3;
const MEMBERS = 3;
/** A grace shorter than the default, so that it is what a takeover adds to it that keeps claims apart. */
const TIMING = { pingIntervalMs: 100, deadAfterMs: 500, reattachGraceMs: 600 } as const;
const FAULTS_END_MS = 20_000;
const END_MS = 40_000;
/** How often claims are compared and the leader is asked something, ms. */
const LOOK_MS = 19;
const FAULT_EVERY_MS = 900;
/** Beyond a takeover and the grace after it. */
const ALONE_MS = { least: 4_500, most: 8_000 } as const;
/** Long enough for a takeover by the lease, and for the grace of members without a journal. */
const FAULT_LASTS_MS = { least: 100, most: 8_000 } as const;
/** Campaigns of a world in which routers only can't hear each other: at the start, and once for each cut. */
const CALM_CAMPAIGNS = 12;
/** Campaigns that may follow a handover: all routers find that no router leads. */
const HANDOVER_CAMPAIGNS = ROUTERS;

export interface Broken {
  readonly law: string;
  readonly detail: string;
}

/** Undefined: nothing was broken. */
export function playSharedStore(seed: number, build: Build): Broken | undefined {
  const scene = new Scene(seed, build);
  try {
    return scene.play();
  } catch (error) {
    if (error instanceof LawBroken) return error;
    throw error;
  }
}

class LawBroken extends Error implements Broken {
  constructor(
    readonly law: string,
    readonly detail: string,
  ) {
    super(`${law}: ${detail}`);
  }
}

class Scene {
  readonly world = new World(new Trace());
  readonly random: Random;
  readonly cuts = new Cuts();
  readonly etcd: ModelEtcd;
  readonly routers: readonly SharedRouter[];
  readonly members: readonly RoutedMember[];
  /** Only cuts between routers: nothing else ever fails. */
  readonly isCalm: boolean;
  #campaigns = 0;
  #handovers = 0;
  /** Who has handed over, until a router leads again. */
  #handedOver: string | undefined;
  #checked = 0;
  readonly #primaries = new Map<number, string>();
  #lastRevision = 0;
  /** When each term ended. */
  readonly #ends = new Map<number, number>();
  #term: number | undefined;
  #leader: string | undefined;

  constructor(seed: number, build: Build) {
    const random = new Random(`shared store ${seed}`);
    this.random = random.fork('faults');
    this.isCalm = random.chance(0.1);
    this.etcd = new ModelEtcd(this.world, random.fork('etcd'));
    this.etcd.isTroubled = !this.isCalm;
    const { cuts, etcd } = this;
    const witness = this.#witness;
    const routers = (): readonly SharedRouter[] => this.routers;
    const parts = { build, etcd, cuts, timing: TIMING, witness, routers };
    this.routers = Array.from(
      { length: ROUTERS },
      (_, at) => new SharedRouter(`r${at + 1}`, this.world, { ...parts, random: random.fork(`r${at}`) }),
    );
    this.members = Array.from(
      { length: MEMBERS },
      (_, at) =>
        new RoutedMember(this.world, { build, id: at + 1, cuts, routers, random: random.fork(`m${at}`) }),
    );
  }

  play(): undefined {
    for (const process of [...this.routers, ...this.members]) process.start();
    this.#every(LOOK_MS, () => this.#look());
    this.#every(FAULT_EVERY_MS, () => {
      if (this.world.now < FAULTS_END_MS) this.#fault();
    });
    this.world.at(FAULTS_END_MS, 'faults end', () => this.#heal());
    while (this.world.step(END_MS));
    this.#checkHistory();
    if (this.routers.filter(({ term }) => term !== undefined).length !== 1)
      throw new LawBroken(
        'leads-in-the-end',
        'not exactly one router leads, though nothing is wrong any more',
      );
    const missing = this.members.filter(({ isAttached }) => !isAttached);
    if (missing.length > 0)
      throw new LawBroken(
        'attached-in-the-end',
        `${missing.map(({ name }) => name).join(', ')} found no router`,
      );
    if (this.isCalm && this.#campaigns > CALM_CAMPAIGNS + this.#handovers * HANDOVER_CAMPAIGNS)
      throw new LawBroken(
        'nobody-is-deposed-for-nothing',
        `${this.#campaigns} campaigns, and nothing had failed`,
      );
    return undefined;
  }

  readonly #witness: Witness = {
    led: () => {},
    campaigned: () => {
      this.#campaigns += 1;
    },
    said: (router, term, what, since) => {
      this.#checkHistory();
      const end = this.#ends.get(term);
      if (end === undefined || since === undefined || end >= since) return;
      throw new LawBroken(
        'spoken-by-a-leader',
        `${router} says ${what} in term ${term}, which was over before it was asked`,
      );
    },
    told: (router, assignment) => {
      this.#checkHistory();
      if (!this.#isWritten(assignment))
        throw new LawBroken('persisted-before-spoken', `${router} tells ${textOf(assignment)}`);
    },
    broke: (router, error) => {
      if (error instanceof LawBroken) throw error;
      throw new LawBroken('machine-broke', `${router}: ${String(error)}`);
    },
  };

  #look(): void {
    this.etcd.expire();
    this.#checkHistory();
    const claims = this.members.filter(({ isPrimary }) => isPrimary);
    if (claims.length > 1)
      throw new LawBroken('one-claim', `${claims.map(({ name }) => name).join(' and ')} both act as primary`);
    const leader = this.random.pick(this.routers);
    leader.deliver(() => leader.ask());
  }

  /** What was written since the last look. */
  #checkHistory(): void {
    const { history } = this.etcd;
    for (; this.#checked < history.length; this.#checked += 1) {
      const written = history[this.#checked];
      if (written === undefined) return;
      if (written.key === 'leader') {
        if (this.#term !== undefined) this.#ends.set(this.#term, written.at);
        this.#term = written.value === undefined ? undefined : written.revision;
        this.#leader = written.by;
        if (written.value !== undefined) this.#checkHandover(written.by);
      } else if (written.by !== this.#leader)
        throw new LawBroken(
          'only-the-leader-writes',
          `${written.by} writes ${written.key}, ${this.#leader} leads`,
        );
      if (written.value !== undefined && written.key.startsWith('clusters/'))
        this.#checkRecord(JSON.parse(written.value) as ClusterRecord);
    }
  }

  #checkHandover(leader: string | undefined): void {
    if (this.isCalm && leader !== undefined && leader === this.#handedOver)
      throw new LawBroken('hands-over-to-another', `${leader} leads again, though others stand by`);
    this.#handedOver = undefined;
  }

  #checkRecord(record: ClusterRecord): void {
    const primary = nameOf(record.primary);
    const known = this.#primaries.get(record.epoch) ?? primary;
    if (known !== primary)
      throw new LawBroken(
        'one-primary-per-epoch',
        `epoch ${record.epoch} was ${known}'s and is ${primary}'s`,
      );
    this.#primaries.set(record.epoch, primary);
    if (record.revision < this.#lastRevision)
      throw new LawBroken(
        'revisions-never-fall',
        `revision ${record.revision} is written over revision ${this.#lastRevision}`,
      );
    this.#lastRevision = record.revision;
  }

  /** Of changes that are written together only the last is in the store: it says what the others said. */
  #isWritten({ revision, epoch, primary }: Assignment): boolean {
    const written = this.#primaries.get(epoch);
    return revision <= this.#lastRevision && (written === undefined || written === nameOf(primary));
  }

  #fault(): void {
    const { random, routers, members } = this;
    if (this.isCalm) {
      const leader = routers.find(({ term }) => term !== undefined);
      if (leader !== undefined && random.chance(0.5)) return this.#handOver(leader);
      const [one, other] = random.shuffle(routers);
      if (one !== undefined && other !== undefined) this.cuts.cut(one.name, other.name);
      return; // permanently
    }
    const router = random.pick(routers);
    const leader = routers.find(({ term }) => term !== undefined) ?? router;
    const member = random.pick(members);
    const faults: readonly (() => void)[] = [
      () => this.#kill(leader),
      () => this.#kill(router),
      () => this.#kill(member),
      () => this.#freeze(leader),
      () => this.#freeze(router),
      () => this.#loseQuorum(),
      () => this.#cutFromEtcd(leader),
      () => this.#cutFromEtcd(router),
      () => this.#cutOff([member], [router]),
      () => this.#leaveAlone(leader, members.find(({ isPrimary }) => isPrimary) ?? member),
      () => this.#freezeBeforeALoss(leader, member),
      () => this.#handOver(leader),
    ];
    random.pick(faults)();
  }

  #kill(process: Process): void {
    process.kill();
    this.#later(() => process.start());
  }

  #handOver(leader: SharedRouter): void {
    this.#handovers += 1;
    this.#handedOver = leader.name;
    leader.deliver(() => leader.handOver());
  }

  #freeze(process: Process): void {
    process.freeze();
    this.#later(() => process.thaw());
  }

  #loseQuorum(): void {
    this.etcd.hasQuorum = false;
    this.#later(() => {
      this.etcd.hasQuorum = true;
    });
  }

  #cutFromEtcd(router: SharedRouter): void {
    this.etcd.cutOff(router.name, true);
    this.#later(() => this.etcd.cutOff(router.name, false));
  }

  #cutOff(some: readonly Process[], others: readonly Process[]): void {
    const heals = some.flatMap((one) =>
      others.filter((other) => other !== one).map((other) => this.cuts.cut(one.name, other.name)),
    );
    this.#later(() => {
      for (const heal of heals) heal();
    });
  }

  /**
   * The leader and one member are alone together: its pongs are all that the member has. For so long that
   * another router leads, and has waited before it promotes another member.
   */
  #leaveAlone(leader: SharedRouter, member: RoutedMember): void {
    const others = [...this.routers, ...this.members].filter((other) => other !== leader && other !== member);
    const heals = [leader, member].flatMap((one) =>
      others.map((other) => this.cuts.cut(one.name, other.name)),
    );
    this.etcd.cutOff(leader.name, true);
    const { least, most } = ALONE_MS;
    this.world.after(this.random.within(least, most), 'they are alone no more', () => {
      for (const heal of heals) heal();
      this.etcd.cutOff(leader.name, false);
    });
  }

  /** Members reach only the leader; one ends while the leader is frozen, which finds that out when thawed. */
  #freezeBeforeALoss(leader: SharedRouter, member: RoutedMember): void {
    const others = this.routers.filter((other) => other !== leader);
    this.#cutOff(this.members, others);
    this.#freeze(leader);
    this.#kill(member);
  }

  #later(what: () => void): void {
    const { least, most } = FAULT_LASTS_MS;
    this.world.after(this.random.within(least, most), 'a fault ends', what);
  }

  #heal(): void {
    this.etcd.isTroubled = false;
    this.etcd.hasQuorum = true;
    for (const router of this.routers) {
      this.etcd.cutOff(router.name, false);
      router.thaw();
      router.start();
    }
    for (const member of this.members) member.start();
  }

  #every(intervalMs: number, what: () => void): void {
    const again = (): void => {
      what();
      this.world.after(intervalMs, 'again', again);
    };
    again();
  }
}

const nameOf = (primary: Assignment['primary']): string =>
  primary === undefined ? 'nobody' : `m${primary.serverId}.${primary.incarnation}`;

const textOf = ({ cluster, epoch, revision, primary }: Assignment | ClusterRecord): string =>
  `cluster ${cluster}, epoch ${epoch}, revision ${revision}, primary ${nameOf(primary)}`;
