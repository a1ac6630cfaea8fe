/** What a process has in memory, as the kernel says. */
import { readFileSync } from 'node:fs';

/** The most it ever had (`VmHWM`) or what it has (`VmRSS`), MB. */
export function memoryOf(pid: number, which: 'VmHWM' | 'VmRSS'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${which}:\\s+([0-9]+) kB`, 'm').exec(status)?.[1] ?? Number.NaN) / 1024;
}
