/**
 * A replica with a disk, and links over the test network. Does what a server's driver does, and decides
 * nothing.
 */
import {
  type ClientRequest,
  DEFAULT_TIMING,
  type Entry,
  type Epoch,
  type Instant,
  type LinkId,
  type Position,
  type PrimaryMessage,
  position,
  postIn,
  type Reason,
  Replica,
  type ReplicaInput,
  type ReplicaOutput,
  type Reply,
  type RouterMessage,
  type SnapshotQuestion,
  type StandbyMessage,
  serverId,
  type Token,
  unreachable,
} from '../index.js';
import { Disk, type Installation } from './disk.fixture.js';
import type { RouterConnection, RouterOnStage } from './router-on-stage.fixture.js';
import { type Actor, Connection, type Stage } from './stage.fixture.js';

type Down = { readonly message: PrimaryMessage; readonly entries: readonly Entry[] };
type StandbyConnection = Connection<StandbyMessage, Down>;

export type Outcome =
  | {
      readonly kind: 'answered';
      readonly server: ServerOnStage;
      readonly epoch: Epoch;
      readonly reply: Reply;
    }
  | { readonly kind: 'listed'; readonly users: readonly string[] }
  | { readonly kind: 'refused'; readonly reason: Reason }
  /** The disk broke, and the server died. */
  | { readonly kind: 'broken' };

export interface Reader {
  /** Returns false when the reader takes no more for now. */
  readonly take: (posts: readonly Entry[]) => boolean;
  readonly say: (line: string) => void;
  readonly ended: (why: string) => void;
}

/** The processes that can be dialled, and the observer. */
export interface Company {
  readonly stage: Stage;
  readonly router: RouterOnStage;
  server(name: string): ServerOnStage | undefined;
  say(line: string): void;
  /** An entry was written to a server's disk. */
  wrote(server: ServerOnStage, entry: Entry): void;
}

export class ServerOnStage implements Actor {
  readonly name: string;
  disk: Disk;
  replica: Replica | undefined;
  #disks = 1;
  #links = 0;
  #turnPending = false;
  readonly #inputs: ReplicaInput[] = [];
  #router: { readonly attempt: number; readonly connection: RouterConnection } | undefined;
  #primary: { readonly attempt: number; readonly connection: StandbyConnection } | undefined;
  readonly #standbys = new Map<LinkId, StandbyConnection>();
  readonly #calls = new Map<Token, (outcome: Outcome) => void>();
  readonly #timelines = new Map<LinkId, Reader>();
  /** Timelines whose stream a read has filled. */
  readonly #undrained = new Set<LinkId>();
  readonly #snapshots = new Map<Token, (installation: Installation | undefined) => void>();

  constructor(
    readonly id: number,
    readonly company: Company,
  ) {
    this.name = `s${id}`;
    this.disk = new Disk(`journal of ${this.name}`);
    company.stage.enter(this);
  }

  // Start and end.

  start(): void {
    if (this.replica !== undefined) throw new Error(`${this.name} runs already`);
    const identity = { cluster: 1, serverId: serverId(this.id), address: this.name, routers: ['router'] };
    this.replica = new Replica(this.disk.start(identity), DEFAULT_TIMING);
    this.step({ kind: 'start' });
  }

  /** The first `reached` of its waiting writes reach the disk in time. */
  crash(reached = 0): void {
    this.disk.crash(reached);
    this.#vanish();
  }

  wipe(): void {
    this.#disks += 1;
    this.disk = new Disk(`journal ${this.#disks} of ${this.name}`);
  }

  /** The network breaks the stream, and both ends notice it. */
  breakPrimary(): void {
    this.#primary?.connection.break();
  }

