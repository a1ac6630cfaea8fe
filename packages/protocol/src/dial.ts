/**
 * Connections that are not shared, so that failures of other clients have no effect, and clients for them,
 * for programs that call only now and then.
 */
import type { Address } from '@dualping/core';
import { type ChannelOptions, Metadata } from '@grpc/grpc-js';
import { RoutingServiceClient } from './gen/dualping/v1/routing.js';
import { SupervisionServiceClient } from './gen/dualping/v1/supervision.js';
import { type Dialling, PLAINTEXT } from './security/network-credentials.js';
import { CHANNEL_OPTIONS } from './serve.js';

/**
 * A connection that no other client of the process uses. After a failure a shared connection waits for its
 * back-off, whichever client asks.
 */
export const OWN_CONNECTION: ChannelOptions = { ...CHANNEL_OPTIONS, 'grpc.use_local_subchannel_pool': 1 };

export const dialRouting = (router: Address, dialling: Dialling = PLAINTEXT): RoutingServiceClient =>
  new RoutingServiceClient(router, dialling.channel('router'), OWN_CONNECTION);

export const dialSupervision = (server: Address, dialling: Dialling = PLAINTEXT): SupervisionServiceClient =>
  new SupervisionServiceClient(server, dialling.channel('server'), OWN_CONNECTION);

/** For calls that have options after their metadata. */
export const NO_METADATA = new Metadata();
