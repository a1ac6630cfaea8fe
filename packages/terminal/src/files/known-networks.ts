/**
 * Remembers the ids of networks, so that a client can begin before a router answers.
 *
 * It is only a guess: another network may be there today, and then the client must be corrected. With the
 * network's certificate it is right, unless the network was set up again with the same certificate.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Folders } from '@dualping/host';
import { replaceNow } from './owner-only-file.js';

/** Most addresses that are remembered, the newest: more than a person uses. */
const MOST_ADDRESSES = 1_000;

/** Where a network is, before it has told its id. */
export interface NetworkPlace {
  readonly routers: readonly string[];
  /** The name in the network's certificate; undefined: without TLS. */
  readonly certified: string | undefined;
}

const keyOf = ({ routers, certified }: NetworkPlace): string =>
  certified === undefined ? routers.join() : `${certified} at ${routers.join()}`;

export class KnownNetworks {
  readonly #path: string;

  constructor({ state }: Folders) {
    this.#path = join(state, 'networks.json');
  }

  idAt(place: NetworkPlace): string | undefined {
    return this.#read().get(keyOf(place));
  }

  /** A failure is silent: the client file reports a failing disk. */
  remember(place: NetworkPlace, id: string): void {
    const known = this.#read();
    const key = keyOf(place);
    if (known.get(key) === id) return;
    known.delete(key);
    known.set(key, id);
    try {
      replaceNow(
        this.#path,
        `${JSON.stringify(Object.fromEntries([...known].slice(-MOST_ADDRESSES)), undefined, 2)}\n`,
      );
    } catch {
      // Then the next start has no guess.
    }
  }

  #read(): Map<string, string> {
    try {
      const content: unknown = JSON.parse(readFileSync(this.#path, 'utf8'));
      const entries = typeof content === 'object' && content !== null ? Object.entries(content) : [];
      return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
    } catch {
      return new Map();
    }
  }
}
