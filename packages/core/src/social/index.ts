export {
  type KeyLogin,
  type KeyNumber,
  type KeyOfUser,
  NameKeys,
  type Registration,
  type UserKey,
} from './name-keys.js';
export { type PackedReply, packReply, unpackReply } from './packed-reply.js';
export type { Admission, AdmissionRefusal } from './sessions.js';
export {
  type CodeSnapshot,
  type FollowSnapshot,
  type KeySnapshot,
  type KeysSnapshot,
  originAfter,
  type SessionSnapshot,
  type SocialSnapshot,
  type UserSnapshot,
} from './snapshot.js';
export { type Effect, type SocialOptions, SocialState } from './social-state.js';
export { type NewsForOthers, type NewsItem, newsOfEdge, type Reader } from './tail.js';
export type { NewerPosts, OlderPosts, Shown } from './timeline.js';
export type { ListedUser, UserPage } from './users.js';
