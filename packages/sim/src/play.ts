/** A readable trace: a line for each important event, with its time and process. */
import type { TraceSink } from './trace.js';

export function playTo(write: (line: string) => void, events: boolean): TraceSink {
  const at = (ms: number): string => `${(ms / 1_000).toFixed(6).padStart(11)} s`;
  const sink: TraceSink = { line: (ms, who, text) => write(`${at(ms)}  ${who.padEnd(8)} ${text}`) };
  return events ? { ...sink, event: (ms, label) => write(`${at(ms)}  ${' '.repeat(8)} · ${label}`) } : sink;
}
