export { LEAVE_TIMEOUT_MS, Membership, type MembershipOptions } from './membership.js';
export * from './membership-messages.js';
