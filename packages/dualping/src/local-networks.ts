/**
 * Which networks this person runs on this machine: so that their clients trust them without a question.
 *
 * A router that begins to listen writes down where its certificates are, by its address, in the person's own
 * state folder. The record stays when the router ends. So a foreign program that later listens at that
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

  /** The folder of certificates of the network whose router listens at one of these, or did so last. */
  certsAt(called: readonly Address[]): string | undefined {
    for (const address of called) {
      const certs = certsIn(this.#recordOf(address));
      if (certs !== undefined) return certs;
    }
    return undefined;
  }

  /**
   * A router of this person listens there. A failure is silent: then clients have to be told (`--ca`).
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

  /** Of networks whose certificates are gone nobody needs to know. */
  #removeStale(): void {
    if (!existsSync(this.#folder)) return;
    for (const name of readdirSync(this.#folder))
      if (name.endsWith(RECORD) && certsIn(join(this.#folder, name)) === undefined)
        rmSync(join(this.#folder, name), { force: true });
  }
}

/** All names of this machine's loopback are one place, and a process that listens everywhere is there too. */
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
