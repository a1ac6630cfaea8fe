/**
 * A server's side of supervision: it reports where it listens, and starts a new supervisor when there is
 * none.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { parseSupervisionTiming, SupervisorWatch } from '@dualping/core';
import { isRunning, logFile, ownIdentity, type Report, signalProcess } from '@dualping/host';
import { formatAddress, parseAddress } from '@dualping/protocol';
import { PROCESS_CLOCK, SupervisorWatchDriver } from '@dualping/runtime';
import type { RunningServer, SupervisionOptions } from '@dualping/server';
import { launchDetached } from './launch.js';
import { type PairValues, pairFlags } from './server-flags.js';
import { SupervisionFolder } from './supervision-folder.js';

const WILDCARDS: readonly string[] = ['0.0.0.0', '::'];
/** How long a killed process may take to be gone, ms, and how often that is checked. */
const KILL_LIMIT_MS = 5_000;
const LOOK_MS = 20;

export class SupervisedServer {
  readonly #values: PairValues;
  readonly #folder: SupervisionFolder;
  readonly #report: Report;
  readonly #part: string;
  readonly #key = randomUUID();
  /** Undefined when the server is not one of a pair: then any supervisor may attach, and none is started. */
  readonly #watch: SupervisorWatchDriver | undefined;
  #server: RunningServer | undefined;
  #stopped = false;

  constructor(
    values: PairValues,
    options: { readonly paired: boolean; readonly part: string; readonly report: Report },
  ) {
    this.#values = values;
    this.#folder = new SupervisionFolder(values.data);
    this.#part = options.part;
    this.#report = options.report;
    if (options.paired)
      this.#watch = new SupervisorWatchDriver(new SupervisorWatch(parseSupervisionTiming(values)), {
        clock: PROCESS_CLOCK,
        closeLink: (link) => this.#server?.closeSupervisor(link),
        startSupervisor: (replace) => {
          this.#startSupervisor(replace).catch((error: unknown) =>
            this.#say('no-supervisor', error instanceof Error ? error.message : String(error)),
          );
        },
        report: (event, text) => this.#say(event, text),
      });
  }

  /** Options for `startServer`. */
  get options(): SupervisionOptions {
    return {
      key: this.#key,
      listener: {
        attached: (link, { pid, keepAliveMs }) => {
          this.#say('supervised', `by pid ${pid}`);
          this.#watch?.feed({ kind: 'attached', link, keepAliveMs });
        },
        heard: (link) => this.#watch?.feed({ kind: 'heard', link }),
        ended: (link) => this.#watch?.feed({ kind: 'link-ended', link }),
      },
    };
  }

  /** The server listens. */
  started(server: RunningServer): void {
    this.#server = server;
    const { host, port } = parseAddress(server.address);
    // The supervisor is on this machine: it dials a local address, whatever address others dial.
    const address = formatAddress({
      host: WILDCARDS.includes(this.#values.host) ? '127.0.0.1' : host,
      port,
    });
    const { incarnation } = server;
    this.#folder.recordPlace({ ...ownIdentity(), address, key: this.#key, incarnation });
    server.finished.then(
      () => this.stop(),
      () => this.stop(),
    );
    this.#watch?.feed({ kind: 'tick' });
  }

  /** The server is about to end, or has ended. */
  stop(): void {
    this.#stopped = true;
    this.#watch?.feed({ kind: 'stop' });
  }

  async #startSupervisor(replace: boolean): Promise<void> {
    const present = this.#folder.supervisor;
    if (present !== undefined) {
      if (!replace) return; // the supervisor has had no time to attach yet
      this.#say('supervisor-killed', `pid ${present.pid} does not answer`);
      signalProcess(present, 'SIGKILL');
      for (let waitedMs = 0; isRunning(present) && waitedMs < KILL_LIMIT_MS; waitedMs += LOOK_MS)
        await delay(LOOK_MS);
    }
    if (this.#stopped) return;
    const child = launchDetached(
      ['supervise', ...pairFlags(this.#values)],
      logFile(this.#values.data, 'supervisor'),
    );
    child.once('error', (error) => this.#say('no-supervisor', `could not be started: ${error.message}`));
    child.unref();
  }

  #say(event: string, text: string): void {
    this.#report({ part: this.#part, event, text });
  }
}
