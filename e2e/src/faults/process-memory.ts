/** The memory of a process, from the kernel. */
import { readFileSync } from 'node:fs';

/** The most that it ever used (`VmHWM`) or uses now (`VmRSS`), MB. */
export function memoryOf(pid: number, which: 'VmHWM' | 'VmRSS'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${which}:\\s+([0-9]+) kB`, 'm').exec(status)?.[1] ?? Number.NaN) / 1024;
}
