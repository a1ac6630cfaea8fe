/**
 * How to dial where nobody else's failures may count, and clients that do so for programs that only call now
 * and then.
 */
import type { Address } from '@dualping/core';
import { type ChannelOptions, credentials, Metadata } from '@grpc/grpc-js';
import { RoutingServiceClient } from './gen/dualping/v1/routing.js';
import { SupervisionServiceClient } from './gen/dualping/v1/supervision.js';
import { CHANNEL_OPTIONS } from './serve.js';

/**
 * A connection that no other client of the process uses. One that is shared goes on waiting, after a failure,
 * for as long as its back-off says, whoever asks.
 */
export const OWN_CONNECTION: ChannelOptions = { ...CHANNEL_OPTIONS, 'grpc.use_local_subchannel_pool': 1 };

export const dialRouting = (router: Address): RoutingServiceClient =>
  new RoutingServiceClient(router, credentials.createInsecure(), OWN_CONNECTION);

export const dialSupervision = (server: Address): SupervisionServiceClient =>
  new SupervisionServiceClient(server, credentials.createInsecure(), OWN_CONNECTION);

/** For calls whose options come after it. */
export const NO_METADATA = new Metadata();
