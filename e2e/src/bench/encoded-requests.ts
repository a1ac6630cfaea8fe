/** Encoded requests of the social service, for load generators. */
import { randomUUID } from 'node:crypto';
import { encodeReusing, socialWire } from '@dualping/protocol';
import type { Metadata } from '@grpc/grpc-js';
import { type Certs, tokenWith } from './wire.js';

/** A post of usual length: with its header about 200 bytes. */
const TEXT =
  'somebody says something of about the usual length, with a number after it so that no two are the same: ';

export const postText = (no: number): string => `${TEXT}${no}`;

/** By which the users know their key. */
const DEVICE = 'benchmark';

/** One session: its requests in order. */
export class EncodedSession {
  readonly #sessionId = randomUUID();
  #requestNo = 0;

  /** With each call. */
  readonly metadata: Metadata;

  constructor(
    readonly user: string,
    certs: Certs,
  ) {
    this.metadata = tokenWith(certs, user, this.#sessionId);
  }

  /** The first request. */
  login(): Buffer {
    return encodeReusing(socialWire.LoginRequest, { header: this.#next(), device: DEVICE, code: '' });
  }

  follow(target: string): Buffer {
    return encodeReusing(socialWire.FollowRequest, { header: this.#next(), target });
  }

  post(): Buffer {
    const header = this.#next();
    const text = postText(header.requestNo);
    return encodeReusing(socialWire.PostRequest, { header, text, answers: undefined });
  }

  /** Opens a timeline with this many past posts. */
  open(history: number): Buffer {
    return encodeReusing(socialWire.TimelineRequest, {
      message: {
        $case: 'open',
        value: {
          user: this.user,
          sessionId: this.#sessionId,
          epoch: 0,
          resumeAfter: 0,
          history,
          posts: true,
          signs: false,
          mentions: false,
        },
      },
    });
  }

  older(before: number, limit: number): Buffer {
    return encodeReusing(socialWire.TimelineRequest, {
      message: { $case: 'older', value: { before, limit } },
    });
  }

  #next(): socialWire.RequestHeader {
    this.#requestNo += 1;
    return { sessionId: this.#sessionId, requestNo: this.#requestNo, user: this.user, epoch: 0 };
  }
}
