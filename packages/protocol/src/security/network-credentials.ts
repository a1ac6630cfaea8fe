/**
 * The certificates with which a program proves its identity, and checks the parts of its network.
 *
 * A credentials file is PEM text: certificates of the network's own CA, and for a part its certificate with
 * the private key. A user's client has only the CA certificates: it can recognise the network, and proves
 * nothing. Everything can be replaced while connections are open: the next handshake uses the new content.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import {
  createSecureContext,
  type PeerCertificate,
  type SecureContext,
  type TLSSocket,
  type TlsOptions,
} from 'node:tls';
import { DualpingError } from '@dualping/core';
import { ChannelCredentials, credentials } from '@grpc/grpc-js';
import { isIssuedBy, serialOf } from './certificate.js';
import { watchingSockets } from './dialled-sockets.js';
import {
  type CertifiedNetwork,
  type Identity,
  identityIn,
  identityUri,
  networkIn,
  partText,
} from './identity.js';
import { followed, isSelfSigned } from './succession.js';
import { authorityHash } from './user-token.js';

/** The role that is expected at the dialled address. */
export type Dialled = 'router' | 'server' | 'member' | 'part';

/** How connections are made. */
export interface Dialling {
  /**
   * Credentials for a peer that has to prove this role. The same object each time: gRPC shares channels by
   * it.
   */
  channel(dialled: Dialled): ChannelCredentials;
}

/** Without encryption; every process that answers is believed. */
export const PLAINTEXT: Dialling = Object.freeze({ channel: () => credentials.createInsecure() });

const EXPECTED: Readonly<Record<Dialled, { readonly roles: readonly string[]; readonly text: string }>> = {
  router: { roles: ['router'], text: 'a router' },
  server: { roles: ['server'], text: 'a server' },
  member: { roles: ['server', 'member'], text: 'a server or a member' },
  part: { roles: ['router', 'server', 'member'], text: 'a router, a server or a member' },
};

const butNot = ({ text }: { readonly text: string }): string => ` answers there, and not ${text}`;

/** How the text of a failure ends when another part of the network was dialled as its router. */
export const NOT_A_ROUTER = butNot(EXPECTED.router);

const TLS_VERSION = 'TLSv1.3';
/** Blocks of a PEM text, with the label of each. */
export const PEM_BLOCK = /-----BEGIN ([A-Z ]+)-----[\s\S]+?-----END \1-----/g;

/** The owner of a certificate, or why it is invalid. */
export type Judgement =
  | { readonly kind: 'part'; readonly identity: Identity }
  | { readonly kind: 'rejected'; readonly why: string };

interface Material {
  readonly network: CertifiedNetwork;
  readonly authorities: readonly X509Certificate[];
  readonly authorityHashes: readonly string[];
  /** While the network's certificate is replaced: what the former one says of the new one. */
  readonly successions: readonly X509Certificate[];
  /** Of the part that this is; undefined for a user's client. */
  readonly own:
    | { readonly certificate: X509Certificate; readonly identity: Identity; readonly key: string }
    | undefined;
  /** Serial numbers, in lower case. */
  readonly revoked: ReadonlySet<string>;
}

/**
 * What a part or a client needs for TLS connections in one network: the network's CA, and its own certificate
 * if it has one. They may be renewed while connections are open.
 */
export class NetworkCredentials implements Dialling {
  #material: Material;
  #context: SecureContext;
  readonly #channels = new Map<Dialled, ChannelCredentials>();
  readonly #listeners = new Set<() => void>();
  /** Connections that were made with these, and are open. */
  readonly #dialled = new Set<TLSSocket>();

  private constructor(material: Material) {
    this.#material = material;
    this.#context = createSecureContext({ ...textsOf(material), minVersion: TLS_VERSION });
  }

  /**
   * @param pem text of a credentials file
   * @param revoked serial numbers of certificates that are refused from now on
   * @throws DualpingError `invalid-argument` that says what is wrong with it
   */
  static parse(pem: string, revoked: Iterable<string> = []): NetworkCredentials {
    return new NetworkCredentials(readMaterial(pem, revoked));
  }

  /** The network of these credentials. */
  get network(): CertifiedNetwork {
    return this.#material.network;
  }

  /** Serial numbers of the network's own certificates that are trusted, in lower case. */
  get authorities(): readonly string[] {
    return this.#material.authorities.map(serialOf);
  }

  /** The keys of the network's own certificates, as users' tokens name them: a hash of each. */
  get authorityHashes(): readonly string[] {
    return this.#material.authorityHashes;
  }

  /**
   * The same certificates, with the succession from the former one: what a router sends to others, in DER.
   */
  get statement(): readonly Uint8Array[] {
    const { authorities, successions } = this.#material;
    return [...authorities, ...successions].map(({ raw }) => raw);
  }

