export * from './assignment.js';
export * from './entry.js';
export * from './replication.js';
export * from './requests.js';
export * from './router-calls.js';
export * from './routing.js';
export * from './snapshot.js';
export * from './timeline.js';
