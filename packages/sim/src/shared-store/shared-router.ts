/** A router of several, as `startSharedRouter` puts it together, over the model of etcd. */
import type {
  Assignment,
  ClusterRecord,
  Leader,
  Leadership,
  MemberMessage,
  RegistryInput,
  RouterMessage,
  Timing,
} from '@dualping/core';
import type { FencedStore, LeadershipDriver, PeerListener, RegistryDriver } from '@dualping/runtime';
import type { Build } from '../core.js';
import type { Random } from '../random.js';
import type { World } from '../world.js';
import { type Cuts, Lane, Process } from './machine-room.js';
import type { ModelEtcd } from './model-etcd.js';

export const CLUSTERS = 1;
/** How often members that wait at a follower are sent the leader's address again, ms. */
const TELL_MS = 1_000;

/** The router's end of a `DualPing`; the holder of the object acts for the other end. */
export interface MemberEnd {
  readonly member: Process;
  toMember(message: RouterMessage): void;
  endToMember(): void;
}

/** Looks on: everything that a router says, and what it answers. */
export interface Witness {
  led(router: string, term: number): void;
  /** `since`: when the router got what this answers; undefined: it answers nothing in particular. */
  said(router: string, term: number, what: string, since: number | undefined): void;
  told(router: string, assignment: Assignment): void;
  campaigned(router: string): void;
  broke(router: string, error: unknown): void;
}

interface Reign {
  readonly term: number;
  readonly driver: RegistryDriver;
}

export interface SharedRouterParts {
  readonly build: Build;
  readonly etcd: ModelEtcd;
  readonly cuts: Cuts;
  readonly random: Random;
  readonly timing: Timing;
  readonly witness: Witness;
  readonly routers: () => readonly SharedRouter[];
}

export class SharedRouter extends Process {
  readonly #parts: SharedRouterParts;
  #lives = 0;
  #leadership: Leadership | undefined;
  #driver: LeadershipDriver | undefined;
  #leader: Leader | undefined;
  /** The network that it serves; on disk, so it outlasts its lives. */
  #network: string | undefined;
  #reign: Reign | undefined;
  #links = 0;
  readonly #members = new Map<number, MemberEnd>();
  /** Of links and of questions: when they came. */
  readonly #since = new Map<string, number>();
  readonly #redirected = new Set<MemberEnd>();
  readonly #hearers = new Set<{ readonly lane: Lane; readonly listener: PeerListener }>();
  #tokens = 0;

  constructor(name: string, world: World, parts: SharedRouterParts) {
    super(name, world);
    this.#parts = parts;
  }

  get term(): number | undefined {
    return this.isUp ? this.#reign?.term : undefined;
  }

  /** Undefined: it has not found or made one yet. */
  get network(): string | undefined {
    return this.#network;
  }

  /** Takes a stream of a member. What comes on it is given to what this returns. */
  accept(end: MemberEnd): { message(message: MemberMessage): void; ended(): void } {
    const reign = this.#reign;
    if (reign === undefined) {
      this.#redirected.add(end);
      this.#tell(end);
      return { message: () => {}, ended: () => this.#redirected.delete(end) };
    }
    this.#links += 1;
    const link = this.#links;
    this.#members.set(link, end);
    this.#since.set(`link ${link}`, this.world.now);
    const feed = (input: RegistryInput): void => {
      if (this.#reign === reign) reign.driver.feed(input);
    };
    return {
      message: (message) => feed({ kind: 'link-message', link, message }),
      ended: () => {
        this.#members.delete(link);
        feed({ kind: 'link-ended', link, reason: 'its stream broke' });
      },
    };
  }

  /** A client asks who is available; only a leader is asked here. */
  ask(): void {
    const { core } = this.#parts.build;
    this.#tokens += 1;
    const token = this.#tokens;
    this.#since.set(`token ${token}`, this.world.now);
    this.#reign?.driver.feed({
      kind: 'get-available',
      token,
      cluster: 1,
      failedEpoch: core.NO_EPOCH,
      waitMs: 0,
    });
  }

  /** An operator wants another router to lead. */
  handOver(): void {
    this.#driver?.handOver();
  }

