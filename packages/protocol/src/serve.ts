/** What every dualping process needs to serve: limits, health, reflection, and listening. */
import { createServer as createSocketServer, type Socket } from 'node:net';
import { type Address, DualpingError, quote } from '@dualping/core';
import { type ChannelOptions, type Server, ServerCredentials } from '@grpc/grpc-js';
import { formatAddress, MAX_PORT } from './address.js';
import { addHealth, type HealthHandle } from './health-service.js';
import { addReflection } from './reflection-service.js';
import { Access } from './security/access.js';
import { ConnectionGate } from './security/connection-gate.js';
import { FirstByte } from './security/first-byte.js';
import { GuardedServer } from './security/guarded-server.js';

/**
 * Largest message that a client receives, bytes: several times the largest that dualping sends (a batch of
 * entries).
 */
export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;
/**
 * Largest message that a router or server receives, bytes. csce438 programs post up to 100 kB at once; our
 * largest one (the join of a standby, with 1,000 epoch starts) is smaller. A stranger may begin a message on
 * each of thousands of streams and never end it, and the process holds this much for each.
 */
export const MAX_REQUEST_BYTES = 128 * 1024;
/** Calls open at once on one connection: room for a program that serves thousands of users over one. */
const MAX_STREAMS_PER_CONNECTION = 10_000;
/**
 * A connection without a call is closed after this time, ms: a client that only connects can't hold memory
 * for ever.
 */
const MAX_CONNECTION_IDLE_MS = 300_000;
/**
 * HTTP/2 keepalive, ms: only a second safeguard, for peers that have vanished silently. Failures are
 * detected by the pings inside the streams: they prove that the machine behind the stream still works.
 */
const KEEPALIVE_INTERVAL_MS = 10_000;
const KEEPALIVE_TIMEOUT_MS = 5_000;
/**
 * First and longest wait before a channel connects again, ms: servers come back in milliseconds, and are
 * near.
 */
const RECONNECT_FIRST_MS = 20;
const RECONNECT_MOST_MS = 250;

/**
 * Shortest time between two look-ups of a name whose address did not answer, ms. A replaced or restarted
 * container may have a new address with its old name; grpc-js would go on dialling the old address for 30
 * seconds.
 */
const NAME_LOOKUP_INTERVAL_MS = 1_000;

/** Certificates say who a part is, not where. Without this Node warns when an address is dialled. */
export const WITHOUT_HOST_NAMES: ChannelOptions = { 'grpc.ssl_target_name_override': 'dualping.internal' };

const KEEPALIVE: ChannelOptions = {
  'grpc.keepalive_time_ms': KEEPALIVE_INTERVAL_MS,
  'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
};

/**
 * For every client of dualping. gRPC's own retries are off: only the session knows which requests may be sent
 * twice.
 */
export const CHANNEL_OPTIONS: ChannelOptions = Object.freeze({
  ...KEEPALIVE,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
  'grpc.initial_reconnect_backoff_ms': RECONNECT_FIRST_MS,
  'grpc.max_reconnect_backoff_ms': RECONNECT_MOST_MS,
  'grpc.dns_min_time_between_resolutions_ms': NAME_LOOKUP_INTERVAL_MS,
  // We use no configuration from TXT records, and without a name server this question would hang.
  'grpc.service_config_disable_resolution': 1,
  'grpc.enable_retries': 0,
  'grpc.enable_http_proxy': 0,
  ...WITHOUT_HOST_NAMES,
});

/** @param access who may call what; when absent every caller may make every call */
export function createGrpcServer(options: ChannelOptions = {}, access = new Access()): GuardedServer {
  const limits: ChannelOptions = {
    ...KEEPALIVE,
    'grpc.max_receive_message_length': MAX_REQUEST_BYTES,
    'grpc.max_concurrent_streams': MAX_STREAMS_PER_CONNECTION,
    'grpc.max_connection_idle_ms': MAX_CONNECTION_IDLE_MS,
  };
  return new GuardedServer({ ...limits, ...options }, access);
}

export type { HealthHandle } from './health-service.js';
export type { GuardedServer } from './security/guarded-server.js';

/**
 * Adds `grpc.health.v1.Health` and server reflection; the named services and the process itself count as
 * serving until told otherwise. `healthNames`: more names for which health answers, without a callable
 * service.
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
 * Listens without encryption at `host` and `port` (0: a free one), and returns the address.
 *
 * Throws `invalid-argument` quoting the address when it can't listen there.
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
  /** Takes no more connections; open ones stay. */
  close(): void;
}

/** What comes of connections before gRPC gets them. */
export interface ConnectionListener {
  /** Gets each connection of gRPC. */
  readonly onConnection?: (socket: Socket) => void;
  /** Gets each tripwire with its first bytes unread; calls `proved` when it is one. Default: it is closed. */
  readonly tripwire?: (socket: Socket, proved: () => void) => void;
  /** Limits the connections of each address. Default: with the default limits. */
  readonly gate?: ConnectionGate;
}

/**
 * Like `listen`, but shows each connection before gRPC gets it: `getPeer()` of a call names its connection,
 * and only the socket itself reports when the connection closes. With credentials of the network it speaks
 * TLS; without them it answers a TLS handshake with an alert.
 */
export async function listenToConnections(
  server: GuardedServer,
  host: string,
  port: number,
  { onConnection = () => {}, tripwire, gate = new ConnectionGate() }: ConnectionListener = {},
): Promise<Listener> {
  checkPort(port);
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const { access } = server;
  const inject = (socket: Socket): void => {
    onConnection(socket);
    injector.injectConnection(socket);
  };
  const firstByte = new FirstByte(access.credentials, {
    secure: (socket) => {
      if (gate.proved(socket, access.acceptSecure(socket))) inject(socket);
      else socket.destroy();
    },
    plaintext: (socket) => {
      access.acceptPlaintext(socket);
      if (gate.proved(socket, false)) inject(socket);
      else socket.destroy();
    },
    tlsRefused: (socket) => access.refuseTls(socket),
    tripwire:
      tripwire &&
      ((socket, proved) =>
        tripwire(socket, () => {
          proved();
          gate.proved(socket, true);
        })),
  });
  const sockets = createSocketServer({ noDelay: true }, (socket) => {
    if (gate.accepts(socket)) firstByte.accept(socket);
  });
  await new Promise<void>((resolve, reject) => {
    sockets.once('error', (error) => reject(cannotListen(formatAddress({ host, port }), error)));
    sockets.listen({ host, port, exclusive: true }, resolve);
  });
  sockets.on('error', () => {}); // a connection that could not be accepted is noticed by its client
  const bound = sockets.address();
  const address = formatAddress({ host, port: typeof bound === 'object' ? (bound?.port ?? port) : port });
  return {
    address,
    close: () => {
      sockets.close();
      firstByte.close();
      gate.close();
      access.close();
    },
  };
}

/**
 * Throws if `listen` would fail now. Called before a folder is made for a process that could not run. It uses
 * its own socket, because grpc-js gives the reason only as text, and logs it.
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
