/** Many worlds, on several threads, with progress; stops at the first that fails. */
import { Worker } from 'node:worker_threads';
import type { SeedReport, WorkerTask } from './seed-worker.js';
import { Totals } from './totals.js';

/** Between two lines of progress, ms. */
const PROGRESS_MS = 10_000;
const TWICE_EVERY = 50;

export interface CampaignResult {
  readonly totals: Totals;
  readonly wallMs: number;
  /** The lowest seed that failed of those that were run. */
  readonly failed: SeedReport | undefined;
}

export async function runCampaign(
  {
    from,
    to,
    jobs,
    clusters,
    routers,
    mutant,
  }: {
    from: number;
    to: number;
    jobs: number;
    clusters: number;
    routers: number;
    mutant: string | undefined;
  },
  say: (line: string) => void,
): Promise<CampaignResult> {
  const startedAt = performance.now();
  const totals = new Totals();
  let failed: SeedReport | undefined;
  let saidAt = startedAt;
  const heard = ({ seed, outcome }: SeedReport): void => {
    totals.add(outcome);
    if (outcome.violation !== undefined && (failed === undefined || seed < failed.seed))
      failed = { seed, outcome };
    const now = performance.now();
    if (now - saidAt < PROGRESS_MS) return;
    saidAt = now;
    say(`  ${totals.worlds} of ${to - from + 1}: ${totals.text(now - startedAt)}`);
  };
  await Promise.all(
    Array.from({ length: Math.min(jobs, to - from + 1) }, (_, at) =>
      runWorker(
        { from: from + at, to, step: jobs, clusters, routers, mutant, twiceEvery: TWICE_EVERY },
        heard,
      ),
    ),
  );
  return { totals, wallMs: performance.now() - startedAt, failed };
}

/** Ends with its last seed, or with the first that fails. */
function runWorker(task: WorkerTask, heard: (report: SeedReport) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./seed-worker.js', import.meta.url), { workerData: task });
    worker.on('message', (report: SeedReport) => {
      heard(report);
      if (report.outcome.violation !== undefined) worker.terminate().then(() => resolve(), reject);
    });
    worker.on('error', reject);
    worker.on('exit', () => resolve());
  });
}