  /** Inputs that arrive while outputs are performed are taken afterwards, as in a driver. */
  step(input: ReplicaInput): void {
    this.#inputs.push(input);
    if (this.#inputs.length > 1) return;
    for (let next = this.#inputs[0]; next !== undefined; next = this.#inputs[0]) {
      for (const output of this.replica?.step(this.company.stage.now, next) ?? []) this.#perform(output);
      if (next.kind !== 'flush' && next.kind !== 'tick') this.#endTurnSoon();
      this.#inputs.shift();
    }
  }

  nextDeadline(): Instant | undefined {
    return this.replica?.nextDeadline();
  }

  tick(): void {
    this.step({ kind: 'tick' });
  }

  // Clients and standbys.

  request(
    request: Exclude<ClientRequest, { kind: 'timeline-open' }>,
    settle: (outcome: Outcome) => void,
  ): Token {
    const token = this.#number();
    if (this.replica === undefined) {
      settle({ kind: 'broken' });
      return token;
    }
    this.#calls.set(token, settle);
    this.step({ ...request, token });
    return token;
  }

  abandon(token: Token): void {
    if (this.#calls.delete(token)) this.step({ kind: 'write-abandoned', token });
  }

  openTimeline(
    request: Omit<Extract<ClientRequest, { kind: 'timeline-open' }>, 'timeline'>,
    reader: Reader,
  ): LinkId {
    const timeline = this.#number();
    this.#timelines.set(timeline, reader);
    this.step({ ...request, timeline });
    return timeline;
  }

  acceptStandby(connection: StandbyConnection): LinkId | undefined {
    if (this.replica === undefined) return undefined;
    const link = this.#number();
    this.#standbys.set(link, connection);
    return link;
  }

  hearStandby(link: LinkId, message: StandbyMessage): boolean {
    if (!this.#standbys.has(link)) return false;
    this.step({ kind: 'standby-message', link, message });
    return true;
  }

  standbyEnded(link: LinkId): void {
    if (this.#standbys.delete(link)) this.step({ kind: 'standby-ended', link, detail: 'the stream ended' });
  }

  /** The stream of a reader who did not read has room again. */
  drained(timeline: LinkId): void {
    const kind = this.#undrained.delete(timeline) ? 'timeline-read-out' : 'timeline-writable';
    this.step({ kind, timeline });
  }

  askSnapshot(question: SnapshotQuestion, give: (installation: Installation | undefined) => void): void {
    if (this.replica === undefined) return give(undefined);
    const token = this.#number();
    this.#snapshots.set(token, give);
    this.step({ kind: 'snapshot-asked', token, ...question });
  }

  #perform(output: ReplicaOutput): void {
    const { stage, say } = this.company;
    switch (output.kind) {
      case 'append':
        for (const entry of output.entries) this.company.wrote(this, entry);
        return this.#write(output);
      case 'truncate':
      case 'save-snapshot':
        return this.#write(output);
      case 'note-welcome':
        this.disk.networkId = output.networkId;
        this.disk.welcomedLife = output.lifeId;
        stage.send(this.name, this.name, () => this.step({ kind: 'welcome-noted' }));
        return;
      case 'note-known':
        this.disk.known = output.known;
        return;
      case 'renew-journal':
        this.disk.journalId = `${this.disk.journalId}'`;
        this.disk.welcomedLife = '';
        this.step({ kind: 'journal-renewed', journalId: this.disk.journalId });
        return;
      case 'open-router':
        return this.#openRouter(output);
      case 'to-router':
        this.#sayToRouter(output.message);
        if (this.#router?.attempt === output.attempt) this.#router.connection.sendUp(output.message);
        return;
      case 'close-router':
        if (this.#router?.attempt === output.attempt) this.#router.connection.closeByDialler();
        return;
      case 'open-primary':
        return this.#openPrimary(output);
      case 'to-primary':
        if (output.message.kind === 'fenced') say(`${this.name}: tells of epoch ${output.message.epoch}`);
        if (this.#primary?.attempt === output.attempt) this.#primary.connection.sendUp(output.message);
        return;
      case 'close-primary':
        if (this.#primary?.attempt === output.attempt) this.#primary.connection.closeByDialler();
        return;
      case 'pull-snapshot':
        return this.#pullSnapshot(output);
      case 'probe-port':
        return this.#probePort(output);
      case 'probe-member':
        return this.#probeMember(output);
      case 'keep-warm':
        return;
      // These transcripts have one cluster; remote-reader.test.ts and the simulator have several.
      case 'open-tail':
      case 'ask-tail':
      case 'close-tail':
      case 'tell-tail':
      case 'end-tail':
        return;
      case 'to-standby':
        return this.#toStandby(output);
      case 'close-standby':
        this.#standbys.get(output.link)?.closeByDialled('the primary closed the stream');
        this.#standbys.delete(output.link);
        return;
      case 'send-snapshot': {
        const ledger = this.replica?.ledger;
        if (ledger === undefined) return;
        const { written } = this.disk;
        return this.#giveSnapshot(output.token, {
          kind: 'install',
          snapshot: ledger.social.toSnapshot(),
          epochStarts: ledger.outline.epochStartsThrough(output.through),
          checksum: written.checksumAt(output.through),
          posts: written.posts,
        });
      }
      case 'end-snapshot':
        return this.#giveSnapshot(output.token, undefined);
      case 'answer-write':
        return this.#settle(output.token, {
          kind: 'answered',
          server: this,
          epoch: output.epoch,
          reply: output.reply,
        });
      case 'answer-list':
        return this.#settle(output.token, {
          kind: 'listed',
          users: output.page.users.map(({ user }) => user),
        });
      case 'refuse':
        return this.#settle(output.token, { kind: 'refused', reason: output.reason });
      case 'timeline-opened':
        this.#timelines.get(output.timeline)?.say(`is on ${this.name} at ${output.committed}`);
        return;
      case 'timeline-posts':
        this.#show(
          output.timeline,
          output.posts.map((post) => post.position),
        );
        return;
      case 'timeline-read': {
        const { timeline, positions } = output;
        // Other timelines come first: the posts are sent in a later turn, and `read-out` follows in another
        // turn.
        stage.send(this.name, this.name, () => {
          const reader = this.#timelines.get(timeline);
          if (reader?.take(this.#read(positions)) === true)
            stage.send(this.name, this.name, () => this.step({ kind: 'timeline-read-out', timeline }));
          else if (reader !== undefined) this.#undrained.add(timeline);
        });
        return;
      }
      case 'timeline-page': {
        const texts = this.#read(output.positions).map(textOf).join(' ');
        this.#timelines
          .get(output.timeline)
          ?.say(`reads before ${output.before}: ${texts}${output.oldest ? ' (the oldest)' : ''}`);
        return;
      }
      case 'timeline-answered': {
        const { timeline, of, isShown } = output;
        const [answering] = isShown ? this.#read([of]) : [];
        const answers = answering && postIn(answering)?.answers;
        const at = answers && this.replica?.positionOf(answers);
        const text = at === undefined ? 'nothing' : this.#read([at]).map(textOf).join('');
        this.#timelines.get(timeline)?.say(`reads what ${of} answers: ${text}`);
        return;
      }
      case 'timeline-end':
        this.#timelines.get(output.timeline)?.ended(output.reason);
        this.#timelines.delete(output.timeline);
        return;
      case 'timeline-sign':
        return;
      case 'report':
        if (output.event !== 'attached') say(`${this.name}: ${output.text}`);
        return;
      case 'answer-keys':
        return say(`${this.name}: answers ${output.token} with ${output.keys.length} keys`);
      case 'stopped':
        say(`${this.name}: ends${output.failed ? ', failed' : ''}: ${output.reason}`);
        // A process that ends in order waits for its disk; one that fails does not.
        this.disk.crash(output.failed ? 0 : Number.MAX_SAFE_INTEGER);
        return this.#vanish();
      default:
        unreachable(output);
    }
  }

  #probeMember({ probe, address }: Extract<ReplicaOutput, { kind: 'probe-member' }>): void {
    const { stage } = this.company;
    stage.send(this.name, address, () => {
      const isReached = this.company.server(address)?.replica !== undefined;
      stage.send(address, this.name, () => this.step({ kind: 'member-probed', probe, isReached }));
    });
  }

  #probePort({ attempt, address }: Extract<ReplicaOutput, { kind: 'probe-port' }>): void {
    const { stage } = this.company;
    stage.send(this.name, address, () => {
      if (this.company.server(address)?.replica === undefined)
        stage.send(address, this.name, () => this.step({ kind: 'port-refused', attempt }));
    });
  }

