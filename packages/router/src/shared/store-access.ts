/** How a router reaches a shared store that lets in not everybody. */
import { DualpingError } from '@dualping/core';
import { credentials } from '@grpc/grpc-js';

export interface StoreAccess {
  /** Without TLS when absent. */
  readonly tls?: StoreTls;
  /** Of etcd's own users; none when absent. */
  readonly user?: { readonly name: string; readonly password: string };
}

/** All of it as text in PEM. */
export interface StoreTls {
  /** The certificates by which those of etcd's nodes were made; these have to name the dialled host. */
  readonly authority: string;
  /** What the router shows, where etcd wants that. */
  readonly own?: { readonly certificate: string; readonly key: string };
}

/** @throws DualpingError `invalid-argument` that says what can't be used */
export function checkStoreAccess(access: StoreAccess): StoreAccess {
  const { tls, user } = access;
  if (user !== undefined && (user.name === '' || user.password === ''))
    throw new DualpingError(
      'invalid-argument',
      `the store's user "${user.name}" needs a name and a password`,
    );
  if (tls === undefined) return access;
  if (!/-----BEGIN CERTIFICATE-----/.test(tls.authority))
    throw new DualpingError('invalid-argument', "the store's authority holds no certificate in PEM");
  try {
    const { own } = tls;
    if (own !== undefined)
      credentials.createSsl(Buffer.from(tls.authority), Buffer.from(own.key), Buffer.from(own.certificate));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DualpingError('invalid-argument', `the store's certificate and key can't be used: ${why}`, {
      cause,
    });
  }
  return access;
}
