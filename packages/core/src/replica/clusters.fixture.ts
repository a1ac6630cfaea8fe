/**
 * Several clusters of one server each, which tail one another. Servers die and come back with the content of
 * their disks; streams break; messages arrive when the test decides.
 */
import {
  type Answers,
  type Assignment,
  type Command,
  DEFAULT_TIMING,
  type Entry,
  epoch,
  MAX_LIST_PAGE,
  type NewsItem,
  NO_POSITION,
  position,
  postIn,
  Replica,
  type ReplicaInput,
  type ReplicaOutput,
  type Reply,
  type TailBatch,
  type TailItem,
  type TailMessage,
  type UserName,
} from '../index.js';
import { assignmentOf, emptyStart } from './replica-inputs.fixture.js';

export interface Stream {
  readonly reader: LoneCluster;
  readonly attempt: number;
  readonly teller: LoneCluster;
  readonly link: number;
  readonly up: TailMessage[];
  readonly down: TailBatch[];
}

type OutputOf<Kind extends ReplicaOutput['kind']> = Extract<ReplicaOutput, { kind: Kind }>;

export class Clusters {
  now = 0;
  readonly all: readonly LoneCluster[];
  readonly streams = new Set<Stream>();
  #links = 0;

  /**
   * @param named the number of clusters in the router's welcome; without it servers don't know which cluster
   * a user belongs to, and accept any name
   */
  constructor(
    count: number,
    readonly named = 0,
  ) {
    this.all = Array.from({ length: count }, (_, at) => new LoneCluster(at + 1, this));
    for (const cluster of this.all) cluster.revive();
    this.settle();
  }

  cluster(number: number): LoneCluster {
    const found = this.all[number - 1];
    if (found === undefined) throw new Error(`there is no cluster ${number}`);
    return found;
  }

