export { HANDOVER_TIMEOUT_MS } from './drain.js';
export { MAX_HELD_REQUESTS } from './held-requests.js';
export { JournalOutline } from './journal-outline.js';
export { Ledger } from './ledger.js';
export * from './messages.js';
export { SNAPSHOT_EVERY_ENTRIES, SNAPSHOT_WORTH_ENTRIES } from './primary-role.js';
export { damagedAtPrimary, Replica } from './replica.js';
