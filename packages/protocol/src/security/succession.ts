/**
 * How parts and clients that know a network's certificate follow when it is replaced.
 *
 * During the replacement the network shows a *succession* together with its two certificates: a certificate
 * of the new key that the former key has signed. It proves the same from any sender, so it may come over an
 * unauthenticated connection. An attacker can show a true succession, and gains nothing; a false one needs
 * the former key. It is valid for a short time, so that it leads no client to a key that leaks years later.
 */
import { X509Certificate } from 'node:crypto';
import { isIssuedBy } from './certificate.js';
import { networkIn } from './identity.js';

/** Whether it is a network's own certificate; else a succession, if it has a network's name. */
export const isSelfSigned = (certificate: X509Certificate): boolean => isIssuedBy(certificate, certificate);

/**
 * Selects from the announced certificates of a network those that are known, or that have a succession from a
 * known one.
 *
 * @param known the network's own certificates, as they are known here
 * @param told X.509 in DER, from any sender
 * @returns in the order in which they were announced; empty: none of them can be trusted
 */
export function followed(
  known: readonly X509Certificate[],
  told: readonly Uint8Array[],
  nowMs: number,
): readonly X509Certificate[] {
  const networks = new Set(known.map(({ subjectAltName }) => networkIn(subjectAltName)));
  const certificates = told
    .flatMap((bytes) => certificateIn(bytes) ?? [])
    .filter(({ ca, subjectAltName }) => ca && networks.has(networkIn(subjectAltName)));
  const successions = certificates.filter(
    (each) =>
      !isSelfSigned(each) &&
      Date.parse(each.validFrom) <= nowMs &&
      nowMs <= Date.parse(each.validTo) &&
      known.some((authority) => isIssuedBy(each, authority)),
  );
  const isBelieved = ({ publicKey }: X509Certificate): boolean =>
    [...known, ...successions].some((each) => each.publicKey.equals(publicKey));
  return certificates.filter((each) => isSelfSigned(each) && isBelieved(each));
}

function certificateIn(bytes: Uint8Array): X509Certificate | undefined {
  try {
    return new X509Certificate(bytes);
  } catch {
    return undefined;
  }
}
