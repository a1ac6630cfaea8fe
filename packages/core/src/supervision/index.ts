export * from './supervision-messages.js';
export * from './supervision-timing.js';
export { Supervisor } from './supervisor.js';
export { SupervisorWatch } from './supervisor-watch.js';
