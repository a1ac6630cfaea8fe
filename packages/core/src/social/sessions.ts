/**
 * Remembers the outcomes of each session's last requests, so that a repeated request gets the first outcome
 * and is not done twice.
 *
 * It changes only when entries are applied, so every server forgets the same session at the same entry.
 * Requests in flight (accepted, not yet applied) are not known here: `PendingRequests` checks those first.
 * After Raft's client sessions (Ongaro's dissertation, §6.3).
 */
import type { Reply } from '../entry.js';
import type { RequestNumber, SessionId, UserName } from '../ids.js';
import { invariant } from '../invariants.js';
import { MAX_SESSIONS, SESSION_WINDOW } from '../limits.js';
import { RecencyMap } from '../recency-map.js';
import { type PackedReply, packReply, unpackReply } from './packed-reply.js';
import type { SessionSnapshot } from './snapshot.js';

/** What to do with a request, by the applied state. */
export type Admission =
  /** The next of its session: do it. */
  | { readonly kind: 'new' }
  /** It was applied before, with this reply. */
  | { readonly kind: 'known'; readonly reply: Reply }
  | { readonly kind: 'refused'; readonly reason: AdmissionRefusal };

export type AdmissionRefusal = 'sequence-gap' | 'session-expired' | 'request-too-old' | 'session-mismatch';

/**
 * The key of a session, by its number; 0: it has shown none; `mute`: its login was refused.
 */
export type SessionSpeaker = number | 'mute';

interface Session {
  readonly user: UserName;
  readonly speaker: SessionSpeaker;
  /** Number of the request whose outcome is, or first was, in slot 0. */
  readonly firstRequestNo: RequestNumber;
  lastRequestNo: RequestNumber;
  /**
   * A ring, which grows as needed. A full session stays within 1 KB, the size that `MAX_SESSIONS` assumes.
   */
  readonly outcomes: PackedReply[];
}

export class Sessions {
  /** The least recently used first: each applied request moves its session to the end. */
  readonly #sessions = new RecencyMap<SessionId, Session>();

  constructor(readonly limit: number = MAX_SESSIONS) {}

  get size(): number {
    return this.#sessions.size;
  }

  admit(sessionId: SessionId, requestNo: RequestNumber, user: UserName): Admission {
    const session = this.#sessions.get(sessionId);
    if (session === undefined)
      return requestNo === 1 ? { kind: 'new' } : { kind: 'refused', reason: 'session-expired' };
    if (session.user !== user) return { kind: 'refused', reason: 'session-mismatch' };
    if (requestNo === session.lastRequestNo + 1) return { kind: 'new' };
    if (requestNo > session.lastRequestNo) return { kind: 'refused', reason: 'sequence-gap' };
    if (requestNo <= session.lastRequestNo - session.outcomes.length)
      return { kind: 'refused', reason: 'request-too-old' };
    const slot = (requestNo - session.firstRequestNo) % SESSION_WINDOW;
    return { kind: 'known', reply: unpackReply(session.outcomes[slot] as number) };
  }

  /** Undefined: the session is not known; its request was checked when it was accepted. */
  speakerOf(sessionId: SessionId): SessionSpeaker | undefined {
    return this.#sessions.get(sessionId)?.speaker;
  }

  /** Keeps the outcome of an applied request. `speaker`: the key of a session that begins with it. */
  record(
    sessionId: SessionId,
    requestNo: RequestNumber,
    user: UserName,
    reply: Reply,
    speaker: SessionSpeaker = 0,
  ): void {
    const session = this.#sessions.touch(sessionId) ?? this.#begin(sessionId, requestNo, user, speaker);
    invariant(session.user === user, 'session-has-one-user', { sessionId, user, boundTo: session.user });
    invariant(requestNo === session.lastRequestNo + 1, 'request-applied-once', {
      sessionId,
      requestNo,
      lastRequestNo: session.lastRequestNo,
    });
    session.outcomes[(requestNo - session.firstRequestNo) % SESSION_WINDOW] = packReply(reply);
    session.lastRequestNo = requestNo;
    while (this.#sessions.size > this.limit) this.#sessions.deleteFirst();
  }

  toSnapshot(): SessionSnapshot[] {
    const snapshots: SessionSnapshot[] = [];
    for (const [sessionId, session] of this.#sessions) {
      const { user, lastRequestNo, speaker } = session;
      snapshots.push({
        sessionId,
        user,
        lastRequestNo,
        replies: inOrder(session),
        ...(typeof speaker === 'number' && speaker > 0 && { key: speaker }),
        ...(speaker === 'mute' && { isMute: true }),
      });
    }
    return snapshots;
  }

  static fromSnapshot(snapshots: readonly SessionSnapshot[], limit?: number): Sessions {
    const sessions = new Sessions(limit);
    for (const { sessionId, user, lastRequestNo, replies, key = 0, isMute } of snapshots) {
      invariant(replies.length <= SESSION_WINDOW, 'limit-is-kept', { sessionId, replies: replies.length });
      sessions.#sessions.add(sessionId, {
        user,
        speaker: isMute === true ? 'mute' : key,
        firstRequestNo: lastRequestNo - replies.length + 1,
        lastRequestNo,
        outcomes: [...replies],
      });
    }
    invariant(sessions.size <= sessions.limit, 'limit-is-kept', { sessions: sessions.size });
    return sessions;
  }

  /**
   * Usually begins with request 1. It begins with a later one if the session was forgotten after the request
   * was accepted and before it was applied: the request happens, and the session is remembered from here on.
   */
  #begin(sessionId: SessionId, requestNo: RequestNumber, user: UserName, speaker: SessionSpeaker): Session {
    const session = { user, speaker, firstRequestNo: requestNo, lastRequestNo: requestNo - 1, outcomes: [] };
    this.#sessions.add(sessionId, session);
    return session;
  }
}

/** The ring's outcomes from the oldest on. */
function inOrder(session: Session): PackedReply[] {
  const { outcomes, firstRequestNo, lastRequestNo } = session;
  if (outcomes.length < SESSION_WINDOW) return outcomes.slice();
  const oldest = (lastRequestNo + 1 - firstRequestNo) % SESSION_WINDOW;
  return outcomes.slice(oldest).concat(outcomes.slice(0, oldest));
}
