/**
 * What is tested, as values: the simulator never imports the machines that it runs, nor their drivers. It is
 * given them. So a mutant, or a build with small limits, takes the place of the real ones, and production
 * code has no hooks for it.
 */
export type Core = typeof import('@dualping/core');
export type Runtime = typeof import('@dualping/runtime');

/** The machines, and what drives them. */
export interface Build {
  readonly core: Core;
  readonly runtime: Runtime;
}