  /** Closes the streams, as the operating system does when a process ends. */
  #vanish(): void {
    this.replica = undefined;
    this.#router?.connection.closeByDialler();
    this.#primary?.connection.closeByDialler();
    this.#router = undefined;
    this.#primary = undefined;
    for (const connection of this.#standbys.values()) connection.closeByDialled('the process is gone');
    this.#standbys.clear();
    const waiting = [...this.#calls.values()];
    this.#calls.clear();
    for (const settle of waiting) settle({ kind: 'broken' });
    const readers = [...this.#timelines.values()];
    this.#timelines.clear();
    for (const reader of readers) reader.ended('the stream broke');
    for (const give of this.#snapshots.values()) give(undefined);
    this.#snapshots.clear();
  }

  #endTurnSoon(): void {
    if (this.#turnPending) return;
    this.#turnPending = true;
    this.company.stage.send(this.name, this.name, () => {
      this.#turnPending = false;
      this.step({ kind: 'flush' });
    });
  }

  #number(): number {
    this.#links += 1;
    return this.#links;
  }

  #write(work: Parameters<Disk['write']>[0]): void {
    const { disk, replica } = this;
    disk.write(work);
    this.company.stage.send(`disk of ${this.name}`, this.name, () => {
      if (this.replica !== replica || this.disk !== disk) return;
      const input = disk.sync();
      if (input !== undefined) this.step(input);
    });
  }

  #openRouter({ attempt, message }: Extract<ReplicaOutput, { kind: 'open-router' }>): void {
    const { router, stage } = this.company;
    let link: number | undefined;
    const connection: RouterConnection = new Connection(stage, this.name, router.name, {
      up: (up) => {
        link ??= router.accept(connection);
        return link !== undefined && router.hear(link, up);
      },
      upEnded: () => link !== undefined && router.ended(link),
      down: (down: RouterMessage) => this.step({ kind: 'router-message', attempt, message: down }),
      downEnded: (detail) => this.step({ kind: 'router-ended', attempt, detail }),
    });
    this.#router = { attempt, connection };
    connection.sendUp(message);
  }

