export * from './journal/index.js';
export type { ServerOptions } from './options.js';
export { type RunningServer, startServer } from './start-server.js';
export type { SupervisionListener, SupervisionOptions } from './supervisor-streams.js';
