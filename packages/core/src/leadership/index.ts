export * from './fence.js';
export * from './leadership.js';
export * from './leadership-messages.js';
export * from './leadership-timing.js';
export * from './shared-store.js';
export * from './takeover-grace.js';
