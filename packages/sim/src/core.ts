/**
 * The code under test, as values: the simulator does not import the machines and drivers that it runs, but is
 * given them. So a mutant, or a build with small limits, can replace the real ones, and production code needs
 * no hooks.
 */
export type Core = typeof import('@dualping/core');
export type Runtime = typeof import('@dualping/runtime');

/** The machines and their drivers. */
export interface Build {
  readonly core: Core;
  readonly runtime: Runtime;
}
