export { parseRouterOptions, type RouterOptions, type SharedRouterOptions } from './options.js';
export { type Move, type Moved, moveToFolder, moveToStore } from './shared/move.js';
export { type RunningSharedRouter, startSharedRouter } from './shared/shared-router.js';
export type { StoreAccess, StoreTls } from './shared/store-access.js';
export { type RunningRouter, startRouter } from './start-router.js';
