/**
 * A network of hosts in kernel namespaces, which can be cut in every way that cables and firewalls can.
 *
 *     s1 ──┐
 *     s2 ──┼── bridge, in the namespace of the test itself: `people`
 *     router ─┘
 *
 * Packets are dropped where they arrive: a sender would notice if its own kernel refused them, but it does
 * not notice a cut cable. The test runs in a namespace of its own (`scripts/e2e-faults.mjs`); all of this
 * ends with it.
 */
import type { Housing } from '../test-cluster.js';
import { run, succeeds } from './commands.js';

/** The host of the test and all clients. */
export const PEOPLE = 'people';
const PREFIX = '10.77.0.';
export const PEOPLE_ADDRESS = `${PREFIX}254`;
const MASK = '/24';
const BRIDGE = 'bridge0';

const portOf = (name: string): string => `port-${name}`;

export class Network {
  readonly #addresses = new Map<string, string>([[PEOPLE, PEOPLE_ADDRESS]]);

  constructor() {
    run('ip', 'link', 'add', BRIDGE, 'type', 'bridge');
    run('ip', 'address', 'add', `${PEOPLE_ADDRESS}${MASK}`, 'dev', BRIDGE);
    run('ip', 'link', 'set', BRIDGE, 'up');
  }

  /** Runs a process in the namespace of its name, which is made at the first call. */
  readonly housing = (name: string): Housing => ({
    host: this.#addresses.get(name) ?? this.#join(name),
    prefix: ['ip', 'netns', 'exec', name],
  });

  /** Packets from `from` no longer reach `to`; the reverse direction works. */
  cutOneWay(from: string, to: string): void {
    this.#iptables(to, '-A', 'INPUT', '-s', this.#address(from), '-j', 'DROP');
  }

  cut(one: string, ...others: readonly string[]): void {
    for (const other of others) {
      this.cutOneWay(one, other);
      this.cutOneWay(other, one);
    }
  }

  /** Cuts a host off from all others. */
  cutOff(name: string): void {
    this.cut(name, ...this.names.filter((other) => other !== name));
  }

  /** This share of all packets is lost, at every host. */
  lose(share: number): void {
    for (const name of this.names)
      this.#iptables(
        name,
        ...['-A', 'INPUT', '-m', 'statistic', '--mode', 'random', '--probability', `${share}`],
        ...['-j', 'DROP'],
      );
  }

  heal(): void {
    for (const name of this.names) this.#iptables(name, '-F', 'INPUT');
  }

  destroy(): void {
    for (const name of this.names) {
      if (name === PEOPLE) continue;
      // By itself the link goes away only with the last process of its namespace, which may take a moment.
      succeeds('ip', 'link', 'delete', portOf(name));
      succeeds('ip', 'netns', 'delete', name);
    }
    succeeds('iptables', '-w', '-F', 'INPUT');
    succeeds('ip', 'link', 'delete', BRIDGE);
  }

  get names(): readonly string[] {
    return [...this.#addresses.keys()];
  }

  #address(name: string): string {
    const address = this.#addresses.get(name);
    if (address === undefined) throw new Error(`no host "${name}"`);
    return address;
  }

  #join(name: string): string {
    const address = `${PREFIX}${this.#addresses.size}`;
    this.#addresses.set(name, address);
    const port = portOf(name);
    run('ip', 'netns', 'add', name);
    run('ip', 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
    run('ip', 'link', 'set', port, 'master', BRIDGE, 'up');
    run('ip', '-n', name, 'address', 'add', `${address}${MASK}`, 'dev', 'eth0');
    for (const device of ['lo', 'eth0']) run('ip', '-n', name, 'link', 'set', device, 'up');
    return address;
  }

  #iptables(name: string, ...args: readonly string[]): void {
    const rule = ['iptables', '-w', ...args];
    if (name === PEOPLE) run('iptables', '-w', ...args);
    else run('ip', 'netns', 'exec', name, ...rule);
  }
}
