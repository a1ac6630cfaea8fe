/**
 * Service definitions for servers whose streams also take encoded messages.
 *
 * A post goes to every follower, and a batch of entries to every standby. Encoding once and writing the same
 * bytes to all of them saves the most time in fan-out. The serializers here pass a Buffer through, and encode
 * anything else as usual.
 */
import { Message, SNSServiceService } from './gen/csce438/sns.js';
import {
  GetFollowerInfoResponse,
  ReplicateResponse,
  ReplicationServiceService,
} from './gen/dualping/v1/replication.js';
import { SocialServiceService, TimelineResponse } from './gen/dualping/v1/social.js';
import { encodeReusing } from './writer.js';

/** What may be written to a `Timeline`: a message, or the concatenation of `encodePostFragment`s. */
export type TimelineOut = TimelineResponse | Buffer;
/** What a primary may write to a `Replicate`: a message, or an encoded one. */
export type ReplicateOut = ReplicateResponse | Buffer;

/** What a primary may write to a `GetFollowerInfo`: a message, or an encoded one. */
export type SnapshotOut = GetFollowerInfoResponse | Buffer;

export const SocialServiceDefinition = {
  ...SocialServiceService,
  timeline: {
    ...SocialServiceService.timeline,
    responseSerialize: (value: TimelineOut): Buffer =>
      Buffer.isBuffer(value) ? value : encodeReusing(TimelineResponse, value),
  },
} as const;

export const ReplicationServiceDefinition = {
  ...ReplicationServiceService,
  getFollowerInfo: {
    ...ReplicationServiceService.getFollowerInfo,
    responseSerialize: (value: SnapshotOut): Buffer =>
      Buffer.isBuffer(value) ? value : encodeReusing(GetFollowerInfoResponse, value),
  },
  replicate: {
    ...ReplicationServiceService.replicate,
    responseSerialize: (value: ReplicateOut): Buffer =>
      Buffer.isBuffer(value) ? value : encodeReusing(ReplicateResponse, value),
  },
} as const;

/** Encodes a message for several `Replicate` streams at once. */
export const encodeReplicateResponse = (response: ReplicateResponse): Buffer =>
  encodeReusing(ReplicateResponse, response);

/** What may be written to a classic `Timeline`: a message, or an encoded one. */
export type ClassicTimelineOut = Message | Buffer;

export const SNSServiceDefinition = {
  ...SNSServiceService,
  timeline: {
    ...SNSServiceService.timeline,
    responseSerialize: (value: ClassicTimelineOut): Buffer =>
      Buffer.isBuffer(value) ? value : encodeReusing(Message, value),
  },
} as const;
