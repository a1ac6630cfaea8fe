export type { Clock } from './clock.js';
export { type LoopPorts, MachineLoop } from './machine-loop.js';
export { BACKGROUND_CLOCK, PROCESS_CLOCK } from './process-clock.js';
export { RegistryDriver, type RegistryPorts } from './registry-driver.js';
