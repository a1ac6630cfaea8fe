/** The dialect in which csce438 clients are answered: this server's option, else what its router says. */
import { type ClassicReplies, DEFAULT_CLASSIC_REPLIES } from '@dualping/protocol';

export class ClassicDialect {
  readonly #own: ClassicReplies | undefined;
  #ofRouter: ClassicReplies | undefined;

  constructor(own: ClassicReplies | undefined) {
    this.#own = own;
  }

  /** The router's word is kept while no router is heard. */
  routerSays(replies: ClassicReplies): void {
    this.#ofRouter = replies;
  }

  get replies(): ClassicReplies {
    return this.#own ?? this.#ofRouter ?? DEFAULT_CLASSIC_REPLIES;
  }
}
