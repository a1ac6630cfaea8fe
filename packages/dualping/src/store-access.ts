/** Reads the files with which a router reaches its store. */
import { readFileSync } from 'node:fs';
import { DualpingError, quote } from '@dualping/core';
import type { StoreAccess } from '@dualping/router';

export interface StoreAccessValues {
  readonly storeCa: string;
  readonly storeCert: string;
  readonly storeKey: string;
  readonly storeUser: string;
  readonly storePasswordFile: string;
}

/** @throws DualpingError `invalid-argument` that names a file that can't be read, or what is missing */
export function storeAccessFrom(values: StoreAccessValues): StoreAccess {
  const { storeCa, storeCert, storeKey, storeUser, storePasswordFile } = values;
  requireBoth('storeCert', storeCert, 'storeKey', storeKey);
  requireBoth('storeUser', storeUser, 'storePasswordFile', storePasswordFile);
  if (storeCert !== '' && storeCa === '')
    throw refused(`storeCert is ${quote(storeCert)}: it is shown over TLS, and --store-ca is not given`);
  return {
    ...(storeCa !== '' && {
      tls: {
        authority: read('storeCa', storeCa),
        ...(storeCert !== '' && {
          own: { certificate: read('storeCert', storeCert), key: read('storeKey', storeKey) },
        }),
      },
    }),
    ...(storeUser !== '' && {
      user: {
        name: storeUser,
        password: read('storePasswordFile', storePasswordFile).split(/\r?\n/, 1)[0] ?? '',
      },
    }),
  };
}

function requireBoth(oneName: string, one: string, otherName: string, other: string): void {
  if ((one === '') === (other === '')) return;
  const [given, value, missing] = one === '' ? [otherName, other, oneName] : [oneName, one, otherName];
  throw refused(`${given} is ${quote(value)}, and ${missing} is missing`);
}

function read(name: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const { code = String(cause) } = cause as NodeJS.ErrnoException;
    throw new DualpingError('invalid-argument', `${name} is ${quote(file)}: it can't be read (${code})`, {
      cause,
    });
  }
}

const refused = (detail: string): DualpingError => new DualpingError('invalid-argument', detail);
