/** The `DualPing` streams, by their numbers in the registry. */
import {
  clusterTitle,
  DualpingError,
  type NetworkId,
  type RegistryInput,
  type RegistryLink,
  type RouterMessage,
} from '@dualping/core';
import type { Report } from '@dualping/host';
import {
  type Access,
  type AttachMessage,
  type BidiStream,
  type Called,
  type ClassicReplies,
  classicRepliesHeader,
  type DualPingOut,
  encodeDualPingResponse,
  memberMessageFromWire,
  routerMessageToWire,
  type routingWire,
  type StreamEnd,
  serverStream,
  setTicket,
  toDualpingError,
} from '@dualping/protocol';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { Tripwires } from './tripwires.js';

type Out = DualPingOut;
type Call = ServerDuplexStream<routingWire.DualPingRequest, Out>;

type Assigned = Extract<RouterMessage, { readonly kind: 'assignment' }>;

/** A stream has to send `attach` within this time, ms. */
const ATTACH_TIMEOUT_MS = 10_000;
/** Streams open at once, of members and of strangers: 20 KB each. */
export const MAX_MEMBER_STREAMS = 20_000;
/** Most unread messages of a member; a member that pings but reads nothing is cut off. */
const MAX_UNREAD_MESSAGES = 1_000;

interface MemberStream {
  readonly stream: BidiStream<Out>;
  /**
   * Takes it for ended before it has ended: its process may have ended. If only what held its tripwire has,
   * the member lives, and attaches again.
   */
  lost(reason: string): void;
}

export class MemberStreams {
  readonly tripwires = new Tripwires({
    isOpen: (link) => this.#streams.has(link),
    broken: (link) => this.#streams.get(link)?.lost('its tripwire broke'),
  });
  readonly #streams = new Map<RegistryLink, MemberStream>();
  #lastLink: RegistryLink = 0;
  /** The last encoded assignment: all members of a cluster get the same bytes, one right after the other. */
  #lastAssigned: { readonly message: Assigned; readonly bytes: Buffer } | undefined;

  constructor(
    readonly step: (input: RegistryInput) => void,
    readonly report: Report,
    readonly networkId: NetworkId,
    /**
     * The dialect in which servers of this network answer csce438 clients, unless they have an option of
     * their own.
     */
    readonly classicReplies: ClassicReplies,
    readonly access: Access,
    /** The term in which this router leads, of several; 0: it is alone. */
    readonly term = 0,
  ) {}

  /** Serves one call of `DualPing`. */
  accept(call: Call): void {
    this.#lastLink += 1;
    const link = this.#lastLink;
    let endedBecause: string | undefined;
    let isOver = false;
    const silence = setTimeout(
      () => refuse(new DualpingError('invalid-argument', 'nothing was said')),
      ATTACH_TIMEOUT_MS,
    );
    const stream: BidiStream<Out> = serverStream<routingWire.DualPingRequest, Out>(call, {
      onMessage: (wire) => {
        if (isOver) return;
        clearTimeout(silence);
        try {
          const message = memberMessageFromWire(wire);
          if (message.kind === 'attach') requireOwn(this.access, call, message);
          this.step({ kind: 'link-message', link, message });
        } catch (error) {
          refuse(toDualpingError(error));
        }
      },
      onEnd: (end) => over(endedBecause ?? reasonOf(end)),
    });
    const over = (reason: string): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(silence);
      this.tripwires.end(link);
      this.#streams.delete(link);
      this.step({ kind: 'link-ended', link, reason });
    };
    const refuse = ({ reason, detail }: DualpingError): void => {
      endedBecause = `it sent what is no DualPing: ${detail}`;
      this.report({ part: 'router', event: 'refused', text: `${call.getPeer()}: ${detail}` });
      stream.send(routerMessageToWire({ kind: 'refused', networkId: this.networkId, reason, detail }));
      stream.close();
    };
    if (this.#streams.size >= MAX_MEMBER_STREAMS)
      return refuse(new DualpingError('limit-reached', `${MAX_MEMBER_STREAMS} streams are open already`));
    const lost = (reason: string): void => {
      over(reason);
      stream.close();
    };
    this.#streams.set(link, { stream, lost });
    const header = classicRepliesHeader(this.classicReplies);
    setTicket(header, this.tripwires.ticketOf(link));
    call.sendMetadata(header);
  }

  send(link: RegistryLink, message: RouterMessage): void {
    const stream = this.#streams.get(link)?.stream;
    if (stream === undefined) return;
    const { term } = this;
    if (message.kind === 'assignment') stream.send(this.#encoded(message));
    else stream.send(routerMessageToWire(message.kind === 'welcome' ? { ...message, term } : message));
    if (stream.writableLength > MAX_UNREAD_MESSAGES) stream.close();
  }

  #encoded(message: Assigned): Buffer {
    const last = this.#lastAssigned;
    if (last?.message.assignment === message.assignment && last.message.lastRequest === message.lastRequest)
      return last.bytes;
    const bytes = encodeDualPingResponse(routerMessageToWire(message));
    this.#lastAssigned = { message, bytes };
    return bytes;
  }

  close(link: RegistryLink): void {
    this.#streams.get(link)?.stream.close();
  }

  closeAll(): void {
    for (const { stream } of [...this.#streams.values()]) stream.close();
  }
}

/**
 * The attaching member must be the one in its certificate. A member without a journal must not be taken for a
 * server: it could be made primary of data that it does not have.
 */
export function requireOwn(access: Access, call: Called, member: AttachMessage): void {
  access.requireSelf(call, member, 'attach');
  const caller = access.callerOf(call);
  if (caller?.kind !== 'part' || caller.identity.role !== 'member' || !member.replicates) return;
  const detail = `member ${member.serverId} of ${clusterTitle(member.cluster)} attaches as a server with a journal, and its certificate is for a member without one`;
  throw new DualpingError('permission-denied', detail);
}

function reasonOf(end: StreamEnd): string {
  switch (end.kind) {
    case 'closed':
      return 'its stream was closed';
    case 'ended':
      return 'its stream ended';
    case 'broken':
      return end.error === undefined ? 'its stream broke' : `its stream broke: ${end.error.detail}`;
  }
}
