/**
 * Knows the caller behind each connection of a serving process, and which calls that caller may make.
 *
 * Connections are identified by gRPC's name of the peer: asking TLS at each call costs 100 µs. Without
 * credentials of the network nothing can be checked, and every caller is believed.
 */
import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { type ClusterId, type ClusterKey, clusterTitle, DualpingError, type ServerId } from '@dualping/core';
import type { Metadata } from '@grpc/grpc-js';
import type { ClassicSources } from './classic-sources.js';
import { forwardedCaller, originOf } from './forwarding.js';
import type { NetworkCredentials } from './network-credentials.js';
import { type Caller, callerText, isPermitted, RULES, type Rule, rolesText } from './roles.js';
import { checkTime, TOKEN_KEY, type TokenClaims, TokenJudge } from './user-token.js';

export interface AccessListener {
  /** A call was refused because of its caller. Strangers can cause this at any rate. */
  refused(text: string): void;
  /** An operator made a privileged call. */
  privileged(text: string): void;
}

/** The part of a call that shows its connection, and whether a router passes it on. */
export interface Called {
  getPeer(): string;
  readonly metadata: Metadata;
}

/** A server or a member, as named in its own message. */
export interface NamedMember {
  readonly cluster: ClusterKey;
  readonly serverId: ServerId;
}

interface Connection {
  readonly caller: Caller;
  readonly socket: Socket;
  /** A part's certificate: checked again when the credentials of the network change. */
  readonly certificate: X509Certificate | undefined;
}

/** For a call whose connection has just closed. */
const GONE: Caller = { kind: 'rejected', why: 'its connection has closed' };

/**
 * How long a connection with an invalid certificate may stay open, ms: enough to send the reason. Its owner
 * may get a new certificate, but can show it only on a new connection.
 */
const REJECTED_MS = 1_000;

const SILENT: AccessListener = { refused: () => {}, privileged: () => {} };

/** Undefined: the call is not refused. */
export type Refusal = DualpingError | undefined;

export class Access {
  readonly #open = new Map<string, Connection>();
  readonly #tokens: TokenJudge | undefined;
  /** Of the call that was let in last: its handler, which runs next, asks for them. */
  #shown: { readonly metadata: Metadata; readonly claims: TokenClaims } | undefined;
  #stop: () => void = () => {};

  constructor(
    /** Undefined: every caller is believed. */
    readonly credentials: NetworkCredentials | undefined = undefined,
    /**
     * The sources of callers without TLS that are served on the classic wire; undefined: none. Without
     * credentials all callers are served.
     */
    readonly classic: ClassicSources | undefined = undefined,
    readonly listener: AccessListener = SILENT,
  ) {
    if (credentials === undefined) return;
    this.#stop = credentials.onReplaced(() => this.#cutRejected(credentials));
    this.#tokens = new TokenJudge(() => credentials.authorityHashes);
  }

  /** Adds a connection whose handshake is done. @returns whether it belongs to a part of the network */
  acceptSecure(socket: TLSSocket): boolean {
    const { credentials } = this;
    if (credentials === undefined) return false;
    const certificate = socket.getPeerX509Certificate();
    const caller = judged(socket, certificate, credentials);
    this.#accept(socket, caller, certificate);
    return caller.kind === 'part';
  }

  acceptPlaintext(socket: Socket): void {
    if (this.credentials === undefined) return;
    const isClassic = this.classic?.includes(socket.remoteAddress) === true;
    this.#accept(socket, { kind: 'plaintext', isClassic }, undefined);
  }

  /** Reports a TLS connection to a process without credentials. */
  refuseTls({ remoteAddress, remotePort }: Socket): void {
    this.listener.refused(
      `${remoteAddress}:${remotePort}: it comes with TLS, and this process was started without certificates (--insecure)`,
    );
  }

  /**
   * The original caller, also if a router has passed the call on. Undefined: this process has no credentials,
   * and every caller is believed.
   */
  callerOf(call: Called): Caller | undefined {
    if (this.credentials === undefined) return undefined;
    const caller = this.#open.get(call.getPeer())?.caller ?? GONE;
    return isRouter(caller) ? (forwardedCaller(call.metadata, this.credentials.network) ?? caller) : caller;
  }

