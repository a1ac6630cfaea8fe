/** The dialect of answers to csce438 clients: this server's option, or else the router's dialect. */
import { type ClassicReplies, DEFAULT_CLASSIC_REPLIES } from '@dualping/protocol';

export class ClassicDialect {
  readonly #own: ClassicReplies | undefined;
  #ofRouter: ClassicReplies | undefined;

  constructor(own: ClassicReplies | undefined) {
    this.#own = own;
  }

  /** The router's dialect is kept while no router is heard. */
  routerSays(replies: ClassicReplies): void {
    this.#ofRouter = replies;
  }

  get replies(): ClassicReplies {
    return this.#own ?? this.#ofRouter ?? DEFAULT_CLASSIC_REPLIES;
  }
}
