/**
 * A session's requests that are not settled yet: numbered, in order, each kept until it has its result.
 *
 * A request keeps its number until it is settled, so that a server can tell a repeat from a new one
 * (exactly-once after Raft dissertation §6.3). Only a window of the unsettled requests is sent: a server
 * keeps the replies to the last SESSION_WINDOW numbers, and can't repeat older ones.
 *
 * A server refuses a number that leaves a gap. That happens when calls overtake one another, or when
 * the one before was refused as busy; the request then waits until it is the lowest unsettled one. A gap
 * before a request that was sent as the *lowest* means that the server lost requests that were acknowledged
 * (an unclean promotion): then the session is renewed, under another id and from number 1.
 */
import type { Command } from '../entry.js';
import type { Instant, RequestNumber, SessionId, UserName } from '../ids.js';
import { invariant } from '../invariants.js';
import { SESSION_WINDOW } from '../limits.js';
import { MAX_PENDING_REQUESTS } from './session-limits.js';

export interface PendingRequest {
  /** The caller's name for it; undefined for the login, which is the session's own. */
  readonly ticket: number | undefined;
  readonly command: Command;
}

interface Slot extends PendingRequest {
  requestNo: RequestNumber;
  /** The number of the send whose answer counts; undefined while it isn't in flight. */
  sendNo: number | undefined;
  sentAt: Instant;
  /** Whether a server may have it. */
  sent: boolean;
  /** Whether no lower request was unsettled when it was sent. */
  sentAsLowest: boolean;
  /** It was refused because of a gap: send it again when it is the lowest. */
  whenLowest: boolean;
}

export interface DueRequest {
  readonly sendNo: number;
  readonly requestNo: RequestNumber;
  readonly command: Command;
}

const LOGIN: RequestNumber = 1;

export class RequestQueue {
  readonly #user: UserName;
  readonly #givenSessionId: SessionId;
  #renewals = 0;
  #nextRequestNo: RequestNumber = LOGIN;
  #lastTicket = 0;
  /** By number, ascending. */
  #slots = new Map<RequestNumber, Slot>();
  readonly #inFlight = new Map<number, Slot>();

  constructor(sessionId: SessionId, user: UserName) {
    this.#givenSessionId = sessionId;
    this.#user = user;
    this.#add(undefined, { kind: 'register', user });
  }

  /** As servers know it. */
  get sessionId(): SessionId {
    return this.#renewals === 0 ? this.#givenSessionId : `${this.#givenSessionId}.${this.#renewals}`;
  }

  /** Whether request 1 of this session has been answered. Before that nothing else is sent. */
  get loggedIn(): boolean {
    return !this.#slots.has(LOGIN);
  }

  /** Requests of the caller that are not settled. */
  get pending(): number {
    return this.#slots.size - (this.loggedIn ? 0 : 1);
  }

  get full(): boolean {
    return this.pending >= MAX_PENDING_REQUESTS;
  }