  /** Whether a part of the network is at the other end; true for everyone where every caller is believed. */
  isPart(socket: Pick<Socket, 'remoteAddress' | 'remotePort'> | undefined): boolean {
    if (this.credentials === undefined) return true;
    return this.#open.get(`${socket?.remoteAddress}:${socket?.remotePort}`)?.caller.kind === 'part';
  }

  /** The peer of the original connection, also if a router has passed the call on. */
  peerOf(call: Called): string {
    const isBelieved =
      this.credentials === undefined || isRouter(this.#open.get(call.getPeer())?.caller ?? GONE);
    return isBelieved ? originOf(call) : call.getPeer();
  }

  /**
   * Why this call is refused; undefined when it is not. Later where a token is seen for the first time.
   * @param path `/dualping.v1.AdminService/Handover`
   */
  refusalOf(call: Called, path: string): Refusal | Promise<Refusal> {
    const rule = RULES[path] ?? { by: [] };
    const doing = path.slice(1);
    return this.#judge(call, doing, rule) ?? (rule.by.includes('user') ? this.#mute(call, doing) : undefined);
  }

  /**
   * The claims in the token of a call; undefined: this process has no credentials, and needs no tokens.
   * @throws DualpingError `unauthenticated`, `token-expired`
   */
  claimsOf({ metadata }: Called): TokenClaims | undefined {
    if (this.#tokens === undefined) return undefined;
    const now = Date.now();
    if (this.#shown?.metadata !== metadata) return this.#tokens.judge(tokenIn(metadata), now);
    const { claims } = this.#shown;
    checkTime(claims, now);
    return claims;
  }

  /** The same for a token that did not come as metadata. */
  claimsIn(bytes: Uint8Array): TokenClaims | undefined {
    return this.#tokens?.judge(bytes, Date.now());
  }

  /** Why the token of a call is invalid. */
  #mute(call: Called, doing: string): Refusal | Promise<Refusal> {
    if (this.#tokens === undefined) return undefined;
    const { metadata } = call;
    const refusedFor = (error: unknown): DualpingError => {
      if (!(error instanceof DualpingError)) throw error;
      const { reason, detail } = error;
      const who = callerText(this.callerOf(call) ?? GONE);
      const refusal = new DualpingError(reason, `${who} may not call ${doing}: ${detail}`);
      this.listener.refused(`${call.getPeer()}: ${refusal.detail}`);
      return refusal;
    };
    const letIn = (claims: TokenClaims): undefined => {
      this.#shown = { metadata, claims };
    };
    try {
      const judged = this.#tokens.judgeSoon(tokenIn(metadata), Date.now());
      return judged instanceof Promise ? judged.then(letIn, refusedFor) : letIn(judged);
    } catch (error) {
      return refusedFor(error);
    }
  }

  /** For calls where only some requests need a role. @throws DualpingError when the caller lacks it */
  require(call: Called, rule: Rule, doing: string): void {
    const refusal = this.#judge(call, doing, rule);
    if (refusal !== undefined) throw refusal;
  }

  /**
   * A server or a member may name only itself. Operators may name any, in the calls that they may make.
   * @throws DualpingError `permission-denied` when it names another one than its certificate
   */
  requireSelf(call: Called, named: NamedMember, doing: string): void {
    const caller = this.callerOf(call);
    if (caller === undefined || (caller.kind === 'part' && caller.identity.role === 'operator')) return;
    const own = caller.kind === 'part' && 'serverId' in caller.identity ? caller.identity : undefined;
    if (own?.cluster === named.cluster && own.serverId === named.serverId) return;
    throw this.#refuse(
      call,
      `${callerText(caller)} may not call ${doing} for server ${named.serverId} of ${clusterTitle(named.cluster)}`,
    );
  }

  /** As `requireSelf`, for messages that name only a cluster. */
  requireOwnCluster(call: Called, cluster: ClusterId, doing: string): void {
    const caller = this.callerOf(call);
    if (caller === undefined) return;
    if (caller.kind === 'part' && 'cluster' in caller.identity && caller.identity.cluster === cluster) return;
    throw this.#refuse(call, `${callerText(caller)} may not call ${doing} for cluster ${cluster}`);
  }

  /** Refuses a call because of its caller. */
  #refuse(call: Called, detail: string): DualpingError {
    this.listener.refused(`${this.peerOf(call)}: ${detail}`);
    return new DualpingError('permission-denied', detail);
  }

  close(): void {
    this.#stop();
  }

  #judge(call: Called, doing: string, rule: Rule): DualpingError | undefined {
    const { credentials, classic, listener } = this;
    const caller = this.callerOf(call);
    if (caller === undefined || credentials === undefined) return undefined;
    if (isPermitted(caller, rule, credentials.identity)) {
      if (rule.audited && caller.kind === 'part' && caller.identity.role === 'operator')
        listener.privileged(`${this.peerOf(call)}: ${callerText(caller)} calls ${doing}`);
      return undefined;
    }
    const refusal = refusalFor(caller, doing, rule, classic !== undefined);
    listener.refused(`${this.peerOf(call)}: ${refusal.detail}`);
    return refusal;
  }

