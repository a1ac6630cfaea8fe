/**
 * Runs a whole cluster from a transcript: the consequences of a line are shown until everything is quiet
 * again. A client has one session, with its own name as id, and numbers its requests by itself.
 */
import {
  type Command,
  type Entry,
  epoch,
  type LinkId,
  MAX_LIST_PAGE,
  position,
  type RequestNumber,
  type Timing,
  type Token,
  type UserName,
  type WriteRequest,
} from '../index.js';
import { actBy, type Performer, type Verb } from '../transcripts.fixture.js';
import { ClusterOnStage } from './cluster.fixture.js';
import { type Outcome, type Reader, type ServerOnStage, textOf } from './server-on-stage.fixture.js';
import type { Actor } from './stage.fixture.js';

/** Most posts whose texts are written out in one line. */
const MAX_TEXTS = 5;

interface Person {
  readonly sent: Map<RequestNumber, Command>;
  last: RequestNumber;
  call?: { readonly server: ServerOnStage; readonly token: Token };
  timeline?: { readonly server: ServerOnStage; readonly link: LinkId };
  reads: boolean;
  /** Posts that arrived while it did not read. */
  unread: Entry[];
}

export class Play implements Performer {
  readonly cluster: ClusterOnStage;
  readonly #people = new Map<UserName, Person>();
  readonly #verbs: readonly Verb[];

