/**
 * Copies of the built core and runtime with exact changes: limits so small that a small cluster reaches them
 * within a minute, and the deliberate bugs of `mutants.ts`. The production code has no hooks for either.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Build, Core, Runtime } from './core.js';
import { type Change, changed } from './patch.js';

/** A change of a file of the package's `dist`. */
export interface Patch extends Change {
  /** Default: the core. */
  readonly package?: PackageName;
  readonly file: string;
}

const limit = (file: string, name: string, production: string, small: number): Patch => ({
  file,
  find: `export const ${name} = ${production};`,
  replace: `export const ${name} = ${small};`,
});

/**
 * Small limits that keep the relations which their reasons state: a batch fits into a window, a window into
 * what may be uncommitted.
 */
export const SMALL_LIMITS: readonly Patch[] = [
  limit('limits.js', 'SESSION_WINDOW', '64', 4),
  limit('limits.js', 'MAX_SESSIONS', '100_000', 12),
  limit('limits.js', 'MAX_UNCOMMITTED_ENTRIES', '16_384', 48),
  limit('limits.js', 'MAX_REPLICATION_WINDOW', '8_192', 16),
  limit('limits.js', 'MAX_BATCH_ENTRIES', '512', 4),
  limit('limits.js', 'MAX_EPOCH_STARTS', '1_000', 6),
  limit('limits.js', 'MAX_TAIL_ITEMS', '256', 3),
  limit('limits.js', 'MAX_TAIL_NAMES', '1_000', 2),
  limit('limits.js', 'MAX_PAGE_POSTS', '200', 20),
  limit('limits.js', 'MAX_LIVE_TIMELINES_OF_USER', '16', 1),
  limit('replica/primary-role.js', 'SNAPSHOT_WORTH_ENTRIES', '1_000', 30),
  limit('replica/kept-state.js', 'SNAPSHOT_EVERY_ENTRIES', '100_000', 40),
  // Timelines read in several pieces, and take turns. The pause between turns stays: with a longer one a
  // reader that is far behind would not catch up in time.
  { ...limit('history-reader.js', 'MAX_POSTS_A_TURN', '50', 8), package: 'runtime' },
];

/** So few sessions that living ones are forgotten. */
export const THREE_SESSIONS: readonly Patch[] = SMALL_LIMITS.map((patch) =>
  patch.find.includes('MAX_SESSIONS') ? limit('limits.js', 'MAX_SESSIONS', '100_000', 3) : patch,
);

const PACKAGES = {
  core: packageFolder(import.meta.resolve('@dualping/core')),
  runtime: packageFolder(import.meta.resolve('@dualping/runtime')),
} as const;
type PackageName = keyof typeof PACKAGES;

/** What it changes, as it was built. */
export const fileOf = ({ package: name = 'core', file }: Patch): string => join(PACKAGES[name], 'dist', file);

const IS_CODE = /(?<!\.test|\.fixture)\.js$/;

/**
 * Makes a copy of core and runtime with the patches applied.
 * @throws Error that names a patch which doesn't fit exactly once
 */
export async function build(patches: readonly Patch[]): Promise<Build> {
  const folder = mkdtempSync(join(tmpdir(), 'dualping-sim-build-'));
  // In `node_modules`, so that the copy of the runtime finds the copy of the core.
  const copyOf = (name: PackageName): string => join(folder, 'node_modules', '@dualping', name);
  const load = (name: PackageName): Promise<unknown> =>
    import(pathToFileURL(join(copyOf(name), 'dist', 'index.js')).href);
  try {
    for (const name of ['core', 'runtime'] as const) copyPackage(PACKAGES[name], copyOf(name));
    for (const patch of patches) {
      const { package: name = 'core', file } = patch;
      const path = join(copyOf(name), 'dist', file);
      writeFileSync(path, changed(readFileSync(path, 'utf8'), patch, `${file} of ${name}`));
    }
    return { core: (await load('core')) as Core, runtime: (await load('runtime')) as Runtime };
  } finally {
    // Everything is loaded by now, or has failed to load.
    rmSync(folder, { recursive: true, force: true });
  }
}

function copyPackage(from: string, to: string): void {
  cpSync(join(from, 'package.json'), join(to, 'package.json'));
  cpSync(join(from, 'dist'), join(to, 'dist'), {
    recursive: true,
    filter: (path) => !/\.[a-z]+$/.test(path) || IS_CODE.test(path),
  });
}

/** The folder of a package, from the path of its `dist/index.js`. */
function packageFolder(door: string): string {
  return dirname(dirname(fileURLToPath(door)));
}
