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
 * - **one-network**: routers make one network, also when their store is emptied;
 * - **hands-over-to-another**: where nothing fails, a leader that hands over is not the next one;
 * - **hands-over-when-deaf**: a leader that is cut from all members lets another one lead;
 * - **no leader is deposed without need**: healthy routers that can't reach each other stay as they are;
 * - in the end one router leads and all members are attached.
 */
import type { Assignment, ClusterRecord } from '@dualping/core';
import type { Build } from '../core.js';
import { Random } from '../random.js';
import { Trace } from '../trace.js';
import { World } from '../world.js';
import { Cuts, type Process } from './machine-room.js';
import { ModelEtcd, OPERATOR } from './model-etcd.js';
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
/** How long a leader is cut from all members, and within which time its term has to be over, ms. */
const DEAF_MS = { lasts: 6_000, handsOverWithin: 3_000 } as const;
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
  /** A leader is cut from all members. */
  #isOneDeaf = false;
  /** Who has handed over, until a router leads again. */
  #handedOver: string | undefined;
  #checked = 0;
  readonly #primaries = new Map<number, string>();
  #network: string | undefined;
  /** What keeps routers from etcd now. */
  readonly #unhealed = new Set<() => void>();
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
      } else if (written.by !== this.#leader && written.by !== OPERATOR)
        throw new LawBroken(
          'only-the-leader-writes',
          `${written.by} writes ${written.key}, ${this.#leader} leads`,
        );
      if (written.value !== undefined && written.key === 'header') this.#checkNetwork(written.value);
      if (written.value !== undefined && written.key.startsWith('clusters/'))
        this.#checkRecord(JSON.parse(written.value) as ClusterRecord);
    }
  }

  #checkNetwork(network: string): void {
    this.#network ??= network;
    if (network === this.#network) return;
    throw new LawBroken('one-network', `network "${network}" is made, and "${this.#network}" was before`);
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
      if (leader !== undefined && random.chance(0.25)) return this.#deafen(leader);
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
      () => this.#emptyStore(),
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

  #deafen(leader: SharedRouter): void {
    if (this.#isOneDeaf) return;
    this.#isOneDeaf = true;
    this.#handovers += 1;
    const heals = this.members.map((member) => this.cuts.cut(leader.name, member.name));
    const { term } = leader;
    this.world.after(DEAF_MS.handsOverWithin, 'a deaf leader leads no more', () => {
      if (leader.term === term)
        throw new LawBroken('hands-over-when-deaf', `${leader.name} hears no member, and leads on`);
    });
    this.world.after(DEAF_MS.lasts, 'the leader is deaf no more', () => {
      for (const heal of heals) heal();
      this.#isOneDeaf = false;
    });
  }

  #freeze(process: Process): void {
    process.freeze();
    this.#later(() => process.thaw());
  }

  #loseQuorum(): void {
    this.#heals(this.etcd.loseQuorum());
  }

  /** An operator deletes everything, and restores it later. All routers have seen the network before. */
  #emptyStore(): void {
    if (this.routers.some(({ network }) => network === undefined)) return;
    const lost = this.etcd.emptyByOperator();
    this.#heals(() => {
      for (const { key, value } of lost) this.etcd.putByOperator(key, value);
    });
  }

  #cutFromEtcd(router: SharedRouter): void {
    this.#heals(this.etcd.cutOff(router.name, this.random.pick(['both', 'both', 'requests', 'answers'])));
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
    heals.push(this.etcd.cutOff(leader.name));
    const { least, most } = ALONE_MS;
    this.world.after(this.random.within(least, most), 'they are alone no more', () => {
      for (const heal of heals) heal();
    });
  }

  /** Members reach only the leader; one ends while the leader is frozen, which finds that out when thawed. */
  #freezeBeforeALoss(leader: SharedRouter, member: RoutedMember): void {
    const others = this.routers.filter((other) => other !== leader);
    this.#cutOff(this.members, others);
    this.#freeze(leader);
    this.#kill(member);
  }

  /** Later, or when all faults end. */
  #heals(heal: () => void): void {
    const once = (): void => {
      if (this.#unhealed.delete(once)) heal();
    };
    this.#unhealed.add(once);
    this.#later(once);
  }

  #later(what: () => void): void {
    const { least, most } = FAULT_LASTS_MS;
    this.world.after(this.random.within(least, most), 'a fault ends', what);
  }

  #heal(): void {
    this.etcd.isTroubled = false;
    for (const heal of [...this.#unhealed]) heal();
    for (const router of this.routers) {
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
