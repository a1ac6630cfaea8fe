/**
 * Serves `grpc.health.v1.Health`: whether this process, and each of its services, serves.
 *
 * A slow watcher costs no more than a fast one: while its stream is full nothing is kept for it, and when it
 * drains it gets the present state.
 */
import { DualpingError, quote } from '@dualping/core';
import { type Server, type ServerWritableStream, status } from '@grpc/grpc-js';
import {
  type HealthCheckRequest,
  type HealthCheckResponse,
  type HealthServer,
  HealthService,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from './gen/grpc/health/v1/health.js';
import { toServiceError } from './status.js';

/**
 * Watch calls open at once. A takeover changes the health of both servers, and must not wait until thousands
 * of watchers are informed.
 */
export const MAX_HEALTH_WATCHERS = 1_000;

export interface HealthHandle {
  /** For one service, or for the whole process when none is named. */
  setServing(serving: boolean, serviceName?: string): void;
  /** Sets the process and all of its services to not serving: the process is about to end. */
  shutDown(): void;
}

interface Watcher {
  readonly call: ServerWritableStream<HealthCheckRequest, HealthCheckResponse>;
  sent: ServingStatus | undefined;
}

/** The named services and the process itself count as serving until `setServing` says otherwise. */
export function addHealth(server: Server, serviceNames: readonly string[]): HealthHandle {
  const statuses = new Map(['', ...serviceNames].map((name) => [name, ServingStatus.SERVING]));
  const watchers = new Set<Watcher>();

  const tell = (watcher: Watcher) => {
    const now = statuses.get(watcher.call.request.service) ?? ServingStatus.SERVICE_UNKNOWN;
    if (now === watcher.sent || watcher.call.writableNeedDrain) return;
    watcher.sent = now;
    watcher.call.write({ status: now });
  };

  const implementation: HealthServer = {
    check: ({ request: { service } }, callback) => {
      const now = statuses.get(service);
      if (now !== undefined) callback(null, { status: now });
      else callback({ code: status.NOT_FOUND, details: `there is no service ${quote(service)}` });
    },
    watch: (call) => {
      if (watchers.size >= MAX_HEALTH_WATCHERS) {
        const refusal = `${MAX_HEALTH_WATCHERS} are watching already`;
        call.emit('error', toServiceError(new DualpingError('limit-reached', refusal)));
        return;
      }
      const watcher: Watcher = { call, sent: undefined };
      watchers.add(watcher);
      call.on('drain', () => tell(watcher));
      for (const event of ['cancelled', 'close', 'error']) call.on(event, () => watchers.delete(watcher));
      tell(watcher);
    },
    list: (_call, callback) =>
      callback(null, {
        statuses: Object.fromEntries([...statuses].map(([name, now]) => [name, { status: now }])),
      }),
  };
  server.addService(HealthService, implementation);

  const set = (serviceName: string, now: ServingStatus): void => {
    statuses.set(serviceName, now);
    for (const watcher of watchers) if (watcher.call.request.service === serviceName) tell(watcher);
  };
  return {
    setServing: (serving, serviceName = '') =>
      set(serviceName, serving ? ServingStatus.SERVING : ServingStatus.NOT_SERVING),
    shutDown: () => {
      for (const serviceName of statuses.keys()) set(serviceName, ServingStatus.NOT_SERVING);
    },
  };
}
