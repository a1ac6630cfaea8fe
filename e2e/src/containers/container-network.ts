/** The network of `docker/compose.yaml` as a Compose project of its own, with operations for tests. */
import { fileURLToPath } from 'node:url';
import type { NetworkStatus } from '@dualping/client';
import type { Assignment } from '@dualping/core';
import { WITHOUT_USER_LIMITS } from '../dualping-process.js';
import { eventually } from '../eventually.js';
import { attempt, docker, type Outcome, run } from './engine.js';
import type { PeopleContainer } from './people-container.js';

const COMPOSE_FILE = fileURLToPath(new URL('../../../docker/compose.yaml', import.meta.url));
export const ROUTER_ADDRESS = 'router:7070';
export const SERVERS = ['s1', 's2', 's3'] as const;
/** Containers start in a second or two, and become healthy with the next health check, ms. */
const WHOLE_LIMIT_MS = 90_000;

export interface ContainerNetworkOptions {
  readonly project: string;
  readonly image: string;
  readonly compose: readonly string[];
}

export class ContainerNetwork {
  readonly #compose: readonly string[];
  readonly #environment: NodeJS.ProcessEnv;

  constructor(readonly options: ContainerNetworkOptions) {
    this.#compose = [...options.compose, '--project-name', options.project, '--file', COMPOSE_FILE];
    this.#environment = { DUALPING_IMAGE: options.image, ...WITHOUT_USER_LIMITS };
  }

  get network(): string {
    return `${this.options.project}_default`;
  }

  async compose(...args: readonly string[]): Promise<string> {
    return await run([...this.#compose, ...args], { environment: this.#environment });
  }

  /** Runs Compose with `input` on its standard input; never rejects because of its exit code. */
  async tryCompose(input: string, ...args: readonly string[]): Promise<Outcome> {
    return await attempt([...this.#compose, ...args], { input, environment: this.#environment });
  }

  async up(...services: readonly string[]): Promise<void> {
    await this.compose('up', '--detach', '--no-build', ...services);
  }

  /** Removes everything, including services of profiles and all volumes. */
  async destroy(): Promise<void> {
    await this.compose(
      '--profile',
      'clusters',
      '--profile',
      'client',
      'down',
      '--volumes',
      '--remove-orphans',
    );
  }

  /**
   * Finds the container by its Compose labels, running or not: the engine itself answers ten times as fast as
   * Compose.
   */
  async containerOf(service: string): Promise<string> {
    const labels = [`project=${this.options.project}`, `service=${service}`];
    const filters = labels.flatMap((label) => ['--filter', `label=com.docker.compose.${label}`]);
    const id = await docker('ps', '--all', '--quiet', '--latest', ...filters);
    if (id === '') throw new Error(`${service} has no container`);
    return id;
  }

  volumeOf(service: string): string {
    return `${this.options.project}_${service}`;
  }

  async inspect(service: string, format: string): Promise<string> {
    return await docker('inspect', '--format', format, await this.containerOf(service));
  }

  async disconnect(service: string): Promise<void> {
    await docker('network', 'disconnect', this.network, await this.containerOf(service));
  }

  /** With its network alias, which Compose set only the first time. */
  async connect(service: string): Promise<void> {
    await docker('network', 'connect', '--alias', service, this.network, await this.containerOf(service));
  }

  async logs(service: string): Promise<string> {
    const { stdout, stderr } = await attempt(['docker', 'logs', await this.containerOf(service)]);
    return stdout + stderr;
  }

  /** The last lines of all containers, for the message of a failing test. */
  async tails(): Promise<string> {
    const tail = await this.tryCompose('', 'logs', '--no-color', '--tail', '15');
    return tail.stdout;
  }

  /** Waits until all servers are live and in sync under one primary. @returns the router's view */
  async whenWhole(people: PeopleContainer): Promise<{ assignment: Assignment; status: NetworkStatus }> {
    let last = 'the router did not answer';
    try {
      return await eventually(
        'all servers are live and in sync',
        async () => {
          const status = await people.ask('status', { routers: [ROUTER_ADDRESS] }).catch((error: unknown) => {
            last = String(error);
            return undefined;
          });
          const assignment = status?.assignments[0];
          if (status === undefined || assignment === undefined) return undefined;
          last = JSON.stringify(assignment);
          const whole = assignment.members.filter((member) => member.live && member.inSync).length;
          return assignment.available && whole === SERVERS.length ? { assignment, status } : undefined;
        },
        WHOLE_LIMIT_MS,
      );
    } catch (error) {
      throw new Error(`${String(error)}\n${last}\n${await this.tails()}`, { cause: error });
    }
  }
}
