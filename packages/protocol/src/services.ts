/**
 * Service definitions for servers whose streams also take encoded messages.
 *
 * A post goes to every follower, a batch of entries to every standby, and an assignment to every member and
 * watcher of a cluster. Encoding once and writing the same bytes to all of them saves the most time in
 * fan-out. The serializers here pass a Buffer through, and encode anything else as usual.
 */
import { Message, SNSServiceService } from './gen/csce438/sns.js';
import {
  GetFollowerInfoResponse,
  ReplicateResponse,
  ReplicationServiceService,
} from './gen/dualping/v1/replication.js';
import { DualPingResponse, RoutingServiceService, WatchResponse } from './gen/dualping/v1/routing.js';
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

/** What a router may write to a `DualPing`: a message, or an encoded one. */
export type DualPingOut = DualPingResponse | Buffer;
/** What a router may write to a `Watch`: a message, or an encoded one. */
export type WatchOut = WatchResponse | Buffer;

export const RoutingServiceDefinition = {
  ...RoutingServiceService,
  dualPing: {
    ...RoutingServiceService.dualPing,
    responseSerialize: (value: DualPingOut): Buffer =>
      Buffer.isBuffer(value) ? value : encodeReusing(DualPingResponse, value),
  },
  watch: {
    ...RoutingServiceService.watch,
    responseSerialize: (value: WatchOut): Buffer =>
      Buffer.isBuffer(value) ? value : encodeReusing(WatchResponse, value),
  },
} as const;

/** Encodes a message for several `DualPing` streams at once. */
export const encodeDualPingResponse = (response: DualPingResponse): Buffer =>
  encodeReusing(DualPingResponse, response);
/** Encodes a message for several `Watch` streams at once. */
export const encodeWatchResponse = (response: WatchResponse): Buffer =>
  encodeReusing(WatchResponse, response);

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
