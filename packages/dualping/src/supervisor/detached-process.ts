/**
 * A server as a supervised process. Server and supervisor may outlive each other: the server is not a child
 * with a pipe, but a process that a new supervisor can find again.
 */
import type { ChildProcess } from 'node:child_process';
import { type Incarnation, serverId, serverName } from '@dualping/core';
import {
  EXIT,
  isRunning,
  lastLine,
  logFile,
  type ProcessIdentity,
  processIdentity,
  signalProcess,
} from '@dualping/host';
import { type Dialling, parseAddress } from '@dualping/protocol';
import type {
  KeepAliveClient,
  KeepAliveListener,
  ProcessListener,
  SupervisedProcess,
} from '@dualping/runtime';
import { portIfFree } from '../cluster/places.js';
import { reportCrash } from './crash-report.js';
import { exitKindOf } from './exit-kind.js';
import { openKeepAlive } from './keep-alive-link.js';
import { launchDetached } from './launch.js';
import { type PairValues, pairFlags } from './server-flags.js';
import { type ServerPlace, SupervisionFolder } from './supervision-folder.js';

/**
 * How often we check a process that does not listen yet, or is not our child, ms. Each check reads one small
 * file.
 */
const LOOK_MS = 50;

export class DetachedProcess implements SupervisedProcess {
  readonly name: string;
  readonly #values: PairValues;
  readonly #folder: SupervisionFolder;
  #process: ProcessIdentity | undefined;
  #place: ServerPlace | undefined;
  #looking: NodeJS.Timeout | undefined;

  /** @param dialling with the certificate of the server itself; without TLS when absent */
  constructor(
    values: PairValues,
    readonly dialling?: Dialling,
  ) {
    this.#values = values;
    this.#folder = new SupervisionFolder(values.data);
    this.name = serverName(serverId(values.id));
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  adopt(listener: ProcessListener): boolean {
    const running = this.#folder.server;
    if (running === undefined) return false;
    this.#watch(running, true, listener);
    return true;
  }

  start(listener: ProcessListener): void {
    // A server that was started just before may have locked the folder already: then adopt it.
    if (this.adopt(listener)) return;
    this.#launch(listener).catch((error: unknown) =>
      listener.exited(
        'died',
        `could not be started: ${error instanceof Error ? error.message : String(error)}`,
      ),
    );
  }

  openLink(listener: KeepAliveListener): KeepAliveClient {
    const { address = '', key = '', pid = 0 } = this.#place ?? {};
    return openKeepAlive({ address, key, pid }, this.#values.keepAliveMs, listener, this.dialling);
  }

  terminate(): void {
    if (this.#process !== undefined) signalProcess(this.#process, 'SIGTERM');
  }

  kill(): void {
    if (this.#process !== undefined) signalProcess(this.#process, 'SIGKILL');
  }

  reportCrash(incarnation: Incarnation, detail: string, reported: (isNoted: boolean) => void): void {
    const { cluster, id, routers } = this.#values;
    reportCrash(routers, { cluster, serverId: serverId(id), incarnation, detail }, this.dialling).then(
      () => reported(true),
      () => reported(false),
    );
  }

  async #launch(listener: ProcessListener): Promise<void> {
    const { host, data, port } = this.#values;
    const last = this.#folder.lastPlace;
    const wished = port === 0 && last !== undefined ? parseAddress(last.address).port : port;
    const flags = pairFlags(this.#values, port === 0 ? await portIfFree(host, wished) : port);
    const child = launchDetached(['server', ...flags, '--paired'], logFile(data, 'server'));
    const identity = child.pid === undefined ? undefined : processIdentity(child.pid);
    if (identity !== undefined) {
      this.#folder.recordProcess(identity);
      this.#watch(identity, false, listener);
    }
    this.#hearEnd(child, listener);
  }

  #hearEnd(child: ChildProcess, listener: ProcessListener): void {
    const end = (code: number | undefined, detail: string): void => {
      clearInterval(this.#looking);
      const misusedOnlyNow = code === EXIT.usage && this.#folder.server !== undefined;
      const exit = misusedOnlyNow ? 'died' : exitKindOf(code);
      const why =
        exit === 'refused' || exit === 'misused' ? `: ${lastLine(logFile(this.#values.data, 'server'))}` : '';
      listener.exited(exit, `${detail}${why}`);
    };
    child.once('error', (error) => end(undefined, `could not be started: ${error.message}`));
    child.once('exit', (code, signal) =>
      end(
        code ?? undefined,
        code === null ? `was ended by ${signal ?? 'a signal'}` : `ended with exit code ${code}`,
      ),
    );
  }

  /** Checks until the server reports where it listens; and, if it is not our child, for its end. */
  #watch(identity: ProcessIdentity, adopted: boolean, listener: ProcessListener): void {
    this.#process = identity;
    this.#place = undefined;
    clearInterval(this.#looking);
    this.#looking = setInterval(() => {
      if (adopted && !isRunning(identity)) {
        clearInterval(this.#looking);
        return listener.exited(undefined, 'is gone');
      }
      if (this.#place !== undefined) return;
      this.#place = this.#folder.placeOf(identity);
      if (this.#place === undefined) return;
      if (!adopted) clearInterval(this.#looking);
      listener.listening(this.#place.incarnation);
    }, LOOK_MS);
  }
}
