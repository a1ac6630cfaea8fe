export * from './address.js';
export * from './bidi.js';
export * from './codec/index.js';
export * from './dial.js';
export * as coordinatorWire from './gen/csce438/coordinator.js';
export { CoordServiceClient, CoordServiceService } from './gen/csce438/coordinator.js';
export * as snsWire from './gen/csce438/sns.js';
export { SNSServiceClient } from './gen/csce438/sns.js';
export * as replicationWire from './gen/dualping/v1/replication.js';
export { ReplicationServiceClient } from './gen/dualping/v1/replication.js';
export * as routingWire from './gen/dualping/v1/routing.js';
export {
  AdminServiceClient,
  AdminServiceService,
  RoutingServiceClient,
  RoutingServiceService,
} from './gen/dualping/v1/routing.js';
export * as socialWire from './gen/dualping/v1/social.js';
export { SocialServiceClient } from './gen/dualping/v1/social.js';
export * as supervisionWire from './gen/dualping/v1/supervision.js';
export { SupervisionServiceClient, SupervisionServiceService } from './gen/dualping/v1/supervision.js';
export * as typesWire from './gen/dualping/v1/types.js';
export * as etcdWire from './gen/etcd/rpc.js';
export {
  AuthClient as EtcdAuthClient,
  KVClient as EtcdKvClient,
  LeaseClient as EtcdLeaseClient,
} from './gen/etcd/rpc.js';
export * from './health.js';
export * from './port.js';
export * from './router-stream.js';
export * from './security/index.js';
export * from './serve.js';
export * from './services.js';
export * from './status.js';
export * from './tripwire.js';
export * from './writer.js';
