/**
 * The machines under test, as a value: the simulator never imports the core it runs, it is handed one. So a
 * mutant, or a build with small limits, takes the place of the real one without a hook in production code.
 */
export type Core = typeof import('@dualping/core');
