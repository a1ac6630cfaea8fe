/** The result of a demo: as a table for people, and as one line for programs. */
import type { Timing } from '@dualping/core';
import { type Counts, LEAST_FOR_P95, type Takeover } from '@dualping/terminal';
import { FAULTS, type Fault } from './faults.js';
import type { Machine } from './machine.js';
import { median, percentile } from './statistics.js';
import type { Story } from './stories.js';
import type { Finding } from './tally.js';

export interface DemoReport {
  readonly startedAtMs: number;
  readonly tookMs: number;
  readonly asked: number;
  readonly faults: readonly Fault[];
  readonly servers: number;
  readonly timing: Timing;
  readonly counts: Counts;
  /** Posts that their authors gave up, and texts that no person wrote. */
  readonly failures: number;
  readonly findings: readonly Finding[];
  /** What the demo could not do. */
  readonly problems: readonly string[];
  readonly takeovers: readonly Takeover[];
  readonly stories: readonly Story[];
  readonly machine: Machine;
}

type FaultName = Takeover['fault'];

export const PARTS = ['detectMs', 'promoteMs', 'reconnectMs', 'firstPostMs'] as const;
export type Part = (typeof PARTS)[number];

/** Takeovers that the script caused; the others happened by themselves, or by a person. */
export const broughtAbout = ({ takeovers }: DemoReport): number =>
  takeovers.filter(({ fault }) => fault !== 'unknown').length;

/** Whether every promise was kept, and every requested takeover happened. */
export function isGood(report: DemoReport): boolean {
  const { lost, repeated, outOfOrder } = report.counts;
  const promised = lost + repeated + outOfOrder + report.failures === 0;
  return promised && report.problems.length === 0 && broughtAbout(report) >= report.asked;
}

export interface FaultSummary {
  readonly fault: FaultName;
  readonly count: number;
  readonly parts: Readonly<Record<Part, number | undefined>>;
  readonly p50Ms: number | undefined;
  /** Undefined when there are so few values that it would be the longest one. */
  readonly p95Ms: number | undefined;
  readonly maxMs: number | undefined;
}

/** One summary per fault, in the order of `FAULTS`; with medians of the parts. */
export function summaries(takeovers: readonly Takeover[]): readonly FaultSummary[] {
  return [...FAULTS, 'unknown' as const].flatMap((fault) => {
    const those = takeovers.filter((takeover) => takeover.fault === fault);
    if (those.length === 0) return [];
    const totals = those.map(({ totalMs }) => totalMs);
    const part = (name: Part): number | undefined =>
      median(those.map(({ parts }) => parts[name]).filter((ms) => ms !== undefined));
    return [
      {
        fault,
        count: those.length,
        parts: {
          detectMs: part('detectMs'),
          promoteMs: part('promoteMs'),
          reconnectMs: part('reconnectMs'),
          firstPostMs: part('firstPostMs'),
        },
        p50Ms: median(totals),
        p95Ms: totals.length < LEAST_FOR_P95 ? undefined : percentile(totals, 0.95),
        maxMs: percentile(totals, 1),
      },
    ];
  });
}

const ms = (value: number | undefined): string => (value === undefined ? '·' : value.toFixed(1));
export const grouped = (count: number): string => count.toLocaleString('en-US');

const COLUMNS = [
  ...['fault', 'n', 'detect', 'promote', 'reconnect', 'first post'],
  ...['total p50', 'p95', 'max'],
];

/** The table at the end; times in ms. */
export function renderTable(report: DemoReport): readonly string[] {
  const rows = summaries(report.takeovers).map(({ fault, count, parts, p50Ms, p95Ms, maxMs }) => [
    fault,
    String(count),
    ...PARTS.map((part) => ms(parts[part])),
    ms(p50Ms),
    ms(p95Ms),
    ms(maxMs),
  ]);
  const widths = COLUMNS.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ');
  const { counts, failures } = report;
  return [
    'Takeovers, ms (parts: medians)',
    line(COLUMNS),
    ...rows.map(line),
    '',
    `${grouped(counts.posted)} posted, ${grouped(counts.acknowledged)} acknowledged, ${grouped(counts.delivered)} delivered to ${counts.clients} people, in ${(report.tookMs / 1_000).toFixed(1)} s`,
    `${counts.lost} lost, ${counts.repeated} repeated, ${counts.outOfOrder} out of order${failures === 0 ? '' : `, ${failures} failed`}`,
    ...report.findings.map(({ failing, text }) => `${failing}: ${text}`),
    ...report.problems,
  ];
}

/** One line, for programs. */
export function renderJson(report: DemoReport): string {
  const { startedAtMs, tookMs, asked, faults, servers, timing, counts, failures, findings, problems } =
    report;
  return JSON.stringify({
    kind: 'dualping-demo',
    good: isGood(report),
    startedAtMs,
    tookMs: Math.round(tookMs),
    asked,
    broughtAbout: broughtAbout(report),
    faults,
    servers,
    timing,
    ...counts,
    failures,
    findings,
    problems,
    summaries: summaries(report.takeovers),
    takeovers: report.takeovers,
    machine: report.machine,
  });
}
