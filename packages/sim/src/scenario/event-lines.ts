/** Events of the kernel as lines of a scenario. What goes on all the time, whatever happens, is left out. */

/** Streams and calls as `protos` name them, by their names in the simulator. */
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

/** Of every stream, and of the heartbeat. */
const CHATTER = new Set(['syn', 'end', 'ping', 'pong', 'alive', 'signs', 'signs-of-life']);

const DISK = /^(s\d): a disk has done (append|truncate|install)$/;
const MESSAGE = /^(\S+) > (\S+) (\S+) (\S+)$/;

const DONE: Readonly<Record<string, string>> = {
  append: 'what was appended is durable',
  truncate: 'the cut is durable',
  install: 'the snapshot is installed',
};

/** Who, and what; undefined: not worth a line. */
export function eventLine(label: string): [who: string, text: string] | undefined {
  if (label === 'router store') return ['router', 'disk: what was decided is durable'];
  const disk = DISK.exec(label);
  if (disk !== null) return [disk[1] ?? '', `disk: ${DONE[disk[2] ?? '']}`];
  const [, from = '', to = '', wire = '', what = ''] = MESSAGE.exec(label) ?? [];
  const name = WIRES[wire];
  if (name === undefined || CHATTER.has(what) || wire === 'health') return undefined;
  return [`${from} → ${to}`, what === wire ? name : `${name}: ${what}`];
}
