/**
 * Finds out the network of the process at a router's address, from its certificate, before it is trusted. The
 * handshake proves that it has the key of that certificate.
 */
import { X509Certificate } from 'node:crypto';
import { connect, type DetailedPeerCertificate } from 'node:tls';
import { type Address, DualpingError } from '@dualping/core';
import { authorityHash, identityIn, networkIn, parseAddress } from '@dualping/protocol';
import type { KnownNetwork } from './known-networks.js';

/** How long an address may be silent, ms. */
const PROBE_TIMEOUT_MS = 3_000;

export type Probed =
  | ({ readonly kind: 'network'; readonly network: string } & KnownNetwork)
  /** A process answers there, without TLS. */
  | { readonly kind: 'plaintext' }
  /** Nothing answers. */
  | { readonly kind: 'silent' };

/** @throws DualpingError `not-a-router` when it is something else than a router of a network */
export async function probe(router: Address): Promise<Probed> {
  const { host, port } = parseAddress(router);
  return await new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port,
      rejectUnauthorized: false,
      ALPNProtocols: ['h2'],
      minVersion: 'TLSv1.3',
    });
    let hasConnected = false;
    const end = (settle: () => void): void => {
      clearTimeout(patience);
      socket.destroy();
      settle();
    };
    const patience = setTimeout(() => end(() => resolve({ kind: 'silent' })), PROBE_TIMEOUT_MS);
    socket.once('connect', () => {
      hasConnected = true;
    });
    // A process without TLS answers the handshake with something else, or closes.
    socket.once('error', () => end(() => resolve({ kind: hasConnected ? 'plaintext' : 'silent' })));
    socket.once('close', () => end(() => resolve({ kind: hasConnected ? 'plaintext' : 'silent' })));
    socket.once('secureConnect', () => {
      const certificate = socket.getPeerCertificate(true);
      end(() => {
        try {
          resolve(networkOf(router, certificate));
        } catch (error) {
          reject(error);
        }
      });
    });
  });
}

function networkOf(router: Address, { raw, issuerCertificate }: DetailedPeerCertificate): Probed {
  const refused = (why: string): DualpingError =>
    new DualpingError('not-a-router', `what answers at ${router} is no router of a dualping network: ${why}`);
  if (raw === undefined || issuerCertificate?.raw === undefined)
    throw refused('it does not show the certificate of a network');
  const own = new X509Certificate(raw);
  const authority = new X509Certificate(issuerCertificate.raw);
  const identity = identityIn(own.subjectAltName);
  const network = networkIn(authority.subjectAltName);
  if (network === undefined || identity?.network !== network)
    throw refused('its certificate is another kind');
  if (!own.verify(authority.publicKey)) throw refused('its certificate is not signed by its network');
  if (identity.role !== 'router') throw refused(`it is a ${identity.role}`);
  const fingerprint = authorityHash(authority.publicKey);
  return { kind: 'network', network, fingerprint, certificate: authority.toString() };
}