  /**
   * What is to be trusted after a statement of a router, for `replace`, PEM.
   * @param isProved whether it came over a connection on which the router has proved itself by what is known
   * here: then what it leaves out is not trusted any more
   * @returns undefined when it is what is trusted already
   */
  followed(statement: readonly Uint8Array[], isProved: boolean): string | undefined {
    const { authorities } = this.#material;
    const found = followed(authorities, statement, Date.now());
    const isFound = ({ fingerprint256 }: X509Certificate): boolean =>
      found.some((each) => each.fingerprint256 === fingerprint256);
    const kept = isProved && found.length > 0 ? [] : authorities.filter((each) => !isFound(each));
    const next = [...found, ...kept].map(String).join('\n');
    return next === authorities.map(String).join('\n') ? undefined : next;
  }

  /** Undefined: it proves nothing, and is a client of a user. */
  get identity(): Identity | undefined {
    return this.#material.own?.identity;
  }

  /** The end of our own certificate, or of the network's if there is none. */
  get notAfter(): Date {
    const { own, authorities } = this.#material;
    const ends = [...authorities, ...(own === undefined ? [] : [own.certificate])].map(({ validTo }) =>
      Date.parse(validTo),
    );
    return new Date(own === undefined ? Math.max(...ends) : Date.parse(own.certificate.validTo));
  }

  /** The own certificate's serial number, in lower case. */
  get serial(): string | undefined {
    const { own } = this.#material;
    return own && serialOf(own.certificate);
  }

  /** Whether our own certificate was revoked: all peers refuse it. */
  get isRevoked(): boolean {
    const { revoked } = this.#material;
    return this.serial !== undefined && revoked.has(this.serial);
  }

  /** For grpc-js clients that dial this role. The same object each time, so that channels are shared. */
  channel(dialled: Dialled): ChannelCredentials {
    const known = this.#channels.get(dialled);
    if (known !== undefined) return known;
    const secure = ChannelCredentials.createFromSecureContext(this.#liveContext, {
      checkServerIdentity: (_host, certificate) => this.#refusal(certificate, dialled),
    });
    const made = watchingSockets(secure, (socket) => {
      this.#dialled.add(socket);
      socket.once('close', () => this.#dialled.delete(socket));
    });
    this.#channels.set(dialled, made);
    return made;
  }

