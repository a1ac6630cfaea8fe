/** Texts for users: why a key is not valid for a name, and what to do about it. */
import type { UserName } from '../ids.js';
import type { SocialReason } from '../reasons.js';

/** The reasons that are about keys. */
export type KeyReason = Extract<
  SocialReason,
  | 'wrong-key'
  | 'invitation-needed'
  | 'invitation-spent'
  | 'unknown-key'
  | 'last-key'
  | 'too-many-keys'
  | 'name-taken'
>;

const TEXTS: Readonly<Record<KeyReason, (user: string) => string>> = {
  'wrong-key': (user) =>
    `"${user}" belongs to another key than this device's, or this device's key was revoked. If you are "${user}": type \`dualping keys add\` on a device where you are logged in, or ask an operator to reset your keys. Otherwise choose another name`,
  'invitation-needed': (user) =>
    `"${user}" is new here, and this network admits new names only with an invitation: ask its operator for one`,
  'invitation-spent': (user) =>
    `the invitation for "${user}" was used before, or has expired: ask for a new one`,
  'unknown-key': (user) => `"${user}" has no such key, or it was revoked already`,
  'last-key': (user) =>
    `it is the only key of "${user}", who could not log in again without it: add another device first`,
  'too-many-keys': (user) => `"${user}" has as many keys as a name can have: revoke one first`,
  'name-taken': (user) => `"${user}" belongs to a key already: reset its keys to admit its owner again`,
};

export const isKeyReason = (reason: string): reason is KeyReason => Object.hasOwn(TEXTS, reason);

/** For a caller who has shown no key: without TLS, and on the classic wire, none can be shown. */
export const keylessText = (user: UserName): string =>
  `"${user}" belongs to a key, and no key can be shown here: the network runs without TLS (--insecure), or this is the classic wire`;

export const keyRefusalText = (reason: KeyReason, user: UserName): string => TEXTS[reason](user);
