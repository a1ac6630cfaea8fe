export type { Settings, State } from './state/state.js';