  open(reader: LoneCluster, attempt: number, address: string, message: TailMessage): void {
    const teller = this.all.find((it) => it.address === address);
    if (teller === undefined) throw new Error(`nobody is at ${address}`);
    this.#links += 1;
    this.streams.add({ reader, attempt, teller, link: this.#links, up: [message], down: [] });
  }

  /** The next message on a stream arrives. @returns whether there was one */
  deliver(stream: Stream, up: boolean): boolean {
    const message = up ? stream.up.shift() : undefined;
    if (message !== undefined) stream.teller.step({ kind: 'tail-asked', link: stream.link, message });
    const batch = up ? undefined : stream.down.shift();
    if (batch !== undefined) stream.reader.step({ kind: 'tail-heard', attempt: stream.attempt, batch });
    return (message ?? batch) !== undefined;
  }

  /** A stream ends, at both ends. */
  break(stream: Stream): void {
    if (!this.streams.delete(stream)) return;
    stream.reader.step({ kind: 'tail-broken', attempt: stream.attempt, detail: 'broken' });
    stream.teller.step({ kind: 'tail-ended', link: stream.link });
  }

  /** Some time passes: all messages arrive and everything is synced. */
  settle(): void {
    for (let round = 0; round < 12; round += 1) {
      let moved = true;
      while (moved) {
        moved = false;
        for (const cluster of this.all) {
          cluster.flush();
          cluster.sync();
        }
        for (const stream of [...this.streams])
          for (const up of [true, false])
            while (this.streams.has(stream) && this.deliver(stream, up)) moved = true;
      }
      this.tick();
    }
  }

  tick(): void {
    this.now += DEFAULT_TIMING.pingIntervalMs;
    for (const cluster of this.all) cluster.step({ kind: 'tick' });
  }
}

export class LoneCluster {
  readonly address: string;
  readonly journal: Entry[] = [];
  readonly replies = new Map<number, Reply>();
  /** The durable end of the journal. */
  durable = 0;
  /** Texts that each timeline got, by its number. */
  readonly shown = new Map<number, string[]>();
  #replica: Replica | undefined;
  #epoch = 0;
  #numbers = 0;
  readonly #requests = new Map<UserName, number>();

  constructor(
    readonly number: number,
    readonly world: Clusters,
  ) {
    this.address = `c${number}`;
  }

  get replica(): Replica {
    if (this.#replica === undefined) throw new Error(`${this.address} is away`);
    return this.#replica;
  }
  get social() {
    return this.replica.ledger.social;
  }
  get isThere(): boolean {
    return this.#replica !== undefined;
  }

  /** A new life, in a new epoch, with the content of the disk; the others learn of it. */
  revive(): void {
    const epochStarts = this.journal.flatMap(({ command, epoch: of, position: at }) =>
      command.kind === 'epoch-start' ? [{ epoch: of, position: at }] : [],
    );
    const life = 'life 1 of journal of s1';
    const start = emptyStart(1, {
      cluster: this.number,
      address: this.address,
      networkId: 'net',
      welcomedLife: life,
    });
    this.#replica = new Replica({ ...start, epochStarts, entries: [...this.journal] }, DEFAULT_TIMING);
    this.#epoch += 1;
    this.step({ kind: 'start' });
    this.step({
      kind: 'router-message',
      attempt: 1,
      message: {
        kind: 'welcome',
        networkId: 'net',
        clusters: this.world.named,
        ...DEFAULT_TIMING,
        assignment: this.assignment(),
      },
    });
    for (const other of this.world.all ?? []) {
      if (other === this || !other.isThere) continue;
      other.step({ kind: 'cluster-assigned', networkId: 'net', assignment: this.assignment() });
      this.step({ kind: 'cluster-assigned', networkId: 'net', assignment: other.assignment() });
    }
  }

  /** It dies, and what was not synced is lost. */
  die(): void {
    this.#replica = undefined;
    this.journal.length = this.durable;
    this.shown.clear();
    for (const stream of [...this.world.streams]) {
      if (stream.reader !== this && stream.teller !== this) continue;
      this.world.streams.delete(stream);
      if (stream.reader.isThere)
        stream.reader.step({ kind: 'tail-broken', attempt: stream.attempt, detail: 'gone' });
      if (stream.teller.isThere) stream.teller.step({ kind: 'tail-ended', link: stream.link });
    }
  }

  assignment(): Assignment {
    const told = assignmentOf({ epoch: this.#epoch, primary: 1, members: [1] });
    const members = told.members.map((member) => ({ ...member, address: this.address }));
    return { ...told, cluster: this.number, members };
  }

  ask(command: Command): number {
    const token = this.#number();
    const requestNo = command.kind === 'register' ? 1 : (this.#requests.get(command.user) ?? 1) + 1;
    const sessionId =
      command.kind === 'register' ? `${command.user}-${token}` : this.#sessionOf(command.user);
    if (command.kind === 'register') this.#sessions.set(command.user, sessionId);
    this.#requests.set(command.user, requestNo);
    this.step({
      kind: 'write',
      token,
      sessionId,
      requestNo,
      epoch: epoch(0),
      command,
      timeMs: this.world.now,
    });
    return token;
  }
  readonly #sessions = new Map<UserName, string>();
  #sessionOf(user: UserName): string {
    return this.#sessions.get(user) ?? '';
  }

  login = (user: UserName): number => this.ask({ kind: 'register', user });
  post = (user: UserName, text: string, answers?: Answers): number =>
    this.ask({ kind: 'post', user, text, ...(answers !== undefined && { answers }) });
  follow = (user: UserName, target: UserName): number => this.ask({ kind: 'follow', user, target });
  unfollow = (user: UserName, target: UserName): number => this.ask({ kind: 'unfollow', user, target });

  openTimeline(user: UserName): number {
    const timeline = this.#number();
    this.shown.set(timeline, []);
    this.step({
      kind: 'timeline-open',
      timeline,
      user,
      epoch: epoch(0),
      resumeAfter: NO_POSITION,
      history: 0,
      posts: true,
    });
    return timeline;
  }

  closeTimeline(timeline: number): void {
    this.step({ kind: 'timeline-ended', timeline });
  }

  /** The lists of a user; `ann+` for a user who is present. */
  list(user: UserName): string {
    const token = this.#number();
    let said = '';
    this.#onList = ({ page }) => {
      said = page.users.map(({ user: name, present }) => (present ? `${name}+` : name)).join(' ');
    };
    this.step({ kind: 'list', token, user, epoch: epoch(0), after: undefined, limit: MAX_LIST_PAGE });
    return said;
  }
  #onList: (output: OutputOf<'answer-list'>) => void = () => {};

  /** Entries that came from other clusters, as `position of the cluster: what`. */
  get heard(): string[] {
    return this.journal.flatMap(({ command }) => {
      if (!('origin' in command)) return [];
      const { cluster, position: at } = command.origin;
      const what =
        command.kind === 'remote-post' ? command.text : command.kind === 'remote-user' ? command.user : '…';
      return [`${at} of c${cluster}: ${what}`];
    });
  }

  flush(): void {
    if (this.isThere) this.step({ kind: 'flush' });
  }

  /** The disk has synced everything. */
  sync(): void {
    if (!this.isThere || this.durable === this.journal.length) return;
    this.durable = this.journal.length;
    this.step({ kind: 'durable', position: position(this.durable), checksum: 0 });
  }

  step(input: ReplicaInput): void {
    for (const output of this.#replica?.step(this.world.now, input) ?? []) this.#perform(output);
  }

  #perform(output: ReplicaOutput): void {
    switch (output.kind) {
      case 'append':
        this.journal.push(...output.entries);
        return;
      case 'answer-write':
        this.replies.set(output.token, output.reply);
        return;
      case 'answer-list':
        return this.#onList(output);
      case 'timeline-posts':
        this.shown.get(output.timeline)?.push(...output.posts.map(({ text }) => text));
        return;
      case 'open-tail':
        return this.world.open(this, output.attempt, output.address, output.message);
      case 'ask-tail':
        this.#streamOf(output.attempt)?.up.push(output.message);
        return;
      case 'close-tail': {
        const stream = this.#streamOf(output.attempt);
        if (stream !== undefined && this.world.streams.delete(stream))
          stream.teller.step({ kind: 'tail-ended', link: stream.link });
        return;
      }
      case 'tell-tail': {
        const stream = [...this.world.streams].find(({ link }) => link === output.link);
        stream?.down.push({ ...output.batch, items: output.batch.items.map((item) => this.#withText(item)) });
        return;
      }
      case 'end-tail': {
        const stream = [...this.world.streams].find(({ link }) => link === output.link);
        if (stream !== undefined && this.world.streams.delete(stream))
          stream.reader.step({ kind: 'tail-broken', attempt: stream.attempt, detail: output.reason });
        return;
      }
      default:
        return;
    }
  }

  #streamOf(attempt: number): Stream | undefined {
    return [...this.world.streams].find((stream) => stream.reader === this && stream.attempt === attempt);
  }

  #withText(item: NewsItem): TailItem {
    if (item.kind !== 'post') return item;
    const entry = this.journal[item.position - 1];
    const post = entry && postIn(entry);
    if (post === undefined) throw new Error(`${this.address} has no post at ${item.position}`);
    const { author: user, text, timeMs, answers } = post;
    return {
      kind: 'post',
      position: item.position,
      user,
      text,
      timeMs,
      ...(answers !== undefined && { answers }),
    };
  }

  #number(): number {
    this.#numbers += 1;
    return this.#numbers;
  }
}
