/**
 * The network that a router of several serves: the first one that it has found in its store. It serves no
 * other one. A store that has lost its content, or got the content of another network, is not led: members
 * and clients know their network by its id, and would refuse a new one for ever.
 *
 * With a file the router still knows it after a restart.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DualpingError, type NetworkId, quote } from '@dualping/core';
import { replaceFileNow, TEMPORARY } from '@dualping/host';
import { headerFromJson } from '../store/log-lines.js';

const FILE_NAME = 'network.json';

/** What the file says. */
interface Kept {
  readonly networkId: NetworkId;
  /** Of the store's keys: below another prefix there may be another network. */
  readonly prefix: string;
}

export interface OwnNetworkPlace {
  readonly prefix: string;
  /** Of the file; undefined: there is none. */
  readonly folder: string | undefined;
}

export class OwnNetwork {
  readonly #place: OwnNetworkPlace;
  #id: NetworkId | undefined;
  /** The header that was judged last, with the network that it names. */
  #judged: { readonly header: string; readonly networkId: NetworkId } | undefined;

  /** @throws DualpingError `storage-failed` for a file that no router has written */
  constructor(place: OwnNetworkPlace) {
    this.#place = place;
    const kept = place.folder === undefined ? undefined : keptIn(place.folder);
    if (kept?.prefix === place.prefix) this.#id = kept.networkId;
  }

  /** Which network this router serves; undefined: whichever it finds or makes first. */
  get id(): NetworkId | undefined {
    return this.#id;
  }

  /**
   * Why a store with this header must not be led; undefined: it may.
   *
   * @param header undefined: the store has none
   * @throws DualpingError `storage-failed` when the file can't be written
   */
  objectionTo(header: string | undefined): string | undefined {
    const found = header === undefined ? undefined : this.#networkOf(header);
    // A header that can't be read ends the leader, which names the key.
    if (header !== undefined && found === undefined) return undefined;
    if (this.#id === undefined && found !== undefined) this.serve(found);
    if (this.#id === found) return undefined;
    const what = found === undefined ? 'has lost its content: it has no network' : `has the network ${found}`;
    return `the store ${what}, and this router serves network ${this.#id}: it does not lead. Restore the store from a snapshot, and the routers go on. ${this.#howToBeginAnew}`;
  }

  /** From now on it serves this network. */
  serve(networkId: NetworkId): void {
    if (this.#id === networkId) return;
    this.#id = networkId;
    const { folder, prefix } = this.#place;
    if (folder === undefined) return;
    const kept: Kept = { networkId, prefix };
    const file = join(folder, FILE_NAME);
    try {
      mkdirSync(folder, { recursive: true });
      // The routers of `up` share a folder.
      const temporary = `${file}.${process.pid}${TEMPORARY}`;
      replaceFileNow(file, `${JSON.stringify(kept)}\n`, { temporary });
    } catch (error) {
      throw new DualpingError('storage-failed', `${quote(file)} can't be written: ${String(error)}`, {
        cause: error,
      });
    }
  }

  get #howToBeginAnew(): string {
    const { folder } = this.#place;
    const file = folder === undefined ? '' : `, remove ${quote(join(folder, FILE_NAME))}`;
    return `For a new network give another prefix, or stop all routers${file} and start them again`;
  }

  #networkOf(header: string): NetworkId | undefined {
    if (this.#judged?.header === header) return this.#judged.networkId;
    try {
      const { networkId } = headerFromJson(header);
      this.#judged = { header, networkId };
      return networkId;
    } catch {
      return undefined;
    }
  }
}

function keptIn(folder: string): Kept | undefined {
  const file = join(folder, FILE_NAME);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new DualpingError('storage-failed', `${quote(file)} can't be read: ${String(error)}`, {
      cause: error,
    });
  }
  const kept = parsed(text);
  if (kept === undefined)
    throw new DualpingError('storage-failed', `${quote(file)} is not what a router writes: ${quote(text)}`);
  return kept;
}

function parsed(text: string): Kept | undefined {
  try {
    const { networkId, prefix } = JSON.parse(text) as Partial<Record<keyof Kept, unknown>>;
    return typeof networkId === 'string' && typeof prefix === 'string' ? { networkId, prefix } : undefined;
  } catch {
    return undefined;
  }
}
