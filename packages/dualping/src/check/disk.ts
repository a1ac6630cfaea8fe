/** Looks at the disk of a data folder: how much is free, and how long it takes to sync one small file. */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { DualpingError, quote } from '@dualping/core';
import type { Problem } from './verdict.js';

/** Less than this share of `--min-free` is critical: a journal that can't be written ends its server. */
const CRITICAL_SHARE = 4;

export interface DiskLimits {
  readonly minFreePercent: number;
  readonly maxSyncMs: number;
  /** A disk that has not synced by then hangs, ms. */
  readonly timeoutMs: number;
}

export interface DiskCheck {
  readonly freePercent: number;
  readonly freeBytes: number;
  /** Undefined: it did not answer in time, or can't be written. */
  readonly syncMs: number | undefined;
  readonly problems: readonly Problem[];
}

/** @throws DualpingError `invalid-argument` when there is no such folder */
export async function checkDisk(folder: string, limits: DiskLimits): Promise<DiskCheck> {
  if (!existsSync(folder))
    throw new DualpingError('invalid-argument', `data folder ${quote(folder)} does not exist`);
  const { bavail, bsize, blocks } = await statfs(folder);
  const freePercent = (100 * bavail) / Math.max(1, blocks);
  const freeBytes = bavail * bsize;
  const sync = await syncOnce(folder, limits.timeoutMs);
  const syncMs = 'syncMs' in sync ? sync.syncMs : undefined;
  return {
    freePercent,
    freeBytes,
    syncMs,
    problems: problemsOf(folder, { freePercent, freeBytes }, sync, limits),
  };
}

type Sync = { readonly syncMs: number | undefined } | { readonly refused: string };

/** What a commit waits for: a write that is synced. */
async function syncOnce(folder: string, timeoutMs: number): Promise<Sync> {
  const path = join(folder, `.check-${randomUUID()}`);
  const began = performance.now();
  const synced = (async (): Promise<Sync> => {
    try {
      const file = await open(path, 'wx', 0o600);
      try {
        await file.write('dualping check');
        await file.datasync();
      } finally {
        await file.close();
      }
      return { syncMs: performance.now() - began };
    } catch (error) {
      return { refused: error instanceof Error ? error.message : String(error) };
    } finally {
      await rm(path, { force: true }).catch(() => {});
    }
  })();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Sync>((resolve) => {
    timer = setTimeout(() => resolve({ syncMs: undefined }), timeoutMs);
  });
  const first = await Promise.race([synced, late]);
  clearTimeout(timer);
  return first;
}

function problemsOf(
  folder: string,
  { freePercent, freeBytes }: Pick<DiskCheck, 'freePercent' | 'freeBytes'>,
  sync: Sync,
  { minFreePercent, maxSyncMs, timeoutMs }: DiskLimits,
): readonly Problem[] {
  const problems: Problem[] = [];
  const say = (severity: Problem['severity'], text: string) =>
    problems.push({ severity, text: `the disk of ${quote(folder)} ${text}` });
  if (freePercent < minFreePercent)
    say(
      freePercent < minFreePercent / CRITICAL_SHARE ? 'critical' : 'warning',
      `has ${freePercent.toFixed(1)} % free (${Math.floor(freeBytes / 2 ** 20)} MB), less than ${minFreePercent} %`,
    );
  if ('refused' in sync) {
    say('critical', `can't be written: ${sync.refused}`);
    return problems;
  }
  if (sync.syncMs === undefined)
    say('critical', `has not synced a small file within ${timeoutMs} ms: it hangs`);
  else if (sync.syncMs > maxSyncMs)
    say('warning', `took ${Math.round(sync.syncMs)} ms to sync a small file, more than ${maxSyncMs} ms`);
  return problems;
}