  protected override started(): void {
    const { build, etcd, timing, witness } = this.#parts;
    const { core, runtime } = build;
    this.#lives += 1;
    const leadership = new core.Leadership({ id: `${this.name}.${this.#lives}`, address: this.name, timing });
    this.#leadership = leadership;
    this.#driver = new runtime.LeadershipDriver(leadership, {
      clock: this.clock,
      store: etcd.for(this.name, this.delivering),
      peers: {
        hear: (address, listener) => this.#hear(address, listener),
        probe: (address, answer) => {
          const peer = this.#routerAt(address);
          const isRefused = !peer.isUp && !this.#parts.cuts.isCut(this.name, address);
          this.world.after(1, `${this.name} probes ${address}`, () => this.deliver(() => answer(isRefused)));
        },
      },
      objectionTo: (header) => {
        this.#network ??= header?.value;
        return header?.value === this.#network ? undefined : 'the store lacks the network of this router';
      },
      lead: (fenced) => this.#lead(fenced),
      stepDown: (_why, done) => {
        this.#endReign();
        done();
      },
      leaderIs: (leader) => {
        this.#leader = leader;
        for (const end of this.#redirected) this.#tell(end);
        this.#tellHearers();
      },
      report: (event, text) => {
        if (event === 'campaigns') witness.campaigned(this.name);
        this.world.say(this.name, `${event}: ${text}`);
      },
      failed: (error) => witness.broke(this.name, error),
    });
    this.#driver.start();
    this.#every(timing.pingIntervalMs, () => this.#tellHearers());
    this.#every(TELL_MS, () => {
      for (const end of this.#redirected) this.#tell(end);
    });
  }

  protected override died(): void {
    this.#driver?.stop();
    this.#endReign();
    for (const end of this.#redirected) end.endToMember();
    this.#redirected.clear();
    for (const { lane, listener } of this.#hearers) lane.send(() => listener.ended());
    this.#hearers.clear();
    this.#leader = undefined;
  }

  #lead(fenced: FencedStore): void {
    const { header } = fenced.belongings;
    if (header !== undefined) return this.#begin(fenced, header.value);
    const network = `made by ${this.name}.${this.#lives}`;
    fenced.write([{ key: 'header', value: network }], () => this.#begin(fenced, network));
  }

  #begin(fenced: FencedStore, networkId: string): void {
    this.#network = networkId;
    const { build, timing, witness } = this.#parts;
    const { core, runtime } = build;
    const records = fenced.belongings.records.map(({ value }) => JSON.parse(value) as ClusterRecord);
    const registry = new core.Registry({
      networkId,
      clusters: CLUSTERS,
      timing: core.timingOfTakeover(timing, records),
      records,
    });
    const { term } = fenced;
    const isPong = ({ kind }: RouterMessage): boolean => kind === 'pong';
    const driver = new runtime.RegistryDriver(registry, {
      clock: this.clock,
      wallTime: () => this.world.now,
      fence: {
        confirm: (confirmed) => fenced.confirm(confirmed),
        mayPong: () => this.#leadership?.mayPong(this.world.now) === true,
      },
      persist: (changed, durable) =>
        fenced.write(
          changed.map((record) => ({ key: `clusters/${record.cluster}`, value: JSON.stringify(record) })),
          durable,
        ),
      send: (link, message) => {
        if (!isPong(message)) {
          const isFirst = message.kind === 'welcome' || message.kind === 'refused';
          const since = isFirst ? this.#since.get(`link ${link}`) : undefined;
          witness.said(this.name, term, `${message.kind} on ${link}`, since);
        }
        if ('assignment' in message) witness.told(this.name, message.assignment);
        this.#members.get(link)?.toMember(message.kind === 'welcome' ? { ...message, term } : message);
      },
      close: (link) => this.#close(link),
      answer: (token) => witness.said(this.name, term, 'answer', this.#since.get(`token ${token}`)),
      refuse: (token) => witness.said(this.name, term, 'refusal', this.#since.get(`token ${token}`)),
      changed: (assignment) => witness.told(this.name, assignment),
      probe: () => {},
      troubled: () => {},
      hears: (hears) => this.#driver?.hearsMembers(hears),
      report: ({ event, text }) => this.world.say(this.name, `${event}: ${text}`),
      failed: (error) => witness.broke(this.name, error),
    });
    this.#reign = { term, driver };
    witness.led(this.name, term);
    driver.feed({ kind: 'tick' });
    for (const end of this.#redirected) {
      this.#tell(end);
      end.endToMember();
    }
    this.#redirected.clear();
  }

  #endReign(): void {
    this.#reign?.driver.stop();
    this.#reign = undefined;
    for (const link of [...this.#members.keys()]) this.#close(link);
  }

  #close(link: number): void {
    this.#members.get(link)?.endToMember();
    this.#members.delete(link);
  }

  #tell(end: MemberEnd): void {
    end.toMember({ kind: 'leader-is', term: this.#leader?.term ?? 0, address: this.#leader?.address ?? '' });
  }

  #hear(address: string, listener: PeerListener): () => void {
    const peer = this.#routerAt(address);
    let isOff = false;
    const heard: PeerListener = {
      sign: (term, leads) => {
        if (!isOff) listener.sign(term, leads);
      },
      ended: () => {
        if (isOff) return;
        isOff = true;
        listener.ended();
      },
    };
    const out = new Lane(this, peer, this.#parts.cuts, this.#parts.random);
    const back = new Lane(peer, this, this.#parts.cuts, this.#parts.random);
    const hearer = { lane: back, listener: heard };
    if (peer.isUp) out.send(() => peer.#hearers.add(hearer));
    else back.send(() => heard.ended());
    return () => {
      isOff = true;
      peer.#hearers.delete(hearer);
    };
  }

  #tellHearers(): void {
    const { term = 0 } = this.#leader ?? {};
    const leads = this.#leadership?.isSure(this.world.now) === true;
    for (const { lane, listener } of this.#hearers) lane.send(() => listener.sign(term, leads));
  }

  #routerAt(address: string): SharedRouter {
    const found = this.#parts.routers().find(({ name }) => name === address);
    if (found === undefined) throw new Error(`no router is at ${address}`);
    return found;
  }

  #every(intervalMs: number, what: () => void): void {
    const { clock } = this;
    const again = (): void => {
      what();
      clock.setTimer(clock.now() + intervalMs, again);
    };
    clock.setTimer(clock.now() + intervalMs, again);
  }
}
