/** Bare journal servers as processes: the answering one, and its copies. */
import { join } from 'node:path';
import { Part } from '../part-process.js';
import type { Certs } from '../wire.js';
import type { BareJournalServer } from './journal-server.js';

const MODULE = './journal-server.js';

export class BareJournal {
  private constructor(
    readonly address: string,
    /** The first one answers. */
    readonly parts: readonly Part<BareJournalServer>[],
  ) {}

  /** @param servers how many hold each post */
  static async start(folder: string, servers: number, certs: Certs): Promise<BareJournal> {
    const copies = Array.from(
      { length: servers - 1 },
      () => new Part<BareJournalServer>(MODULE, import.meta.url),
    );
    const addresses = await Promise.all(
      copies.map((copy, index) => copy.call('startCopy', { file: join(folder, `copy-${index}`), certs })),
    );
    const first = new Part<BareJournalServer>(MODULE, import.meta.url);
    const address = await first.call('start', { file: join(folder, 'journal'), copies: addresses, certs });
    return new BareJournal(address, [first, ...copies]);
  }

  get pid(): number {
    return this.parts[0]?.pid ?? -1;
  }

  async end(): Promise<void> {
    await Promise.all(this.parts.map((part) => part.end()));
  }
}
