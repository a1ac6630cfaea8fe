/**
 * Remembers which network was last found at an address, for a start when no router answers.
 *
 * It is only a guess: another network may be there today, and then the client must be corrected.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Folders } from '@dualping/host';
import { replaceNow } from './owner-only-file.js';

/** Most addresses that are remembered, the newest: more than a person uses. */
const MOST_ADDRESSES = 1_000;

export class KnownNetworks {
  readonly #path: string;

  constructor({ state }: Folders) {
    this.#path = join(state, 'networks.json');
  }

  idAt(routers: readonly string[]): string | undefined {
    return this.#read().get(routers.join());
  }

  /** A failure is silent: the client file reports a failing disk. */
  remember(routers: readonly string[], id: string): void {
    const known = this.#read();
    if (known.get(routers.join()) === id) return;
    known.delete(routers.join());
    known.set(routers.join(), id);
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
