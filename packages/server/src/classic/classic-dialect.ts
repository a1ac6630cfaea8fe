/** In which dialect csce438 clients are answered: as this server was told, else as its router says. */
import { type ClassicReplies, DEFAULT_CLASSIC_REPLIES } from '@dualping/protocol';

export class ClassicDialect {
  readonly #own: ClassicReplies | undefined;
  #ofRouter: ClassicReplies | undefined;

  constructor(own: ClassicReplies | undefined) {
    this.#own = own;
  }

  /** Kept while no router is heard. */
  routerSays(replies: ClassicReplies): void {
    this.#ofRouter = replies;
  }

  get replies(): ClassicReplies {
    return this.#own ?? this.#ofRouter ?? DEFAULT_CLASSIC_REPLIES;
  }
}
