/**
 * The networks that this user runs on this machine, so that their clients trust them without a question.
 *
 * A router that begins to listen records its address and its folder of certificates in the user's own state
 * folder. The record stays when the router ends. So a foreign program that later listens at that
 * address is refused, and is not taken for a network without TLS.
 */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Address } from '@dualping/core';
import { foldersFor, makeWritableFolder, PRIVATE_FILE, replaceFileNow } from '@dualping/host';
import { formatAddress, isLoopback, isWildcard, parseAddress } from '@dualping/protocol';

const RECORD = '.json';

export class LocalNetworks {
  readonly #folder: string;

  constructor(environment: NodeJS.ProcessEnv = process.env) {
    this.#folder = join(foldersFor(environment).state, 'local-networks');
  }

  /**
   * The folder of certificates of the network whose router listens, or last listened, at one of these
   * addresses.
   */
  certsAt(called: readonly Address[]): string | undefined {
    for (const address of called) {
      const certs = certsIn(this.#recordOf(address));
      if (certs !== undefined) return certs;
    }
    return undefined;
  }

  /**
   * Records that a router of this user listens there. A failure is silent: then clients need `--ca`.
   * @param certs undefined: it speaks no TLS
   */
  remember(address: Address, certs: string | undefined): void {
    try {
      this.#removeStale();
      const record = this.#recordOf(address);
      if (certs === undefined) return rmSync(record, { force: true });
      makeWritableFolder(this.#folder);
      const content = `${JSON.stringify({ certs: resolve(certs) })}\n`;
      replaceFileNow(record, content, {
        temporary: `${record}.${process.pid}.new`,
        mode: PRIVATE_FILE,
        durable: false,
      });
    } catch {
      // No home, or a disk that is full or read-only.
    }
  }

  #recordOf(address: Address): string {
    return join(this.#folder, `${encodeURIComponent(placeOf(address))}${RECORD}`);
  }

  /** Removes networks whose certificates no longer exist. */
  #removeStale(): void {
    if (!existsSync(this.#folder)) return;
    for (const name of readdirSync(this.#folder))
      if (name.endsWith(RECORD) && certsIn(join(this.#folder, name)) === undefined)
        rmSync(join(this.#folder, name), { force: true });
  }
}

/**
 * All names of this machine's loopback count as one place; a process that listens on all addresses is there
 * too.
 */
function placeOf(address: Address): string {
  const { host, port } = parseAddress(address);
  return isLoopback(host) || isWildcard(host) ? `loopback:${port}` : formatAddress({ host, port });
}

function certsIn(record: string): string | undefined {
  try {
    const content: unknown = JSON.parse(readFileSync(record, 'utf8'));
    const certs = new Map(Object.entries(content ?? {})).get('certs');
    return typeof certs === 'string' && existsSync(certs) ? certs : undefined;
  } catch {
    return undefined; // none, or one that is broken
  }
}
