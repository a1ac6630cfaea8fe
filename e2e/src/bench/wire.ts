/**
 * How the parts of a benchmark speak: over TLS with the certificates of a network, which is how ours runs, or
 * in plain text. Bare servers use grpc-js's own TLS, with a certificate of the same network: one load
 * generator drives both in the same way.
 */

import { join } from 'node:path';
import type { SecureContextOptions } from 'node:tls';
import type { NetworkCredentials } from '@dualping/client';
import { serverId } from '@dualping/core';
import { DeviceKey, type Dialling, type Part, PLAINTEXT, TOKEN_KEY, TOKEN_MS } from '@dualping/protocol';
import { NETWORK_FILE, readCredentials, readNetworkFile } from '@dualping/security';
import { Metadata, ServerCredentials } from '@grpc/grpc-js';

/** A folder of certificates; undefined: plain text. */
export type Certs = string | undefined;

/** The part whose certificate bare servers show. */
export const BARE_PART: Part = { role: 'server', cluster: 1, serverId: serverId(1) };

const networks = new Map<string, NetworkCredentials>();

/** What a user's client has. The same for all of this process: connections are shared by it. */
export function credentialsIn(certs: Certs): NetworkCredentials | undefined {
  if (certs === undefined) return undefined;
  const known = networks.get(certs) ?? readNetworkFile(join(certs, NETWORK_FILE));
  networks.set(certs, known);
  return known;
}

export const diallingWith = (certs: Certs): Dialling => credentialsIn(certs) ?? PLAINTEXT;

/** Of a bare server. */
export function servingWith(certs: Certs): ServerCredentials {
  if (certs === undefined) return ServerCredentials.createInsecure();
  const { ca, cert, key } = readCredentials(certs, BARE_PART).serving as SecureContextOptions;
  const pem = (text: SecureContextOptions['key' | 'cert' | 'ca']): Buffer =>
    Buffer.from([text].flat().join('\n'));
  return ServerCredentials.createSsl(pem(ca), [{ private_key: pem(key), cert_chain: pem(cert) }]);
}

const keys = new Map<string, DeviceKey>();

/** What calls of a session show: a token of the user's key, which all sessions of this process share. */
export function tokenWith(certs: Certs, user: string, sessionId: string): Metadata {
  const metadata = new Metadata();
  const [authority] = credentialsIn(certs)?.authorityHashes ?? [];
  if (authority === undefined) return metadata;
  const key = keys.get(user) ?? DeviceKey.generate();
  keys.set(user, key);
  metadata.set(TOKEN_KEY, key.sign(authority, { user, sessionId, notAfterMs: Date.now() + TOKEN_MS }));
  return metadata;
}
