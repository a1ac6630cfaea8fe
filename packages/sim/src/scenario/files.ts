/** The scenario files: each scenario as it is written, and a way to run it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { machinesWith } from '../machines.js';
import type { Machines } from '../simulation.js';
import { RegistryScenario } from './registry-scenario.js';
import { Scenario } from './scenario.js';
import { givenIn, type Performer, perform, scenariosIn } from './script.js';
import { ServerScenario } from './server-scenario.js';
import { SupervisorScenario, SupervisorWatchScenario } from './supervision-scenario.js';

const FOLDER = fileURLToPath(new URL('../../scenarios/', import.meta.url));

/** What runs the scenarios of a folder, by its name. */
type PerformerFor = (machines: Machines, given: readonly string[]) => Performer;
const FOLDERS: Readonly<Record<string, PerformerFor>> = {
  servers: (machines, given) => new ServerScenario(machines, given),
  registry: (_, given) => new RegistryScenario(given),
  supervisor: () => new SupervisorScenario(),
  'supervisor-watch': () => new SupervisorWatchScenario(),
};

export interface WrittenScenario {
  readonly title: string;
  readonly written: string;
  /** @throws Violation when an invariant is broken on the way */
  play(): string;
}

export interface ScenarioFile {
  /** In its folder, as `servers/failover.txt`. */
  readonly name: string;
  readonly path: string;
  /** What stands before the first scenario. */
  readonly about: string;
  readonly scenarios: readonly WrittenScenario[];
}

export async function readScenarios(): Promise<ScenarioFile[]> {
  const machines = await machinesWith()('production');
  const whole = filesIn('').map(({ name, path, content }) => {
    const play = (): string => perform(content, new Scenario(machines));
    return { name, path, about: '', scenarios: [{ title: name, written: content, play }] };
  });
  const short = Object.entries(FOLDERS).flatMap(([folder, performer]) =>
    filesIn(folder).map(({ name, path, content }) => {
      const { about, scenarios } = scenariosIn(content);
      return {
        name,
        path,
        about,
        scenarios: scenarios.map(({ title, text }) => ({
          title,
          written: text,
          play: () => perform(text, performer(machines, givenIn(text))),
        })),
      };
    }),
  );
  return [...whole, ...short];
}

function filesIn(folder: string): { name: string; path: string; content: string }[] {
  return readdirSync(join(FOLDER, folder))
    .filter((name) => name.endsWith('.txt'))
    .sort()
    .map((file) => {
      const name = join(folder, file);
      const path = join(FOLDER, name);
      return { name, path, content: readFileSync(path, 'utf8') };
    });
}
