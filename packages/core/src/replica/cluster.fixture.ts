/** Router and servers together on one test network. */
import { DEFAULT_TIMING, type Entry, type Timing } from '../index.js';
import { RouterOnStage } from './router-on-stage.fixture.js';
import { type Company, ServerOnStage } from './server-on-stage.fixture.js';
import { Stage } from './stage.fixture.js';

export class ClusterOnStage implements Company {
  readonly stage = new Stage();
  readonly router: RouterOnStage;
  readonly servers: readonly ServerOnStage[];
  readonly lines: string[] = [];

  constructor(
    servers: number,
    timing: Timing = DEFAULT_TIMING,
    readonly wrote: (server: ServerOnStage, entry: Entry) => void = () => {},
  ) {
    this.router = new RouterOnStage(this.stage, timing, (line) => this.say(line));
    this.servers = Array.from({ length: servers }, (_, at) => new ServerOnStage(at + 1, this));
  }

  readonly server = (name: string): ServerOnStage | undefined =>
    this.servers.find((server) => server.name === name);

  readonly say = (line: string): void => {
    this.lines.push(line);
  };

  takeLines(): string[] {
    return this.lines.splice(0);
  }
}