  constructor(servers = 3, timing?: Timing) {
    this.cluster = new ClusterOnStage(servers, timing);
    this.#verbs = [
      this.#opening,
      ...this.#deedsOfServers(),
      ...this.#deedsOfTheWorld(),
      ...this.#deedsOfPeople(),
    ];
  }

  act(line: string): readonly string[] {
    actBy(this.#verbs, line);
    this.cluster.stage.settle();
    return this.cluster.takeLines();
  }

  /** How most transcripts begin; one of them shows its consequences. */
  readonly #opening: Verb = [
    /^(s\d+)((?: s\d+)*) (?:run|runs)(?:, and (\w+) is logged in at (s\d+))?$/,
    (first, others, who, at) => {
      this.act('the router starts');
      this.act(others === '' ? `${first} starts` : `${first}${others} start`);
      if (who !== '') this.act(`${who} logs in at ${at}`);
    },
  ];

  #deedsOfServers(): Verb[] {
    const { stage } = this.cluster;
    const disk = (name = ''): [string, string] => [`disk of ${name}`, name];
    return [
      [/^(s[\d s]*) starts?$/, (names = '') => this.#each(names, (server) => server.start())],
      [/^(s[\d s]*) crash(?:es)?$/, (names = '') => this.#each(names, (server) => server.crash())],
      [/^(s\d) crashes once its disk is done$/, (name) => this.#server(name).crash(Infinity)],
      [/^(s\d) is wiped$/, (name) => this.#server(name).wipe()],
      [/^(s\d) stops$/, (name) => this.#server(name).step({ kind: 'stop' })],
      [/^(s\d) freezes$/, (name = '') => stage.freeze(name)],
      [/^(s\d) thaws$/, (name = '') => this.#thaw(name)],
      [/^everybody freezes$/, () => this.#freezeAll()],
      [/^everybody thaws$/, () => this.#thawAll()],
      [/^the disk of (s\d) hangs$/, (name) => stage.block(...disk(name))],
      [/^the disk of (s\d) goes on$/, (name) => stage.unblock(...disk(name))],
      [
        /^the disk of (s\d) fails$/,
        (name) => this.#server(name).step({ kind: 'journal-failed', detail: 'no space left' }),
      ],
      [
        /^the disk of (s\d) has hung for too long$/,
        (name) => this.#server(name).step({ kind: 'disk-stalled', detail: 'the disk hangs' }),
      ],
      [
        /^(s\d) finds its journal damaged$/,
        (name) => this.#server(name).step({ kind: 'journal-damaged', detail: 'entry 2 is damaged' }),
      ],
      [/^the stream from (s\d) to its primary breaks$/, (name) => this.#server(name).breakPrimary()],
      [/^\(journals\)$/, () => this.#tellJournals()],
    ];
  }

  #deedsOfTheWorld(): Verb[] {
    const { stage, router } = this.cluster;
    return [
      [/^the router starts$/, () => router.start()],
      [/^the router crashes$/, () => router.crash()],
      [/^the operator asks for a handover$/, () => router.handOver()],
      [/^the operator promotes s(\d) unclean$/, (id) => router.promoteUnclean(Number(id))],
      [/^(\d+) ms pass$/, (ms) => stage.pass(Number(ms))],
      [
        /^(\w+) and (?:the )?(\w+) are cut off from each other$/,
        (one = '', other = '') => stage.cut(one, other),
      ],
      [/^(\w+) and (?:the )?(\w+) are joined again$/, (one = '', other = '') => stage.join(one, other)],
      [/^nothing gets from (?:the )?(\w+) to (?:the )?(\w+)$/, (from = '', to = '') => stage.block(from, to)],
      [/^all gets from (?:the )?(\w+) to (?:the )?(\w+)$/, (from = '', to = '') => stage.unblock(from, to)],
    ];
  }

  #deedsOfPeople(): Verb[] {
    const at = 'at (s\\d)(?: expecting epoch (\\d+))?$';
    return [
      [
        new RegExp(`^(\\w+) logs in ${at}`),
        (user = '', ...where) => this.#do(user, { kind: 'register', user }, where),
      ],
      [
        new RegExp(`^(\\w+) posts "(.*)" ${at}`),
        (user = '', text = '', ...where) => this.#do(user, { kind: 'post', user, text }, where),
      ],
      [
        new RegExp(`^(\\w+) answers (\\w+) at (\\d+) "(.*)" ${at}`),
        (user = '', author = '', place = '', text = '', ...where) => {
          const answers = { author, position: position(Number(place)) };
          this.#do(user, { kind: 'post', user, text, answers }, where);
        },
      ],
      [/^(\w+) asks what (\d+) answers$/, (user = '', of = '') => this.#askAnswered(user, Number(of))],
      [
        new RegExp(`^(\\w+) posts (\\d+) times ${at}`),
        (user = '', times = '', ...where) => this.#postMany(user, Number(times), where),
      ],
      [
        new RegExp(`^(\\w+) follows (\\w+) ${at}`),
        (user = '', target = '', ...where) => this.#do(user, { kind: 'follow', user, target }, where),
      ],
      [
        new RegExp(`^(\\w+) sends number (\\d+) ${at}`),
        (user = '', no = '', ...where) => this.#send(user, Number(no), where),
      ],
      [/^(\w+) gives up waiting$/, (user = '') => this.#giveUp(user)],
      [new RegExp(`^(\\w+) lists ${at}`), (user = '', ...where) => this.#list(user, where)],
      [new RegExp(`^(\\w+) opens a timeline ${at}`), (user = '', ...where) => this.#open(user, 0, where)],
      [
        new RegExp(`^(\\w+) resumes a timeline after (\\d+) ${at}`),
        (user = '', after = '', ...where) => this.#open(user, Number(after), where),
      ],
      [
        /^(\w+) stops reading$/,
        (user = '') => {
          this.#person(user).reads = false;
        },
      ],
      [/^(\w+) reads on$/, (user = '') => this.#readOn(user)],
      [
        /^(\w+) pages (\d+) posts before (\d+)$/,
        (user = '', limit = '', before = '') => this.#page(user, Number(limit), Number(before)),
      ],
    ];
  }

  #server(name = ''): ServerOnStage {
    const server = this.cluster.server(name);
    if (server === undefined) throw new Error(`there is no ${name} on this stage`);
    return server;
  }

  #each(names: string, act: (server: ServerOnStage) => void): void {
    for (const name of names.trim().split(' ')) {
      act(this.#server(name));
      this.cluster.stage.settle();
    }
  }

  get #actors(): readonly Actor[] {
    return [this.cluster.router, ...this.cluster.servers];
  }

  /** Wakes a process: its timer is overdue, and fires before the sockets are read. */
  #thaw(name: string): void {
    this.cluster.stage.thaw(name);
    this.#server(name).tick();
  }

  #freezeAll(): void {
    for (const { name } of this.#actors) this.cluster.stage.freeze(name);
  }

  #thawAll(): void {
    for (const { name } of this.#actors) this.cluster.stage.thaw(name);
    for (const actor of this.#actors) actor.tick();
  }

  #person(user: UserName): Person {
    let person = this.#people.get(user);
    if (person === undefined) {
      person = { sent: new Map(), last: 0, reads: true, unread: [] };
      this.#people.set(user, person);
    }
    return person;
  }

  #do(user: UserName, command: Command, where: string[]): void {
    const person = this.#person(user);
    person.last += 1;
    person.sent.set(person.last, command);
    this.#send(user, person.last, where);
  }

  #send(user: UserName, requestNo: RequestNumber, [name, expected]: string[]): void {
    const person = this.#person(user);
    const server = this.#server(name);
    const command = person.sent.get(requestNo) ?? { kind: 'post', user, text: 'out of turn' };
    const request: WriteRequest = {
      kind: 'write',
      token: 0,
      sessionId: user,
      requestNo,
      epoch: epoch(Number(expected ?? 0)),
      command,
      timeMs: 0,
    };
    this.cluster.stage.send(user, server.name, () => {
      const token = server.request(request, (outcome) => this.#hear(user, requestNo, outcome));
      person.call = { server, token };
    });
  }

  /** Written as one line, with the result of the last one. */
  #postMany(user: UserName, times: number, where: string[]): void {
    const { cluster } = this;
    for (let i = 1; i <= times; i += 1) {
      this.#do(user, { kind: 'post', user, text: `number ${i}` }, where);
      cluster.stage.settle();
      if (i < times) cluster.takeLines();
    }
  }

  #hear(user: UserName, requestNo: RequestNumber, outcome: Outcome): void {
    this.cluster.say(`${user}: ${requestNo === 0 ? 'the list' : requestNo} ${outcomeText(outcome)}`);
  }

  #giveUp(user: UserName): void {
    const { call } = this.#person(user);
    call?.server.abandon(call.token);
  }

  #list(user: UserName, [name, expected]: string[]): void {
    const inEpoch = epoch(Number(expected ?? 0));
    const request = {
      kind: 'list',
      token: 0,
      user,
      epoch: inEpoch,
      after: undefined,
      limit: MAX_LIST_PAGE,
    } as const;
    this.#server(name).request(request, (outcome) => this.#hear(user, 0, outcome));
  }

  #open(user: UserName, after: number, [name, expected]: string[]): void {
    const person = this.#person(user);
    const server = this.#server(name);
    const say = (line: string): void => this.cluster.say(`${user}: ${line}`);
    const reader: Reader = {
      take: (posts) => {
        if (person.reads) say(`sees ${textsOf(posts)}`);
        else person.unread.push(...posts);
        return person.reads;
      },
      say,
      ended: (why) => say(`has lost the timeline: ${why}`),
    };
    const request = {
      kind: 'timeline-open',
      user,
      epoch: epoch(Number(expected ?? 0)),
      resumeAfter: position(after),
      history: 20,
      posts: true,
    } as const;
    person.timeline = { server, link: server.openTimeline(request, reader) };
  }

  #readOn(user: UserName): void {
    const person = this.#person(user);
    person.reads = true;
    if (person.unread.length > 0) this.cluster.say(`${user}: sees ${textsOf(person.unread.splice(0))}`);
    if (person.timeline !== undefined) person.timeline.server.drained(person.timeline.link);
  }

  #page(user: UserName, limit: number, before: number): void {
    const { timeline } = this.#person(user);
    if (timeline === undefined) throw new Error(`${user} has no timeline`);
    timeline.server.step({
      kind: 'timeline-older',
      timeline: timeline.link,
      before: position(before),
      limit,
    });
  }

  #askAnswered(user: UserName, of: number): void {
    const { timeline } = this.#person(user);
    if (timeline === undefined) throw new Error(`${user} has no timeline`);
    timeline.server.step({ kind: 'timeline-answered', timeline: timeline.link, of: position(of) });
  }

  #tellJournals(): void {
    const { servers } = this.cluster;
    const last = Math.max(...servers.map((server) => server.disk.durable.last));
    const checksums = new Set(servers.map((server) => server.disk.durable.checksum));
    if (checksums.size === 1) this.cluster.say(`all equal, up to ${last}`);
    else
      for (const { name, disk } of servers) {
        const { first, entries: kept } = disk.durable;
        const entries = kept.map((entry) => `${entry.position}e${entry.epoch}`);
        if (first > 1) entries.unshift(`snapshot at ${first - 1}`);
        this.cluster.say(`${name}: ${entries.length === 0 ? 'empty' : entries.join(' ')}`);
      }
  }
}

/** Many posts are written as the first and the last. */
function textsOf(posts: readonly Entry[]): string {
  const texts = posts.map(textOf);
  return texts.length <= MAX_TEXTS
    ? texts.join(' ')
    : `${texts[0]} to ${texts.at(-1)}, ${texts.length} posts`;
}

function outcomeText(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'answered': {
      const { reply, server, epoch: inEpoch } = outcome;
      const result = reply.kind === 'ok' ? 'ok' : reply.reason;
      return `is ${result} at ${reply.position} (${server.name}, epoch ${inEpoch})`;
    }
    case 'listed':
      return `has ${outcome.users.join(' ')}`;
    case 'refused':
      return `is refused: ${outcome.reason}`;
    case 'broken':
      return 'is broken off';
  }
}