  #openPrimary({ attempt, address, message }: Extract<ReplicaOutput, { kind: 'open-primary' }>): void {
    const primary = this.company.server(address);
    let link: LinkId | undefined;
    const connection: StandbyConnection = new Connection(this.company.stage, this.name, address, {
      up: (up) => {
        link ??= primary?.acceptStandby(connection);
        return link !== undefined && primary?.hearStandby(link, up) === true;
      },
      upEnded: () => link !== undefined && primary?.standbyEnded(link),
      down: (down) => this.step({ kind: 'primary-message', attempt, ...down }),
      downEnded: (detail) => this.step({ kind: 'primary-ended', attempt, detail }),
    });
    this.#primary = { attempt, connection };
    connection.sendUp(message);
  }

  #toStandby({ link, message }: Extract<ReplicaOutput, { kind: 'to-standby' }>): void {
    const { written } = this.disk;
    const entries: Entry[] = [];
    if (message.kind === 'entries')
      for (let at = message.from; at <= message.to; at = position(at + 1)) {
        const entry = written.read(at);
        if (entry === undefined) throw new Error(`${this.name} sends ${at}, which its disk does not have`);
        entries.push(entry);
      }
    this.#standbys.get(link)?.sendDown({ message, entries });
  }

  #pullSnapshot({ address, question }: Extract<ReplicaOutput, { kind: 'pull-snapshot' }>): void {
    const { stage, server } = this.company;
    const { replica } = this;
    stage.send(this.name, address, () => {
      const failed = (): void => {
        if (this.replica === replica) this.step({ kind: 'snapshot-failed', detail: 'the primary has none' });
      };
      const give = (installation: Installation | undefined): void =>
        stage.send(address, this.name, () => {
          if (installation === undefined) failed();
          else if (this.replica === replica) this.#write(installation);
        });
      const primary = server(address);
      if (primary === undefined) failed();
      else primary.askSnapshot(question, give);
    });
  }

  #giveSnapshot(token: Token, installation: Installation | undefined): void {
    this.#snapshots.get(token)?.(installation);
    if (this.#snapshots.delete(token)) this.step({ kind: 'snapshot-ended', token });
  }

  #settle(token: Token, outcome: Outcome): void {
    const settle = this.#calls.get(token);
    this.#calls.delete(token);
    settle?.(outcome);
  }

  #read(positions: readonly Position[]): Entry[] {
    return positions.map((at) => {
      const entry = this.disk.written.read(at);
      if (entry === undefined) throw new Error(`${this.name} reads ${at}, which its disk does not have`);
      return entry;
    });
  }

  #show(timeline: LinkId, positions: readonly Position[]): void {
    const hasRoom = this.#timelines.get(timeline)?.take(this.#read(positions)) ?? true;
    if (!hasRoom) this.step({ kind: 'timeline-full', timeline });
  }

  #sayToRouter(message: Extract<ReplicaOutput, { kind: 'to-router' }>['message']): void {
    const { say } = this.company;
    if (message.kind === 'change-in-sync')
      say(`${this.name}: asks the router to ${message.change} s${message.serverId}`);
  }
}

export const textOf = (entry: Entry): string =>
  entry.command.kind === 'post' ? `${entry.position} "${entry.command.text}"` : `${entry.position}`;
