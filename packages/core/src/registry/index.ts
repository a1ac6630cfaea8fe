export type { Companion } from './companions.js';
export { type MemberFigures, Registry, type RegistryOptions } from './registry.js';
export * from './registry-limits.js';
export * from './registry-messages.js';
