/** The services of a router of several: its own while it leads, and the leader's while it follows. */
import {
  AdminServiceService,
  CoordServiceService,
  RoutingServiceDefinition,
  type routingWire,
} from '@dualping/protocol';
import type {
  handleServerStreamingCall,
  handleUnaryCall,
  MethodDefinition,
  Server,
  ServiceDefinition,
  UntypedHandleCall,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { answerAtOnce } from '../answers.js';
import type { Services } from '../services.js';
import type { FollowerRecords } from './follower-records.js';
import type { LeaderTelling } from './leader-telling.js';
import type { PassOn } from './pass-on.js';

const DEFINITIONS: Readonly<Record<keyof Services, ServiceDefinition>> = {
  routing: RoutingServiceDefinition,
  admin: AdminServiceService,
  coord: CoordServiceService,
};

export interface OpenServicesParts {
  /** While this router leads. */
  readonly own: () => Services | undefined;
  /** An operator wants another router to lead. @returns the term that ends */
  readonly handOver: () => number;
  readonly telling: LeaderTelling;
  readonly records: FollowerRecords;
  readonly passOn: PassOn;
}

export function addOpenServices(grpc: Server, parts: OpenServicesParts): void {
  const { own, handOver, telling, records, passOn } = parts;
  const { connect, getAvailable, watch } = RoutingServiceDefinition;
  const passedOn = {
    connect: unary(passOn, connect),
    getAvailable: unary(passOn, getAvailable),
    watch: streamed(passOn, watch),
  };
  type ByItself = 'dualPing' | 'leader' | 'connect' | 'getAvailable' | 'watch';
  const byItself: Pick<routingWire.RoutingServiceServer, ByItself> = {
    connect: (call, callback) =>
      (own()?.routing.connect ?? records.connect ?? passedOn.connect)(call, callback),
    getAvailable: (call, callback) =>
      (own()?.routing.getAvailable ?? records.getAvailable(passedOn.getAvailable))(call, callback),
    watch: (call) => (own()?.routing.watch ?? records.watch(passedOn.watch))(call),
    dualPing: (call) => {
      const services = own();
      if (services === undefined) telling.redirect(call);
      else services.routing.dualPing(call);
    },
    leader: (call) => telling.ask(call),
  };
  /** Replaces the handler of the leading router's registry. */
  const ofLeader: Pick<routingWire.AdminServiceServer, 'handoverRouter'> = {
    handoverRouter: (_call, callback) => answerAtOnce(callback, () => ({ term: handOver() })),
  };
  for (const [name, definition] of Object.entries(DEFINITIONS)) {
    const implementation: UntypedServiceImplementation = {};
    const ownOf = (method: string): UntypedHandleCall | undefined => {
      const services = own();
      if (services === undefined) return undefined;
      const all: UntypedServiceImplementation = services[name as keyof Services];
      return name === 'admin' ? { ...all, ...ofLeader }[method] : all[method];
    };
    for (const [method, description] of Object.entries(definition))
      implementation[method] = ownOrPassedOn(description, passOn, () => ownOf(method));
    grpc.addService(definition, name === 'routing' ? { ...implementation, ...byItself } : implementation);
  }
}

// Requests and answers pass through without being read or changed.
const unary = <Request, Response>(
  passOn: PassOn,
  method: MethodDefinition<Request, Response>,
): handleUnaryCall<Request, Response> =>
  passOn.unary(method as MethodDefinition<unknown, unknown>) as handleUnaryCall<Request, Response>;

const streamed = <Request, Response>(
  passOn: PassOn,
  method: MethodDefinition<Request, Response>,
): handleServerStreamingCall<Request, Response> =>
  passOn.stream(method as MethodDefinition<unknown, unknown>) as handleServerStreamingCall<Request, Response>;

function ownOrPassedOn(
  method: MethodDefinition<unknown, unknown>,
  passOn: PassOn,
  own: () => UntypedHandleCall | undefined,
): UntypedHandleCall {
  const passedOn: UntypedHandleCall = method.responseStream ? passOn.stream(method) : passOn.unary(method);
  // Both take the same arguments: the method's definition decides them.
  return (...call: unknown[]) => Reflect.apply(own() ?? passedOn, undefined, call);
}