  /** When the oldest request in flight was sent. */
  get oldestSentAt(): Instant | undefined {
    for (const slot of this.#inFlight.values()) return slot.sentAt;
    return undefined;
  }

  /** Notes a ticket as used; each names one request. */
  useTicket(ticket: number): void {
    invariant(ticket > this.#lastTicket, 'requests-settle-once', { ticket, last: this.#lastTicket });
    this.#lastTicket = ticket;
  }

  add(ticket: number, command: Command): void {
    invariant(!this.full, 'limit-is-kept', { pending: this.pending, most: MAX_PENDING_REQUESTS });
    this.#add(ticket, command);
  }

  /** What may be sent now, in order; the caller sends all of it. */
  takeDue(now: Instant, nextSendNo: () => number): DueRequest[] {
    const due: DueRequest[] = [];
    const lowest = this.#lowest();
    if (lowest === undefined) return due;
    const last = this.loggedIn ? lowest + SESSION_WINDOW - 1 : LOGIN;
    for (const [requestNo, slot] of this.#slots) {
      if (requestNo > last || (slot.whenLowest && requestNo !== lowest)) break;
      if (slot.sendNo !== undefined) continue;
      slot.sendNo = nextSendNo();
      slot.sentAt = now;
      slot.sent = true;
      slot.sentAsLowest = requestNo === lowest;
      this.#inFlight.set(slot.sendNo, slot);
      due.push({ sendNo: slot.sendNo, requestNo, command: slot.command });
    }
    invariant(this.#inFlight.size <= SESSION_WINDOW, 'limit-is-kept', { inFlight: this.#inFlight.size });
    return due;
  }

  /** The request that was last sent as `sendNo`; undefined when its answer no longer matters. */
  find(sendNo: number): PendingRequest | undefined {
    return this.#inFlight.get(sendNo);
  }

  /** The request has its result, and leaves the queue. */
  settle(sendNo: number): PendingRequest {
    const slot = this.#inFlight.get(sendNo);
    invariant(slot !== undefined, 'requests-settle-once', { sendNo });
    this.#inFlight.delete(sendNo);
    invariant(this.#slots.delete(slot.requestNo), 'requests-settle-once', { requestNo: slot.requestNo });
    return slot;
  }

  /** The request did not happen: sends it again. */
  sendAgain(sendNo: number): void {
    const slot = this.#inFlight.get(sendNo);
    if (slot === undefined) return;
    this.#inFlight.delete(sendNo);
    slot.sendNo = undefined;
  }

  /**
   * Refused for leaving a gap. @returns false if no lower request was unsettled when it was sent: then the
   * server has lost the session. (Lower ones that are settled *now* prove nothing, because answers overtake
   * one another too.)
   */
  sendAgainAfterGap(sendNo: number): boolean {
    const slot = this.#inFlight.get(sendNo);
    if (slot === undefined) return true;
    this.sendAgain(sendNo);
    slot.whenLowest = true;
    return !slot.sentAsLowest;
  }

  /** The link is lost: sends everything unsettled again, in order. */
  sendAllAgain(): void {
    this.#inFlight.clear();
    for (const slot of this.#slots.values()) {
      if (!slot.sent) break; // the rest has never been sent either
      slot.sendNo = undefined;
      slot.whenLowest = false;
    }
  }

  /**
   * Begins a new session; unsettled requests move into it. Allowed only if none of them happened in the old
   * one.
   */
  renew(): void {
    const rest = [...this.#slots.values()].filter((slot) => slot.ticket !== undefined);
    this.#inFlight.clear();
    this.#slots = new Map();
    this.#renewals += 1;
    this.#nextRequestNo = LOGIN;
    this.#add(undefined, { kind: 'register', user: this.#user });
    for (const slot of rest) this.#add(slot.ticket, slot.command);
  }

  /** Removes and returns the requests that may have reached a server. */
  takeSent(): PendingRequest[] {
    return this.#take((slot) => slot.sent);
  }

  /** Removes and returns everything that is left. */
  takeRest(): PendingRequest[] {
    return this.#take(() => true);
  }

  #take(which: (slot: Slot) => boolean): PendingRequest[] {
    const taken: Slot[] = [];
    for (const slot of this.#slots.values()) if (which(slot)) taken.push(slot);
    for (const slot of taken) {
      this.#slots.delete(slot.requestNo);
      if (slot.sendNo !== undefined) this.#inFlight.delete(slot.sendNo);
    }
    return taken;
  }

  #add(ticket: number | undefined, command: Command): void {
    const requestNo = this.#nextRequestNo;
    this.#nextRequestNo += 1;
    this.#slots.set(requestNo, {
      ticket,
      command,
      requestNo,
      sendNo: undefined,
      sentAt: 0,
      sent: false,
      sentAsLowest: false,
      whenLowest: false,
    });
  }

  #lowest(): RequestNumber | undefined {
    for (const requestNo of this.#slots.keys()) return requestNo;
    return undefined;
  }
}
