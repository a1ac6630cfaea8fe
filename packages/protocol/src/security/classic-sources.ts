/**
 * The sources from which programs without TLS are served on the classic wire: this machine, and addresses
 * that an operator adds. Such programs prove nothing, so an operator must name each network.
 */
import { BlockList, isIP, isIPv6 } from 'node:net';
import { DualpingError, quote } from '@dualping/core';

const BITS = { 4: 32, 6: 128 } as const;

export class ClassicSources {
  readonly #addresses = new BlockList();

  private constructor() {
    this.#addresses.addSubnet('127.0.0.0', 8, 'ipv4');
    this.#addresses.addAddress('::1', 'ipv6');
  }

  /**
   * @param added addresses and networks in addition to this machine: `10.1.2.3`, `10.0.0.0/8`, `fd00::/8`
   * @throws DualpingError `invalid-argument`, quoting a text that is neither
   */
  static parse(added: readonly string[] = []): ClassicSources {
    const sources = new ClassicSources();
    for (const text of added) sources.#add(text);
    return sources;
  }

  includes(address: string | undefined): boolean {
    // An IPv4 address on a socket for both protocols is checked by the rules for IPv4.
    return address !== undefined && this.#addresses.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  }

  #add(text: string): void {
    const [, address = '', bits] = /^([0-9A-Fa-f:.]+)(?:\/([0-9]{1,3}))?$/.exec(text.trim()) ?? [];
    const version = isIP(address);
    const most = version === 4 || version === 6 ? BITS[version] : 0;
    if (most === 0 || Number(bits ?? 0) > most)
      throw new DualpingError(
        'invalid-argument',
        `${quote(text)} is no address and no network: give 10.1.2.3, 10.0.0.0/8 or fd00::/8`,
      );
    this.#addresses.addSubnet(address, Number(bits ?? most), version === 4 ? 'ipv4' : 'ipv6');
  }
}
