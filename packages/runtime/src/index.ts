export type { Clock } from './clock.js';
export { type LoopPorts, MachineLoop } from './machine-loop.js';
export { BACKGROUND_CLOCK, PROCESS_CLOCK } from './process-clock.js';
export { RegistryDriver, type RegistryPorts } from './registry-driver.js';
export {
  type Asker,
  type AvailableQuestion,
  type Cancel,
  type Introduction,
  type Resolution,
  SessionDriver,
  type SessionLink,
  type SessionListener,
  type SessionNetwork,
} from './session-driver.js';
