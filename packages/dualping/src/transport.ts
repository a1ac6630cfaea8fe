/**
 * How a part connects: TLS with its certificate, unless `--insecure` is given.
 *
 * By default the certificates of a part are in the folder `certs` next to its data folder, so all parts under
 * one folder share them. Missing ones are made: the network by its router, and a part's certificate where the
 * network was made. Elsewhere an operator has to copy it there.
 */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DualpingError, quote } from '@dualping/core';
import type { Report } from '@dualping/host';
import { checkListen, isLoopback, type Part, partText } from '@dualping/protocol';
import { CERTS_FOLDER, ensure, fileOf, hasNetwork, nameOf } from '@dualping/security';
import { LOCAL_OPERATOR } from './credentials.js';
import type { Io } from './io.js';
import { BEYOND_LOOPBACK, type Insecure } from './settings/parse.js';

export interface TransportValues {
  readonly host: string;
  readonly port: number;
  readonly data: string;
  /** Empty: next to the data folder. */
  readonly certs: string;
  readonly insecure: Insecure;
  /**
   * False: other parts of the same kind are on other machines, so it must not make a network. Default true.
   */
  readonly isAlone?: boolean;
}

/**
 * Decides this for a part that is about to start, and warns if it is insecure.
 * @returns the folder of its certificates; empty: without TLS
 * @throws DualpingError `invalid-argument` when it has no certificate, or would be open to other machines
 */
export async function settleTransport(
  { host, port, data, certs, insecure, isAlone = true }: TransportValues,
  part: Part,
  { name, io }: { readonly name: string; readonly io: Io },
): Promise<string> {
  if (insecure !== 'no') {
    if (certs !== '')
      throw new DualpingError('invalid-argument', `certs is ${quote(certs)}: not together with --insecure`);
    permitInsecure(host, insecure, io);
    return '';
  }
  if (certs !== '') return certs;
  const folder = join(dirname(resolve(data)), CERTS_FOLDER);
  // A start that can't work leaves no folder behind.
  if (!existsSync(folder)) await checkListen(host, port);
  await provide(folder, part, isAlone, (event) => io.report({ part: name, ...event }));
  return folder;
}

/** Makes missing certificates of a part, where that is possible. */
async function provide(
  folder: string,
  part: Part,
  isAlone: boolean,
  say: (event: Pick<Parameters<Report>[0], 'event' | 'text'>) => void,
): Promise<void> {
  if (existsSync(fileOf(folder, part))) return;
  if (!hasNetwork(folder) && !(isAlone && part.role === 'router' && isWithoutCertificates(folder)))
    throw new DualpingError('invalid-argument', missing(folder, part, isAlone));
  // The user who runs a router also gets an operator's certificate.
  await ensure(folder, part.role === 'router' ? [part, LOCAL_OPERATOR] : [part]);
  say({ event: 'certificates', text: `made the certificate of ${partText(part)} in ${quote(folder)}` });
}

function isWithoutCertificates(folder: string): boolean {
  return !existsSync(folder) || !readdirSync(folder).some((name) => name.endsWith('.pem'));
}

const missing = (folder: string, part: Part, isAlone: boolean): string =>
  [
    `there is no certificate of ${partText(part)} in ${quote(folder)}.`,
    isAlone
      ? 'Where the network was made (its router makes it at the first start):'
      : 'Routers that share a store share a network. Where it was made (dualping certs init makes it):',
    `dualping certs ${commandFor(part)}; then copy ${nameOf(part)}.pem here.`,
    'If it is in another folder: --certs FOLDER. Without TLS, for experiments: --insecure',
  ].join(' ');

function commandFor(part: Part): string {
  switch (part.role) {
    case 'router':
      return part.role;
    case 'operator':
      return `${part.role} ${part.name}`;
    default:
      return `${part.role} ${part.serverId}${part.cluster === 1 ? '' : ` --cluster ${part.cluster}`}`;
  }
}

/**
 * @throws DualpingError `invalid-argument` if other machines could connect, and that was not allowed
 * explicitly
 */
export function permitInsecure(host: string, insecure: Insecure, io: Io): void {
  if (!isLoopback(host) && insecure !== 'beyond-loopback')
    throw new DualpingError(
      'invalid-argument',
      `host is ${quote(host)} with --insecure: any program that reaches it could read everything and impersonate any user, server or operator. Leave --insecure out, or give --insecure=${BEYOND_LOOPBACK}`,
    );
  const reach = isLoopback(host) ? 'every program on this machine' : `everyone who can reach ${host}`;
  io.note(
    `dualping: --insecure, so without TLS: ${reach} can read and post as anyone, and impersonate a part`,
  );
}
