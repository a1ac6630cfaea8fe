/**
 * Chooses the credentials of a user's command: the given ones, those of a network on this machine, or those
 * of a network that the user knows. For an unknown network the user sees its fingerprint and is asked once. A
 * changed network is refused, unless the certificate that is known here vouches for the new one.
 */
import { createInterface } from 'node:readline/promises';
import { type Address, DualpingError } from '@dualping/core';
import { NetworkCredentials } from '@dualping/protocol';
import { type Trust, userCredentials } from '../credentials.js';
import type { Io } from '../io.js';
import { ownCommand } from '../own-command.js';
import { follow, keepFollowing } from './followed-network.js';
import {
  fingerprintText,
  type KnownNetwork,
  knownNetworkAt,
  knownNetworksFile,
  rememberNetwork,
} from './known-networks.js';
import { type Probed, probe } from './probe.js';

/** Whether a person can be asked. */
export type Asking = Pick<Io, 'interactive' | 'input' | 'output' | 'note'> | undefined;

/**
 * Undefined: the network runs without TLS.
 * @param asking absent: the user can't be asked, and an unknown network is refused
 * @throws DualpingError `wrong-network` when another network answers than the known one; `unauthenticated`
 * when the network is not known, and the user does not trust it
 */
export async function personCredentials(
  trust: Trust,
  routers: readonly Address[],
  asking?: Asking,
): Promise<NetworkCredentials | undefined> {
  const told = userCredentials(trust, routers);
  if (told !== undefined) return told;
  const known = knownNetworkAt(routers);
  const found = await firstProbed(routers);
  if (known !== undefined) return await asKnown(known, routers, found);
  if (found.kind !== 'network') return undefined;
  if (!(await isTrusted(routers, found, asking))) throw notKnown(routers, found);
  rememberNetwork(routers, { fingerprint: found.fingerprint, certificate: found.certificate });
  return NetworkCredentials.parse(found.certificate);
}

async function asKnown(
  known: KnownNetwork,
  routers: readonly Address[],
  found: Probed,
): Promise<NetworkCredentials> {
  const credentials = NetworkCredentials.parse(known.certificate);
  const isKnown = (): boolean =>
    found.kind !== 'network' || credentials.authorityHashes.includes(found.fingerprint);
  if (found.kind === 'plaintext') throw withoutTls(routers, known);
  if (found.kind === 'network') await follow(credentials, routers, isKnown());
  if (found.kind === 'network' && !isKnown()) throw changed(routers, credentials, found);
  keepFollowing(credentials, routers);
  return credentials;
}

/** The result from the first router that answers; `silent` when none does. */
export async function firstProbed(routers: readonly Address[]): Promise<Probed> {
  let refused: unknown;
  for (const router of routers)
    try {
      const found = await probe(router);
      if (found.kind !== 'silent') return found;
    } catch (error) {
      refused ??= error;
    }
  if (refused !== undefined) throw refused;
  return { kind: 'silent' };
}

async function isTrusted(
  routers: readonly Address[],
  { network, fingerprint }: Extract<Probed, { kind: 'network' }>,
  asking: Asking,
): Promise<boolean> {
  if (asking?.interactive !== true) return false;
  asking.note(`${routers.join()} is not known here. What answers there is network ${network}, fingerprint`);
  asking.note(`  ${fingerprintText(fingerprint)}`);
  asking.note('If the operator gave you another fingerprint, say no. You are asked once.');
  const lines = createInterface({ input: asking.input, output: asking.output });
  try {
    return await new Promise((resolve) => {
      lines.once('close', () => resolve(false));
      void lines.question('Do you trust it (yes or no)? ').then(
        (answer) => resolve(/^y(es)?$/i.test(answer.trim())),
        () => resolve(false),
      );
    });
  } finally {
    lines.close();
  }
}

function notKnown(
  routers: readonly Address[],
  { network, fingerprint }: Extract<Probed, { kind: 'network' }>,
): DualpingError {
  const detail = `network ${network} at ${routers.join()} is not known here (${fingerprintText(fingerprint)}): join it by an invitation, or run \`${ownCommand()} client --routers ${routers.join()}\` and say yes, or give its certificate with --ca`;
  return new DualpingError('unauthenticated', detail);
}

function changed(
  routers: readonly Address[],
  { network: knownNetwork, authorityHashes }: NetworkCredentials,
  { network, fingerprint }: Extract<Probed, { kind: 'network' }>,
): DualpingError {
  const there = fingerprintText(fingerprint);
  const trust = `${ownCommand()} trust ${there} --routers ${routers.join()}`;
  const claim =
    network === knownNetwork
      ? `It says that it is network ${network} with another certificate: that may have been replaced while this machine was away (certs rotate-ca)`
      : `It is network ${network}, and ${knownNetwork} is known: the network may have been set up again`;
  const detail = `ANOTHER NETWORK answers at ${routers.join()} than the one that is known here. ${claim}, or an attacker may be listening in. Known: ${authorityHashes.map(fingerprintText).join(', ')}; there now: ${there}. Only if its operator tells you this very fingerprint (certs fingerprint shows it): ${trust}`;
  return new DualpingError('wrong-network', detail);
}

function withoutTls(routers: readonly Address[], known: KnownNetwork): DualpingError {
  const detail = `what answers at ${routers.join()} speaks no TLS, and the network that is known there does (${fingerprintText(known.fingerprint)}). If its operator says that it runs without TLS now, remove the address from ${knownNetworksFile()}`;
  return new DualpingError('wrong-network', detail);
}
