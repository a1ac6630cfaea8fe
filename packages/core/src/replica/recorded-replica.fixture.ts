/** One replica: the test itself acts as the routers, peers and clients; outputs are given as lines. */
import {
  DEFAULT_TIMING,
  type Entry,
  epoch,
  type MemberMessage,
  NO_POSITION,
  type PrimaryMessage,
  position,
  Replica,
  type ReplicaInput,
  type ReplicaOutput,
  type ReplicaStart,
  type RouterMessage,
  type StandbyMessage,
  type TailBatch,
} from '../index.js';
import { assignmentOf, emptyStart, entryOf, type Told } from './replica-inputs.fixture.js';

export class RecordedReplica {
  readonly replica: Replica;
  now = 0;
  /** The last attempt at each router, and at any. */
  readonly #routers = new Map<string, number>();
  #routerAttempt = 0;
  #primaryAttempt = 0;
  #tailAttempt = 0;

  constructor(
    readonly id: number,
    { routers = ['r1'], start = {} }: { routers?: readonly string[]; start?: Partial<ReplicaStart> } = {},
  ) {
    this.replica = new Replica({ ...emptyStart(id, { routers }), ...start }, DEFAULT_TIMING);
  }

  step(input: ReplicaInput): string[] {
    return this.replica.step(this.now, input).flatMap((output) => {
      if (output.kind === 'open-router') {
        this.#routerAttempt = output.attempt;
        this.#routers.set(output.address, output.attempt);
      }
      if (output.kind === 'close-router' && this.#routers.size > 1)
        return `hangs up on ${[...this.#routers].find(([, attempt]) => attempt === output.attempt)?.[0]}`;
      if (output.kind === 'open-primary') this.#primaryAttempt = output.attempt;
      if (output.kind === 'open-tail') this.#tailAttempt = output.attempt;
      return lineOf(output) ?? [];
    });
  }

  start = (): string[] => this.step({ kind: 'start' });
  flush = (): string[] => this.step({ kind: 'flush' });

  /** To the next deadline. */
  tick(): string[] {
    this.now = Math.max(this.now, this.replica.nextDeadline() ?? Infinity);
    return this.step({ kind: 'tick' });
  }

  /** From the router that was dialled last, or from the one of that address. */
  router = (message: RouterMessage, address?: string): string[] =>
    this.step({ kind: 'router-message', attempt: this.#attemptAt(address), message });

  routerEnded = (address?: string, detail = 'gone'): string[] =>
    this.step({ kind: 'router-ended', attempt: this.#attemptAt(address), detail });

  /** A router welcomes the server, and the disk has stored the welcome. */
  welcome = (
    { term = 0, clusters = 1, ...told }: Told & { readonly term?: number; readonly clusters?: number },
    address?: string,
  ): string[] => [
    ...this.router(
      {
        kind: 'welcome',
        networkId: 'net',
        clusters,
        ...DEFAULT_TIMING,
        assignment: assignmentOf(told),
        term,
      },
      address,
    ),
    ...this.step({ kind: 'welcome-noted' }),
  ];

  assigned = (told: Told, lastRequest = 0): string[] =>
    this.router({ kind: 'assignment', assignment: assignmentOf(told), lastRequest });

  primary = (message: PrimaryMessage, entries: readonly Entry[] = [], checksum?: number): string[] =>
    this.step({ kind: 'primary-message', attempt: this.#primaryAttempt, message, entries, checksum });

  primaryEnded = (): string[] =>
    this.step({ kind: 'primary-ended', attempt: this.#primaryAttempt, detail: 'gone' });

  /** Nothing listens any more where the primary was that was dialled in this attempt. */
  portRefused = (attempt: number): string[] => this.step({ kind: 'port-refused', attempt });

  /** Entries from a position on, one for each given epoch, with the right positions. */
  entries = (from: number, epochs: readonly number[], inEpoch: number, committed = 0): string[] =>
    this.primary(
      {
        kind: 'entries',
        epoch: epoch(inEpoch),
        from: position(from),
        to: position(from + epochs.length - 1),
        committed: position(committed),
      },
      epochs.map((each, at) => entryOf(from + at, each)),
    );

  joined = (common: number, inEpoch: number): string[] =>
    this.primary({
      kind: 'joined',
      epoch: epoch(inEpoch),
      common: position(common),
      committed: NO_POSITION,
      checksum: 0,
    });

  durable = (through: number): string[] =>
    this.step({ kind: 'durable', position: position(through), checksum: 0 });

  standby = (link: number, message: StandbyMessage): string[] =>
    this.step({ kind: 'standby-message', link, message });

  /** From the other cluster that it reads. */
  tail = (batch: TailBatch): string[] => this.step({ kind: 'tail-heard', attempt: this.#tailAttempt, batch });

  #attemptAt(address: string | undefined): number {
    return address === undefined ? this.#routerAttempt : (this.#routers.get(address) ?? 0);
  }

  /** Becomes primary of epoch 1 and opens it. `others` are members too. */
  reign(...others: readonly number[]): this {
    this.start();
    this.welcome({ epoch: 1, primary: this.id, members: [this.id, ...others] });
    this.durable(1);
    return this;
  }
}

function lineOf(output: ReplicaOutput): string | undefined {
  switch (output.kind) {
    case 'open-router':
      return `dials router ${output.address}`;
    case 'close-router':
      return 'hangs up on the router';
    case 'to-router':
      return `to the router: ${toldRouter(output.message)}`;
    case 'open-primary':
      return `dials primary ${output.address}`;
    case 'close-primary':
      return 'hangs up on the primary';
    case 'probe-port':
      return `asks whether ${output.address} listens`;
    case 'to-primary':
      return `to the primary: ${said(output.message)}`;
    case 'to-standby':
      return `to standby ${output.link}: ${said(output.message)}`;
    case 'close-standby':
      return `hangs up on standby ${output.link}`;
    case 'append':
      return `appends ${output.entries.map((entry) => entry.position).join(' ')}`;
    case 'truncate':
      return `cuts after ${output.after}`;
    case 'save-snapshot':
      return `saves a snapshot at ${output.snapshot.position}`;
    case 'refuse':
      return `refuses ${output.token}: ${output.reason}`;
    case 'send-snapshot':
      return `sends snapshot ${output.token} at ${output.through}`;
    case 'end-snapshot':
      return `ends snapshot ${output.token}: ${output.reason}`;
    case 'open-tail':
      return `reads another cluster at ${output.address}`;
    case 'ask-tail':
      return `to the other cluster: ${output.message.kind}`;
    case 'close-tail':
      return 'reads the other cluster no longer';
    case 'tell-tail':
      return `to tail ${output.link}: ${output.batch.items.length} items up to ${output.batch.through}`;
    case 'end-tail':
      return `ends tail ${output.link}: ${output.reason}`;
    case 'timeline-end':
      return `ends timeline ${output.timeline}: ${output.reason}`;
    case 'stopped':
      return `ends ${output.failed ? 'failed' : 'well'}: ${output.reason}`;
    case 'report':
      return `"${output.text}"`;
    default:
      return undefined;
  }
}

function toldRouter(message: MemberMessage): string {
  const unreached = message.kind === 'ping' ? (message.cannotReach ?? []) : [];
  return unreached.length === 0 ? message.kind : `${message.kind}, cannot reach ${unreached.join(' ')}`;
}

function said(message: StandbyMessage | PrimaryMessage): string {
  switch (message.kind) {
    case 'refused':
      return `refused ${message.reason}, epoch ${message.epoch}`;
    case 'joined':
      return `joined at ${message.common}`;
    case 'entries':
      return `entries ${message.from} to ${message.to}, committed ${message.committed}`;
    case 'durable':
      return `durable ${message.position}`;
    case 'fenced':
      return `fenced by epoch ${message.epoch}`;
    default:
      return message.kind;
  }
}
