/** How a router authenticates to a shared store. */
import { DualpingError } from '@dualping/core';
import { credentials } from '@grpc/grpc-js';

export interface StoreAccess {
  /** Without TLS when absent. */
  readonly tls?: StoreTls;
  /** A user of etcd; none when absent. */
  readonly user?: { readonly name: string; readonly password: string };
}

/** All as PEM text. */
export interface StoreTls {
  /** The CA certificates of etcd's nodes, whose certificates have to name the dialled host. */
  readonly authority: string;
  /** The router's certificate and key, if etcd requires them. */
  readonly own?: { readonly certificate: string; readonly key: string };
}

/** @throws DualpingError `invalid-argument` that says which option is wrong */
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
