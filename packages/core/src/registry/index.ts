export type { AuxiliaryProcess } from './auxiliary-processes.js';
export type { MemberFigures } from './member-streams.js';
export { Registry, type RegistryOptions } from './registry.js';
export * from './registry-limits.js';
export * from './registry-messages.js';
