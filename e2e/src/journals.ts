/** Reads the journals of ended servers with the servers' own code. */
import { type Entry, serverId } from '@dualping/core';
import { decodeEntry } from '@dualping/protocol';
import { openJournal } from '@dualping/server';

export interface ReadJournal {
  readonly first: number;
  readonly last: number;
  readonly checksum: number;
  readonly entries: readonly Entry[];
}

export async function readJournal(folder: string, cluster: number, id: number): Promise<ReadJournal> {
  const journal = await openJournal(folder, { cluster, serverId: serverId(id) });
  try {
    const entries = [...journal.replay(journal.first, journal.last)].map(({ payload }) =>
      decodeEntry(payload),
    );
    return { first: journal.first, last: journal.last, checksum: journal.durableChecksum, entries };
  } finally {
    await journal.close();
  }
}
