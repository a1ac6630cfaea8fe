/** Events of the kernel as lines of a scenario. Regular traffic, like heartbeats, is left out. */

/** The names of streams and calls in `protos`, by their names in the simulator. */
const WIRES: Readonly<Record<string, string>> = {
  'dual-ping': 'DualPing',
  watch: 'Watch',
  connect: 'Connect',
  'get-available': 'GetAvailable',
  replicate: 'Replicate',
  timeline: 'Timeline',
  write: 'Request',
  crash: 'Crash',
  health: 'Health',
};

/** Messages that every stream has, and heartbeats. */
const CHATTER = new Set(['syn', 'end', 'ping', 'pong', 'alive', 'signs', 'signs-of-life']);

const DISK = /^(s\d): a disk has done (append|truncate|install)$/;
const MESSAGE = /^(\S+) > (\S+) (\S+) (\S+)$/;

const DONE: Readonly<Record<string, string>> = {
  append: 'what was appended is durable',
  truncate: 'the cut is durable',
  install: 'the snapshot is installed',
};

/** The process and the text of a line; undefined: no line. */
export function eventLine(label: string): [who: string, text: string] | undefined {
  if (label === 'router store') return ['router', 'disk: what was decided is durable'];
  const disk = DISK.exec(label);
  if (disk !== null) return [disk[1] ?? '', `disk: ${DONE[disk[2] ?? '']}`];
  const [, from = '', to = '', wire = '', what = ''] = MESSAGE.exec(label) ?? [];
  const name = WIRES[wire];
  if (name === undefined || CHATTER.has(what) || wire === 'health') return undefined;
  return [`${from} → ${to}`, what === wire ? name : `${name}: ${what}`];
}