  #accept(socket: Socket, caller: Caller, certificate: X509Certificate | undefined): void {
    const { remoteAddress, remotePort } = socket;
    if (remoteAddress === undefined) return; // it has already closed
    const peer = `${remoteAddress}:${remotePort}`;
    const connection: Connection = { caller, socket, certificate };
    this.#open.set(peer, connection);
    const limit =
      caller.kind === 'rejected' ? setTimeout(() => socket.destroy(), REJECTED_MS).unref() : undefined;
    socket.once('close', () => {
      clearTimeout(limit);
      if (this.#open.get(peer) === connection) this.#open.delete(peer);
    });
  }

  /** Closes the connections of parts that were revoked. All others stay open. */
  #cutRejected(credentials: NetworkCredentials): void {
    for (const { caller, certificate, socket } of this.#open.values()) {
      if (caller.kind !== 'part' || certificate === undefined) continue;
      const { identity } = caller;
      const why = credentials.whyCut(certificate);
      if (why === undefined) continue;
      this.listener.refused(`${callerText({ kind: 'part', identity })} is cut off: ${why}`);
      socket.destroy();
    }
  }
}

/** @throws DualpingError `unauthenticated` when there is none */
function tokenIn(metadata: Metadata): Buffer {
  const [bytes] = metadata.get(TOKEN_KEY);
  if (bytes instanceof Buffer) return bytes;
  throw new DualpingError('unauthenticated', 'it shows no token of the user (`dualping-token-bin`)');
}

const isRouter = (caller: Caller): boolean => caller.kind === 'part' && caller.identity.role === 'router';

function judged(
  socket: TLSSocket,
  certificate: X509Certificate | undefined,
  credentials: NetworkCredentials,
): Caller {
  if (certificate === undefined) return { kind: 'stranger' };
  const judgement = credentials.judge(certificate);
  if (judgement.kind === 'part' && !socket.authorized)
    return { kind: 'rejected', why: `its certificate is not valid: ${String(socket.authorizationError)}` };
  return judgement;
}

function refusalFor(caller: Caller, doing: string, rule: Rule, isOn: boolean): DualpingError {
  const who = `${callerText(caller)} may not call ${doing}`;
  if (caller.kind === 'plaintext' && !rule.by.includes('classic'))
    return new DualpingError(
      'unauthenticated',
      `${who}: this port speaks TLS, which takes the network's certificate (--ca FILE, --certs FOLDER, or the credentials of a program)`,
    );
  if (caller.kind === 'plaintext' && isOn)
    return new DualpingError(
      'unauthenticated',
      `${who}: the classic wire is served to this machine, and to what --classic-from names`,
    );
  const detail = `${who}: it is for ${rolesText(rule)}`;
  return new DualpingError(caller.kind === 'part' ? 'permission-denied' : 'unauthenticated', detail);
}
