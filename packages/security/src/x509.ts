/**
 * Makes certificates. Loaded only where one is made: the library is large, and running parts only read
 * certificates.
 *
 * P-256, because a handshake with it costs 2 ms, and every TLS library has it.
 */
import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import {
  type CertifiedNetwork,
  type Identity,
  identityHost,
  identityUri,
  networkUri,
  partPath,
} from '@dualping/protocol';
import * as x509 from '@peculiar/x509';

const KEY = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;
/** Certificates are valid from this long before they are made, ms: clocks of two machines differ. */
const CLOCKS_DIFFER_MS = 3_600_000;
const SERIAL_BYTES = 16;

/** A certificate with its private key, both in PEM. */
export interface Made {
  readonly certificate: string;
  readonly key: string;
  /** Hexadecimal, in lower case. */
  readonly serial: string;
  readonly notAfter: Date;
}

export async function makeAuthority(network: CertifiedNetwork, days: number): Promise<Made> {
  const keys = await newKeys();
  const serial = newSerial();
  const notAfter = endAfter(days);
  const made = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial,
    name: `CN=dualping network ${network} ${serial.slice(0, 8)}`,
    notBefore: new Date(Date.now() - CLOCKS_DIFFER_MS),
    notAfter,
    signingAlgorithm: SIGNATURE,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      new x509.SubjectAlternativeNameExtension([{ type: 'url', value: networkUri(network) }]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: pemOf(made), key: await keyPem(keys.privateKey), serial, notAfter };
}

/**
 * What the former certificate of a network says of the new one: its name and key, signed by the former key.
 * It proves who comes next, and signs nothing.
 */
export async function makeSuccession(
  former: Pick<Made, 'certificate' | 'key'>,
  next: Pick<Made, 'certificate'>,
  days: number,
): Promise<string> {
  const issuer = new x509.X509Certificate(former.certificate);
  const subject = new x509.X509Certificate(next.certificate);
  const names = subject.getExtension(x509.SubjectAlternativeNameExtension);
  const made = await x509.X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: subject.subject,
    issuer: issuer.subject,
    notBefore: new Date(Date.now() - CLOCKS_DIFFER_MS),
    notAfter: endAfter(days),
    signingAlgorithm: SIGNATURE,
    publicKey: await subject.publicKey.export(),
    signingKey: await signingKey(former.key),
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      ...(names === null ? [] : [names]),
      await x509.SubjectKeyIdentifierExtension.create(subject.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
    ],
  });
  return pemOf(made);
}

export async function makeCertificate(
  authority: Pick<Made, 'certificate' | 'key'>,
  identity: Identity,
  days: number,
): Promise<Made> {
  const keys = await newKeys();
  const serial = newSerial();
  const issuer = new x509.X509Certificate(authority.certificate);
  // No certificate outlives the one that signed it.
  const notAfter = new Date(Math.min(endAfter(days).getTime(), issuer.notAfter.getTime()));
  const made = await x509.X509CertificateGenerator.create({
    serialNumber: serial,
    subject: `CN=dualping ${partPath(identity).replaceAll('/', ' ')}`,
    issuer: issuer.subject,
    notBefore: new Date(Date.now() - CLOCKS_DIFFER_MS),
    notAfter,
    signingAlgorithm: SIGNATURE,
    publicKey: keys.publicKey,
    signingKey: await signingKey(authority.key),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([
        x509.ExtendedKeyUsage.serverAuth,
        x509.ExtendedKeyUsage.clientAuth,
      ]),
      new x509.SubjectAlternativeNameExtension([
        { type: 'url', value: identityUri(identity) },
        { type: 'dns', value: identityHost(identity) },
      ]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
    ],
  });
  return { certificate: pemOf(made), key: await keyPem(keys.privateKey), serial, notAfter };
}

x509.cryptoProvider.set(webcrypto);

const newKeys = async () => await webcrypto.subtle.generateKey(KEY, true, ['sign', 'verify']);

const endAfter = (days: number): Date => new Date(Date.now() + days * DAY_MS);

/** Positive and without leading zeros, so that all libraries write it in the same way. */
function newSerial(): string {
  const bytes = randomBytes(SERIAL_BYTES);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}

const pemOf = (certificate: x509.X509Certificate): string => `${certificate.toString('pem').trimEnd()}\n`;

async function keyPem(key: webcrypto.CryptoKey): Promise<string> {
  const bytes = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN PRIVATE KEY-----', ...lines, '-----END PRIVATE KEY-----', ''].join('\n');
}

async function signingKey(pem: string): Promise<webcrypto.CryptoKey> {
  const bytes = Buffer.from(pem.replace(/-----[A-Z ]+-----|\s/g, ''), 'base64');
  return await webcrypto.subtle.importKey('pkcs8', bytes, KEY, false, ['sign']);
}
