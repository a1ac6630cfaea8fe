/** What every dualping process does to serve: limits, health, reflection, and a place to listen at. */
import { createServer as createSocketServer, type Socket } from 'node:net';
import { type Address, DualpingError, quote } from '@dualping/core';
import { type ChannelOptions, Server, ServerCredentials } from '@grpc/grpc-js';
import { formatAddress, MAX_PORT } from './address.js';
import { addHealth, type HealthHandle } from './health-service.js';
import { addReflection } from './reflection-service.js';

/**
 * Largest message that a client receives, bytes: several times the largest that dualping sends (a batch of
 * entries).
 */
export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;
/**
 * Largest message that is asked with, bytes: csce438 programs post up to 100 kB at once, and the largest of
 * ours (a standby that joins, with 1,000 epoch starts) is smaller. A stranger who begins a message on each of
 * thousands of streams and never ends it makes a process hold so much for each.
 */
export const MAX_REQUEST_BYTES = 128 * 1024;
/** Calls open at once on one connection: room for a program that serves thousands of users over one. */
export const MAX_STREAMS_PER_CONNECTION = 10_000;
/**
 * A connection without a call for so long is closed, ms: someone who only connects can't hold memory for
 * ever.
 */
export const MAX_CONNECTION_IDLE_MS = 300_000;
/**
 * HTTP/2 keepalive, ms: a second net only, for peers that have vanished without a word. Failure detection
 * is by the pings inside the streams, which prove that the program is there and not only its kernel.
 */
export const KEEPALIVE_INTERVAL_MS = 10_000;
export const KEEPALIVE_TIMEOUT_MS = 5_000;
/**
 * Longest wait before a channel connects again, ms: servers come back in milliseconds, and all is on purpose
 * local.
 */
const RECONNECT_FIRST_MS = 20;
const RECONNECT_MOST_MS = 250;

/**
 * Least time between two look-ups of a name that turned out to lead nowhere, ms. A container that was
 * replaced, or started after another, has another address under its old name; grpc-js would go on dialling
 * the old one for 30 seconds.
 */
const NAME_LOOKUP_INTERVAL_MS = 1_000;

const KEEPALIVE: ChannelOptions = {
  'grpc.keepalive_time_ms': KEEPALIVE_INTERVAL_MS,
  'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
};

/** For every client of dualping. Retries are ours: only the session knows what may be sent twice. */
export const CHANNEL_OPTIONS: ChannelOptions = Object.freeze({
  ...KEEPALIVE,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
  'grpc.initial_reconnect_backoff_ms': RECONNECT_FIRST_MS,
  'grpc.max_reconnect_backoff_ms': RECONNECT_MOST_MS,
  'grpc.dns_min_time_between_resolutions_ms': NAME_LOOKUP_INTERVAL_MS,
  // Nobody configures us by TXT records, and where there is no name server to ask the question itself hangs.
  'grpc.service_config_disable_resolution': 1,
  'grpc.enable_retries': 0,
  'grpc.enable_http_proxy': 0,
});

export function createGrpcServer(options: ChannelOptions = {}): Server {
  return new Server({
    ...KEEPALIVE,
    'grpc.max_receive_message_length': MAX_REQUEST_BYTES,
    'grpc.max_concurrent_streams': MAX_STREAMS_PER_CONNECTION,
    'grpc.max_connection_idle_ms': MAX_CONNECTION_IDLE_MS,
    ...options,
  });
}

export type { HealthHandle } from './health-service.js';

/**
 * Adds `grpc.health.v1.Health` and server reflection; everything named, and the process as such, serves until
 * told otherwise. `healthNames`: what health answers for besides, without being a service that can be called.
 */
export function addHealthAndReflection(
  server: Server,
  serviceNames: readonly string[],
  healthNames: readonly string[] = [],
): HealthHandle {
  addReflection(server, serviceNames);
  return addHealth(server, [...serviceNames, ...healthNames]);
}

const WHY_NOT: Readonly<Record<string, string>> = {
  EADDRINUSE: 'something else listens there already',
  EACCES: 'the system does not permit that port',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the host name cannot be looked up now',
};

/**
 * Listens without encryption at `host` and `port`, 0 for a free one, and says where it is.
 *
 * Throws `invalid-argument` quoting the address when that can't be had.
 */
export async function listen(server: Server, host: string, port: number): Promise<Address> {
  const wanted = formatAddress({ host, port });
  await checkListen(host, port);
  return await new Promise((resolve, reject) => {
    server.bindAsync(wanted, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(formatAddress({ host, port: bound }));
      else reject(cannotListen(wanted, error));
    });
  });
}

export interface Listener {
  readonly address: Address;
  /** Takes no more connections; those that are open stay. */
  close(): void;
}

/**
 * Like `listen`, but shows each connection before gRPC gets it: calls say by `getPeer()` on which one they
 * came, and nothing else tells when it closes.
 */
export async function listenToConnections(
  server: Server,
  host: string,
  port: number,
  onConnection: (socket: Socket) => void,
): Promise<Listener> {
  checkPort(port);
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const sockets = createSocketServer({ noDelay: true }, (socket) => {
    onConnection(socket);
    injector.injectConnection(socket);
  });
  await new Promise<void>((resolve, reject) => {
    sockets.once('error', (error) => reject(cannotListen(formatAddress({ host, port }), error)));
    sockets.listen({ host, port, exclusive: true }, resolve);
  });
  sockets.on('error', () => {}); // a connection that could not be accepted is the caller's affair
  const bound = sockets.address();
  const address = formatAddress({ host, port: typeof bound === 'object' ? (bound?.port ?? port) : port });
  return { address, close: () => sockets.close() };
}

/**
 * Throws as `listen` would now: before a folder is made for what could not run. A socket of our own is asked,
 * because grpc-js tells why it could not bind only in text, and logs it.
 */
export async function checkListen(host: string, port: number): Promise<void> {
  checkPort(port);
  await new Promise<void>((resolve, reject) => {
    const socket = createSocketServer();
    socket.once('error', (error) => reject(cannotListen(formatAddress({ host, port }), error)));
    socket.listen({ host, port, exclusive: true }, () => socket.close(() => resolve()));
  });
}

function checkPort(port: number): void {
  if (!Number.isInteger(port) || port < 0 || port > MAX_PORT)
    throw new DualpingError('invalid-argument', `port ${quote(String(port))} is not 0 to ${MAX_PORT}`);
}

function cannotListen(wanted: Address, cause: Error): DualpingError {
  const code = 'code' in cause ? String(cause.code) : '';
  return new DualpingError(
    'invalid-argument',
    `cannot listen at ${quote(wanted)}: ${WHY_NOT[code] ?? cause.message}`,
    { cause },
  );
}
