/** A child of `dualping up` as a supervised process. */
import {
  type Address,
  type ClusterId,
  DualpingError,
  type ExitKind,
  type Incarnation,
  serverId,
} from '@dualping/core';
import { EXIT, processIdentity } from '@dualping/host';
import type { Dialling } from '@dualping/protocol';
import type {
  KeepAliveClient,
  KeepAliveListener,
  ProcessListener,
  SupervisedProcess,
} from '@dualping/runtime';
import type { BeginMessage } from '../parent-link.js';
import { held } from '../settings/definitions.js';
import { flagOf } from '../settings/setting.js';
import { reportCrash } from '../supervisor/crash-report.js';
import { exitKindOf } from '../supervisor/exit-kind.js';
import { openKeepAlive, openRouterProbe } from '../supervisor/keep-alive-link.js';
import { type ServerPlace, SupervisionFolder } from '../supervisor/supervision-folder.js';
import { Child, type Ending } from './child-process.js';

/** What `renderError` adds around the text of an error; it is removed when one error quotes another. */
const ERROR_FRAME = /^dualping: | \([a-z-]+\)$/g;

/** Whether a child reports with this line why it ends. */
export const isErrorLine = (line: string): boolean => errorIn(line) !== undefined;

/** The text of such a line; undefined for any other line. */
export function errorIn(line: string): string | undefined {
  const said = textOf(line);
  return /^dualping: .* \([a-z-]+\)$/.test(said) ? said.replace(ERROR_FRAME, '') : undefined;
}

/** With `--log-format json` each line is an object with what it would say in `text`. */
export function textOf(line: string): string {
  if (!line.startsWith('{')) return line;
  try {
    const { text }: { readonly text?: unknown } = JSON.parse(line);
    return typeof text === 'string' ? text : line;
  } catch {
    return line; // cut off, or not of ours
  }
}

/** The kind of child: a router serves no `KeepAlive`, and its crash can't be reported to another router. */
export type ChildRole =
  | { readonly kind: 'router' }
  | {
      readonly kind: 'server';
      readonly cluster: ClusterId;
      readonly id: number;
      readonly dataFolder: string;
      readonly router: () => Address;
    };

export interface ChildWardOptions {
  /** `router`, `s1`. */
  readonly name: string;
  readonly role: ChildRole;
  /** Its command line, made for each start, because another process may have taken the port. */
  readonly commandLine: () => Promise<readonly string[]>;
  readonly onLine: (name: string, line: string) => void;
  readonly onReady: (address: Address, pid: number | undefined) => void;
  readonly keepAliveMs: number;
  /** Credentials for dialling it, read at each dial; undefined: without TLS. */
  readonly dialling: () => Dialling | undefined;
}

export class ChildOfUp implements SupervisedProcess {
  readonly #options: ChildWardOptions;
  #child: Child | undefined;
  #address: Address = '';
  #place: ServerPlace | undefined;
  /** Its last line of output, which says why it could not start. */
  #lastLine = '';
  #over = false;
  /** Whether a process has ever listened; before that it is not known that it can. */
  #wasReady = false;
  /** Undefined: its process is held, see `begin`. */
  #begin: BeginMessage | undefined;
  #onFirst: (first: { readonly address: Address } | { readonly error: DualpingError }) => void = () => {};
  /**
   * The address where the first process listens. Rejects when it ended instead: then the command line was
   * wrong.
   */
  readonly first: Promise<Address>;

  constructor(options: ChildWardOptions) {
    this.#options = options;
    this.first = new Promise((resolve, reject) => {
      this.#onFirst = (first) => ('error' in first ? reject(first.error) : resolve(first.address));
    });
    this.first.catch(() => {}); // callers that need the error await it
  }

  get name(): string {
    return this.#options.name;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Until then its process only loads its code. Later processes are not held. */
  begin(routers: readonly Address[]): void {
    this.#begin = { kind: 'begin', routers };
    this.#child?.begin(this.#begin);
  }

  /** Children end with their parent, so there is never one to adopt. */
  adopt(): boolean {
    return false;
  }

  start(listener: ProcessListener): void {
    this.#spawn(listener).catch((error: unknown) => {
      this.#ended(listener, {
        code: undefined,
        text: error instanceof Error ? error.message : String(error),
      });
    });
  }

  openLink(listener: KeepAliveListener): KeepAliveClient {
    const { keepAliveMs, role, dialling } = this.#options;
    if (role.kind === 'router') return openRouterProbe(this.#address, keepAliveMs, listener, dialling());
    const { address = '', key = '', pid = 0 } = this.#place ?? {};
    const withoutOrders: KeepAliveListener = {
      ...listener,
      farewell: (farewell) => {
        if (farewell.kind !== 'told') listener.farewell(farewell);
      },
    };
    return openKeepAlive({ address, key, pid }, keepAliveMs, withoutOrders, dialling());
  }

  terminate(): void {
    this.#over = true;
    this.#child?.signal('SIGTERM');
  }

  kill(): void {
    this.#child?.signal('SIGKILL');
  }

  /** Kills the process and starts no other, not even one that is about to start. */
  killForGood(): void {
    this.#over = true;
    this.kill();
  }

  reportCrash(incarnation: Incarnation, detail: string, reported: (isNoted: boolean) => void): void {
    const { role, dialling } = this.#options;
    if (role.kind === 'router') return reported(true);
    const { cluster, id, router } = role;
    reportCrash([router()], { cluster, serverId: serverId(id), incarnation, detail }, dialling()).then(
      () => reported(true),
      () => reported(false),
    );
  }

  async #spawn(listener: ProcessListener): Promise<void> {
    const args = await this.#options.commandLine();
    if (this.#over) return listener.exited('died', 'was not started any more');
    const isHeld = this.#begin === undefined;
    const child = new Child(isHeld ? [...args, flagOf(held)] : args, (line) => {
      this.#lastLine = line;
      this.#options.onLine(this.name, line);
    });
    this.#child = child;
    child.ended.then(
      (ending) => this.#ended(listener, ending),
      () => {}, // it never rejects
    );
    const address = await child.ready;
    if (address !== undefined) this.#listens(listener, child, address);
  }

  #listens(listener: ProcessListener, child: Child, address: Address): void {
    const { role } = this.#options;
    this.#address = address;
    const identity = child.pid === undefined ? undefined : processIdentity(child.pid);
    this.#place =
      role.kind === 'server' && identity !== undefined
        ? new SupervisionFolder(role.dataFolder).placeOf(identity)
        : undefined;
    this.#options.onReady(address, child.pid);
    this.#onFirst({ address });
    this.#wasReady = true;
    listener.listening(this.#place?.incarnation);
  }

  #ended(listener: ProcessListener, { code, text }: Ending): void {
    const said = textOf(this.#lastLine).replace(ERROR_FRAME, '');
    const exit = exitKindOf(code);
    // The exit code tells whether its command line was wrong.
    const reason = code === EXIT.usage ? 'invalid-argument' : 'internal';
    this.#onFirst({ error: new DualpingError(reason, `${this.name} ${text}: ${said}`) });
    const explained = exit === 'refused' || exit === 'misused' ? `${text}: ${said}` : text;
    listener.exited(this.#wasReady ? this.#meaning(exit) : 'misused', explained);
  }

  #meaning(exit: ExitKind): ExitKind {
    // A user may end one child to see what happens; to end all, they end the parent.
    if (exit === 'told') return 'died';
    // The router must come back at the address that all others know, even if that is taken now, or there is
    // no network.
    return exit === 'misused' && this.#options.role.kind === 'router' ? 'died' : exit;
  }
}