  /**
   * For a TLS server. It accepts every certificate and checks it afterwards, so that it can report what is
   * wrong.
   */
  get serving(): TlsOptions {
    const { authorities } = this.#material;
    const { cert = '', ...texts } = textsOf(this.#material);
    return {
      ...texts,
      // With the network's own certificate, so that a client's first contact shows which network it is.
      cert: [cert, ...authorities.map(String)].join('\n'),
      minVersion: TLS_VERSION,
      ALPNProtocols: ['h2'],
      requestCert: true,
      rejectUnauthorized: false,
    };
  }

  /** Whether a peer's certificate is valid in this network now. */
  judge(certificate: X509Certificate): Judgement {
    const { authorities } = this.#material;
    const rejected = (why: string): Judgement => ({ kind: 'rejected', why });
    if (!authorities.some((authority) => isIssuedBy(certificate, authority)))
      return rejected(`its certificate was not made by network ${this.network}`);
    const now = Date.now();
    if (now > Date.parse(certificate.validTo))
      return rejected(`its certificate has expired on ${certificate.validTo}`);
    if (now < Date.parse(certificate.validFrom))
      return rejected(`its certificate is valid only from ${certificate.validFrom} on: is a clock wrong?`);
    return this.#judgeName(certificate.subjectAltName, serialOf(certificate));
  }

  /**
   * Why the connection of an accepted peer must end now; undefined: it may stay. Only a revocation ends it: a
   * certificate that was replaced meanwhile, or signed by a former certificate of the network, stays valid
   * for open connections.
   */
  whyCut(certificate: X509Certificate): string | undefined {
    const { revoked } = this.#material;
    const serial = serialOf(certificate);
    return revoked.has(serial) ? `its certificate (serial ${serial}) was revoked` : undefined;
  }

  /**
   * Handshakes from now on use the new ones, and connections to those that are revoked end; listeners are
   * called.
   * @throws DualpingError `invalid-argument` when it is of another network or another part: then all stays
   */
  replace(pem: string, revoked: Iterable<string>): void {
    const next = readMaterial(pem, revoked);
    const before = this.#material;
    if (next.network !== before.network)
      throw wrong(`they are of network ${next.network}, and not of ${before.network}`);
    if (uriOf(next) !== uriOf(before))
      throw wrong(`they are of ${uriOf(next) ?? 'nobody'}, and not of ${uriOf(before) ?? 'nobody'}`);
    this.#context = createSecureContext({ ...textsOf(next), minVersion: TLS_VERSION });
    this.#material = next;
    for (const socket of this.#dialled) {
      const certificate = socket.getPeerX509Certificate();
      if (certificate !== undefined && this.whyCut(certificate) !== undefined) socket.destroy();
    }
    for (const listener of this.#listeners) listener();
  }

  /** Calls back after each replacement. @returns a function that ends this */
  onReplaced(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The secure context that gRPC keeps for a channel: Node reads its `context` at each handshake. */
  get #liveContext(): SecureContext {
    const current = (): SecureContext => this.#context;
    return {
      get context() {
        return current().context;
      },
    };
  }

  #refusal({ subjectaltname, serialNumber }: PeerCertificate, dialled: Dialled): Error | undefined {
    const judged = this.#judgeName(subjectaltname, serialNumber.toLowerCase());
    if (judged.kind === 'rejected') return new Error(`what answers there is not believed: ${judged.why}`);
    const expected = EXPECTED[dialled];
    if (expected.roles.includes(judged.identity.role)) return undefined;
    return new Error(`${partText(judged.identity)}${butNot(expected)}`);
  }

  #judgeName(subjectAltName: string | undefined, serial: string): Judgement {
    const identity = identityIn(subjectAltName);
    const rejected = (why: string): Judgement => ({ kind: 'rejected', why });
    if (identity === undefined) return rejected('its certificate names no part of a dualping network');
    if (identity.network !== this.network)
      return rejected(`its certificate is of network ${identity.network}, and not of ${this.network}`);
    if (this.#material.revoked.has(serial))
      return rejected(`its certificate (${partText(identity)}, serial ${serial}) was revoked`);
    return { kind: 'part', identity };
  }
}

const uriOf = ({ own }: Material): string | undefined => own && identityUri(own.identity);

const textsOf = ({ authorities, own }: Material): { ca: string[]; cert?: string; key?: string } => ({
  ca: authorities.map(String),
  ...(own && { cert: String(own.certificate), key: own.key }),
});

function readMaterial(pem: string, revoked: Iterable<string>): Material {
  let key: string | undefined;
  const certificates: X509Certificate[] = [];
  for (const [block, label = ''] of pem.matchAll(PEM_BLOCK)) {
    if (label === 'CERTIFICATE') certificates.push(readCertificate(block));
    else if (label.endsWith('PRIVATE KEY')) key = block;
  }
  const ofNetwork = certificates.filter(({ ca }) => ca);
  const network = networkOf(ofNetwork);
  const authorities = ofNetwork.filter(isSelfSigned);
  if (authorities.length === 0) throw wrong('there is no certificate of a network in them');
  const leaves = certificates.filter(({ ca }) => !ca);
  return {
    network,
    authorities,
    authorityHashes: authorities.map(({ publicKey }) => authorityHash(publicKey)),
    successions: ofNetwork.filter((certificate) => !isSelfSigned(certificate)),
    own: ownOf(leaves, key, { network, authorities }),
    revoked: new Set([...revoked].map((serial) => serial.toLowerCase())),
  };
}

function networkOf(authorities: readonly X509Certificate[]): CertifiedNetwork {
  const networks = new Set(authorities.map(({ subjectAltName }) => networkIn(subjectAltName)));
  const [network, ...others] = networks;
  if (network === undefined || others.length > 0)
    throw wrong(
      networks.size === 0
        ? 'there is no certificate of a network in them'
        : 'they hold certificates of something else than one network',
    );
  return network;
}

function ownOf(
  leaves: readonly X509Certificate[],
  key: string | undefined,
  { network, authorities }: Pick<Material, 'network' | 'authorities'>,
): Material['own'] {
  const [certificate, ...others] = leaves;
  if (certificate === undefined) {
    if (key !== undefined) throw wrong('they hold a private key without its certificate');
    return undefined;
  }
  if (others.length > 0) throw wrong(`they hold ${leaves.length} certificates of parts, and one is needed`);
  if (key === undefined) throw wrong('they hold a certificate without its private key');
  const identity = identityIn(certificate.subjectAltName);
  if (identity === undefined) throw wrong('their certificate names no part of a dualping network');
  if (identity.network !== network || !authorities.some((authority) => isIssuedBy(certificate, authority)))
    throw wrong(`their certificate was not made by network ${network}`);
  if (!certificate.checkPrivateKey(readKey(key)))
    throw wrong('their private key is not the one of their certificate');
  return { certificate, identity, key };
}

function readCertificate(block: string): X509Certificate {
  try {
    return new X509Certificate(block);
  } catch (cause) {
    throw wrong('they hold a certificate that cannot be read', cause);
  }
}

function readKey(block: string): KeyObject {
  try {
    return createPrivateKey(block);
  } catch (cause) {
    throw wrong('they hold a private key that cannot be read', cause);
  }
}

const wrong = (why: string, cause?: unknown): DualpingError =>
  new DualpingError('invalid-argument', `these credentials cannot be used: ${why}`, { cause });
