export * from './back-off.js';
export { ClientSession } from './client-session.js';
export * from './session-limits.js';
export * from './session-messages.js';
export type { ClientSessionOptions } from './session-options.js';
export * from './session-state.js';
export type { TimelineStart } from './timeline-cursor.js';
