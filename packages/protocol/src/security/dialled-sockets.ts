/**
 * The sockets of connections that a program has dialled: gRPC keeps them to itself, and one whose other end
 * was revoked has to be closed.
 */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { ChannelCredentials } from '@grpc/grpc-js';

/** What a channel of grpc-js 1.14 asks of its credentials; another version is noticed by `tls.test.ts`. */
const CREATE_CONNECTOR = '_createSecureConnector';

interface Connector {
  connect(socket: Socket): Promise<{ readonly socket: Socket }>;
}

/** @param dialled gets each socket when its handshake is done */
export function watchingSockets(
  credentials: ChannelCredentials,
  dialled: (socket: TLSSocket) => void,
): ChannelCredentials {
  const create: unknown = Reflect.get(credentials, CREATE_CONNECTOR);
  if (typeof create !== 'function') return credentials;
  Reflect.set(credentials, CREATE_CONNECTOR, (...place: readonly unknown[]): Connector => {
    const connector: Connector = create.apply(credentials, place);
    const connect = connector.connect.bind(connector);
    connector.connect = async (tcp) => {
      const connected = await connect(tcp);
      if (connected.socket instanceof TLSSocket) dialled(connected.socket);
      return connected;
    };
    return connector;
  });
  return credentials;
}
