export { HANDOVER_TIMEOUT_MS } from './drain.js';
export { MAX_HELD_REQUESTS } from './held-requests.js';
export { JournalOutline } from './journal-outline.js';
export { SNAPSHOT_EVERY_ENTRIES } from './kept-state.js';
export { Ledger } from './ledger.js';
export * from './messages.js';
export { damagedAtPrimary } from './peer-admission.js';
export { SNAPSHOT_WORTH_ENTRIES } from './primary-role.js';
export { Replica } from './replica.js';
