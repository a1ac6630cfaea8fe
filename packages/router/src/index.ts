export { parseRouterOptions, type RouterOptions } from './options.js';
export { type RunningRouter, startRouter } from './start-router.js';
