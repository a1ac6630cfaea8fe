/**
 * Connections that are not shared, so that failures of others don't count, and clients on them for programs
 * that call only now and then.
 */
import type { Address } from '@dualping/core';
import { type ChannelOptions, credentials, Metadata } from '@grpc/grpc-js';
import { RoutingServiceClient } from './gen/dualping/v1/routing.js';
import { SupervisionServiceClient } from './gen/dualping/v1/supervision.js';
import { CHANNEL_OPTIONS } from './serve.js';

/**
 * A connection that no other client of the process uses. After a failure a shared connection waits for its
 * back-off, whichever client asks.
 */
export const OWN_CONNECTION: ChannelOptions = { ...CHANNEL_OPTIONS, 'grpc.use_local_subchannel_pool': 1 };

export const dialRouting = (router: Address): RoutingServiceClient =>
  new RoutingServiceClient(router, credentials.createInsecure(), OWN_CONNECTION);

export const dialSupervision = (server: Address): SupervisionServiceClient =>
  new SupervisionServiceClient(server, credentials.createInsecure(), OWN_CONNECTION);

/** For calls that have options after their metadata. */
export const NO_METADATA = new Metadata();
