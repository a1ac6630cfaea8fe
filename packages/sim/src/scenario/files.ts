/** The scenario files, each as it is written and as it runs now. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { machinesWith } from '../machines.js';
import { Scenario } from './scenario.js';

const FOLDER = fileURLToPath(new URL('../../scenarios/', import.meta.url));

export interface PlayedScenario {
  readonly name: string;
  readonly path: string;
  readonly written: string;
  readonly played: string;
}

export async function playScenarios(): Promise<PlayedScenario[]> {
  const machines = await machinesWith()('production');
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.txt'))
    .sort()
    .map((name) => {
      const path = join(FOLDER, name);
      const written = readFileSync(path, 'utf8');
      return { name, path, written, played: new Scenario(machines).perform(written) };
    });
}
