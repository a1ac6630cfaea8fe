/**
 * `coordinator` and `tsd` processes, at ports that stay the same.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NetworkCredentials } from '@dualping/client';
import { CERTS_FOLDER, NETWORK_FILE, readNetworkFile } from '@dualping/security';
import { DualpingProcess } from '../dualping-process.js';
import { eventually } from '../eventually.js';
import { OldCoordinatorStub, type OldServerInfo } from './older-wire.js';

/**
 * Nothing freezes in these tests, and a kill is noticed at once; so a server that gets no CPU time is not
 * dropped, ms.
 */
const DEAD_AFTER_MS = 10_000;

const portOf = (address: string): string => address.slice(address.lastIndexOf(':') + 1);

export class Family {
  readonly #folder = mkdtempSync(join(tmpdir(), 'dualping-classic-'));
  readonly #processes: DualpingProcess[] = [];
  readonly #ports = new Map<string, string>();
  #coordinatorPort = '0';
  #coordinator: DualpingProcess | undefined;

  private constructor() {}

  static async start(...flags: readonly string[]): Promise<Family> {
    const family = new Family();
    await family.startCoordinator(...flags);
    return family;
  }

  get coordinator(): string {
    return `127.0.0.1:${this.#coordinatorPort}`;
  }

  /** For clients of ours: beside the classic wire there is TLS. */
  get user(): NetworkCredentials {
    return readNetworkFile(join(this.#folder, CERTS_FOLDER, NETWORK_FILE));
  }

  /** Starts a coordinator; kills the one that runs. */
  async startCoordinator(...flags: readonly string[]): Promise<void> {
    await this.#coordinator?.kill();
    const data = join(this.#folder, 'coordinator');
    const started = this.#run([
      ...['coordinator', '-p', this.#coordinatorPort, '--data', data, '--dead-after-ms', `${DEAD_AFTER_MS}`],
      ...flags,
    ]);
    this.#coordinator = started;
    this.#coordinatorPort = portOf(await started.ready());
  }

  /** Starts server `id` of a cluster: `tsd -c … -s … -h … -k … -p …`. */
  async startServer(cluster: number, id: number, ...flags: readonly string[]): Promise<DualpingProcess> {
    const name = `${cluster}-${id}`;
    const started = this.#run([
      ...['tsd', '-c', `${cluster}`, '-s', `${id}`, '-h', 'localhost', '-k', this.#coordinatorPort],
      ...['-p', this.#ports.get(name) ?? '0', '--data', join(this.#folder, name), ...flags],
    ]);
    this.#ports.set(name, portOf(await started.ready()));
    return started;
  }

  /** Starts `tsc -h … -k … -u …`; the test types its input. */
  startClient(user: number, ...flags: readonly string[]): DualpingProcess {
    return this.#run(['tsc', '-h', 'localhost', '-k', this.#coordinatorPort, '-u', `${user}`, ...flags]);
  }

  /** Waits until the coordinator's answer about a user's server is as expected. */
  async server(
    user: number,
    isMeant: (info: OldServerInfo) => boolean = ({ serverID }) => serverID > 0,
  ): Promise<OldServerInfo> {
    const coordinator = new OldCoordinatorStub(this.coordinator);
    let last: OldServerInfo | undefined;
    try {
      return await eventually(
        `the coordinator says what is meant of the server of ${user}`,
        async () => {
          last = await coordinator.getServer(user);
          return isMeant(last) ? last : undefined;
        },
        undefined,
        () => `${JSON.stringify(last)}\n${this.tails()}`,
      );
    } finally {
      coordinator.close();
    }
  }

  async coordinatorSays(pattern: RegExp): Promise<void> {
    await this.#coordinator?.line(pattern);
  }

  tails(): string {
    return this.#processes.map((each) => `--- ${each.args.join(' ')}\n${each.tail(15)}`).join('\n');
  }

  async destroy(): Promise<void> {
    await Promise.all(this.#processes.map((each) => each.kill()));
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #run(args: readonly string[]): DualpingProcess {
    const started = new DualpingProcess(args);
    this.#processes.push(started);
    return started;
  }
}
